"""Stored numbers to physics, against closed forms, published points and the images' own loaders."""

import math

import dask.array as da
import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.constants import c, h, k

from lessonlib import images, satellite
from lessonlib.satellite import (
    brightness_temperature,
    calibrate,
    landsat_reflectance,
    sentinel2_offset,
    sentinel2_reflectance,
    thermal_radiance,
)

QUICK = settings(max_examples=60, deadline=None)
STORED = hnp.arrays(np.uint16, (3, 4), elements=st.integers(0, 65535))
B10 = (774.8853, 1321.0789)


@QUICK
@given(STORED, st.floats(1e-6, 10), st.floats(-1e4, 1e4))
def test_calibrate_is_a_line(stored, scale, offset):
    expected = [scale * int(value) + offset for value in stored.ravel()]
    result = calibrate(stored, scale, offset)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.ravel(), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
def test_every_library_gives_the_same(make, in_kind, dtype):
    stored = make(np.array([[0, 1, 2], [100, 101, 102]], dtype))
    result = calibrate(stored, 0.5, -3.0, nodata=0)
    array = in_kind(result, stored)
    np.testing.assert_array_equal(array, [[np.nan, -2.5, -2], [47, 47.5, 48]])
    assert array.dtype == (np.float64 if dtype in ("int32", "float64") else np.float32)


def test_dask_stays_lazy():
    def explode(block):
        raise RuntimeError("computed")

    lazy = da.map_blocks(explode, da.zeros((4, 4), dtype=np.uint16), meta=np.empty((0, 0), "u2"))
    for call in (
        lambda: sentinel2_reflectance(lazy, -1000),
        lambda: brightness_temperature(lazy, *B10),
        lambda: thermal_radiance(lazy, *B10),
        lambda: satellite.cloud_mask(lazy, "collection-2"),
        lambda: satellite.spectral_index("NDVI", N=lazy, R=lazy),
    ):
        assert isinstance(call(), da.Array)


def test_gradients_flow():
    radiance = torch.tensor([9.0], dtype=torch.float64, requires_grad=True)
    brightness_temperature(radiance, *B10).sum().backward()
    step = 1e-5
    above, below = (brightness_temperature([9.0 + s], *B10)[0] for s in (step, -step))
    assert radiance.grad[0] == pytest.approx((above - below) / (2 * step), rel=1e-6)


@pytest.mark.parametrize(
    ("baseline", "offset"),
    [
        ("02.04", 0), ("03.01", 0), ("3.01", 0), ("N0301", 0), ("03.99", 0),
        ("04.00", -1000), ("4.00", -1000), ("N0400", -1000), ("05.11", -1000), ("N0510", -1000),
        ("10.00", -1000),
    ],
)  # fmt: skip
def test_the_offset_comes_with_baseline_4(baseline, offset):
    assert sentinel2_offset(baseline) == offset


@given(st.integers(0, 99), st.integers(0, 99))
@QUICK
def test_both_spellings_of_a_baseline_agree(major, minor):
    dotted, named = f"{major:02}.{minor:02}", f"N{major:02}{minor:02}"
    assert sentinel2_offset(dotted) == sentinel2_offset(named) == (-1000 if major >= 4 else 0)


def test_sentinel2_equals_the_loader_and_the_formula():
    native, scene = images.sentinel2_native(), images.sentinel2()
    np.testing.assert_array_equal(
        sentinel2_reflectance(native["B08"], 0, nodata=None), scene.band("B08")
    )
    shifted = sentinel2_reflectance(native["B08"] + np.uint16(1000), sentinel2_offset("04.00"))
    np.testing.assert_allclose(shifted, scene.band("B08"), atol=1e-7)
    # the example of the ESA forum's thread 34760
    assert sentinel2_reflectance([1452], -1000)[0] == pytest.approx(0.0452)


def test_noise_below_zero_is_kept_and_unseen_pixels_are_not():
    result = sentinel2_reflectance(np.uint16([0, 1, 990, 1000]), -1000)
    np.testing.assert_allclose(result, [np.nan, -0.0999, -0.001, 0], atol=1e-7)
    assert sentinel2_reflectance(np.uint16([0]), -1000, nodata=None)[0] == np.float32(-0.1)


