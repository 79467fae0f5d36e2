"""Networks, losses and weights in hands that mean it otherwise: a right number, or a sentence."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision import models

from lessonlib.explain import PatchNet, randomisation_test
from lessonlib.explain.networks import train_body
from lessonlib.imbalance import FocalLoss, class_weights, sampler_coverage, train_head
from lessonlib.transfer import MedicalClassifier, fit, fit_head, predict

PICTURES = np.random.default_rng(0).random((4, 1, 32, 32), dtype=np.float32)
LABELS = np.array([0, 1, 0, 1])
ROWS = np.random.default_rng(1).normal(size=(60, 3))
CLASSES = (ROWS[:, 0] + np.random.default_rng(2).normal(size=60) > 0.5).astype(int)


def net(outputs):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, outputs)
    )


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = net(2)

    def forward(self, images):
        return self.net(images), 1


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (net(1), r"\(4, 1\)"),  # a softmax over one score is 1, whatever the picture
        (nn.Sequential(net(1), nn.Flatten(0)), r"\(4,\)"),
        (Pair(), "tuple"),
    ],
)
def test_scores_that_are_not_one_a_class_are_refused(model, found):
    with pytest.raises(ValueError, match=rf"at least two, \(N, K\), got {found}.*sigmoid"):
        predict(model, PICTURES)


def test_fit_refuses_an_optimizer_of_another_model():
    model, other = (MedicalClassifier(in_channels=1, seed=0) for _ in range(2))
    data = PICTURES, LABELS
    for optimizer in (torch.optim.SGD(other.parameters(), lr=0.1), None):
        with pytest.raises(ValueError, match="optimizer must step the model's parameters"):
            fit(model, data, data, optimizer=optimizer, rounds=1, steps=1)


# --- weights and counts, one a class ----------------------------------------------------------


def test_counts_in_another_order_than_the_classes_are_refused():
    """`value_counts()` puts the most frequent class first."""
    counts = pd.Series([1] * 900 + [0] * 100).value_counts()
    assert counts.tolist() == [900, 100]
    for use in (class_weights, sampler_coverage):
        with pytest.raises(ValueError, match=r"class 0 first.*\[1, 0\]: counts.sort_index\(\)"):
            use(counts)
    np.testing.assert_allclose(class_weights(counts.sort_index()), [0.9, 0.1])
    named = pd.Series([100, 900], index=["healthy", "ill"])
    np.testing.assert_allclose(class_weights(named), [0.9, 0.1])
    with pytest.raises(ValueError, match=r"alpha must stand in the order of the classes"):
        FocalLoss(pd.Series([0.8, 0.2], index=[1, 0]))
    with pytest.raises(ValueError, match=r"weights must stand in the order of the classes"):
        train_head(ROWS, CLASSES, weights=pd.Series([0.8, 0.2], index=[1, 0]))


@pytest.mark.parametrize("alpha", [{0: 0.2, 1: 0.8}, {0.2, 0.8}, {"a": 0.2, "b": 0.8}])
def test_weights_without_an_order_are_refused(alpha):
    """A mapping was read as its keys: weights of 0 and 1."""
    with pytest.raises(TypeError, match="alpha must be a number"):
        FocalLoss(alpha)


@pytest.mark.parametrize("kind", [torch.tensor, np.array, np.float64])
def test_one_weight_may_have_any_container(kind):
    logits, targets = torch.tensor([[2.0, -1.0], [0.5, 0.2]]), torch.tensor([0, 1])
    expected = FocalLoss(0.25)(logits, targets)
    torch.testing.assert_close(FocalLoss(kind(0.25))(logits, targets), expected)


@pytest.mark.parametrize("kind", [torch.tensor, np.array, list, pd.Series])
def test_two_weights_may_have_any_container(kind):
    expected = train_head(ROWS, CLASSES, weights=(0.25, 0.75))
    found = train_head(ROWS, CLASSES, weights=kind([0.25, 0.75]))
    np.testing.assert_array_equal(found.weight, expected.weight)
    assert found.loss == expected.loss


@pytest.mark.parametrize("weights", [0.3, (1,), (1, 1, 1), (0, 1), {0: 1, 1: 2}])
def test_other_weights_of_a_head_are_refused_by_their_own_name(weights):
    with pytest.raises(ValueError, match="weights must be two positive numbers"):
        train_head(ROWS, CLASSES, weights=weights)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.int16, torch.int64])
def test_targets_may_be_whole_numbers_of_any_kind(dtype):
    logits = torch.linspace(-2, 2, 12).view(4, 3)
    targets = torch.tensor([0, 1, 2, 1])
    found = FocalLoss(None, 0)(logits, targets.to(dtype))
    torch.testing.assert_close(found, functional.cross_entropy(logits, targets))


# --- masks and constants ------------------------------------------------------------------------


def test_a_head_does_not_score_what_is_masked():
    head = fit_head(ROWS, CLASSES, ROWS, CLASSES)
    np.testing.assert_allclose(head.score(ROWS), [row @ head.weight + head.bias for row in ROWS])
    with pytest.raises(ValueError, match="features must not hold masked"):
        head.score(np.ma.masked_greater(ROWS, 1))


def test_maps_of_the_randomisation_test_may_not_be_masked():
    maps, part = np.random.default_rng(0).random((2, 5, 5)), {"top": nn.Linear(3, 3)}
    with pytest.raises(ValueError, match="maps of draw must not hold masked"):
        randomisation_test(lambda _: np.ma.masked_greater(maps, 0.5), maps, part)
    with pytest.raises(TypeError, match="maps of draw must hold numbers, got complex"):
        randomisation_test(lambda _: maps * 1j, maps, part)
    half = torch.from_numpy(maps).bfloat16()  # which NumPy does not know
    assert randomisation_test(lambda _: half, maps, part).mean.tolist() == [1.0]


def test_a_channel_that_never_varies_does_not_spoil_the_others():
    features = torch.rand(20, 40, 8, 8, generator=torch.Generator().manual_seed(0))
    features[:, 3] = 0.1
    net = train_body(PatchNet(seed=0), features, np.arange(20) % 2, steps=3)
    assert np.isfinite(net.margin(features)).all()
    moved = (features - net.mean) / net.std
    assert moved[:, 3].abs().max() < 1e-6
    torch.testing.assert_close(moved[:, 4].std(), torch.tensor(1.0))


# --- the place of the last layer ----------------------------------------------------------------


def test_what_stands_for_the_last_layer_changes_nothing():
    model = MedicalClassifier(3, "resnet18", weights=None, seed=0).eval()
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    expected = model(images)
    whole = models.resnet18(weights=None).eval()
    missing = whole.load_state_dict(model.backbone.state_dict(), strict=False)
    assert sorted(missing.missing_keys) == ["fc.bias", "fc.weight"]
    whole.fc = model.head
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ((0.485, 0.456, 0.406),
                                                         (0.229, 0.224, 0.225)))  # fmt: skip
    torch.testing.assert_close(whole((images - mean) / std), expected)
    for same in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        torch.testing.assert_close(same(images), expected)
        with pytest.raises(AttributeError, match=r"model\.head"):
            _ = same.backbone.fc.weight
    assert not hasattr(model.backbone.fc, "weight")
