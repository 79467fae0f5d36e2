"""Augmentations in hands that mean them otherwise: a right number, or a sentence that helps."""

import copy
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from lessonlib._validation.pictures import is_marked, unit_pictures
from lessonlib.augmentation import (
    AugmentationValidator,
    ElasticDeformation,
    brighter_half,
    find_landmark,
    medical_train_transforms,
)
from lessonlib.explain import GradCAM
from lessonlib.transfer import MedicalClassifier, extract_features, predict

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 30), dtype=np.uint8)
FILM = AugmentationValidator().generate()

# --- the mark of what is normalised -------------------------------------------------------------


@pytest.fixture(scope="module")
def batch():
    """In [0, 0.5], so that only the mark can tell."""
    transform = medical_train_transforms(
        32, mean=0, std=2, generator=torch.Generator().manual_seed(0)
    )
    return torch.stack([transform(PICTURE), transform(PICTURE)])


MOVES = {
    "concatenate": lambda b: torch.concatenate([b, b]),
    "vstack": lambda b: torch.vstack([b, b]),
    "with another": lambda b: torch.cat([torch.zeros(2, 1, 32, 32), b]),
    "index_select": lambda b: b.index_select(0, torch.tensor([1])),
    "narrow": lambda b: b.narrow(0, 0, 1),
    "rot90": lambda b: torch.rot90(b, 1, (2, 3)),
    "roll": lambda b: b.roll(3, 2),
    "swapaxes": lambda b: b.swapaxes(2, 3),
    "mT": lambda b: b.mT,
    "data": lambda b: b.data,
    "fliplr": torch.fliplr,
    "tile": lambda b: b.tile(2, 1, 1, 1),
    "bfloat16": lambda b: b.bfloat16(),
    "type": lambda b: b.type(torch.float64),
    "tensor_split": lambda b: b.tensor_split(2)[0],
    "requires_grad_": lambda b: b.clone().requires_grad_(),
    "deepcopy": copy.deepcopy,
    "pickle": lambda b: pickle.loads(pickle.dumps(b)),
    "resized": lambda b: torch.nn.functional.interpolate(b, size=64),
    "padded": lambda b: torch.nn.functional.pad(b, (1, 1, 1, 1)),
    "by name": lambda b: torch.nn.functional.pad(input=b, pad=(1, 1, 1, 1)),
    "torchvision's crop": lambda b: v2.functional.center_crop(b, [24, 24]),
}


@pytest.mark.parametrize("move", MOVES)
def test_the_mark_survives_what_keeps_the_scale(move, batch):
    model = MedicalClassifier(in_channels=1, weights=None, seed=0)
    moved = MOVES[move](batch)
    assert is_marked(moved)
    with pytest.raises(ValueError, match="leave out its mean and std"):
        predict(model, moved)


def test_the_mark_does_not_spread():
    plain = torch.rand(2, 1, 32, 32)
    batch = medical_train_transforms(32, mean=0, std=2)(PICTURE).expand(2, 1, 32, 32)
    for other in (plain.to(batch), plain.view_as(batch), plain.type_as(batch), batch * 2,
                  plain[:1].expand_as(batch), batch.mean(), batch.clone().mul_(2)):  # fmt: skip
        assert not is_marked(other)
        assert type(other) is torch.Tensor


def test_a_picture_that_is_restored_in_place_is_no_longer_marked(batch):
    model = MedicalClassifier(in_channels=1, seed=0)
    restored = batch.clone()
    restored.mul_(2)
    assert is_marked(batch)
    assert not is_marked(restored)
    assert not is_marked(restored[:1])
    assert not is_marked(torch.stack([*restored]))
    np.testing.assert_array_equal(
        extract_features(model, restored), extract_features(model, batch.numpy() * 2)
    )


# --- arguments of the pipeline ------------------------------------------------------------------


