"""Normalised differences, against spyndex and by hand."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import spyndex
from hypothesis import given, settings
from hypothesis import strategies as st

from lessonlib.scientific import ndvi, normalized_difference

QUICK = settings(max_examples=50, deadline=None)
REFLECTANCE = hnp.arrays(np.float64, (2, 6), elements=st.floats(0.001, 1.0))


def test_equals_spyndex():
    rng = np.random.default_rng(0)
    nir, red, green = rng.uniform(0.01, 0.9, (3, 20, 30))
    expected = spyndex.computeIndex("NDVI", params={"N": nir, "R": red})
    np.testing.assert_allclose(ndvi(nir, red), expected, rtol=1e-15)
    water = spyndex.computeIndex("NDWI", params={"G": green, "N": nir})
    np.testing.assert_allclose(normalized_difference(green, nir), water, rtol=1e-15)


@QUICK
@given(bands=REFLECTANCE, factor=st.floats(1e-3, 1e5))
def test_a_common_factor_cancels(bands, factor):
    np.testing.assert_allclose(ndvi(*(factor * bands)), ndvi(*bands), atol=1e-12)


@QUICK
@given(bands=REFLECTANCE, offset=st.floats(0.01, 1.0))
def test_an_offset_pulls_every_value_towards_zero(bands, offset):
    before, after = ndvi(*bands), ndvi(*(bands + offset))
    assert (np.abs(after) <= np.abs(before)).all()
    different = np.abs(bands[0] - bands[1]) > 1e-6
    assert (np.abs(after) < np.abs(before))[different].all()


@QUICK
@given(bands=REFLECTANCE)
def test_range_and_antisymmetry(bands):
    index = ndvi(*bands)
    assert (np.abs(index) <= 1).all()
    np.testing.assert_array_equal(normalized_difference(bands[1], bands[0]), -index)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.uint32])
def test_whole_numbers_do_not_wrap(dtype):
    a, b = np.array([100, 200], dtype), np.array([200, 100], dtype)
    result = normalized_difference(a, b)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, [-1 / 3, 1 / 3], rtol=1e-7)


def test_nothing_over_nothing_is_unknown():
    result = ndvi([0.0, 0.0, np.nan, 0.4], [0.0, 0.2, 0.1, 0.0])
    np.testing.assert_array_equal(result, [np.nan, -1, np.nan, 1])


def test_refusals():
    with pytest.raises(ValueError, match="nir and red must have one shape"):
        ndvi(np.zeros((2, 2)), np.zeros((2, 3)))
    with pytest.raises(TypeError, match="red must hold real numbers"):
        ndvi(np.zeros(2), np.zeros(2, bool))
    with pytest.raises(TypeError, match="a must hold real numbers"):
        normalized_difference(["x"], [1])
