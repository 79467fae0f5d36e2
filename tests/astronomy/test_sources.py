"""Sky and sources found in drawn fields with known truth; galaxies cut out of a drawn picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessonlib import astronomy as sky
from lessonlib.images.phantoms import star_field


@settings(max_examples=6, deadline=None)
@given(level=st.floats(10, 5000), slope=st.floats(-0.3, 0.3), seed=st.integers(0, 99))
def test_a_tilted_sky_is_found_under_stars(level, slope, seed):
    field = star_field(192, 20, background=0.0, read_noise=0.0, faintest=2000, seed=seed)
    tilt = level + slope * np.arange(192)
    rng = np.random.default_rng(seed)
    got = sky.sky_background(field.image + tilt + rng.normal(0, 6, (192, 192)), box=32)
    assert np.abs(np.median(got.level - tilt)) < 1.5
    # within a box of 32 pixels a slope adds the variance of a ramp, (32 slope)^2 / 12
    assert np.median(got.noise) == pytest.approx(np.hypot(6, 32 * slope / 12**0.5), rel=0.1)
    assert got.level.shape == (192, 192)


def test_masked_pixels_do_not_count():
    image = np.random.default_rng(0).normal(100, 5, (128, 128))
    image[:, :40] += 300
    mask = np.zeros(image.shape, bool)
    mask[:, :40] = True
    got = sky.sky_background(image, box=16, mask=mask)
    assert np.abs(got.level[:, 50:] - 100).max() < 6


def test_stars_are_found_where_they_are_with_their_flux():
    rng = np.random.default_rng(5)
    rows, columns = np.meshgrid(np.arange(20, 190, 34), np.arange(20, 190, 34))
    image = rng.normal(0, 3, (200, 200))
    psf = sky.point_spread(4.0, 14)
    truth = []
    for i, (r, c) in enumerate(zip(rows.ravel(), columns.ravel(), strict=True)):
        flux = 3000 + 400 * i
        image[r - 14 : r + 15, c - 14 : c + 15] += flux * psf
        truth.append((r, c, flux))
    got = sky.find_sources(image, 3.0, fwhm=4.0, sigmas=5)
    assert len(got) == 25
    assert (np.diff(got.flux) <= 0).all()
    for r, c, flux in truth:
        i = np.hypot(got.rows - r, got.columns - c).argmin()
        assert np.hypot(got.rows[i] - r, got.columns[i] - c) < 0.3
        assert got.flux[i] == pytest.approx(flux, rel=0.15)
        assert got.fwhm[i] == pytest.approx(4, rel=0.25)
        assert got.segments[r, c] == got.labels[i]
        assert (got.segments == got.labels[i]).sum() == got.area[i]


def test_touching_stars_are_taken_apart_where_asked():
    image = np.random.default_rng(0).normal(0, 1, (64, 64))
    psf = sky.point_spread(5.0, 12)
    image[20:45, 16:41] += 5000 * psf
    image[20:45, 26:51] += 3000 * psf
    assert len(sky.find_sources(image, 1.0, fwhm=3.0, sigmas=5)) == 2
    assert len(sky.find_sources(image, 1.0, fwhm=3.0, sigmas=5, deblend=False)) == 1


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999))
def test_noise_alone_holds_no_sources_and_a_mask_hides_them(seed):
    image = np.random.default_rng(seed).normal(0, 2, (80, 80))
    assert len(sky.find_sources(image, 2.0, fwhm=3.0, sigmas=6)) == 0
    image[40:45, 40:45] += 200
    mask = np.zeros(image.shape, bool)
    mask[35:50, 35:50] = True
    before = image.copy()
    assert len(sky.find_sources(image, 2.0, fwhm=3.0, sigmas=6)) == 1
    assert len(sky.find_sources(image, 2.0, fwhm=3.0, sigmas=6, mask=mask)) == 0
    np.testing.assert_array_equal(image, before)


def drawn_picture():
    """Three galaxies and a small one in a noisy colour picture."""
    light = np.random.default_rng(0).normal(10, 2, (260, 300))
    places = ((70, 80), (150, 200), (190, 70))
    for (r, c), e in zip(places, (0.0, 0.3, 0.5), strict=True):
        light[r - 60 : r + 61, c - 60 : c + 61] += 20_000 * sky.sersic_galaxy(121, 1, 5, e, 40)
    light[100:103, 120:123] += 30
    picture = np.clip(np.rint(light), 0, 255).astype(np.uint8)
    return np.repeat(picture[..., None], 3, axis=-1), places


def test_galaxies_are_cut_out_and_measured():
    picture, places = drawn_picture()
    got = sky.cut_galaxies(picture, size=85, min_area=150)
    assert len(got) == 3
    found = {
        place: int(np.hypot(got.rows - place[0], got.columns - place[1]).argmin())
        for place in places
    }
    assert sorted(found.values()) == [0, 1, 2]
    e = [got.shapes[found[place]].ellipticity for place in places]
    assert e[0] < 0.12 < e[1] < e[2]
    for place, i in found.items():
        assert np.hypot(got.rows[i] - place[0], got.columns[i] - place[1]) < 1
        r, c = np.rint([got.rows[i], got.columns[i]]).astype(int)
        np.testing.assert_array_equal(got.pictures[i], picture[r - 42 : r + 43, c - 42 : c + 43])
        assert got.shapes[i].asymmetry < 0.15
    assert got.noise == pytest.approx(2.0, rel=0.15)
    fewer = sky.cut_galaxies(picture, size=85, min_area=150, exclude=(places[1],))
    assert len(fewer) == 2


def test_neighbours_are_blanked():
    picture, _ = drawn_picture()
    picture = picture.copy()
    picture[70 - 2 : 73, 80 + 33 : 80 + 38] = 255  # beside the first galaxy
    got = sky.cut_galaxies(picture, size=85, min_area=150)
    i = int(np.hypot(got.rows - 70, got.columns - 80).argmin())
    assert got.pictures[i].max() == 255
    assert got.light[i, 40:45, 42 + 33 : 42 + 38].max() == 0


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: sky.sky_background(np.ones((20, 20)), box=4), ValueError, "box"),
        (lambda: sky.sky_background(np.ones(20)), ValueError, "shape"),
        (lambda: sky.find_sources(np.ones((20, 20)), 0.0, fwhm=2), ValueError, "noise"),
        (lambda: sky.find_sources(np.ones((20, 20)), 1.0, fwhm=2, sigmas=0), ValueError, "sigmas"),
        (
            lambda: sky.find_sources(np.ones((20, 20)), 1.0, fwhm=2, min_area=0),
            ValueError,
            "min_area",
        ),
        (
            lambda: sky.find_sources(np.ones((20, 20)), 1.0, fwhm=2, mask=np.ones((20, 20))),
            TypeError,
            "boolean",
        ),
        (lambda: sky.cut_galaxies(np.ones((20, 20))), ValueError, "H, W, 3"),
        (lambda: sky.cut_galaxies(np.ones((99, 99, 3)), size=20), ValueError, "odd"),
        (
            lambda: sky.cut_galaxies(np.random.default_rng(0).integers(0, 9, (99, 99, 3))),
            ValueError,
            "none",
        ),
    ],
)
def test_bad_input_is_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 12), d=st.integers(1, 5), seed=st.integers(0, 999))
def test_retrieval_by_loops(n, d, seed):
    rng = np.random.default_rng(seed)
    originals, copies = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    spread = originals.std(axis=0)
    found = sum(
        int(np.argmin([np.linalg.norm((copy - other) / spread) for other in originals]) == i)
        for i, copy in enumerate(copies)
    )
    assert sky.retrieval_share(originals, copies).value == pytest.approx(found / n)
    assert sky.retrieval_share(originals, originals).value == 1


def test_retrieval_refuses_other_shapes():
    with pytest.raises(ValueError, match="one shape"):
        sky.retrieval_share(np.ones((3, 2)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="finite"):
        sky.retrieval_share(np.ones((3, 2)), np.full((3, 2), np.nan))


def test_the_sky_of_counted_photons_is_their_mean_and_not_their_mode():
    from photutils.background import Background2D

    rng = np.random.default_rng(0)
    image = rng.poisson(160, (512, 512)) + rng.normal(0, 5, (512, 512))
    ours = sky.sky_background(image).level.mean() - 160
    default = np.asarray(Background2D(image, 64).background).mean() - 160
    assert abs(ours) < 0.15
    assert default < 2 * ours - 0.1 < 0
