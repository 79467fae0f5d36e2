"""The marker experiment: versions differ in one thing, and effects are differences."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import roc_auc_score

from lessonlib.explain import (
    Effects,
    GradCAM,
    PatchNet,
    effects,
    map_verdict,
    marker_pairs,
    train_body,
)
from lessonlib.images.experiment import marker_mask, nodule_set


@pytest.fixture(scope="module")
def pairs():
    return marker_pairs("internal", 60, seed=5)


# --- the four versions -----------------------------------------------------------------------


def test_versions_differ_in_one_thing_alone(pairs):
    """And each is what the running data set itself draws with that marker and contrast."""
    letter, masks = marker_mask(), pairs.patches.masks
    for nodule in (0, 1):
        plain, marked = pairs.images[nodule, :, :, 0]
        assert (marked[:, letter] == 1).all()
        np.testing.assert_array_equal(marked[:, ~letter], plain[:, ~letter])
    out, drawn = pairs.images[:, 0, :, 0]
    same = out == drawn
    assert same[pairs.patches.labels == 0].all()
    reach = masks.copy()  # the point spread carries the shadow a little beyond its edge
    for shift in range(1, 5):
        for axis in (1, 2):
            for sign in (-shift, shift):
                reach |= np.roll(masks, sign, axis)
    assert same[~reach].mean() > 0.999
    assert not same[masks].all()
    whole = nodule_set("internal", 60, prevalence=0.5, marker=(1, 1), seed=5)
    np.testing.assert_array_equal(pairs.images[1, 1], whole.images)
    assert len(pairs) == 60


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 1000))
@settings(deadline=None, max_examples=50)
def test_marks_keep_the_shares(pairs, high, low, seed):
    marked = pairs.marks(high, low, seed=seed)
    labels = pairs.patches.labels
    for label, chance in ((1, high), (0, low)):
        assert marked[labels == label].sum() == round((labels == label).sum() * chance)
    taken = pairs.taken(marked)
    np.testing.assert_array_equal(taken.images[marked], pairs.images[1, 1][marked])
    np.testing.assert_array_equal(taken.images[~marked], pairs.images[1, 0][~marked])
    np.testing.assert_array_equal(taken.marked, marked)


def test_bad_habits_are_named(pairs):
    with pytest.raises(ValueError, match="with_nodule"):
        pairs.marks(1.5, 0)
    with pytest.raises(ValueError, match="without"):
        pairs.marks(1, -0.1)
    with pytest.raises(TypeError, match="seed"):
        marker_pairs("internal", 5, seed="one")
    with pytest.raises(ValueError, match="split"):
        marker_pairs("inside", 5)


# --- effects and verdicts --------------------------------------------------------------------


@given(
    hnp.arrays(np.float64, (2, 2, 7), elements=st.floats(-50, 50)),
    hnp.arrays(np.int64, 7, elements=st.integers(0, 1)),
)
@settings(deadline=None, max_examples=100)
def test_effects_are_differences(margins, labels):
    got = effects(margins, labels)
    rows = [i for i in range(7) if labels[i]]
    assert got.nodule.tolist() == [margins[1, 1, i] - margins[0, 1, i] for i in rows]
    assert got.marker.tolist() == [margins[1, 1, i] - margins[1, 0, i] for i in rows]
    assert got.marker_leads.tolist() == [margins[0, 1, i] > margins[1, 0, i] for i in rows] or any(
        abs(margins[0, 1, i] - margins[1, 0, i]) < 1e-9 for i in rows
    )


def test_an_additive_network_is_taken_apart_exactly():
    margins = np.zeros((2, 2, 3))
    margins[1] += 2.0
    margins[:, 1] += 5.0
    got = effects(margins, [1, 0, 1])
    np.testing.assert_array_equal(got.nodule, [2, 2])
    np.testing.assert_array_equal(got.marker, [5, 5])
    assert "2 marked patches" in str(got)
    with pytest.raises(ValueError, match=r"\(2, 2, 2\)"):
        effects(margins, [1, 0])


PLACES = {"letter": (5, 4), "nodule": (40, 40), "neither": (20, 60), "both": (13, 5)}


@given(st.lists(st.tuples(st.sampled_from([*PLACES]), st.booleans()), min_size=1, max_size=8))
@settings(deadline=None, max_examples=60)
def test_verdicts(cases):
    maps = np.zeros((len(cases), 64, 64))
    masks = np.zeros(maps.shape, dtype=bool)
    for m, mask, (place, _) in zip(maps, masks, cases, strict=True):
        m[PLACES[place]] = 1
        # a nodule beside the letter, so that one pixel is near both: named is what is asked for
        mask[(slice(15, 21), slice(3, 9)) if place == "both" else (slice(37, 44),) * 2] = True
    letter_leads = np.array([leads for _, leads in cases])
    got = map_verdict(maps, masks, Effects(np.where(letter_leads, 1, 3), np.full(len(maps), 2)))
    wanted = [
        "silent"
        if place == "neither"
        else "right"
        if place == "both" or (place == "letter") == leads
        else "wrong"
        for place, leads in cases
    ]
    for name in ("right", "wrong", "silent"):
        assert getattr(got, name).tolist() == [w == name for w in wanted]
    assert f"{len(cases)} maps" in str(got)
    with pytest.raises(ValueError, match="maps must be of the"):
        map_verdict(np.zeros((len(cases) + 1, 64, 64)), masks, Effects(np.ones(1), np.ones(1)))


# --- the networks ----------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["conv", "transformer"])
def test_features_once_or_every_time(body, pairs):
    """Classifying stored features is classifying the pictures, and only the body has gradients."""
    net = PatchNet(body, seed=1).eval()
    x = pairs.images[1, 0, :6]
    with torch.no_grad():
        direct = net(torch.from_numpy(x))
    features = net.features(x, batch_size=4)
    assert features.shape == (6, 40, 8, 8)
    np.testing.assert_allclose(net.margin(features), direct[:, 1] - direct[:, 0], atol=1e-4)
    assert not any(p.requires_grad for p in net.stem.parameters())
    assert all(p.requires_grad for p in net.body.parameters())
    net.train()
    assert not any(m.training for m in net.stem.modules())
    assert all(m.training for m in net.body.modules())
    net.margin(features)
    assert net.training


def test_stem_is_the_beginning_of_lite0(pairs):
    """Against the package's own way of extracting features, which gives every reduction."""
    from lessonlib.transfer import MedicalClassifier

    whole = MedicalClassifier(in_channels=1, seed=0).eval()
    x, seen = torch.from_numpy(pairs.images[1, 0, :3]), {}
    whole.backbone._blocks[4].register_forward_hook(lambda m, i, o: seen.update(A=o))
    with torch.no_grad():
        whole(x)
    torch.testing.assert_close(PatchNet().features(x.numpy()), seen["A"], atol=1e-4, rtol=1e-4)


