"""Grad-CAM where parts of a model run without gradients, and where the answer is not a number."""

import numpy as np
import pytest
import torch
from torch import nn

from lessonlib.explain import GradCAM
from tests.networks import differences, state_of, unsettle

PICTURES = np.random.default_rng(0).random((3, 1, 12, 12), dtype=np.float32)


class Split(nn.Module):
    """A trunk and a head, each of which may run inside a context of its own."""

    def __init__(self, trunk=None, head=None, change=lambda features: features):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.first, self.norm = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
            self.last, self.fc = nn.Conv2d(4, 6, 3, padding=1), nn.Linear(6, 2)
        self.contexts, self.change = (trunk, head), change

    def forward(self, x):
        trunk, head = self.contexts
        if trunk is None:
            features = self.trunk(x)
        else:
            with trunk():
                features = self.trunk(x)
        features = self.change(features)
        if head is None:
            return self.fc(features.mean((2, 3)))
        with head():
            return self.fc(features.mean((2, 3)))

    def trunk(self, x):
        return self.last(self.norm(self.first(x)).relu()).relu()


def by_hand(model, layer):
    """The class's channel weights by ``torch.autograd``, with no context in the way."""
    model = Split().eval()
    x = torch.from_numpy(PICTURES)
    if layer == "first":
        A = model.first(x).detach().requires_grad_()
        y = model.fc(model.last(model.norm(A).relu()).relu().mean((2, 3)))
    else:
        A = model.last(model.norm(model.first(x)).relu()).detach().requires_grad_()
        y = model.fc(A.relu().mean((2, 3)))
    (dA,) = torch.autograd.grad(y[:, 1].sum(), A)
    return (dA.mean((2, 3), keepdim=True) * A.detach()).sum(1).numpy()


@pytest.mark.parametrize("layer", ["first", "last"])
@pytest.mark.parametrize("around", [None, torch.no_grad, torch.inference_mode])
def test_a_trunk_without_gradients_is_explained(layer, around):
    model = Split(trunk=torch.no_grad)
    cam = GradCAM(model, getattr(model, layer))
    if around is None:
        cam.generate(PICTURES, 1)
    else:
        with around():
            cam.generate(PICTURES, 1)
    np.testing.assert_allclose(cam.raw, by_hand(model, layer), atol=1e-6)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Split(trunk=torch.inference_mode), "own inference_mode.*torch.no_grad"),
        (Split(head=torch.no_grad), "scores depend on target_layer.*lets no gradient through"),
        (Split(head=torch.inference_mode), "scores depend on.*lets no gradient through"),
        (Split(change=torch.Tensor.detach), "scores depend on.*lets no gradient through"),
        (Split(change=torch.zeros_like), "the scores do not depend on target_layer"),
    ],
)
def test_the_true_reason_is_told(model, words):
    unsettle(model)
    before = state_of(model)
    with pytest.raises(ValueError, match=words):
        GradCAM(model, model.last).generate(PICTURES, 1)
    assert differences(before, state_of(model)) == []


def test_a_map_that_is_not_a_number_is_not_called_empty():
    model = Split()
    with torch.no_grad():
        model.last.bias[0] = torch.nan
    cam = GradCAM(model, model.last)
    maps = cam.generate(PICTURES, 1)
    assert np.isnan(maps).all()
    assert not cam.all_negative.any()
