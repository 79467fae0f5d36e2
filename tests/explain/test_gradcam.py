"""Grad-CAM against captum, against its own definition, and for what it leaves behind."""

import copy
from functools import lru_cache

import cv2
import numpy as np
import pytest
import torch
from captum.attr import LayerAttribution, LayerGradCam, LayerGradientXActivation
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn
from torch.nn import functional
from torchvision import models

from lessonlib.explain import GradCAM
from lessonlib.explain.layout import token_grid
from lessonlib.transfer import MedicalClassifier

#: Network: its layer in words. Each ends in another way: block, norm, in-place ReLU, convolution.
NETWORKS = {
    "resnet18": lambda m: m.layer4[-1],
    "densenet121": lambda m: m.features.denseblock4,
    "vgg11": lambda m: m.features[17],
    "efficientnet_b0": lambda m: m.features[-1],
}


@lru_cache
def built(name):
    """Random weights, the same every time; VGG with a classifier of ordinary size."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        options = {"init_weights": False} if name.startswith("vgg") else {}
        model = models.get_model(name, weights=None, **options).eval()
        if name.startswith("vgg"):
            layers = nn.Linear(512 * 49, 32), nn.ReLU(inplace=True), nn.Linear(32, 1000)
            model.classifier = nn.Sequential(*layers)
    return model


def network(name):
    return copy.deepcopy(built(name))


def pictures(n=3, side=96, channels=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, channels, side, side, generator=generator)


class Small(nn.Module):
    """Two convolutions with an in-place ReLU between, a mean over places, a linear layer."""

    def __init__(self, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.first = nn.Conv2d(1, 5, 3, padding=1)
            self.norm = nn.BatchNorm2d(5)
            self.relu = nn.ReLU(inplace=True)
            self.last = nn.Conv2d(5, 6, 3, stride=2, padding=1)
            self.drop = nn.Dropout(0.5)
            self.fc = nn.Linear(6, 3)
        self.norm.eval()  # a mode of its own, to be found again afterwards

    def forward(self, x):
        x = self.last(self.relu(self.norm(self.first(x))))
        return self.fc(self.drop(x.mean(dim=(2, 3))))


def captum_maps(name, model, images, classes):
    """Signed maps on the layer's own grid, from a copy of the network."""
    model = copy.deepcopy(model)
    return LayerGradCam(model, NETWORKS[name](model)).attribute(images, classes).detach()


def by_hand(model, after, A, target_class):
    """The definition, place by place, from the part of the model after the layer."""
    A = A.clone().requires_grad_()
    (grad,) = torch.autograd.grad(after(A)[0, target_class], A)
    _, C, h, w = A.shape
    L = np.zeros((h, w))
    for c in range(C):
        alpha = sum(grad[0, c, i, j].item() for i in range(h) for j in range(w)) / (h * w)
        for i in range(h):
            for j in range(w):
                L[i, j] += alpha * A[0, c, i, j].item()
    return L