@pytest.mark.parametrize("value", [15, 1.5, (1,), (1, 2, 3), "full", ElasticDeformation()])
@pytest.mark.parametrize("name", ["scale", "elastic", "blur", "value_range"])
def test_pairs_of_numbers_are_asked_for_by_name(name, value):
    with pytest.raises(TypeError, match=rf"^{name} must be two numbers, \(\w+, \w+\), got"):
        medical_train_transforms(32, **{name: value})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"horizontal_flip": "no"}, "horizontal_flip must be True or False, got 'no'"),
        ({"mean": "imagenet", "std": "imagenet"}, "mean must be a number, got 'imagenet'"),
    ],
)
def test_words_are_not_taken_for_what_python_makes_of_them(arguments, words):
    with pytest.raises(TypeError, match=words):
        medical_train_transforms(32, **arguments)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_transparency_is_no_colour(mode):
    image = Image.fromarray(PICTURE).convert("LA").convert(mode)
    with pytest.raises(ValueError, match=r"transparency is none: image.convert\('RGB'\)"):
        medical_train_transforms(32)(image)
    assert medical_train_transforms(32)(image.convert("RGB")).shape == (1, 32, 32)


# --- the validator ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stored",
    [
        np.round(FILM * 255).astype(np.uint8),
        np.round(FILM * 255).astype(np.uint16) * 257,
        torch.from_numpy(np.round(FILM * 255) / 255),
        Image.fromarray(np.round(FILM * 255).astype(np.uint8)),
    ],
)
def test_the_validator_takes_a_stored_film_for_what_it_shows(stored):
    """The brightness of 0-255 was cut off at 1, and the anatomy said to be gone."""
    validator, unit = AugmentationValidator(), np.round(FILM * 255) / 255
    changed = validator.augment(stored)
    np.testing.assert_allclose(changed["brightness"], np.minimum(1.2 * unit, 1), atol=1e-6)
    noise = changed["noise"] - unit
    assert 0.04 < noise[(unit > 0.2) & (unit < 0.8)].std() < 0.06
    for name, result in validator.validate(stored).items():
        expected = validator.validate(unit)[name]
        assert result["consistent"] == expected["consistent"]
        assert result["correlation"] == pytest.approx(expected["correlation"], abs=1e-5)
    assert validator.validate_position(stored)["brightness"].consistent


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (FILM * 255, r"image of floats must lie in \[0, 1\].*255"),
        (FILM - 0.5, "normalised already"),
        ((FILM * 4095).astype(np.uint16), "4095 for 12 bits"),
    ],
)
def test_a_film_of_unknown_range_is_refused_by_the_five(image, words):
    validator = AugmentationValidator()
    for use in (validator.augment, validator.validate, validator.validate_position):
        with pytest.raises(ValueError, match=words):
            use(image)
    assert validator.validate(image, {"same": lambda x: x})["same"]["consistent"]


def test_augmentations_without_names_are_refused():
    for given in (lambda x: x, [lambda x: x]):
        with pytest.raises(TypeError, match="augmentations must map names to functions"):
            AugmentationValidator().validate(None, given)


def test_a_palette_is_judged_by_its_colours():
    """Bright indices may stand for dark greys."""
    image = Image.fromarray(np.repeat([[0, 255]], 4, axis=0).astype(np.uint8).repeat(4, axis=1))
    assert brighter_half(image) == "right"
    image.putpalette(np.repeat(np.arange(255, -1, -1), 3).astype(np.uint8).tobytes())
    assert image.mode == "P"
    assert brighter_half(image) == brighter_half(image.convert("L")) == "left"


@pytest.mark.parametrize(
    "region", [(5, 5), slice(0, 9), (slice(0, 20, 2), slice(0, 20)), (slice(0, 9),) * 3, None]
)
def test_a_region_is_two_plain_slices(region):
    with pytest.raises(ValueError, match="region must be two slices without steps"):
        find_landmark(FILM, FILM, region)


def test_a_picture_smaller_than_the_region_is_refused():
    with pytest.raises(ValueError, match=r"augmented must be as large as the region, \(20, 20\)"):
        find_landmark(FILM, FILM[:10], [slice(0, 20), slice(0, 20)])


