"""The verdicts of section E10, each against something computed another way."""

import numpy as np
import pytest
from scipy import stats

from lessonlib import images
from lessonlib.errata import e10, rows
from lessonlib.scientific import MultiChannelNormalizer

SEEDS = 100
VERDICTS = {
    "E10.1": "FALSE",
    "E10.2": "FALSE",
    "E10.3": "MISLEADING",
    "E10.4": "BUG",
    "E10.5": "BUG",
    "E10.6": "MISLEADING",
    "E10.7": "GAP",
}


@pytest.fixture(scope="module")
def measured():
    return {row.id: row.measured(SEEDS) for row in e10.ROWS}


def test_the_rows_are_on_the_page():
    found = {row.id: row.verdict for row in rows() if row.section == "E10"}
    assert found == VERDICTS


def test_e10_1_no_three_orders_and_negative_pixels(measured):
    got = measured["E10.1"]
    assert got["orders"].high < 2
    assert got["three"].high < 0.01
    # negative pixels, by drawing them instead of by the normal distribution's tail
    drawn = np.mean([(e10.simulated_bands(seed, 16) < 0).mean() for seed in range(300)])
    assert drawn == pytest.approx(got["negative"].value, abs=0.01)
    assert got["negative"].low > 0.05
    # the real scene, by NumPy
    scene = images.sentinel2()
    levels = scene.pixels.mean(axis=(1, 2), dtype=np.float64)
    assert got["real_orders"] == pytest.approx(np.log10(levels.max() / levels.min()))
    assert got["real_orders"] < 2.5
    assert got["real_surface"] < 0.6
    assert got["real_minimum"] >= 0
    assert got["resolutions"] == 3


def test_e10_2_rounding_leaves_the_unit_interval(measured):
    got = measured["E10.2"]
    assert got["outside"].low > 0.9
    assert 0 < got["excess"] < 1e-6
    assert got["ours"].value == 0


def test_e10_3_the_mean_is_zero_only_where_it_was_fitted(measured):
    got = measured["E10.3"]
    assert got["same"] < 1e-12
    assert got["lowest"].low > 0.05
    assert got["highest"].value > 3
    assert got["never_zero"].low > 0.95
    # closed form: the mean z-score of 1.3 x + 200 is (0.3 mean + 200) / std
    image = e10.simulated_bands(5, 64)
    flat = image.reshape(13, -1)
    expected = (0.3 * flat.mean(axis=1) + 200) / flat.std(axis=1)
    normalizer = MultiChannelNormalizer().fit(image[None])
    other = normalizer.transform(1.3 * image + 200).mean(axis=(1, 2))
    np.testing.assert_allclose(other, expected, rtol=1e-10)


def test_e10_4_types_and_thresholds(measured):
    got = measured["E10.4"]
    assert (got["infinite"], got["ours_finite"]) == (13, 13)
    assert got["missed"].low > 0.5
    assert got["jump"] == pytest.approx(1, abs=0.01)
    assert got["ours_missed"].value == 0
    assert got["flattened"] < 1e-8
    assert got["ours_small"] == pytest.approx(1)
    constant = np.full((256, 256), 293.15, np.float32)
    assert constant.std() > 1e-8  # NumPy itself, the root of it


def test_e10_5_missing_pixels(measured):
    got = measured["E10.5"]
    assert got["spoiled"] == 1
    assert got["ours_spoiled"] == 1
    # closed form: a tenth of the pixels lies 2655 + 9999 away
    expected = np.sqrt(0.9 * 197**2 + 0.1 * 0.9 * (2655 + 9999) ** 2)
    assert got["naive_sd"].value == pytest.approx(expected, rel=0.01)
    assert got["naive_z"].value == pytest.approx(197 / expected, rel=0.01)
    assert got["ours_z"].low > 0.999
    assert got["true_sd"].value == pytest.approx(197, abs=1)


def test_e10_6_what_clipping_destroys(measured):
    got = measured["E10.6"]
    assert got["constant"] == 7
    assert got["ours_constant"] == 0
    assert got["twins"] < 1e-12
    assert got["bounded"].low > 0.3
    # by definition 1% of the pixels lie above the 99th percentile
    assert got["saturated"].value == pytest.approx(0.01, abs=0.001)
    assert got["faintest_white"] < 1e6 / 100


def test_e10_7_refusals(measured):
    got = measured["E10.7"]
    assert got["five_accepted"]
    assert got["batch_error"] > 1
    assert got["refused"] == 3
    with pytest.raises(TypeError, match="NoneType"):
        e10.Unguarded().apply(np.zeros((13, 4, 4)))


def test_the_stand_in_is_numpy_where_nothing_goes_wrong():
    """So that what is measured of it is the design's fault, not the stand-in's."""
    image = e10.simulated_bands(0, 32)
    learned = e10.Unguarded().learn(image[None])
    expected = stats.zscore(image.reshape(13, -1), axis=1).reshape(image.shape)
    np.testing.assert_allclose(learned.apply(image), expected, atol=1e-5)