# --- against others --------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_captum(name):
    """Rectified, enlarged by captum and divided by the maximum; classes given, then the highest."""
    model, images = network(name), pictures()
    for classes in (torch.tensor([1, 7, 7]), None):
        cam = GradCAM(model, NETWORKS[name](model))
        maps = cam.generate(images, classes)
        coarse = captum_maps(name, model, images, torch.from_numpy(cam.target_class))
        expected = LayerAttribution.interpolate(coarse.relu(), images.shape[2:], "bilinear")[:, 0]
        highest = expected.amax(dim=(1, 2), keepdim=True)
        expected = expected / torch.where(highest > 0, highest, 1)
        torch.testing.assert_close(maps, expected, atol=1e-5, rtol=0)
        wanted = model(images).argmax(1) if classes is None else classes
        assert (cam.target_class == wanted.numpy()).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_pytorch_grad_cam_after_its_scaling(name):
    """Its published steps in NumPy and OpenCV, from captum's maps: ReLU, min–max, resize, min–max.

    It adds 1e-7 to each maximum, which only evidence much larger than that survives. So the scores
    are multiplied, which should change no map.
    """
    model, images = network(name), pictures()
    scale = 1e6 / float(captum_maps(name, model, images, 4).abs().max()) / 1e3
    with torch.no_grad():
        [*model.parameters()][-2].mul_(scale)
    ours = GradCAM(model, NETWORKS[name](model)).generate(images, 4).numpy()
    for coarse, mine in zip(captum_maps(name, model, images, 4).numpy()[:, 0], ours, strict=True):
        theirs = np.maximum(coarse, 0)
        theirs = (theirs - theirs.min()) / (1e-7 + (theirs - theirs.min()).max())
        theirs = cv2.resize(np.float32(theirs), tuple(images.shape[2:]))
        theirs = (theirs - theirs.min()) / (1e-7 + (theirs - theirs.min()).max())
        mine = (mine - mine.min()) / (1e-7 + (mine - mine.min()).max())
        np.testing.assert_allclose(theirs, mine, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_without_the_mean_it_is_gradient_times_activation(name):
    """HiResCAM, against captum's product summed over the channels."""
    model, images = network(name), pictures()
    cam = GradCAM(model, NETWORKS[name](model), average=False)
    cam.generate(images, 3)
    other = copy.deepcopy(model)
    product = LayerGradientXActivation(other, NETWORKS[name](other)).attribute(images, 3)
    expected = product.sum(dim=1).detach().numpy()
    np.testing.assert_allclose(cam.raw, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("target_class", [0, 1, 2])
def test_is_the_equation(target_class):
    model, x = Small().eval(), pictures(1, 10, 1)
    with torch.no_grad():
        A = model.last(model.relu(model.norm(model.first(x))))
    expected = by_hand(model, lambda a: model.fc(a.mean(dim=(2, 3))), A, target_class)
    cam = GradCAM(model, model.last)
    L = cam.generate(x, target_class)
    np.testing.assert_allclose(cam.raw[0], expected, atol=1e-6)
    scaled = functional.interpolate(
        torch.from_numpy(np.maximum(expected, 0))[None, None], (10, 10), mode="bilinear"
    )[0, 0]
    if expected.max() > 0:
        scaled = scaled / scaled.max()
    np.testing.assert_allclose(L[0], scaled, atol=1e-5)


def test_after_a_mean_over_places_it_is_cam():
    """Zhou et al.'s class activation map: the linear layer's weights are the channels' weights."""
    model, x = Small().eval(), pictures(4, 16, 1)
    cam = GradCAM(model, model.last)
    cam.generate(x, 2)
    with torch.no_grad():
        A = model.last(model.relu(model.norm(model.first(x))))
        expected = torch.einsum("c,nchw->nhw", model.fc.weight[2], A) / A[0, 0].numel()
    np.testing.assert_allclose(cam.raw, expected, atol=1e-6)
    place = GradCAM(model, model.last, average=False)
    place.generate(x, 2)
    np.testing.assert_allclose(place.raw, cam.raw, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "find"),
    [
        ("resnet18", lambda m: m.layer4[-1].bn2),
        ("resnet18", lambda m: m.layer4[-1].bn1),
        ("vgg11", lambda m: m.features[18]),
        ("densenet121", lambda m: m.features),
        ("densenet121", lambda m: m.features.norm5),
    ],
)
def test_what_follows_may_overwrite_in_place(name, find):
    """The same map as from the same network with every in-place operation made a plain one."""
    images = pictures(2, 64)
    model = network(name)
    ours = GradCAM(model, find(model)).generate(images, 3)
    seen = {}
    plain = copy.deepcopy(model)

    def keep(module, inputs, output):
        seen["A"] = output
        output.register_hook(lambda grad: seen.update(dA=grad))
        return output.clone()

    find(plain).register_forward_hook(keep)
    kept = {}
    find(plain).register_forward_hook(lambda m, i, o: kept.update(A=o.detach().clone()))
    plain(images)[:, 3].sum().backward()
    L = functional.relu((seen["dA"].mean((2, 3), keepdim=True) * kept["A"]).sum(1, keepdim=True))
    L = functional.interpolate(L, images.shape[2:], mode="bilinear")[:, 0].detach()
    torch.testing.assert_close(
        ours, L / L.amax((1, 2), keepdim=True).clamp(1e-30), atol=1e-5, rtol=0
    )


class Tapped(nn.Module):
    """The layer hands its input on, and the network spoils that input afterwards."""

    def __init__(self):
        super().__init__()
        self.small, self.tap = Small().eval(), nn.Identity()

    def forward(self, x):
        A = self.small.last(self.small.relu(self.small.norm(self.small.first(x))))
        kept = self.tap(A)
        A.zero_()
        return self.small.fc(kept.mean(dim=(2, 3)))


def test_what_the_layer_was_given_may_be_overwritten():
    model, x = Tapped().eval(), pictures(2, 16, 1)
    cam, plain = GradCAM(model, model.tap), GradCAM(model.small, model.small.last)
    np.testing.assert_array_equal(cam.generate(x, 1), plain.generate(x, 1))
    assert cam.raw.any()


# --- batches, grad modes, frozen weights -----------------------------------------------------


def test_a_batch_is_its_pictures_one_by_one():
    model, x = network("resnet18"), pictures(5, 64)
    classes = [3, 1, 4, 1, 5]
    cam = GradCAM(model, model.layer4)
    together = cam.generate(x, classes)
    alone = torch.cat([cam.generate(x[i : i + 1], k) for i, k in enumerate(classes)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    torch.testing.assert_close(cam.generate(x, classes, batch_size=2), together, atol=1e-5, rtol=0)
    assert cam.raw.shape == (5, 2, 2)
    assert cam.all_negative.shape == (5,)
    assert cam.scores.shape == (5, 1000)


def test_grad_modes_and_freezing_change_nothing():
    model, x = Small(), pictures(2, 16, 1)
    cam = GradCAM(model, model.last)
    expected = cam.generate(x, 1)
    for mode in (torch.no_grad, torch.inference_mode, torch.enable_grad):
        with mode():
            torch.testing.assert_close(cam.generate(x, 1), expected, atol=0, rtol=0)
    with torch.inference_mode():
        tainted = x * 1
    torch.testing.assert_close(cam.generate(tainted, 1), expected, atol=0, rtol=0)
    model.requires_grad_(False)
    torch.testing.assert_close(cam.generate(x, 1), expected, atol=0, rtol=0)
    assert not expected.requires_grad


def test_a_frozen_backbone_of_the_course():
    model = MedicalClassifier(in_channels=1, seed=0)
    model.unfreeze(0)
    images = np.random.default_rng(0).random((3, 1, 64, 64), dtype=np.float32)
    maps = GradCAM(model, model.backbone._blocks[10]).generate(images, 1)
    assert isinstance(maps, np.ndarray)
    assert maps.shape == (3, 64, 64)
    assert maps.dtype == np.float32
    assert maps.min() >= 0
    assert maps.max() == 1


def test_precision_and_container_are_those_of_the_pictures():
    model, x = Small(), pictures(2, 16, 1)
    cam = GradCAM(model, model.last)
    expected = cam.generate(x, 1)
    array = x.numpy().astype(np.float64)
    array.flags.writeable = False
    got = cam.generate(array[::-1], 1)[::-1]
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, expected, atol=1e-6)
    model = Small().bfloat16()
    assert GradCAM(model, model.last).generate(x.bfloat16(), 1).dtype == torch.bfloat16


# --- what it leaves behind -------------------------------------------------------------------


def snapshot(model):
    return {
        "modes": [m.training for m in model.modules()],
        "state": {k: v.clone() for k, v in model.state_dict().items()},
        "grads": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "wanted": [p.requires_grad for p in model.parameters()],
        "hooks": sum(len(m._forward_hooks) + len(m._backward_hooks) for m in model.modules()),
    }


def same(a, b):
    assert a["modes"] == b["modes"]
    assert a["wanted"] == b["wanted"]
    assert a["hooks"] == b["hooks"]
    for x, y in zip(
        [*a["state"].values(), *a["grads"]], [*b["state"].values(), *b["grads"]], strict=True
    ):
        assert (x is None and y is None) or torch.equal(x, y)


@pytest.mark.parametrize("training", [True, False])
def test_nothing_is_left_behind(training):
    model, x = Small(), pictures(2, 16, 1)
    model.train(training)
    model.norm.eval()
    model(x).sum().backward()  # gradients that someone still needs
    before, images = snapshot(model), x.clone()
    with GradCAM(model, model.last) as cam:
        cam.generate(x)
        cam.generate(x, 1)
    GradCAM(model, model.last).generate(x)
    same(before, snapshot(model))
    assert torch.equal(x, images)
    assert x.grad is None


@pytest.mark.parametrize("enabled", [True, False])
def test_an_error_leaves_nothing_behind(enabled):
    """Raised inside the model after the cut, when gradients are switched on and a hook is set."""

    class Breaks(Small):
        def forward(self, x):
            super().forward(x)
            raise RuntimeError("the model broke")

    model, x = Breaks(), pictures(2, 16, 1)
    before = snapshot(model)
    with torch.set_grad_enabled(enabled):
        with (
            pytest.raises(RuntimeError, match="the model broke"),
            GradCAM(model, model.last) as cam,
        ):
            cam.generate(x)
        assert torch.is_grad_enabled() is enabled
        with pytest.raises(RuntimeError, match="the model broke"):
            GradCAM(model, model.last).generate(x)
        with pytest.raises(KeyError), GradCAM(model, model.last):
            raise KeyError
    same(before, snapshot(model))


def test_other_passes_inside_the_block_are_not_touched():
    """Training a step between two maps: the graph reaches the first layer."""
    model, x = Small().eval(), pictures(2, 16, 1)
    with GradCAM(model, model.last) as cam:
        cam.generate(x, 0)
        model(x).sum().backward()
        assert all(p.grad is not None for p in model.parameters())
        with torch.no_grad():
            assert not model(x).requires_grad
            assert not torch.is_grad_enabled()
        with pytest.raises(RuntimeError, match="in use already"), cam:
            pass
        assert cam.generate(x, 0).shape == (2, 16, 16)


# --- maps of nothing, tiny maps --------------------------------------------------------------


def test_all_negative_is_zero_and_said():
    model = Small().eval()
    with torch.no_grad():
        model.last.weight.zero_()
        model.last.bias.fill_(1.0)  # every channel is 1 everywhere
        model.fc.weight.copy_(torch.tensor([[1.0], [-1.0], [0.0]]).expand(3, 6))
    cam = GradCAM(model, model.last)
    maps = cam.generate(pictures(3, 8, 1), [0, 1, 2])
    assert cam.all_negative.tolist() == [False, True, True]
    assert (maps[0] == 1).all()
    assert not maps[1:].any()
    np.testing.assert_allclose(cam.raw[1], -6 / 16)


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e12])
def test_scaling_is_relative(scale):
    model, x = Small().eval(), pictures(4, 16, 1)
    cam = GradCAM(model, model.last)
    expected = cam.generate(x, 1)
    with torch.no_grad():
        model.fc.weight.mul_(scale)
    torch.testing.assert_close(cam.generate(x, 1), expected, atol=1e-4, rtol=0)
    assert set(expected.amax((1, 2)).tolist()) <= {0.0, 1.0}


