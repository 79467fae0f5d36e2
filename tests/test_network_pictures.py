"""The same picture, however it is stored, gives a network the same numbers, or an error.

What is right comes from the backbone alone, called on ``(x / 255 - 0.5) / 0.5``.
"""

import copy
import re

import numpy as np
import pytest
import torch
from PIL import Image

from lessonlib._validation.pictures import pixels_of
from lessonlib.augmentation import medical_train_transforms
from lessonlib.explain import GradCAM, PatchNet
from lessonlib.transfer import MedicalClassifier, batchnorm_drift, extract_features, fit, predict

STORED = np.random.default_rng(0).integers(0, 256, (3, 1, 64, 64), dtype=np.uint8)
STORED[:, 0, 0, :2] = 0, 255
UNIT = torch.from_numpy(STORED).double() / 255
LABELS = np.array([0, 1, 1])


def palette(picture):
    """The same picture as indices into a shuffled palette."""
    order = np.random.default_rng(1).permutation(256)
    image = Image.fromarray(np.argsort(order).astype(np.uint8)[picture])
    image.putpalette(np.repeat(order, 3).astype(np.uint8).tobytes())
    assert image.mode == "P"
    return image


def wide(picture):
    return picture.astype(np.uint16) * 257


def read_only(array):
    array = array.copy()
    array.setflags(write=False)
    return array


SAME = {
    "uint8": lambda: STORED,
    "uint8 tensor": lambda: torch.from_numpy(STORED),
    "uint16 of 16 bits": lambda: wide(STORED),
    "uint16 tensor": lambda: torch.from_numpy(wide(STORED)),
    "big-endian uint16": lambda: wide(STORED).astype(">u2"),
    "float32": lambda: STORED.astype(np.float32) / 255,
    "float64": lambda: STORED / 255,
    "float128": lambda: (STORED / 255).astype(np.longdouble),
    "big-endian floats": lambda: (STORED / 255).astype(">f4"),
    "float32 tensor": lambda: UNIT.float(),
    "float64 tensor": lambda: UNIT,
    "channels last in memory": lambda: UNIT.float().contiguous(memory_format=torch.channels_last),
    "asking for a gradient": lambda: UNIT.float().requires_grad_(),
    "read-only": lambda: read_only(STORED),
    "mirrored view": lambda: STORED[..., ::-1].copy()[..., ::-1],
    "every second column": lambda: np.repeat(STORED, 2, axis=-1)[..., ::2],
    "Fortran order": lambda: np.asfortranarray(STORED),
    "rounding beyond 1": lambda: UNIT.float() * np.float32(1 + 2e-7),
    "PIL L": lambda: [Image.fromarray(p[0]) for p in STORED],
    "PIL P": lambda: [palette(p[0]) for p in STORED],
    "PIL I;16": lambda: [Image.fromarray(wide(p[0])) for p in STORED],
    "PIL F": lambda: [Image.fromarray(p[0].astype(np.float32) / 255) for p in STORED],
    "list of tensors": lambda: list(UNIT.float()),
    "list of lists": lambda: UNIT.tolist(),
}
BEFORE = (STORED.astype(np.float32) / 255 - 0.5) / 0.5
MASKED = np.ma.masked_equal(STORED, 255)
REFUSED = {
    "12 bits stored in 16": (lambda: STORED.astype(np.uint16) * 16, r"reach 4080 only.*4095"),
    "int16": (lambda: STORED.astype(np.int16), "int16 has no natural range"),
    "int64 tensor": (lambda: torch.from_numpy(STORED).long(), "int64 has no natural range"),
    "floats to 255": (lambda: STORED.astype(np.float32), r"\[0, 1\], got 0 to 255: divide by"),
    "normalised": (lambda: BEFORE, r"\[0, 1\], got -1 to 1 \(normalised already\?"),
    "NaN": (lambda: np.where(STORED > 254, np.nan, STORED / 255), "must be finite"),
    "infinite": (lambda: np.where(STORED > 254, np.inf, STORED / 255), "must be finite"),
    "masked": (lambda: MASKED, r"must not hold masked.*\.filled\(value\)"),
    "complex": (lambda: STORED * 1j, "must hold real numbers, got complex"),
    "complex tensor": (lambda: torch.from_numpy(STORED * 1j), "must hold real numbers"),
    "text": (lambda: STORED.astype("U3"), "must hold real numbers"),
}


@pytest.fixture(scope="module")
def model():
    return MedicalClassifier(in_channels=1, seed=0).eval()


@pytest.fixture(scope="module")
def patch_net():
    return PatchNet().eval()


