"""The validator: the exercise's contract, and a check that finds the heart itself."""

import numpy as np
import pytest
from scipy import ndimage, stats
from skimage import data

from lessonlib.augmentation import (
    AugmentationValidator,
    ElasticDeformation,
    brighter_half,
    draw_discs,
    find_landmark,
    largest_bright_region,
)

NAMES = ["rotation", "horizontal_flip", "elastic", "brightness", "noise"]


@pytest.fixture
def validator():
    return AugmentationValidator()


# --- the contract -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_generate(seed):
    image = AugmentationValidator(seed=seed).generate()
    assert (image.shape, image.dtype) == ((64, 64), np.float64)
    assert 0 <= image.min() < image.max() <= 1
    assert image[:, :32].sum() > 1.1 * image[:, 32:].sum()
    np.testing.assert_array_equal(image, AugmentationValidator(seed=seed).generate())
    assert not np.array_equal(image, AugmentationValidator(seed=seed + 1).generate())


def test_the_two_discs(validator):
    image = ndimage.median_filter(validator.generate(), 5)
    labels, count = ndimage.label(image > 0.55)
    sizes = ndimage.sum_labels(image > 0.55, labels, range(1, count + 1))
    assert count == 2
    (heart, nodule) = np.argsort(sizes)[::-1] + 1
    assert sizes[heart - 1] == pytest.approx(np.pi * 12**2, rel=0.05)
    assert sizes[nodule - 1] == pytest.approx(np.pi * 5**2, rel=0.12)
    assert np.nonzero(labels == heart)[1].max() < 32 <= np.nonzero(labels == nodule)[1].min()
    assert image[labels == nodule].mean() > image[labels == heart].mean() + 0.05


@pytest.mark.parametrize("width", [10, 11])
def test_brighter_half(width):
    image = np.ones((4, width))
    assert brighter_half(image) == "tie"
    image[0, 0] += 0.5
    assert brighter_half(image) == "left"
    assert brighter_half(image[:, ::-1]) == "right"
    image[:, width // 2] += 100 if width % 2 else 0  # the middle column counts for neither
    assert brighter_half(image) == "left"


def test_consistency_is_the_brighter_half(validator):
    image = validator.generate()
    assert validator.check_anatomical_consistency(image, image) is True
    assert validator.check_anatomical_consistency(image, image[:, ::-1]) is False
    assert validator.check_anatomical_consistency(image, np.ones_like(image)) is False


def test_augment(validator):
    image = validator.generate()
    before = image.copy()
    got = validator.augment(image)
    np.testing.assert_array_equal(image, before)
    assert list(got) == NAMES
    assert all(a.shape == image.shape for a in got.values())
    np.testing.assert_array_equal(got["horizontal_flip"], image[:, ::-1])
    np.testing.assert_array_equal(got["brightness"], np.minimum(1.2 * image, 1))
    added = (got["noise"] - image)[(got["noise"] > 0) & (got["noise"] < 1)]
    assert added.std() == pytest.approx(0.05, rel=0.05)
    again = AugmentationValidator().augment(image)
    for name in NAMES:
        np.testing.assert_array_equal(got[name], again[name])
    other = AugmentationValidator(seed=1).augment(image)
    assert not np.array_equal(got["elastic"], other["elastic"])
    assert not np.array_equal(got["noise"], other["noise"])


def test_rotation_turns_by_ten_degrees_counter_clockwise(validator):
    image = np.zeros((65, 65))
    image[32, 52:57] = 1  # a bar to the right of the centre
    turned = validator.augment(image)["rotation"]
    y, x = ndimage.center_of_mass(turned)
    assert np.degrees(np.arctan2(32 - y, x - 32)) == pytest.approx(10, abs=0.5)


def test_elastic_has_the_strength_of_the_exercise(validator):
    elastic = validator.augmentations()["elastic"]
    assert isinstance(elastic, ElasticDeformation)
    assert (elastic.alpha, elastic.sigma) == (30, 4)


def test_signal_preservation_is_pearson(validator):
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 20, 30))
    assert validator.signal_preservation(x, y) == pytest.approx(
        stats.pearsonr(x.ravel(), y.ravel())[0]
    )
    assert validator.signal_preservation(x, 5 - 3 * x) == pytest.approx(-1)
    assert validator.signal_preservation(x, np.full_like(x, 0.1)) == 0
    assert validator.signal_preservation(np.full_like(x, 0.1), x) == 0


@pytest.mark.parametrize("seed", range(20))
def test_run_prints_a_row_each_and_returns_validate(seed, capsys):
    validator = AugmentationValidator(seed=seed)
    got = validator.run()
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == NAMES
    assert got == AugmentationValidator(seed=seed).validate()
    assert [set(v) for v in got.values()] == [{"consistent", "correlation"}] * 5
    assert [k for k, v in got.items() if not v["consistent"]] == ["horizontal_flip"]
    assert got["elastic"]["correlation"] < got["brightness"]["correlation"]
    assert all(type(v["consistent"]) is bool for v in got.values())