# --- transformers ----------------------------------------------------------------------------


def vit(image=(32, 32), **options):
    from timm.models.vision_transformer import VisionTransformer

    with torch.random.fork_rng():
        torch.manual_seed(1)
        return VisionTransformer(
            img_size=image,
            patch_size=8,
            embed_dim=24,
            depth=2,
            num_heads=2,
            num_classes=3,
            **options,
        ).eval()


@pytest.mark.parametrize(
    "options", [{}, {"reg_tokens": 3}, {"global_pool": "avg", "class_token": False}]
)
@pytest.mark.parametrize("image", [(32, 32), (24, 48)])
def test_tokens_equal_captum_reshaped(options, image):
    model = vit(image, **options)
    layer = model.blocks[-1].norm1
    images = torch.randn(2, 3, *image, generator=torch.Generator().manual_seed(0))
    first = model.num_prefix_tokens
    h, w = image[0] // 8, image[1] // 8
    seen = {}
    other = copy.deepcopy(model)
    other.blocks[-1].norm1.register_forward_hook(
        lambda m, i, o: (seen.update(A=o), o.retain_grad())[0]
    )
    other(images)[:, 2].sum().backward()
    A, dA = (t[:, first:].detach().numpy() for t in (seen["A"], seen["A"].grad))
    expected = (A * dA.mean(axis=1, keepdims=True)).sum(-1).reshape(2, h, w)
    cam = GradCAM(model, layer)
    assert cam.generate(images, 2).shape == (2, *image)
    np.testing.assert_allclose(cam.raw, expected, atol=1e-6)
    stated = GradCAM(model, layer, layout="NTC", prefix_tokens=first)
    stated.generate(images, 2)
    np.testing.assert_array_equal(stated.raw, cam.raw)