@pytest.mark.parametrize("score", ["0.5", np.nan, None])
def test_the_score_asked_for_is_a_number(score):
    with pytest.raises((TypeError, ValueError), match="min_score must be"):
        AugmentationValidator().check_position(FILM, FILM, min_score=score)


# --- extremes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [1e4, 1e6, 1e300])
def test_a_sigma_beyond_any_picture_is_refused_before_memory_ends(sigma):
    """Of a picture of 40 pixels it asked for 16 GB."""
    with pytest.raises(ValueError, match="sigma must be at most 2048"):
        ElasticDeformation(50, sigma)
    with pytest.raises(ValueError, match=r"elastic\[1\] must be at most 2048"):
        medical_train_transforms(32, elastic=(50, sigma))


@pytest.mark.parametrize("sigma", [1e-9, 0.1, 0.3, 0.5, 0.8, 1, 2])
def test_the_strength_of_a_field_is_what_is_drawn(sigma):
    deform = ElasticDeformation(50, sigma, generator=0)
    assert deform.displacement((600, 600)).std() == pytest.approx(deform.sd, rel=0.02)


def test_networks_and_pictures_without_numbers_are_refused():
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2),
                              torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())  # fmt: skip
    images = np.zeros((2, 1, 8, 8), np.float32)
    hollow = copy.deepcopy(net).to("meta")
    for use in (predict, lambda net, x: GradCAM(net, net[0]).generate(x)):
        with pytest.raises(ValueError, match="Sequential must hold numbers, got the meta device"):
            use(hollow, images)
        with pytest.raises(ValueError, match="images must hold numbers, got the meta device"):
            use(net, torch.zeros(2, 1, 8, 8, device="meta"))
    assert hollow.training
    assert net.training


# --- lists of pictures, and buffers of other layouts --------------------------------------------

PLANE = torch.from_numpy(PICTURE)[None]
MIXED = {
    "sizes of tensors": lambda: [PLANE, PLANE[:, :20]],
    "sizes of arrays": lambda: [PICTURE[None], PICTURE[None, :20]],
    "bool and uint8": lambda: [PICTURE[None] > 127, PICTURE[None]],
    "uint8 and uint16": lambda: [PICTURE[None], PICTURE[None].astype(np.uint16) * 257],
    "uint8 and floats": lambda: [PLANE, PLANE / 255],
    "modes 1 and L": lambda: [Image.fromarray(PICTURE > 127), Image.fromarray(PICTURE)],
    "an array and an image": lambda: [PICTURE, Image.fromarray(PICTURE)],
}


@pytest.mark.parametrize("kind", MIXED)
def test_lists_of_unlike_pictures_are_refused(kind):
    """What is common to two types made 1 of 255 out of a white pixel, in silence."""
    with pytest.raises(ValueError, match="images must be of one size, mode and type"):
        unit_pictures("images", MIXED[kind]())


def test_lists_of_like_pictures_are_a_batch():
    expected = torch.from_numpy(np.stack([PICTURE, PICTURE])[:, None] / 255).float()
    for pair in ([PLANE, PLANE], [PICTURE[None]] * 2, (PLANE, PICTURE[None]),
                 [Image.fromarray(PICTURE)] * 2):  # fmt: skip
        torch.testing.assert_close(unit_pictures("images", pair), expected)


def test_tensors_of_other_kinds_are_refused_by_name():
    with pytest.raises(TypeError, match=r"images must be an ordinary tensor.*\.float\(\)"):
        unit_pictures("images", torch.rand(1, 1, 8, 8).to(torch.float8_e4m3fn))


def test_a_sparse_buffer_does_not_stop_the_state_from_coming_back():
    net = torch.nn.Sequential(torch.nn.BatchNorm2d(1), torch.nn.Flatten())
    net.register_buffer("links", torch.eye(3).to_sparse())
    images = np.random.default_rng(0).random((2, 1, 4, 4), dtype=np.float32)
    with torch.no_grad():
        expected = copy.deepcopy(net).eval()(torch.from_numpy(images)).softmax(1)
    np.testing.assert_array_equal(predict(net, images), expected)
    assert net.training
    assert torch.equal(net.links.to_dense(), torch.eye(3))
