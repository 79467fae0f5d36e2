"""The verdicts of section E6, each over 100 seeds where chance is involved."""

import math

import numpy as np
import pytest

from lessonlib.augmentation import displacement_sd, expected_fold_fraction
from lessonlib.errata import e6
from lessonlib.errata.augmentation import (
    crop_shapes,
    field_as_published,
    film_auc,
    nodule_films,
    warp_as_published,
    wedge,
)

SEEDS = 100


@pytest.fixture(scope="module")
def measured():
    return {row.id: row.measure(SEEDS) for row in e6.ROWS}


def verdict(identifier):
    return next(row.verdict for row in e6.ROWS if row.id == identifier)


def test_every_row_has_its_finding(measured):
    assert [row.id for row in e6.ROWS] == [f"E6.{n}" for n in range(1, 11)]
    for row in e6.ROWS:
        row.finding.format(**measured[row.id])


def test_e6_1_eight_bits_destroy_medical_images(measured):
    got = measured["E6.1"]
    assert verdict("E6.1") == "FALSE"
    assert got["zero"].low > 0.99
    assert got["above_255"] > 0.9
    assert abs(got["wrapped"].value) < 0.2
    assert got["still"] < 0.5
    assert got["bias"].value == pytest.approx(-0.5, abs=0.02)
    assert got["ours_most"] <= 0.51  # rounded, nothing more


def test_e6_2_default_settings_fold_tissue(measured):
    got = measured["E6.2"]
    assert verdict("E6.2") == "MISLEADING"
    assert got["expected_sd"] == pytest.approx(2.82, abs=0.005)
    # the mirrored border makes it a little stronger than the formula
    assert 1 < got["sd"].low / got["expected_sd"] < got["sd"].high / got["expected_sd"] < 1.08
    assert got["images"].low > 0.95
    assert got["folded"].low < 1.2 * got["expected_folded"]
    assert got["folded"].high > got["expected_folded"]
    assert got["mild"].high < 0.15
    assert got["smooth"].high < 0.05


def test_e6_3_the_exercise_folds_every_image(measured):
    got = measured["E6.3"]
    assert verdict("E6.3") == "MISLEADING"
    assert got["images"].low > 0.95
    assert 0.1 < got["largest_share"] < 0.25
    assert got["expected_sd"] == pytest.approx(2.12, abs=0.005)


def test_e6_4_only_numpys_global_seed_repeats_it(measured):
    got = measured["E6.4"]
    assert verdict("E6.4") == "GAP"
    assert (got["torch"], got["numpy"], got["ours"]) == (0, SEEDS, SEEDS)


def test_e6_5_grey_films_do_not_get_through(measured):
    got = measured["E6.5"]
    assert verdict("E6.5") == "FALSE"
    assert (got["grey"], got["sixteen"], got["colour"]) == (0, 0, 20)
    assert got["our_grey"] == got["our_sixteen"] == got["our_colour"] == 20


def test_e6_6_crops_stretch(measured):
    got = measured["E6.6"]
    assert verdict("E6.6") == "MISLEADING"
    assert got["square_5"].low > 0.4
    assert got["square_10"].low > 0.12
    assert got["film_mean"].low > 1.15
    assert got["film_10"].low > 0.85
    assert got["fixed_most"] == 1
    # w and h are at most the side and their product at least 85% of its square
    shapes = crop_shapes((256, 256), 20)
    assert 0.84 < shapes.min() < 1 < shapes.max() < 1.19


def test_e6_7_wedges_and_three_resamplings(measured):
    got = measured["E6.7"]
    assert verdict("E6.7") == "GAP"
    assert [got[f"wedge_{a}"] for a in (5, 10, 15)] == pytest.approx(
        [0.040, 0.073, 0.101], abs=2e-3
    )
    assert got["ratio"].low > 3


@pytest.mark.parametrize("angle", [5, 10, 15, 45])
def test_the_wedges_are_four_triangles(angle):
    # Each side of the frame crosses two sides of the turned one and is cut into the two legs
    # and the hypotenuse of three equal right triangles: their perimeter is the side.
    t = math.radians(angle)
    perimeter = 1 / (1 + math.sin(t) + math.cos(t))
    leg, other = perimeter * math.sin(t), perimeter * math.cos(t)
    hypotenuse = math.hypot(leg, other)
    assert leg + other + hypotenuse == pytest.approx(1)
    assert wedge(angle, 1000) == pytest.approx(4 * leg * other / 2, abs=1e-3)


def test_e6_8_flips_help_one_label_and_ruin_the_other(measured):
    got = measured["E6.8"]
    assert verdict("E6.8") == "DEPENDS"
    assert got["presence_flip"].low > got["presence"].value
    assert got["side"].low > 0.8
    assert got["side_flip"].high < 0.65
    assert got["side_swap"].low > got["side"].value
    assert got["presence_gain"].low > 0
    assert got["swap_gain"].low > 0


def test_e6_8_copies_that_are_not_mirrored_change_nothing():
    """What the mirrored copies gain is not that the penalty holds twice as many rows back less."""
    films, present, _ = nodule_films(40, np.random.default_rng(0))
    test, truth, _ = nodule_films(100, np.random.default_rng(1))
    once = film_auc(films, present, test, truth)
    twice = film_auc(np.tile(films, (2, 1, 1)), np.tile(present, 2), test, truth)
    assert 0.6 < once < 1
    assert twice == pytest.approx(once, abs=1e-6)


def test_nodules_lie_where_the_label_says():
    films, present, right = nodule_films(200, np.random.default_rng(0))
    empty = films[~present].mean(axis=0)
    for side, columns in ((True, slice(14, 22)), (False, slice(3, 10))):
        extra = films[present & (right == side)].mean(axis=0) - empty
        assert extra[6:16, columns].mean() > 3 * abs(extra[18:, :].mean())


def test_e6_9_the_field_of_unet_is_another(measured):
    got = measured["E6.9"]
    assert verdict("E6.9") == "CITE"
    assert got["images"].high < 0.05
    assert got["slope"].high < 0.1 < got["published_slope"]
    assert got["sd"].value > 2 * got["published_sd"]
    # the slope decides the folds: ½ exp(−1 / 2 slope²)
    assert 0.5 * math.exp(-1 / (2 * got["published_slope"] ** 2)) == pytest.approx(
        expected_fold_fraction(50, 5)
    )


def test_e6_10_jitter_changes_units(measured):
    got = measured["E6.10"]
    assert verdict("E6.10") == "DEPENDS"
    assert got["shift"].low > 3
    assert got["shift_5"].low > 0.3
    assert got["per_band"].low > 0.01
    assert got["together"] < 1e-3


# --- what the rows compare with ---------------------------------------------------------------


def test_the_published_field_is_smoothed_noise():
    fields = [field_as_published((96, 96), 30, 4, np.random.default_rng(s)) for s in range(50)]
    inside = np.array(fields)[:, :, 20:-20, 20:-20]
    assert inside.std() == pytest.approx(displacement_sd(30, 4), rel=0.04)


def test_the_published_warp_moves_and_casts():
    image = np.arange(100, dtype=np.uint8).reshape(10, 10)
    down = np.stack([np.ones((10, 10)), np.zeros((10, 10))])
    moved = warp_as_published(image, down)
    np.testing.assert_array_equal(moved[:-1], image[1:])
    np.testing.assert_array_equal(moved[-1], image[-1])
    assert moved.dtype == np.uint8