def test_after_the_last_block_only_the_class_token_counts():
    model = vit()
    with pytest.raises(ValueError, match=r"blocks\[-1\]\.norm1"):
        GradCAM(model, model.blocks[-1]).generate(pictures(1, 32), 0)


def test_channels_last_is_found():
    model = network("swin_t")
    images = pictures(2, 64)
    cam = GradCAM(model, model.features[-1])
    cam.generate(images, 5)
    reference = copy.deepcopy(model)
    seen = {}
    reference.features[-1].register_forward_hook(
        lambda m, i, o: (seen.update(A=o), o.retain_grad())[0]
    )
    reference(images)[:, 5].sum().backward()
    A, dA = seen["A"].detach(), seen["A"].grad
    expected = (A * dA.mean(dim=(1, 2), keepdim=True)).sum(-1)
    np.testing.assert_allclose(cam.raw, expected, atol=1e-6)


class Equal(nn.Module):
    """Eight channels on a grid of 8 by 8: the shape alone does not tell the axes apart."""

    def __init__(self, last):
        super().__init__()
        self.last = last
        self.mix = nn.Linear(8, 8) if last else nn.Conv2d(8, 8, 1)
        self.both = nn.Identity()

    def forward(self, x):
        return self.both(self.mix(x)).sum(dim=(1, 2) if self.last else (2, 3))


