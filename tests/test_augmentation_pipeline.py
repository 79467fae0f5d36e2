"""The training pipeline: what goes in and comes out, one resampling, nothing stretched."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import map_coordinates
from torchvision import tv_tensors
from torchvision.transforms import v2

from lessonlib.augmentation import displacement_sd, medical_train_transforms

QUIET = {"blur": None, "brightness": 0, "contrast": 0, "noise": 0, "mean": 0, "std": 1}
STILL = {"degrees": 0, "translate": 0, "scale": (1, 1), "elastic": None}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def step(transform, name):
    return next(s for s in transform.transforms if type(s).__name__ == name)


def fields(count, size=64, **arguments):
    """Displacements in pixels, (count, 2, size, size), drawn by the resampling step alone."""
    resample = step(medical_train_transforms(size, **arguments), "OneResampling")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        image = torch.zeros(1, size, size)
        grids = [resample.make_params([image])["displacement"][0] for _ in range(count)]
    return np.stack([np.moveaxis(g.numpy()[..., ::-1], -1, 0) * size / 2 for g in grids])


# --- in and out -------------------------------------------------------------------------------

INPUTS = {
    "L": lambda: Image.new("L", (60, 40), 7),
    "RGB": lambda: Image.new("RGB", (60, 40), (9, 8, 7)),
    "I;16": lambda: Image.fromarray(np.full((40, 60), 40_000, np.uint16)),
    "F": lambda: Image.new("F", (60, 40), 0.5),
    "array": lambda: np.random.default_rng(0).random((40, 60)),
    "array RGB": lambda: np.zeros((40, 60, 3), np.uint8),
    "big-endian": lambda: np.full((40, 60), 40_000, ">u2"),
    "strided": lambda: np.zeros((80, 120), np.uint8)[::-2, ::-2],
    "tensor": lambda: torch.rand(1, 40, 60),
    "tv_tensor": lambda: tv_tensors.Image(torch.rand(3, 40, 60)),
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", INPUTS)
def test_every_kind_of_image_becomes_a_tensor_in_0_to_1(kind, channels):
    out = medical_train_transforms(32, channels, generator=seeded())(INPUTS[kind]())
    assert (out.shape, out.dtype) == ((channels, 32, 32), torch.float32)
    assert 0 <= out.min() <= out.max() <= 1


@pytest.mark.parametrize(
    ("image", "value_range", "want"),
    [
        (np.full((20, 20), 51, np.uint8), None, 0.2),
        (np.full((20, 20), 52428, np.uint16), None, 0.8),
        (np.full((20, 20), 0.2), None, 0.2),
        (np.full((20, 20), 819, np.uint16), (0, 4095), 0.2),
        (np.full((20, 20), 0, np.int16), (-20, 80), 0.2),
        (np.full((20, 20), 900.0), (-20, 80), 1.0),
        (np.full((20, 20), -900, np.int32), (-20, 80), 0.0),
    ],
)
def test_the_range_of_the_dtype_or_the_one_given_becomes_0_to_1(image, value_range, want):
    out = medical_train_transforms(16, value_range=value_range, **QUIET)(image)
    torch.testing.assert_close(out, torch.full_like(out, want), atol=1e-5, rtol=0)


def test_normalisation_is_per_channel():
    colour = torch.tensor([0.1, 0.5, 0.9])[:, None, None].expand(3, 20, 20)
    plain = medical_train_transforms(16, 3, **{**QUIET, "mean": None, "std": None}, **STILL)
    torch.testing.assert_close(plain(colour).as_subclass(torch.Tensor), colour[:, :16, :16])
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    theirs = medical_train_transforms(16, 3, **{**QUIET, "mean": mean, "std": std}, **STILL)
    want = v2.Normalize(mean, std)(colour)
    torch.testing.assert_close(theirs(colour).as_subclass(torch.Tensor), want[:, :16, :16])
    own = medical_train_transforms(
        16, 3, **{**QUIET, "mean": [0.1, 0.2, 0.3], "std": [1, 2, 3]}, **STILL
    )
    torch.testing.assert_close(
        own(colour)[:, 0, 0].as_subclass(torch.Tensor),
        torch.tensor([0, 0.15, 0.2]),
        atol=1e-6,
        rtol=0,
    )


def test_thirteen_bands_pass_without_jitter():
    bands = torch.rand(13, 40, 40)
    assert medical_train_transforms(32, 13, brightness=0, contrast=0)(bands).shape[0] == 13


def test_the_input_is_not_changed():
    image = np.random.default_rng(0).random((40, 60)).astype(np.float32)
    tensor = torch.from_numpy(image.copy())[None]
    before = image.copy()
    transform = medical_train_transforms(32, generator=seeded())
    transform(image)
    transform(tensor)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(tensor[0].numpy(), before)


# --- geometry ---------------------------------------------------------------------------------


def test_without_elastic_every_draw_is_a_similarity():
    draws = fields(200, elastic=None, degrees=10, translate=0.05, scale=(0.95, 1.15))
    angles, zooms, shifts = [], [], []
    for u in draws:
        a = np.eye(2)
        a[:, 0] += u[:, 1, 0] - u[:, 0, 0]
        a[:, 1] += u[:, 0, 1] - u[:, 0, 0]
        zoom = 1 / math.sqrt(np.linalg.det(a))
        np.testing.assert_allclose(a @ a.T, np.eye(2) / zoom**2, atol=1e-4)
        y, x = np.indices(u.shape[1:])
        linear = np.einsum("ij,jhw->ihw", a - np.eye(2), np.stack([y, x])) + u[:, :1, :1]
        np.testing.assert_allclose(u, linear, atol=1e-3)
        angles.append(math.degrees(math.atan2(a[1, 0], a[0, 0])))
        zooms.append(zoom)
        # the centre of the answer shows the picture's point −A t
        shifts.append(-np.linalg.inv(a) @ u[:, 31:33, 31:33].mean(axis=(1, 2)))
    assert 9 < max(angles) <= 10
    assert -10 <= min(angles) < -9
    assert 0.95 <= min(zooms) < 0.97
    assert 1.12 < max(zooms) <= 1.15
    assert 0.9 * 3.2 < np.abs(shifts).max() <= 3.2 + 1e-3


def test_elastic_part_has_the_strength_asked_for():
    still = {"degrees": 0, "translate": 0, "scale": (1, 1)}
    u = fields(60, **still, elastic=(15, 4))
    assert u.std() == pytest.approx(displacement_sd(15, 4), rel=0.03)
    assert not np.array_equal(u[0], u[1])
    assert not fields(2, **still, elastic=None).any()


def test_image_and_mask_are_read_once_where_the_field_says():
    size = 64
    resample = step(medical_train_transforms(size, fill=0.3), "OneResampling")
    rng = np.random.default_rng(0)
    image = tv_tensors.Image(torch.from_numpy(rng.random((1, size, size)).astype(np.float32)))
    mask = tv_tensors.Mask(torch.from_numpy(rng.integers(0, 9, (size, size))))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        params = resample.make_params([image])
    u = params["displacement"][0].numpy()[..., ::-1].astype(float) * size / 2
    places = np.indices((size, size)) + np.moveaxis(u, -1, 0)
    want = map_coordinates(image[0].numpy(), places, order=1, mode="grid-constant", cval=0.3)
    got = resample.transform(image, params)
    np.testing.assert_allclose(got[0].numpy(), want, atol=2e-4)
    nearest = map_coordinates(mask.numpy(), places, order=0, mode="grid-constant", cval=0)
    assert (resample.transform(mask, params).numpy() == nearest).mean() > 0.999


@pytest.mark.parametrize("fill", [None, 0.5])
def test_a_uniform_image_stays_uniform(fill):
    # torchvision's own fill draws a dark seam along the border here (its issue 8083)
    transform = medical_train_transforms(
        48, degrees=30, scale=(0.6, 0.8), fill=fill, generator=seeded(), **QUIET
    )
    for _ in range(10):
        out = transform(torch.full((1, 40, 60), 0.5))
        torch.testing.assert_close(out, torch.full_like(out, 0.5), atol=1e-5, rtol=0)


def test_fill_is_the_level_beyond_the_frame():
    transform = medical_train_transforms(32, fill=0.25, **QUIET, **STILL)
    out = transform(torch.ones(1, 20, 40))  # padded above and below
    torch.testing.assert_close(out[0, 0], torch.full((32,), 0.25))
    assert float(out[0, 16].min()) == pytest.approx(1)


@pytest.mark.parametrize("shape", [(200, 100), (100, 200), (131, 127)])
def test_a_disc_stays_a_disc(shape):
    y, x = np.indices(shape)
    radius = 0.3 * min(shape)
    disc = np.hypot(y - (shape[0] - 1) / 2, x - (shape[1] - 1) / 2) <= radius
    transform = medical_train_transforms(96, elastic=None, fill=0, generator=seeded(), **QUIET)
    for _ in range(10):
        out = transform(disc.astype(np.uint8) * 255)[0].numpy().astype(float)
        y, x = np.indices(out.shape)
        cy, cx = (out * y).sum() / out.sum(), (out * x).sum() / out.sum()
        moments = [[(out * (a) * (b)).sum() for a in (y - cy, x - cx)] for b in (y - cy, x - cx)]
        small, large = np.linalg.eigvalsh(moments)
        assert math.sqrt(large / small) < 1.02


def test_no_flip_unless_asked():
    image = torch.zeros(1, 32, 32)
    image[:, :, :10] = 1
    sides = {}
    for flip in (False, True):
        transform = medical_train_transforms(
            32, horizontal_flip=flip, fill=0, generator=seeded(), **QUIET
        )
        outs = [transform(image)[0] for _ in range(100)]
        sides[flip] = sum(bool(o[:, :16].sum() > o[:, 16:].sum()) for o in outs)
    assert sides[False] == 100
    assert 30 <= sides[True] <= 70


def test_masks_and_labels_of_a_sample():
    image = torch.zeros(1, 80, 60)
    image[:, 30:60, 20:40] = 1
    mask = tv_tensors.Mask((image[0] > 0).long() * 5)
    sample = {"image": tv_tensors.Image(image), "mask": mask, "label": 3}
    transform = medical_train_transforms(64, generator=seeded(), fill=0, **QUIET)
    for _ in range(5):
        out = transform(sample)
        assert out["label"] == 3
        assert set(out["mask"].unique().tolist()) == {0, 5}
        agree = (out["image"][0] > 0.5) == (out["mask"] == 5)
        assert agree.float().mean() > 0.97


def rgb(array):
    return Image.fromarray(np.repeat(array[..., None], 3, axis=2))


def indexed(array):
    """The picture as a palette image whose indices mean nothing without the palette."""
    image = Image.fromarray(255 - array)
    image.putpalette(np.repeat(np.arange(255, -1, -1), 3).astype(np.uint8).tobytes())
    return image


PICTURE = np.random.default_rng(3).integers(0, 256, (24, 24), dtype=np.uint8)
PICTURE[0, 0] = 255
KINDS = {
    "array": lambda: PICTURE,
    "array of one channel": lambda: PICTURE[..., None],
    "array of equal channels": lambda: np.repeat(PICTURE[..., None], 3, axis=2),
    "Fortran order": lambda: np.asfortranarray(PICTURE),
    "mirrored view": lambda: PICTURE[::-1].copy()[::-1],
    "uint16 of 16 bits": lambda: PICTURE.astype(">u2") * 257,
    "floats": lambda: PICTURE / 255,
    "tensor": lambda: torch.from_numpy(PICTURE)[None],
    "tensor without channels": lambda: torch.from_numpy(PICTURE),
    "tensor of float64": lambda: torch.from_numpy(PICTURE / 255)[None],
    "tv_tensor": lambda: tv_tensors.Image(torch.from_numpy(PICTURE)),
    "PIL L": lambda: Image.fromarray(PICTURE),
    "PIL RGB": lambda: rgb(PICTURE),
    "PIL P": lambda: indexed(PICTURE),
    "PIL I;16": lambda: Image.fromarray(PICTURE.astype(np.uint16) * 257),
    "PIL F": lambda: Image.fromarray(PICTURE.astype(np.float32) / 255),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_picture_is_read_alike_from_every_container(kind):
    transform = medical_train_transforms(24, **QUIET, **STILL)
    out = transform(KINDS[kind]()).as_subclass(torch.Tensor)
    want = torch.from_numpy(PICTURE / 255).float()[None]
    torch.testing.assert_close(out, want, atol=2e-6, rtol=0)


def test_colours_become_grey_as_pil_makes_them_grey():
    colour = np.random.default_rng(4).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    out = medical_train_transforms(24, **QUIET, **STILL)(colour)[0]
    want = np.asarray(Image.fromarray(colour).convert("L"))
    np.testing.assert_allclose(out.numpy() * 255, want, atol=1)


def test_twelve_bits_stored_in_sixteen_are_asked_for():
    film = PICTURE.astype(np.uint16) * 16
    with pytest.raises(ValueError, match=r"reach 4080 only.*value_range.*\(0, 4095\) for 12 bits"):
        medical_train_transforms(24, **QUIET, **STILL)(film)
    out = medical_train_transforms(24, value_range=(0, 4080), **QUIET, **STILL)(film)
    torch.testing.assert_close(
        out.as_subclass(torch.Tensor), torch.from_numpy(PICTURE / 255).float()[None]
    )


@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "u4", "i8", "u8", "f8", "?"])
def test_labels_of_a_mask_stay_what_they_are(dtype):
    """Of any size: float32, in which torchvision moves masks, would round the large ones."""
    top = {"u1": 255, "u2": 65535, "?": 1, "f8": 0.1}.get(dtype, 2**31 - 1)
    top = {"i8": 2**53 + 1, "u8": 2**63 + 1}.get(dtype, top)
    labels = np.zeros((40, 60), dtype)
    labels[5:20, 5:30], labels[25:, 30:] = top, 1 if dtype in "?f8" else top - 1
    mask = tv_tensors.Mask(torch.from_numpy(labels))
    transform = medical_train_transforms(64, generator=seeded(), **QUIET)
    for _ in range(3):
        _, moved = transform(np.zeros((40, 60), np.uint8), mask)
        assert moved.dtype == mask.dtype
        assert isinstance(moved, tv_tensors.Mask)
        assert set(np.unique(moved.numpy())) == set(np.unique(labels))
    codes = np.searchsorted(np.unique(labels), labels)  # the same mask with small labels
    small = tv_tensors.Mask(torch.from_numpy(codes))
    same = [
        medical_train_transforms(64, generator=seeded(5), **QUIET)(np.zeros((40, 60)), m)[1]
        for m in (mask, small)
    ]
    np.testing.assert_array_equal(np.unique(labels)[same[1].numpy()], same[0].numpy())


@pytest.mark.parametrize(
    "label", [3, "pneumonia", np.int64(3), torch.tensor(3), torch.tensor([0.2, 0.8]), np.array([1])]
)
def test_labels_beside_an_array_are_passed_on(label):
    transform = medical_train_transforms(24, generator=seeded(), **QUIET)
    image, same = transform(PICTURE, label)
    assert same is label
    assert image.shape == (1, 24, 24)
    assert transform({"label": label, "image": PICTURE})["image"].shape == (1, 24, 24)


@pytest.mark.parametrize(
    "beside",
    [
        lambda: PICTURE > 9,
        lambda: torch.from_numpy(PICTURE),
        lambda: Image.fromarray(PICTURE),
        lambda: indexed(PICTURE),
    ],
)
def test_a_mask_that_is_not_wrapped_is_refused(beside):
    """It would be read as a picture and divided by 255, or stay where it was."""
    transform = medical_train_transforms(24)
    for sample in (
        (PICTURE, beside()),
        (tv_tensors.Image(torch.from_numpy(PICTURE)), beside()),
        {"image": PICTURE, "mask": beside()},
    ):
        with pytest.raises(TypeError, match=r"wrap a mask as torchvision\.tv_tensors\.Mask"):
            transform(*sample) if isinstance(sample, tuple) else transform(sample)


def test_samples_that_cannot_be_meant_are_refused():
    transform = medical_train_transforms(24)
    with pytest.raises(TypeError, match="sample must hold a picture, got int"):
        transform(5)
    with pytest.raises(ValueError, match=r"mask must have the picture's \(24, 24\) pixels"):
        transform(PICTURE, tv_tensors.Mask(torch.zeros(24, 23)))
    with pytest.raises(ValueError, match="image must not be normalised yet"):
        transform(medical_train_transforms(24, mean=0.5, std=0.5)(PICTURE))
    with pytest.raises(TypeError, match="build the pipeline first"):
        medical_train_transforms(PICTURE)
    with pytest.raises(TypeError, match="build the pipeline first"):
        medical_train_transforms(Image.fromarray(PICTURE))


def test_boxes_are_refused():
    boxes = tv_tensors.BoundingBoxes([[1, 1, 5, 5]], format="XYXY", canvas_size=(20, 20))
    with pytest.raises(TypeError, match="draw boxes and points as masks"):
        medical_train_transforms(16)(tv_tensors.Image(torch.rand(1, 20, 20)), boxes)


# --- grey levels ------------------------------------------------------------------------------


def test_noise_has_the_sd_asked_for():
    transform = medical_train_transforms(
        128, noise=0.02, generator=seeded(), **{k: v for k, v in QUIET.items() if k != "noise"}
    )
    out = transform(torch.full((1, 20, 20), 0.5))
    assert float(out.std()) == pytest.approx(0.02, rel=0.05)


def test_brightness_factor_lies_in_the_range_asked_for():
    arguments = {**QUIET, "brightness": 0.2}
    transform = medical_train_transforms(8, generator=seeded(), **arguments)
    levels = [float(transform(torch.full((1, 9, 9), 0.5)).mean()) for _ in range(100)]
    assert 0.4 <= min(levels) < 0.42
    assert 0.58 < max(levels) <= 0.6


# --- randomness -------------------------------------------------------------------------------


def test_a_generator_repeats_and_leaves_the_global_one_alone():
    image = np.random.default_rng(0).random((40, 60))
    a, b = (medical_train_transforms(32, generator=seeded(5)) for _ in range(2))
    before = torch.get_rng_state()
    first, again = a(image), a(image)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    assert torch.equal(b(image), first)
    assert torch.equal(b(image), again)
    assert not torch.equal(first, again)


def test_without_a_generator_torch_manual_seed_repeats():
    image = np.random.default_rng(0).random((40, 60))
    transform = medical_train_transforms(32)
    outs = []
    with torch.random.fork_rng(devices=[]):
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            outs.append(transform(image))
    assert torch.equal(outs[0], outs[1])
    assert not torch.equal(outs[0], outs[2])


def test_loader_workers_with_copies_of_the_generator_differ(monkeypatch):
    import torch.utils.data as data

    image = np.random.default_rng(0).random((40, 60))
    outs = []
    for seed in (100, 101, 100):
        worker = type("Worker", (), {"seed": seed})
        monkeypatch.setattr(data, "get_worker_info", lambda worker=worker: worker)
        transform = medical_train_transforms(32, elastic=None, generator=seeded(5))
        outs.append(transform(image))
    assert not torch.equal(outs[0], outs[1])
    assert torch.equal(outs[0], outs[2])


# --- mishaps ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.full((9, 9), 100.0), r"must lie in \[0, 1\].*pass value_range"),
        (np.zeros((9, 9), np.int16), "no natural range: pass value_range"),
        (np.full((9, 9), np.nan), "must be finite"),
        (np.full((9, 9), np.inf), "must be finite"),
        (np.zeros((9, 9, 2), np.uint8), r"must have 1 channel\(s\)"),
        (np.ma.masked_equal(np.eye(9), 1), r"image must not hold masked.*filled\(value\)"),
        (np.zeros((0, 9)), "image must not be empty"),
        (np.zeros((2, 9, 9, 1)), r"image must be an array \(H, W\) or \(H, W, C\)"),
        (Image.new("CMYK", (9, 9)), r"image must have a PIL mode.*convert\('RGB'\)"),
    ],
)
def test_images_that_cannot_be_meant_are_refused(image, message):
    with pytest.raises(ValueError, match=message):
        medical_train_transforms(16)(image)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "size must be at least 2"),
        ({"channels": 0}, "channels must be at least 1"),
        ({"channels": 13}, "brightness and contrast must be 0 for 13 channels"),
        ({"degrees": -1}, "degrees must be at least 0"),
        ({"noise": math.nan}, "noise must be finite"),
        ({"scale": (1.2, 1.0)}, r"scale\[1\] must be at least 1.2"),
        ({"scale": (0, 1)}, r"scale\[0\] must be greater than 0"),
        ({"elastic": (10, 0)}, r"elastic\[1\] must be greater than 0"),
        ({"value_range": (5, 5)}, r"value_range\[1\] must be greater than 5"),
        ({"fill": 2}, "fill must be at most 1"),
        ({"mean": [0.5, 0.5]}, r"mean must hold 1 number\(s\), got 2"),
        ({"std": 0}, "std must be greater than 0"),
        ({"mean": 0.5}, "mean and std must be given both or neither"),
        ({"std": 0.5}, "mean and std must be given both or neither"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        medical_train_transforms(**arguments)


def test_a_numpy_generator_is_refused():
    with pytest.raises(TypeError, match=r"generator must be a torch.Generator"):
        medical_train_transforms(generator=np.random.default_rng(0))