@pytest.fixture(scope="module")
def features(model):
    with torch.no_grad():
        return model.backbone(((UNIT - 0.5) / 0.5).float().expand(-1, 3, -1, -1)).numpy()


def trained_at_rest(model, pictures):
    """The loss after a training whose learning rate is 0."""
    model = copy.deepcopy(model)
    model.unfreeze(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    history = fit(model, (pictures, LABELS), (pictures, LABELS), optimizer=optimizer, rounds=1,
                  steps=1, batch_size=3)  # fmt: skip
    return history.validation_loss


USES = {
    "extract_features": lambda model, _, x: extract_features(model, x, batch_size=2),
    "predict": lambda model, _, x: predict(model, x, batch_size=2),
    "batchnorm_drift": lambda model, _, x: batchnorm_drift(model, UNIT[None].float(), x).before,
    "GradCAM": lambda model, _, x: np.asarray(
        torch.as_tensor(GradCAM(model, model.backbone._conv_head).generate(x, 1)).detach()
    ),
    "fit": lambda model, _, x: trained_at_rest(model, x),
    "MedicalClassifier": lambda model, _, x: model(x).detach().numpy(),
    "MedicalClassifier.features": lambda model, _, x: model.features(x).detach().numpy(),
    "PatchNet": lambda _, net, x: net(x).detach().numpy(),
    "PatchNet.features": lambda _, net, x: net.features(x).detach().numpy(),
}


@pytest.fixture(scope="module")
def expected(model, patch_net, features):
    """From features of the backbone alone, and its own head."""
    with torch.no_grad():
        scores = model.head(torch.from_numpy(features))
        stem = patch_net.stem(((UNIT - 0.5) / 0.5).float().expand(-1, 3, -1, -1))
        body = patch_net.body((stem - patch_net.mean) / patch_net.std)
    # after the last convolution come a mean and a linear layer
    grid = {}
    handle = model.backbone._conv_head.register_forward_hook(
        lambda _, __, out: grid.update(out=out.detach())
    )
    with torch.no_grad():
        model.backbone(((UNIT - 0.5) / 0.5).float().expand(-1, 3, -1, -1))
    handle.remove()
    assert grid["out"].shape == (3, 1280, 2, 2)
    return {
        "extract_features": features,
        "batchnorm_drift": features,
        "MedicalClassifier.features": features,
        "MedicalClassifier": scores.numpy(),
        "predict": scores.softmax(1).numpy(),
        "fit": np.array([torch.nn.functional.cross_entropy(scores, torch.tensor(LABELS)).item()]),
        "PatchNet.features": stem.numpy(),
        "PatchNet": body.numpy(),
        "GradCAM": None,  # tests of its own say what is right; here: the same for each
    }


@pytest.mark.parametrize("use", USES)
def test_the_same_picture_gives_the_same_numbers(use, model, patch_net, expected):
    want = expected[use]
    if want is None:
        want = USES[use](model, patch_net, UNIT.float())
    for name, make in SAME.items():
        found = USES[use](model, patch_net, make())
        atol = 2e-5 * np.abs(want).max()
        np.testing.assert_allclose(found, want, rtol=0, atol=atol, err_msg=name)


@pytest.mark.parametrize("use", USES)
def test_what_is_not_certain_is_refused_by_name(use, model, patch_net):
    for name, (make, message) in REFUSED.items():
        with pytest.raises((TypeError, ValueError), match=message) as caught:
            USES[use](model, patch_net, make())
        assert re.match("images|probe|train images", str(caught.value)), name


def test_a_picture_of_0_and_1_may_be_boolean(model):
    black_and_white = STORED > 127
    np.testing.assert_array_equal(
        extract_features(model, black_and_white),
        extract_features(model, black_and_white.astype(np.float32)),
    )


def test_a_wrong_range_would_matter(model, features):
    """What the policy prevents: the network itself does not notice."""
    with torch.no_grad():
        twice = model.backbone(((UNIT * 2 - 1 - 0.5) / 0.5).float().expand(-1, 3, -1, -1))
        raw = model.backbone(((UNIT * 255 - 0.5) / 0.5).float().expand(-1, 3, -1, -1))
    for wrong in (twice, raw):
        assert np.corrcoef(wrong.numpy().ravel(), features.ravel())[0, 1] < 0.9


def test_a_network_of_unknown_range_takes_floats_as_they_are():
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
        torch.nn.Linear(4, 2),
    )  # fmt: skip
    with torch.no_grad():
        want = net(torch.from_numpy(BEFORE)).softmax(1).numpy()
    np.testing.assert_allclose(predict(net, BEFORE.astype(np.float64)), want, atol=1e-6)
    np.testing.assert_allclose(predict(net, BEFORE.astype(">f8")[:, :, ::-1][:, :, ::-1]), want,
                               atol=1e-6)  # fmt: skip
    with pytest.raises(ValueError, match="does not say what its whole numbers would mean"):
        predict(net, STORED)
    with pytest.raises(ValueError, match="finite"):
        predict(net, BEFORE * np.nan)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_precision_is_that_of_the_weights(dtype, features):
    model = MedicalClassifier(in_channels=1, seed=0).to(dtype)
    found = extract_features(model, STORED)
    assert found.dtype == np.float32
    if dtype == torch.float64:
        np.testing.assert_allclose(found, features, rtol=5e-5, atol=2e-5)
    else:
        assert np.corrcoef(found.ravel(), features.ravel())[0, 1] > 0.99