@given(STORED, st.floats(1, 90))
@QUICK
def test_landsat_divides_by_the_sine_of_the_sun(stored, degrees):
    plain = landsat_reflectance(stored, 2e-5, -0.1, nodata=None)
    lit = landsat_reflectance(stored, 2e-5, -0.1, sun_elevation=degrees, nodata=None)
    np.testing.assert_allclose(lit * math.sin(degrees * math.pi / 180), plain, atol=1e-6)


def test_landsat_zenith_sun_changes_nothing_and_zero_is_unseen():
    np.testing.assert_array_equal(
        landsat_reflectance([0, 5000], 2e-5, -0.1, sun_elevation=90), [np.nan, 0]
    )


@given(hnp.arrays(np.float64, 8, elements=st.floats(0.5, 5000)), st.sampled_from([B10]))
@QUICK
def test_temperature_and_radiance_undo_each_other(kelvin, constants):
    there = thermal_radiance(kelvin, *constants)
    seen = there > 0  # below about 2 K nothing is left of it in float64
    np.testing.assert_allclose(
        brightness_temperature(there, *constants)[seen], kelvin[seen], rtol=1e-9
    )


def test_the_constants_are_planck_law_at_the_bands_centre():
    """With K2 = hc / (k lambda), both constants follow from one wavelength."""
    wavelength = h * c / (k * B10[1])
    assert wavelength * 1e9 == pytest.approx(images.satellite.LANDSAT8_BANDS["B10"][0], rel=2e-3)
    kelvin = np.array([250.0, 280.0, 310.0])
    per_micrometre = 1e-6 * 2 * h * c**2 / wavelength**5 / np.expm1(B10[1] / kelvin)
    np.testing.assert_allclose(thermal_radiance(kelvin, *B10), per_micrometre, rtol=5e-3)


def test_no_radiance_no_temperature(make, in_kind):
    radiance = make(np.array([-1.0, 0.0, 9.0], np.float32))
    result = in_kind(brightness_temperature(radiance, *B10), radiance)
    assert np.isnan(result[:2]).all()
    assert result[2] == pytest.approx(1321.0789 / math.log(774.8853 / 9 + 1), rel=1e-6)
    assert result.dtype == np.float32


def test_cold_neither_overflows_nor_warns(make, in_kind):
    kelvin = make(np.array([-3.0, 0.0, 1e-3, 300.0]))
    with np.errstate(all="raise", under="ignore"):
        result = in_kind(thermal_radiance(kelvin, *B10), kelvin)
    np.testing.assert_array_equal(np.isnan(result), [True, True, False, False])
    assert result[2] == 0


def test_inputs_are_left_alone():
    stored = np.array([0, 7], np.uint16)
    calibrate(stored, 2.0, 1.0, nodata=0)
    np.testing.assert_array_equal(stored, [0, 7])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: calibrate([1], 0, 1), ValueError, "scale must not be 0"),
        (lambda: calibrate([1], np.nan, 1), ValueError, "scale must be finite"),
        (lambda: calibrate([True], 1, 1), TypeError, "stored must hold real numbers"),
        (lambda: calibrate(["x"], 1, 1), TypeError, "stored must hold real numbers"),
        (lambda: calibrate(torch.tensor([True]), 1, 1), TypeError, "stored must hold real"),
        (lambda: sentinel2_offset(4.0), TypeError, "must be a string such as"),
        (lambda: sentinel2_offset("4"), ValueError, "must look like '04.00'"),
        (lambda: sentinel2_offset("0400"), ValueError, "must look like"),
        (lambda: sentinel2_reflectance([1], "x"), TypeError, "offset must be a number"),
        (lambda: landsat_reflectance([1], 1, 0, sun_elevation=0), ValueError, "sun_elevation"),
        (lambda: landsat_reflectance([1], 1, 0, sun_elevation=91), ValueError, "sun_elevation"),
        (lambda: brightness_temperature([1.0], 0, 1), ValueError, "k1 must be greater"),
        (lambda: thermal_radiance([1.0], 1, -1), ValueError, "k2 must be greater"),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()
