"""The verdicts of section X1, each over 100 seeds."""

import numpy as np
import pytest

from lessonlib.errata import x1
from lessonlib.errata.augmentation import correlation

SEEDS = 100


@pytest.fixture(scope="module")
def measured():
    cache = {}
    for row in x1.ROWS:
        if row.measure not in cache:
            cache[row.measure] = row.measure(SEEDS)
    return {row.id: cache[row.measure] for row in x1.ROWS}


def verdict(identifier):
    return next(row.verdict for row in x1.ROWS if row.id == identifier)


def test_every_row_has_its_finding(measured):
    assert [row.id for row in x1.ROWS] == [f"X1.{n}" for n in range(1, 11)]
    for row in x1.ROWS:
        row.finding.format(**measured[row.id])


def test_x1_1_holds_with_a_margin_and_not_without(measured):
    got = measured["X1.1"]
    assert verdict("X1.1") == "DEPENDS"
    assert got["typical"].low > 0.95
    assert got["noisy"].low > 0.9
    assert got["corner"].low > 0.85
    assert got["tie"].high < 0.6
    # a dark heart passes, but the brighter half is not its half
    image = x1.scene("dark", 0)
    assert image[:, 32:].sum() > image[:, :32].sum()


def test_x1_2_a_flip_always_fails(measured):
    assert verdict("X1.2") == "TRUE"
    assert measured["X1.2"]["flips"] == 0
    assert measured["X1.2"]["flips_tried"] == 5 * SEEDS


def test_x1_3_halves_are_not_the_heart(measured):
    got = measured["X1.3"]
    assert verdict("X1.3") == "MISLEADING"
    assert got["vertical"] == got["erased"] == got["gain"] == SEEDS
    assert 30 < got["shuffled"] < 70
    assert got["inverted"] == got["ramp"] == 0
    assert got["gain_found"] == 0
    assert got["shuffled_found"] < 5
    assert min(got["inverted_found"], got["ramp_found"]) > 95


def test_x1_4_elastic_correlates_less_than_brightness(measured):
    got = measured["X1.4"]
    assert verdict("X1.4") == "TRUE"
    assert got["elastic_below"].low > 0.95
    assert got["elastic_below_added"].low > 0.95
    assert got["unclipped_least"] == pytest.approx(1, abs=1e-12)
    assert 0.7 < got["elastic"].low < got["elastic"].high < 0.85


def test_x1_5_brightness_is_ambiguous(measured):
    got = measured["X1.5"]
    assert verdict("X1.5") == "DEPENDS"
    assert got["brightness"].low > got["added"].high  # ×1.2 and +0.2 are not the same
    assert got["wrap_added"].high < 0.1
    assert got["elastic_below_wrap"].high < 0.05
    image = np.array([[100, 250]], np.uint8)
    assert (image + np.uint8(51)).tolist() == [[151, 45]]


def test_x1_6_correlation_measures_registration_and_noise(measured):
    got = measured["X1.6"]
    assert verdict("X1.6") == "MISLEADING"
    assert got["rotation"].high < 0.8
    for name in ("rotation", "elastic"):
        assert got[f"{name}_noisy"].high < got[name].low - 0.2
        assert got[name].high < got[f"{name}_clean"].high


def test_x1_7_defaults_of_the_rotation(measured):
    got = measured["X1.7"]
    assert verdict("X1.7") == "GAP"
    assert got["grown"] == "74 × 74"  # 64 (cos 10° + sin 10°)
    assert got["up"] == pytest.approx(28 * np.sin(np.radians(10)), abs=0.3)
    assert got["black"] == pytest.approx(0.089, abs=0.005)
    assert got["overshoot"] > 1
    assert got["filled"].high < got["nearest"].low


def test_x1_8_the_published_class_returns_black(measured):
    got = measured["X1.8"]
    assert verdict("X1.8") == "BUG"
    assert got["black"] == SEEDS
    assert got["eight_bit"] > 95
    assert got["kept"].low > 0.7


def test_x1_9_noise_needs_a_scale(measured):
    got = measured["X1.9"]
    assert verdict("X1.9") == "DEPENDS"
    assert 0.95 < got["unit"].low < got["unit"].high < 0.98
    assert got["bytes"].low > 0.9999


def test_x1_10_the_heart_is_on_the_viewers_right(measured):
    got = measured["X1.10"]
    assert verdict("X1.10") == "FALSE"
    assert got["rows_to"] == "left"
    assert got["right"] > 1.5 * got["left"]


def test_correlation_of_a_constant_is_nan():
    assert np.isnan(correlation(np.ones(5), np.arange(5)))