# --- who normalises ---------------------------------------------------------------------------

STILL = {
    "degrees": 0, "translate": 0, "scale": (1, 1), "elastic": None, "blur": None,
    "brightness": 0, "contrast": 0, "noise": 0,
}  # fmt: skip


def test_pipeline_and_classifier_normalise_once(model, features):
    transform = medical_train_transforms(64, **STILL)
    batch = torch.stack([transform(p[0]) for p in STORED])
    np.testing.assert_allclose(extract_features(model, batch), features, rtol=5e-5, atol=2e-5)


class Films(torch.utils.data.Dataset):
    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return len(STORED)

    def __getitem__(self, i):
        return self.transform(STORED[i, 0]), int(LABELS[i])


@pytest.mark.parametrize("workers", [0, 2])
def test_what_a_pipeline_normalised_is_refused_after_a_loader_too(model, workers):
    """Normalised with mean 0 and std 2 it lies in [0, 1]: only the mark can tell."""
    transform = medical_train_transforms(64, mean=0, std=2, **STILL)
    assert 0 <= transform(STORED[0, 0]).min() <= transform(STORED[0, 0]).max() <= 0.5
    loader = torch.utils.data.DataLoader(Films(transform), batch_size=3, num_workers=workers)
    batch, labels = next(iter(loader))
    assert batch.shape == (3, 1, 64, 64)
    for pictures in (batch, batch[1:], batch.to(torch.float64), batch.clone(), batch.flip(0)):
        with pytest.raises(ValueError, match="leave out its mean and std"):
            model(pictures)
    with pytest.raises(ValueError, match="leave out its mean and std"):
        predict(model, batch)
    with pytest.raises(ValueError, match="leave out its mean and std"):
        GradCAM(model, model.backbone._conv_head).generate(batch)
    with pytest.raises(ValueError, match="leave out its mean and std"):
        fit(model, (batch, labels), (batch, labels), optimizer=None)
    with pytest.raises(ValueError, match="leave out its mean and std"):
        extract_features(model, list(batch))
    restored = batch * 2  # computed from it: no longer normalised
    assert extract_features(model, restored).shape == (3, 1280)


def test_a_network_that_does_not_normalise_takes_what_a_pipeline_normalised():
    transform = medical_train_transforms(64, 3, mean=(0.485, 0.456, 0.406),
                                         std=(0.229, 0.224, 0.225), **STILL)  # fmt: skip
    batch = torch.stack([transform(p[0]) for p in STORED])
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ((0.485, 0.456, 0.406),
                                                         (0.229, 0.224, 0.225)))  # fmt: skip
    torch.testing.assert_close(batch.as_subclass(torch.Tensor), (UNIT.float() - mean) / std)
    layer = torch.nn.Conv2d(3, 2, 3)
    assert type(layer(batch)) is torch.Tensor
    assert type(batch.mean()) is torch.Tensor


# --- PIL ----------------------------------------------------------------------------------------


def test_a_palette_is_read_as_its_colours():
    """Against PIL's own conversion."""
    rng = np.random.default_rng(2)
    image = Image.fromarray(rng.integers(0, 9, (20, 30), dtype=np.uint8))
    image.putpalette(rng.integers(0, 256, 768, dtype=np.uint8).tobytes())
    np.testing.assert_array_equal(pixels_of("image", image), np.asarray(image.convert("RGB")))
    grey = palette(STORED[0, 0])
    np.testing.assert_array_equal(pixels_of("image", grey), STORED[0, 0])


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "HSV", "LAB"])
def test_other_colour_spaces_are_refused(mode):
    with pytest.raises(ValueError, match=r"must have a PIL mode.*convert\('RGB'\)"):
        pixels_of("image", Image.new(mode, (4, 4)))
