"""The verdicts of exercise 3's rows, each against something computed another way."""

import numpy as np
import pytest
import spyndex

from lessonlib import images
from lessonlib.errata import rows, x3

SEEDS = 100
VERDICTS = {"X3.1": "TRUE", "X3.2": "FALSE", "X3.3": "FALSE", "X3.4": "DEPENDS", "X3.5": "GAP"}


@pytest.fixture(scope="module")
def measured():
    return {row.id: row.measured(SEEDS) for row in x3.ROWS}


def test_the_rows_are_on_the_page():
    assert {row.id: row.verdict for row in rows() if row.section == "X3"} == VERDICTS


@pytest.mark.parametrize("name", x3.GENERATORS)
def test_generators_keep_to_the_exercise(name):
    image = x3.GENERATORS[name](0)
    for channel, (low, high) in zip(image, x3.RANGES, strict=True):
        assert low <= channel.min() < channel.max() <= high
    assert (image != x3.GENERATORS[name](1)).any()


def test_x3_1_zscores(measured):
    got = measured["X3.1"]
    assert got["images"] == 300
    assert got["mean64"] < 1e-12
    assert got["std64"] < 1e-14
    assert got["mean32"] < 1e-6
    assert got["std32"] < 1e-6
    image = x3.uniform_image(3)
    flat = image.reshape(8, -1)
    by_hand = (flat - flat.mean(axis=1, keepdims=True)) / flat.std(axis=1, keepdims=True)
    np.testing.assert_allclose(x3.zscore(image).reshape(8, -1), by_hand, atol=1e-12)


def test_x3_2_ndvi_is_not_invariant(measured):
    got = measured["X3.2"]
    assert got["near_zscore"].high < 0.05
    assert got["near_clip"].high < 0.05
    assert got["beyond"].low > 0.4
    assert got["agree"].value == 0
    assert got["agree"].high < 0.01
    assert got["factor"] < 1e-12
    scene = images.sentinel2()
    nir, red = (scene.band(b).astype(np.float64) for b in ("B08", "B04"))
    true = spyndex.computeIndex("NDVI", params={"N": nir, "R": red})
    shifted = spyndex.computeIndex("NDVI", params={"N": nir + 0.1, "R": red + 0.1})
    assert got["true"] == pytest.approx(true[true > 0.3].mean(), rel=1e-5)
    assert got["shifted"] == pytest.approx(shifted[true > 0.3].mean(), rel=1e-5)
    assert got["shifted"] < 0.7 * got["true"]


def test_x3_3_the_fraction_is_one_by_construction(measured):
    got = measured["X3.3"]
    assert got["ones"].value == 1
    assert got["ones"].low > 0.98
    assert got["lowest"] > 0.3
    assert got["true"].low < got["measured"].value  # noisy soil is taken for plants
    assert got["measured"].high < 0.7
    assert got["accuracy"].low > 0.9


def test_x3_4_correlations(measured):
    got = measured["X3.4"]
    assert got["zscore"] < 1e-12
    assert got["uniform"].high < 0.01
    assert got["uniform"].high < got["lesson"].low
    assert got["outliers"].low > 1
    assert got["flips"].low > 0.95
    assert got["vacuous"].high < 0.1
    # closed form: 1% of the pixels at distance 900 give a correlation of about 1 - 1.25 / 80
    shared = 0.01 * 0.99 * 900**2
    before = x3.correlations(x3.outlier_image(0))
    assert before[0, 1] == pytest.approx((shared - 1) / (shared + 1.25), abs=0.002)


def test_x3_5_whole_numbers(measured):
    got = measured["X3.5"]
    assert (got["difference"], got["sum"]) == (100 - 200 + 256, 100 + 200 - 256)
    assert got["ours"] == pytest.approx(-1 / 3)
    assert got["guarded"] == 0
    assert got["unknown"]
