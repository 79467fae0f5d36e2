"""The rows about satellites, each against something computed another way."""

import numpy as np
import pytest
import spyndex
from scipy.ndimage import label

from lessonlib import images
from lessonlib.errata import f9, rows

VERDICTS = {"F9": "MISLEADING", "F18": "GAP", "F19": "DEPENDS", "F20": "TRUE"}


@pytest.fixture(scope="module")
def measured():
    return {row.id: row.measured(1) for row in f9.ROWS}


def test_the_rows_are_on_the_page():
    assert VERDICTS.items() <= {row.id: row.verdict for row in rows()}.items()


def test_f9_grids(measured):
    got = measured["F9"]
    assert (got["at10"], got["at20"], got["at60"]) == (4, 6, 3)
    assert (got["side10"], got["side20"], got["side60"]) == (10_980, 5_490, 1_830)
    assert got["measured"] == pytest.approx((4 + 6 / 4 + 3 / 36) / 13)


def test_f19_small_objects(measured):
    got = measured["F19"]
    assert got["car"] == pytest.approx(0.081)
    assert got["kept"] == pytest.approx((16 / 36) ** 2)
    assert got["lost"] == 0.75
    native = images.sentinel2_native()
    for factor, name in ((1, "before"), (6, "after")):
        side = 600 // factor
        green, nir = (
            native[b].astype(float).reshape(side, factor, side, factor).mean(axis=(1, 3))
            for b in ("B03", "B08")
        )
        assert label(green > nir)[1] == got[name]  # NDWI > 0, without the quotient
    assert got["after"] < 0.2 * got["before"]
    assert got["area"] < 1


def test_f20_steps_left_out(measured):
    got = measured["F20"]
    scene = images.landsat8()
    gain, offset = scene.reflectance_scale
    stored = {k: scene.band(b).astype(float) for k, b in (("N", "B5"), ("R", "B4"))}
    clear = (scene.qa_field("cloud") < 2) & (scene.qa_field("cirrus") < 2)
    right = spyndex.computeIndex("NDVI", params={k: gain * v + offset for k, v in stored.items()})
    raw = spyndex.computeIndex("NDVI", params=stored)
    assert got["clear"] == pytest.approx(right[clear].mean(), rel=1e-5)
    assert got["uncalibrated"] == pytest.approx(raw[clear].mean(), rel=1e-5)
    assert got["unmasked"] == pytest.approx(right.mean(), rel=1e-5)
    assert got["hidden"] == pytest.approx(1 - clear.mean())
    assert got["uncalibrated"] < got["unmasked"] < got["clear"]
    assert 0.02 < got["moved"] < 0.2
    assert np.isfinite(list(got.values())).all()
