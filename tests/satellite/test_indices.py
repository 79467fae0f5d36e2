"""Indices against their formulas by hand; spyndex itself is what is guarded."""

import dask.array as da
import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import spyndex
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lessonlib import images
from lessonlib.satellite import spectral_index
from lessonlib.scientific import ndvi

QUICK = settings(max_examples=60, deadline=None)
BANDS = hnp.arrays(np.float64, (5, 6), elements=st.floats(0.001, 1.0))
FORMULAS = {
    "NDVI": (("N", "R"), lambda n, r: (n - r) / (n + r)),
    "NDWI": (("G", "N"), lambda g, n: (g - n) / (g + n)),
    "NDMI": (("N", "S1"), lambda n, s: (n - s) / (n + s)),
    "NBR": (("N", "S2"), lambda n, s: (n - s) / (n + s)),
    "EVI": (("N", "R", "B"), lambda n, r, b: 2.5 * (n - r) / (n + 6 * r - 7.5 * b + 1)),
    "SAVI": (("N", "R"), lambda n, r: 1.5 * (n - r) / (n + r + 0.5)),
}


@pytest.mark.parametrize("name", FORMULAS)
@QUICK
@given(bands=BANDS)
def test_equals_the_formula(name, bands):
    letters, formula = FORMULAS[name]
    given_bands = dict(zip(letters, bands, strict=False))
    extra = {"L": 0.5} if name == "SAVI" else {}
    expected = formula(*given_bands.values())
    with np.errstate(over="ignore"):
        result = spectral_index(name, **given_bands, **extra)
    far = np.isfinite(expected) & (np.abs(expected) < 1e6)
    np.testing.assert_allclose(result[far], expected[far], rtol=1e-6)


def test_constants_have_the_catalogues_default():
    n, r = np.array([0.5]), np.array([0.1])
    default = spyndex.constants["L"].default
    np.testing.assert_array_equal(
        spectral_index("SAVI", N=n, R=r), spectral_index("SAVI", N=n, R=r, L=default)
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_every_library_gives_the_same(make, in_kind, dtype):
    scale = 1 if np.dtype(dtype).kind in "iu" else 0.01
    nir = make((np.array([[45, 55, 0], [0, 200 // 2, 3]]) * scale).astype(dtype))
    red = make((np.array([[5, 60, 0], [7, 200 // 2, 1]]) * scale).astype(dtype))
    result = in_kind(spectral_index("NDVI", N=nir, R=red), nir)
    np.testing.assert_allclose(
        result, [[0.8, -5 / 115, np.nan], [-1, 0, 0.5]], rtol=1e-6, atol=1e-7
    )
    assert result.dtype == (np.float64 if dtype == np.float64 else np.float32)


def test_whole_numbers_wrap_in_the_catalogue_and_not_here():
    """What the guard is for: if spyndex mends this, the chapter's sentence has to go."""
    nir, red = np.uint16([5500]), np.uint16([6000])
    assert spyndex.computeIndex("NDVI", params={"N": nir, "R": red})[0] > 5
    assert spectral_index("NDVI", N=nir, R=red)[0] == pytest.approx(-500 / 11500)


def test_equals_ndvi_of_the_other_chapter():
    scene = images.sentinel2()
    nir, red = scene.band("B08"), scene.band("B04")
    np.testing.assert_array_equal(spectral_index("NDVI", N=nir, R=red), ndvi(nir, red))


@QUICK
@given(BANDS, st.floats(0.1, 100), st.floats(0.001, 0.5))
def test_a_factor_cancels_and_an_offset_shrinks_by_its_closed_form(bands, factor, offset):
    n, r = bands[:2]
    true = spectral_index("NDVI", N=n, R=r)
    np.testing.assert_allclose(spectral_index("NDVI", N=factor * n, R=factor * r), true, atol=1e-9)
    left = (n + r) / (n + r + 2 * offset)
    np.testing.assert_allclose(
        spectral_index("NDVI", N=n + offset, R=r + offset), left * true, atol=1e-9
    )


def test_missing_pixels_stay_missing():
    nan = np.nan
    np.testing.assert_array_equal(
        spectral_index("NBR", N=[nan, 0.2, 0.0, 0.2], S2=[0.2, nan, 0.0, -0.2]), [nan] * 4
    )


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: spectral_index("NVDI", N=[1.0], R=[1.0]), ValueError, "near to it: NMDI"),
        (lambda: spectral_index("NDVI", N=[1.0]), ValueError, r"NDVI = \(N-R\)/\(N\+R\) needs R"),
        (lambda: spectral_index("NDVI", N=[1.0], R=[1.0], G=[1.0]), ValueError, "got G as well"),
        (lambda: spectral_index("NDVI", N=[1.0], R=[1.0, 2.0]), ValueError, "one grid first"),
        (lambda: spectral_index("NDVI", N=[1.0], R=["x"]), TypeError, "R must hold real numbers"),
        (
            lambda: spectral_index("SAVI", N=[1.0], R=[1.0], L=np.nan),
            ValueError,
            "L must be finite",
        ),
        (
            lambda: spectral_index("NDVI", N=[1.0], R=torch.ones(1)),
            TypeError,
            "one library, got N of numpy, R of torch",
        ),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_dask_bands_of_other_chunks():
    bands = np.random.default_rng(0).uniform(0, 1, (2, 7, 9))
    lazy = [da.from_array(band, chunks=c) for band, c in zip(bands, [(2, 3), (7, 4)], strict=True)]
    result = spectral_index("NBR", N=lazy[0], S2=lazy[1])
    np.testing.assert_allclose(result.compute(), (bands[0] - bands[1]) / bands.sum(axis=0))