@pytest.mark.parametrize("last", [True, False])
def test_equal_axes_are_told_by_the_layer_or_asked_for(last):
    model, x = Equal(last), pictures(2, 8, 8)
    cam = GradCAM(model, model.mix)
    cam.generate(x, 0)
    stated = GradCAM(model, model.both, layout="NHWC" if last else "NCHW")
    stated.generate(x, 0)
    np.testing.assert_array_equal(cam.raw, stated.raw)
    with pytest.raises(ValueError, match="layout="):
        GradCAM(model, model.both).generate(x, 0)


@given(
    h=st.integers(1, 12), w=st.integers(1, 12), side=st.integers(4, 16), prefix=st.integers(0, 5)
)
@settings(deadline=None, max_examples=200)
def test_token_grids(h, w, side, prefix):
    """A grid of square cells is found again, where the prefix is given or can be told."""
    image = h * side, w * side
    assert token_grid(h * w + prefix, image, prefix) == (prefix, h, w)
    found, a, b = token_grid(h * w + prefix, image, None)
    assert found + a * b == h * w + prefix
    assert found <= prefix
    if h == w and prefix < 2 * h + 1:
        assert (found, a, b) == (prefix, h, w)


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: GradCAM("net", m.last), TypeError, "model must be"),
        (lambda m: GradCAM(m, "last"), TypeError, "target_layer must be"),
        (lambda m: GradCAM(m, nn.ReLU()), ValueError, "a layer of the model"),
        (lambda m: GradCAM(m, m.last, layout="HWC"), ValueError, "layout"),
        (lambda m: GradCAM(m, m.last, prefix_tokens=-1), ValueError, "prefix_tokens"),
        (lambda m: GradCAM(m, m.last).generate(torch.rand(1, 8, 8)), ValueError, "images"),
        (lambda m: GradCAM(m, m.last).generate(torch.rand(0, 1, 8, 8)), ValueError, "images"),
        (
            lambda m: GradCAM(m, m.last).generate(torch.ones(1, 1, 8, 8).byte()),
            ValueError,
            "images",
        ),
        (lambda m: GradCAM(m, m.last).generate(pictures(2, 8, 1), 3), ValueError, "below 3"),
        (lambda m: GradCAM(m, m.last).generate(pictures(2, 8, 1), -1), ValueError, "negative"),
        (lambda m: GradCAM(m, m.last).generate(pictures(2, 8, 1), 0.5), ValueError, "integer"),
        (
            lambda m: GradCAM(m, m.last).generate(pictures(2, 8, 1), [1]),
            ValueError,
            "one a picture",
        ),
        (
            lambda m: GradCAM(m, m.last).generate(pictures(2, 8, 1), batch_size=0),
            ValueError,
            "batch_size",
        ),
        (lambda m: GradCAM(m, m.fc).generate(pictures(2, 8, 1)), ValueError, "still knows places"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call(Small())


class Odd(nn.Module):
    """Answers in a form of one's choice."""

    def __init__(self, answer):
        super().__init__()
        self.layer, self.unused, self.answer = nn.Conv2d(1, 2, 1), nn.Conv2d(1, 2, 1), answer

    def forward(self, x):
        return self.answer(self.layer(x))


class Pair(nn.Conv2d):
    def forward(self, x):
        return super().forward(x), None


def test_odd_models_are_refused():
    x = pictures(2, 8, 1)
    for answer in (lambda a: a, lambda a: a.mean((1, 2, 3)), lambda a: {"out": a}):
        model = Odd(answer)
        with pytest.raises(ValueError, match="scores of shape"):
            GradCAM(model, model.layer).generate(x)
    model = Odd(lambda a: torch.ones(2, 2))
    with pytest.raises(ValueError, match="do not depend"):
        GradCAM(model, model.layer).generate(x)
    model = Odd(lambda a: a.mean((2, 3)))
    with pytest.raises(ValueError, match="did not call"):
        GradCAM(model, model.unused).generate(x)
    model.layer = nn.Sequential(Pair(1, 2, 1))
    model.answer = lambda a: a[0].mean((2, 3))
    with pytest.raises(TypeError, match="tuple"):
        GradCAM(model, model.layer[0]).generate(x)


@given(
    images=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.just(1), st.integers(2, 9), st.integers(2, 9)),
        elements=st.floats(-100, 100, width=32),
    ),
    target_class=st.one_of(st.none(), st.integers(0, 2)),
    seed=st.integers(0, 20),
)
@settings(deadline=None, max_examples=60)
def test_any_pictures(images, target_class, seed):
    """In [0, 1], the maximum 1 or the map empty and flagged, inputs unchanged, channels' order
    without effect."""
    model, kept = Small(seed).eval(), images.copy()
    cam = GradCAM(model, model.last)
    maps = cam.generate(images, target_class)
    np.testing.assert_array_equal(images, kept)
    assert maps.shape == (len(images), *images.shape[2:])
    assert maps.min() >= 0
    highest = maps.max(axis=(1, 2))
    assert set(highest[~cam.all_negative].tolist()) <= {1.0}
    assert not highest[cam.all_negative].any()
    order = torch.randperm(6, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for tensor in (model.last.weight, model.last.bias):
            tensor.copy_(tensor[order])
        model.fc.weight.copy_(model.fc.weight[:, order])
    raw = cam.raw
    cam.generate(images, cam.target_class)
    np.testing.assert_allclose(cam.raw, raw, rtol=1e-4, atol=1e-3)