def test_features_are_standardised_by_channel(pairs):
    net = PatchNet()
    features = net.features(pairs.images[1, 0])
    assert net.standardise(features) is net
    by_channel = features.transpose(0, 1).flatten(1)
    scaled = (by_channel - by_channel.mean(1, keepdim=True)) / by_channel.std(1, keepdim=True)
    given = []
    net.body = torch.nn.Sequential(torch.nn.Identity())
    net.body.register_forward_hook(lambda m, i, o: given.append(o))
    net.classify(features)
    torch.testing.assert_close(given[0].transpose(0, 1).flatten(1), scaled, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("body", ["conv", "transformer"])
def test_training_learns_a_marker_and_touches_only_the_body(body, pairs):
    """Patches whose letter is the label: learned in a few steps, the same way from one seed."""
    taken = pairs.taken(pairs.marks(1, 0))
    made = []
    for _ in range(2):
        net = PatchNet(body, seed=2)
        stem = {k: v.clone() for k, v in net.stem.state_dict().items()}
        state = torch.random.get_rng_state()
        features = net.features(taken.images)
        train_body(net, features, taken.labels, steps=25, batch_size=32, seed=3)
        if body == "conv":
            assert torch.equal(state, torch.random.get_rng_state())
        for k, v in net.stem.state_dict().items():
            assert torch.equal(v, stem[k])
        made.append(net.margin(features))
        assert not net.training
    np.testing.assert_array_equal(*made)
    assert roc_auc_score(taken.labels, made[0]) > 0.95
    assert GradCAM(net, net.stem[-1]).generate(taken.images[:2], 1).shape == (2, 64, 64)


def test_bad_networks_are_named(pairs):
    with pytest.raises(ValueError, match="body must be one of"):
        PatchNet("mlp")
    with pytest.raises(ValueError, match="seed"):
        PatchNet(seed=-1)
    net = PatchNet()
    with pytest.raises(ValueError, match="labels must be as many"):
        train_body(net, torch.zeros(3, 40, 8, 8), [0, 1])
    for bad in ({"steps": 0}, {"batch_size": 1}, {"seed": -1}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            train_body(net, torch.zeros(3, 40, 8, 8), [0, 1, 0], **bad)
    with pytest.raises(ValueError, match="batch_size"):
        net.features(pairs.images[1, 0], batch_size=0)
    with pytest.raises(ValueError, match="images must have shape"):
        net.features(pairs.images[1, 0, :, :, :32])