# --- any image, any augmentations -------------------------------------------------------------


def test_any_image_and_any_augmentations(validator):
    image = data.camera()[::2, ::2].astype(float)
    before = image.copy()

    def spoil(x):
        x *= 0
        return x + np.arange(x.shape[1])

    got = validator.validate(image, {"other": spoil, "same": lambda x: x})
    assert got["same"]["correlation"] == pytest.approx(1)
    assert got["same"]["consistent"]
    assert list(got) == ["other", "same"]
    np.testing.assert_array_equal(image, before)


# --- the heart itself -------------------------------------------------------------------------


def shuffled(image):
    return np.random.default_rng(0).permutation(image.ravel()).reshape(image.shape)


def no_heart(image):
    return np.where(ndimage.gaussian_filter(image, 1) > 0.5, 0.3, image)


CASES = {
    # name: (augmentation, is the heart where it was, does the brighter half agree)
    "rotation": (lambda x: ndimage.rotate(x, 10, reshape=False, mode="nearest"), True, True),
    "flip": (lambda x: x[:, ::-1], False, False),
    "flip with gain": (lambda x: x[:, ::-1] * np.linspace(1.6, 0.6, 64), False, True),
    "inverted contrast": (lambda x: 1 - x, True, False),
    "ramp of light": (lambda x: x * np.linspace(0.6, 1.4, 64), True, False),
    "shift": (lambda x: np.roll(x, 12, axis=1), False, True),
    "shuffled pixels": (shuffled, False, None),
    "heart removed": (no_heart, False, None),
    "constant": (np.ones_like, False, False),
    "noise": (lambda x: x + np.random.default_rng(0).normal(0, 0.1, x.shape), True, True),
}


@pytest.mark.parametrize("name", CASES)
def test_position_check_sees_what_the_halves_do_not(name, validator):
    change, kept, halves = CASES[name]
    got = validator.validate_position(augmentations={name: change})[name]
    assert got.consistent is kept
    assert 0 <= got.score <= 1
    if halves is not None:
        image = validator.generate()
        assert validator.check_anatomical_consistency(image, change(image)) is halves


def test_position_check_of_the_five(validator):
    got = validator.validate_position()
    assert [k for k, v in got.items() if not v.consistent] == ["horizontal_flip"]
    # centre at column 0.28 · 64 − ½ = 17.4, mirrored 63 − 17.4: 28.2 away
    assert got["horizontal_flip"].distance == pytest.approx(28.2, abs=1.5)


@pytest.mark.parametrize("shift", [(0, 0), (3, -4), (-5, 7)])
def test_landmark_is_found_where_it_was_moved(shift):
    image = data.camera()[::2, ::2].astype(float)
    region = (slice(40, 80), slice(80, 130))
    moved = np.roll(image, shift, axis=(0, 1))
    found = find_landmark(image, moved, region)
    assert (found.row - 59.5, found.column - 104.5) == shift
    assert found.score == pytest.approx(1)
    inverted = find_landmark(image, 255 - 0.5 * moved, region)
    assert (inverted.row, inverted.column) == (found.row, found.column)
    assert inverted.score == pytest.approx(-1)


def test_tolerance_and_score_decide(validator):
    image = validator.generate()
    moved = np.roll(image, 5, axis=1)
    region = (slice(20, 52), slice(4, 34))
    assert validator.check_position(image, moved, region).consistent
    assert not validator.check_position(image, moved, region, tolerance=0.05).consistent
    assert not validator.check_position(image, moved, region, min_score=1.1).consistent


def test_largest_bright_region_is_the_heart():
    for seed in range(20):
        rows, columns = largest_bright_region(draw_discs(64, np.random.default_rng(seed)))
        assert (rows.start + rows.stop) / 2 == pytest.approx(0.55 * 64, abs=1.5)
        assert (columns.start + columns.stop) / 2 == pytest.approx(0.28 * 64, abs=1.5)


# --- mishaps ----------------------------------------------------------------------------------


def test_bad_input_is_refused_by_name(validator):
    image = validator.generate()
    with pytest.raises(ValueError, match=r"image must have shape \(H, W\)"):
        validator.validate(np.zeros((3, 9, 9)))
    with pytest.raises(ValueError, match="image must be finite"):
        validator.validate(np.full((9, 9), np.nan))
    with pytest.raises(ValueError, match=r"augmented must have shape \(64, 64\)"):
        validator.signal_preservation(image, image[:-1])
    with pytest.raises(ValueError, match="region must hold some contrast"):
        find_landmark(np.ones((9, 9)), image, (slice(0, 5), slice(0, 5)))
    with pytest.raises(ValueError, match="image must show something"):
        largest_bright_region(np.ones((9, 9)))
    with pytest.raises(ValueError, match="size must be at least 16"):
        AugmentationValidator(size=3)
    with pytest.raises(TypeError, match="seed must be an integer"):
        AugmentationValidator(seed="x")
