"""The randomisation test: what it shuffles, what it puts back, what it compares."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from torch import nn

from lessonlib.explain import GradCAM, randomisation_test


def network(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3),
        )  # fmt: skip


def images(n=4):
    return torch.rand(n, 1, 12, 12, generator=torch.Generator().manual_seed(1))


def edges(pictures):
    """A "map" that asks no network."""
    return np.abs(np.gradient(pictures[:, 0].numpy(), axis=1))


def parts(net):
    return {"head": net[6], "second": [net[2]], "first": net[0]}


def test_a_map_that_asks_no_network_does_not_change():
    got = randomisation_test(edges, images(), parts(network()))
    np.testing.assert_allclose(got.rank_correlation, 1)
    assert got.parts == ("head", "second", "first")
    np.testing.assert_allclose(got.mean, 1)
    assert str(got).count("1.00") == 3


def test_grad_cam_changes_and_is_compared_by_spearman():
    """The last row by SciPy, from a network shuffled by hand in the same order."""
    net, x = network(), images()
    cam = GradCAM(net, net[2])
    got = randomisation_test(lambda x: cam.generate(x, 0), x, parts(net), seed=7)
    before = cam.generate(x, 0)
    generator = torch.Generator().manual_seed(7)
    for layer in (net[6], net[2], net[0]):
        for p in layer.parameters():
            order = torch.randperm(p.numel(), generator=generator)
            p.data = p.data.flatten()[order].view_as(p)
    after = cam.generate(x, 0)
    for i in range(len(x)):
        if not (before[i].any() and after[i].any()):
            assert np.isnan(got.rank_correlation[-1, i])
            continue
        wanted = spearmanr(before[i].flatten(), after[i].flatten()).statistic
        assert got.rank_correlation[-1, i] == pytest.approx(wanted, abs=1e-6)
    assert np.nanmax(got.rank_correlation[-1]) < 0.9


def test_steps_add_up_and_keep_the_values():
    net, seen = network(), []

    def draw(x):
        seen.append([p.detach().clone() for p in net.parameters()])
        return edges(x)

    randomisation_test(draw, images(), parts(net))
    changed = [
        [not torch.equal(p, q) for p, q in zip(seen[0], now, strict=True)] for now in seen[1:]
    ]
    # parameters in the network's order: first (weight, bias), second, head
    assert changed[0] == [False] * 4 + [True] * 2
    assert changed[1] == [False] * 2 + [True] * 4
    assert changed[2] == [True] * 6
    for p, q in zip(seen[0], seen[-1], strict=True):
        assert torch.equal(p.flatten().sort().values, q.flatten().sort().values)


@given(st.integers(0, 3), st.integers(0, 2**31))
@settings(deadline=None, max_examples=25)
def test_weights_come_back_whatever_happens(fails_at, seed):
    net, calls = network(), [0]
    before = {k: v.clone() for k, v in net.state_dict().items()}

    def draw(x):
        calls[0] += 1
        if calls[0] > fails_at:
            raise KeyError("draw broke")
        return edges(x)

    with pytest.raises(KeyError, match="draw broke"):
        randomisation_test(draw, images(), parts(net), seed=seed)
    for k, v in net.state_dict().items():
        assert torch.equal(v, before[k])


def test_a_part_named_twice_is_shuffled_once():
    net, x = network(), images()
    cam = GradCAM(net, net[2])
    twice = randomisation_test(
        lambda x: cam.generate(x, 0), x, {"head": net[6], "head again": net[6], "first": net[0]}
    )
    np.testing.assert_array_equal(twice.rank_correlation[0], twice.rank_correlation[1])


def test_constant_maps_have_no_correlation():
    net, calls = network(), [0]

    def draw(x):
        calls[0] += 1
        maps = edges(x)
        if calls[0] > 2:
            maps[1:] = 0
        return maps

    got = randomisation_test(draw, images(), parts(net))
    assert got.constant.tolist() == [0, 0.75, 0.75]
    assert np.isnan(got.rank_correlation[1:, 1:]).all()
    np.testing.assert_allclose(got.mean, 1)
    nothing = randomisation_test(lambda x: np.zeros((2, 3, 3)), images(), parts(net))
    assert np.isnan(nothing.mean).all()


def test_the_seed_decides():
    net, x = network(), images()
    cam = GradCAM(net, net[0])
    first, second, other = (
        randomisation_test(lambda x: cam.generate(x, 0), x, parts(net), seed=s).rank_correlation
        for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def growing():
    """Draw maps of one more picture at each call."""
    count = iter((2, 3))
    return lambda x: np.zeros((next(count), 4, 4))


@pytest.mark.parametrize(
    ("draw", "wanted", "error", "words"),
    [
        (edges, {}, TypeError, "parts must map"),
        (edges, [nn.Linear(2, 2)], TypeError, "parts must map"),
        (edges, {"a": ["b"]}, TypeError, r"parts\['a'\] must be"),
        (edges, {"a": nn.ReLU()}, ValueError, "no parameters"),
        (lambda x: np.zeros((3, 3)), {"a": nn.Linear(2, 2)}, ValueError, r"\(N, H, W\)"),
        (growing(), {"a": nn.Linear(2, 2)}, ValueError, "one shape"),
    ],
)  # fmt: skip
def test_bad_input_is_named(draw, wanted, error, words):
    with pytest.raises(error, match=words):
        randomisation_test(draw, images(), wanted)
    with pytest.raises(ValueError, match="seed"):
        randomisation_test(edges, images(), parts(network()), seed=-1)
