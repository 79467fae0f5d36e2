"""Detection limits: closed forms, exact Poisson sums, and stars drawn photon by photon."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq

from lessonlib import astronomy as sky
from lessonlib.images.phantoms import star_field

positive = st.floats(0.01, 1e6)


@settings(max_examples=30, deadline=None)
@given(fwhm=st.floats(0.2, 20), radius=st.one_of(st.none(), st.integers(0, 30)))
def test_a_star_is_symmetric_and_whole(fwhm, radius):
    psf = sky.point_spread(fwhm, radius)
    assert psf.sum() == pytest.approx(1)
    np.testing.assert_allclose(psf, psf[::-1, ::-1], atol=1e-12)
    np.testing.assert_allclose(psf, psf.T, atol=1e-12)
    assert psf.max() == psf[len(psf) // 2, len(psf) // 2]


def test_a_star_is_the_phantoms():
    field = star_field((31, 31), 0, fwhm=4.0, background=0.0, seed=0)
    assert field.expected.sum() == 0
    psf = sky.point_spread(4.0, 15)
    sigma = 4.0 / 2.3548200450309493
    edges = stats.norm.cdf((np.arange(32) - 15.5) / sigma)
    line = np.diff(edges)
    np.testing.assert_allclose(psf, np.outer(line, line) / line.sum() ** 2, rtol=1e-9)


@settings(max_examples=20, deadline=None)
@given(sigma=st.floats(2, 8))
def test_wide_stars_lie_over_4_pi_sigma_squared_pixels(sigma):
    # a pixel's own width adds 1/12 to the variance
    expected = 4 * np.pi * (sigma**2 + 1 / 12)
    assert sky.noise_pixels(sigma * 2.3548200450309493) == pytest.approx(expected, rel=2e-3)


def test_a_narrow_star_lies_in_one_pixel():
    assert sky.noise_pixels(0.05) == pytest.approx(1)


@settings(max_examples=50, deadline=None)
@given(ratio=st.floats(0.1, 100), n=st.floats(1, 1e4), b=st.floats(0, 1e5), r=st.floats(0, 50))
def test_the_limit_has_the_ratio_asked_for(ratio, n, b, r):
    flux = sky.limiting_flux(ratio, n, b, r)
    assert sky.signal_to_noise(flux, n, b, r) == pytest.approx(ratio)
    root = brentq(lambda f: f / np.sqrt(f + n * (b + r * r)) - ratio, 1e-12, 2 * flux + 1)
    assert flux == pytest.approx(root, rel=1e-6)


def test_two_limits_of_the_limit():
    assert sky.limiting_flux(5, 1, 0) == 25  # photons alone
    # a bright sky: four times the light costs half the contrast
    one, four = (sky.limiting_flux(5, 100, b) for b in (1e8, 4e8))
    assert four / one == pytest.approx(2, rel=1e-3)


def test_signal_to_noise_is_that_of_drawn_counts():
    rng = np.random.default_rng(0)
    drawn = rng.poisson(300 + 40 * 20, 40_000) + rng.normal(0, 4 * np.sqrt(40), 40_000) - 800
    assert sky.signal_to_noise(300, 40, 20, 4) == pytest.approx(300 / drawn.std(), rel=0.02)


def test_no_flux_no_signal():
    assert sky.signal_to_noise(0, 1, 0) == 0


@settings(max_examples=40, deadline=None)
@given(expected=st.floats(0.01, 1e5), sigmas=st.floats(0.5, 7))
def test_false_alarms_by_summing_the_distribution(expected, sigmas):
    got = sky.false_alarms(expected, sigmas)
    edge = expected + sigmas * np.sqrt(expected)
    assert got.threshold - 1 < edge <= got.threshold
    counts = np.arange(got.threshold, got.threshold + 2000 + int(expected))
    log_factorial = np.cumsum(np.log(np.r_[1.0, np.arange(1, counts[-1] + 1)]))[counts]
    rate = np.exp(counts * np.log(expected) - expected - log_factorial).sum()
    assert got.rate == pytest.approx(rate, rel=1e-6, abs=1e-300)
    assert got.promised == pytest.approx(stats.norm.sf(sigmas))


def test_false_alarms_are_more_than_promised_and_fewer_with_light():
    few, many = sky.false_alarms(0.1), sky.false_alarms(1e6)
    assert few.rate > 1e4 * few.promised
    assert many.rate == pytest.approx(many.promised, rel=0.05)


@settings(max_examples=15, deadline=None)
@given(fwhm=st.floats(1, 5), flux=st.floats(1, 1e5))
def test_the_filter_returns_the_flux_of_a_star(fwhm, flux):
    psf = sky.point_spread(fwhm)
    image = np.zeros((61, 57))
    half = len(psf) // 2
    image[30 - half : 31 + half, 20 - half : 21 + half] += flux * psf
    got = sky.matched_filter(image, fwhm)
    assert got[30, 20] == pytest.approx(flux, rel=1e-9)
    assert got.max() == pytest.approx(flux, rel=1e-9)


def test_the_filter_is_a_correlation():
    image = np.random.default_rng(0).normal(size=(12, 14))
    psf = sky.point_spread(2.0)
    half = len(psf) // 2
    padded = np.pad(image, half)
    expected = np.zeros(image.shape)
    for y in range(12):
        for x in range(14):
            expected[y, x] = (padded[y : y + len(psf), x : x + len(psf)] * psf).sum()
    np.testing.assert_allclose(sky.matched_filter(image, 2.0), expected / (psf**2).sum())


def test_completeness_is_what_drawn_stars_show():
    """One star in the middle of each exposure, measured by the sum that the docstring gives."""
    fwhm, b, r, threshold = 3.0, 2.0, 1.0, 60.0
    rng = np.random.default_rng(0)
    psf = sky.point_spread(fwhm)
    for flux in (45.0, 60.0, 80.0):
        frames = rng.poisson(b + flux * psf, (6000, *psf.shape)) - b
        frames = frames + rng.normal(0, r, frames.shape)
        found = ((frames * psf).sum(axis=(1, 2)) / (psf**2).sum() >= threshold).mean()
        expected = sky.completeness([flux], threshold, fwhm, b, r)[0]
        assert found == pytest.approx(expected, abs=0.02)


def test_completeness_is_a_half_at_the_threshold_and_grows():
    share = sky.completeness(np.linspace(0, 2000, 50), 800.0, 4.0, 163.0, 5.0)
    assert (np.diff(share) >= 0).all()
    assert sky.completeness([800.0], 800.0, 4.0, 163.0, 5.0)[0] == 0.5
    # a floor without sky and noise is a step
    assert sky.completeness([0.0], 1.0, 4.0, 0.0)[0] == 0


def test_planted_stars_follow_the_theory_where_the_noise_is_the_theorys():
    fwhm, b, r = 4.0, 163.0, 5.0
    blank = star_field(200, 0, fwhm=fwhm, background=b, read_noise=r, seed=1).image - b
    threshold = 5 * np.sqrt(sky.noise_pixels(fwhm) * (b + r * r))
    fluxes = threshold * np.array([0.7, 0.9, 1.0, 1.1, 1.3])
    got = sky.recover_stars(blank, fluxes, fwhm=fwhm, threshold=threshold, n_stars=1000, seed=0)
    theory = sky.completeness(fluxes, threshold, fwhm, b, r)
    for one, expected in zip(got, theory, strict=True):
        assert one.planted == 1000
        assert one.share.value == pytest.approx(expected, abs=0.05)


def test_planting_in_the_image_itself_gives_the_same_measurement():
    """The shortcut (filter once, add the star's own answer) against the long way round."""
    rng = np.random.default_rng(3)
    image, psf = rng.normal(0, 12, (50, 50)), sky.point_spread(3.0)
    photons = rng.poisson(500 * psf)
    half = len(psf) // 2
    planted = image.copy()
    planted[25 - half : 26 + half, 20 - half : 21 + half] += photons
    short = sky.matched_filter(image, 3.0)[25, 20] + (photons * psf).sum() / (psf**2).sum()
    assert sky.matched_filter(planted, 3.0)[25, 20] == pytest.approx(short)


def test_stars_stay_where_they_are_allowed():
    image = np.zeros((60, 60))
    image[:30] = 1e6  # no star of any flux would be missed here
    usable = np.zeros((60, 60), bool)
    usable[45:, 5:55] = True
    got = sky.recover_stars(image, [10.0], fwhm=2.0, threshold=500.0, usable=usable, n_stars=50)
    assert got[0].found == 0
    with pytest.raises(ValueError, match="usable"):
        sky.recover_stars(image, [1.0], fwhm=2.0, threshold=1.0, usable=~np.ones((60, 60), bool))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: sky.limiting_flux(0, 1, 0), "ratio"),
        (lambda: sky.limiting_flux(5, 0.5, 0), "n_pixels"),
        (lambda: sky.signal_to_noise(-1, 1, 0), "flux"),
        (lambda: sky.signal_to_noise(1, 1, -1), "background"),
        (lambda: sky.signal_to_noise(1, 1, 0, -1), "read_noise"),
        (lambda: sky.point_spread(0), "fwhm"),
        (lambda: sky.false_alarms(0), "expected"),
        (lambda: sky.false_alarms(1, 0), "sigmas"),
        (lambda: sky.completeness([-1.0], 1, 2, 3), "fluxes"),
        (lambda: sky.recover_stars(np.zeros((50, 50)), [0.0], fwhm=2, threshold=1), "fluxes"),
    ],
)
def test_bad_numbers_are_refused_by_name(call, match):
    with pytest.raises(ValueError, match=match):
        call()
