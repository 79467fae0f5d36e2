"""Shapes of galaxies: closed forms of Sérsic profiles, photutils, and loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photutils.morphology import data_properties
from photutils.profiles import CurveOfGrowth
from scipy.optimize import brentq
from scipy.special import gammainc, gammaincinv

from lessonlib import astronomy as sky
from lessonlib.astronomy.profiles import growth


def light_inside(r, n, half):
    """Share of a Sérsic galaxy's light inside r, exactly."""
    return gammainc(2 * n, gammaincinv(2 * n, 0.5) * (r / half) ** (1 / n))


def petrosian_exactly(n, half):
    def ratio(r):
        slope = (light_inside(r * 1.001, n, half) - light_inside(r / 1.001, n, half)) / (
            2 * np.log(1.001)
        )
        return slope / light_inside(r, n, half) / 2 - 0.2

    return brentq(ratio, half / 4, 40 * half)


@pytest.mark.parametrize(("n", "half"), [(0.5, 8), (1, 8), (1, 12), (2, 10), (4, 14)])
def test_radius_and_concentration_of_a_sersic_profile(n, half):
    image = sky.sersic_galaxy(301, n, half, oversampling=4 if n < 3 else 10)
    radius = petrosian_exactly(n, half)
    assert sky.petrosian_radius(image, 150, 150) == pytest.approx(radius, rel=0.02)
    whole = light_inside(1.5 * radius, n, half)
    r20, r80 = (
        brentq(lambda r, f=f: light_inside(r, n, half) - f * whole, 1e-6, 100 * half)
        for f in (0.2, 0.8)
    )
    # a steep core is blurred by the pixels
    expected = 5 * np.log10(r80 / r20)
    tolerance = 0.02 if n < 3 else 0.06
    assert sky.concentration(image, 150, 150) == pytest.approx(expected, rel=tolerance)


def test_a_gaussian_has_the_concentration_that_the_docstring_gives():
    psf = sky.point_spread(30.0, 100)
    closed = 5 * np.log10(np.sqrt(np.log(5) / np.log(1.25)))
    assert closed == pytest.approx(2.1, abs=0.05)
    assert sky.concentration(psf, 100, 100) == pytest.approx(closed, abs=0.02)


@settings(max_examples=15, deadline=None)
@given(row=st.floats(12, 20), column=st.floats(12, 20), seed=st.integers(0, 99))
def test_light_inside_circles_is_photutils(row, column, seed):
    image = np.random.default_rng(seed).uniform(0, 1, (33, 33))
    radii, light = growth(image, row, column)
    exact = np.asarray(CurveOfGrowth(image, (column, row), radii).profile)
    np.testing.assert_allclose(light, exact, atol=0.3, rtol=0.01)


@settings(max_examples=12, deadline=None)
@given(factor=st.floats(1e-3, 1e3), n=st.sampled_from([0.7, 1.0, 2.0]), e=st.floats(0, 0.5))
def test_brightness_changes_no_shape(factor, n, e):
    image = sky.sersic_galaxy(121, n, 6, e, 30, oversampling=4)
    one, other = (sky.measure_shape(x, 60, 60) for x in (image, factor * image))
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), atol=1e-8)
    assert one.radius == pytest.approx(other.radius)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), turns=st.integers(0, 3), mirrored=st.booleans())
def test_no_shape_depends_on_which_way_is_up(seed, turns, mirrored):
    rng = np.random.default_rng(seed)
    image = sky.sersic_galaxy(81, 1, 6, 0.3, 20, oversampling=4) * 1e4
    image[38:42, 45:50] += rng.uniform(0, 30)  # a clump
    turned = np.rot90(image, turns)
    turned = turned[:, ::-1] if mirrored else turned
    one, other = (sky.measure_shape(x, 40, 40) for x in (image, turned))
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 99), radius=st.floats(2, 9), row=st.sampled_from([12, 12.5, 13]))
def test_asymmetry_by_loops(seed, radius, row):
    image = np.random.default_rng(seed).uniform(0, 1, (26, 27))
    best = np.inf
    for cy in (row - 1, row - 0.5, row, row + 0.5, row + 1):
        for cx in (12.0, 12.5, 13.0, 13.5, 14.0):
            moved = light = 0.0
            for y in range(26):
                for x in range(27):
                    if np.hypot(y - cy, x - cx) <= radius:
                        moved += abs(image[y, x] - image[round(2 * cy - y), round(2 * cx - x)])
                        light += abs(image[y, x])
            best = min(best, moved / light)
    assert sky.asymmetry(image, row, 13, radius) == pytest.approx(best)


def test_half_the_light_on_one_side_is_an_asymmetry_of_two():
    image = np.zeros((41, 41))
    image[18:23, 27:32] = 1.0
    assert sky.asymmetry(image, 20, 20, 15) == pytest.approx(2)
    assert sky.asymmetry(image, 20, 29, 8) == 0


def test_noise_is_taken_off_asymmetry():
    clean = sky.sersic_galaxy(81, 1, 6) * 2e4
    plain, corrected = [], []
    for seed in range(20):
        noisy = clean + np.random.default_rng(seed).normal(0, 5, clean.shape)
        plain.append(sky.asymmetry(noisy, 40, 40, 15))
        corrected.append(sky.asymmetry(noisy, 40, 40, 15, noise=5))
    assert np.mean(plain) > 0.1
    assert abs(np.mean(corrected)) < 0.2 * np.mean(plain)


@settings(max_examples=15, deadline=None)
@given(e=st.floats(0, 0.7), angle=st.floats(-90, 90))
def test_ellipticity_of_an_elliptical_gaussian(e, angle):
    y, x = np.indices((81, 81)) - 40.0
    t = np.deg2rad(angle)
    along, across = x * np.cos(t) + y * np.sin(t), y * np.cos(t) - x * np.sin(t)
    image = np.exp(-(along**2 + (across / (1 - e)) ** 2) / (2 * 8**2))
    assert sky.ellipticity(image, 40, 40, 39) == pytest.approx(e, abs=0.01)
    wide = sky.ellipticity(image, 40, 40, 100)
    assert wide == pytest.approx(float(data_properties(image).ellipticity), abs=1e-6)


def test_what_has_no_light_has_no_shape():
    assert np.isnan(sky.ellipticity(np.zeros((9, 9)), 4, 4, 3))
    assert np.isnan(sky.petrosian_radius(np.ones((21, 21)), 10, 10))
    assert np.isnan(sky.concentration(np.ones((21, 21)), 10, 10))
    assert np.isnan(np.asarray(sky.measure_shape(np.ones((21, 21)), 10, 10))).all()
    with pytest.raises(ValueError, match="radius"):
        sky.asymmetry(np.zeros((21, 21)), 10, 10, 5)
    with pytest.raises(ValueError, match="radius"):
        sky.asymmetry(np.ones((21, 21)), 10, 10, 15)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: sky.concentration(np.ones((9, 9)), 20, 4), "row"),
        (lambda: sky.concentration(np.ones((9, 9)), 4, 0), "edge"),
        (lambda: sky.petrosian_radius(np.ones((9, 9)), 4, 4, 0), "eta"),
        (lambda: sky.asymmetry(np.ones((9, 9)), 4, 4, 0), "radius"),
        (lambda: sky.asymmetry(np.ones((9, 9)), 4, 4, 2, -1), "noise"),
        (lambda: sky.ellipticity(np.ones((9, 9)), 4, 4, -1), "radius"),
        (lambda: sky.sersic_galaxy(10), "size"),
        (lambda: sky.sersic_galaxy(11, oversampling=3), "oversampling"),
        (lambda: sky.sersic_galaxy(11, ellipticity=1), "ellipticity"),
        (lambda: sky.sersic_galaxy(11, 0.1), "index"),
    ],
)
def test_bad_numbers_are_refused_by_name(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@settings(max_examples=10, deadline=None)
@given(n=st.floats(0.5, 2), half=st.floats(3, 8), e=st.floats(0, 0.6), angle=st.floats(0, 180))
def test_a_drawn_galaxy_has_light_1_and_half_of_it_inside(n, half, e, angle):
    image = sky.sersic_galaxy(161, n, half, e, angle, oversampling=4)
    assert image.sum() == pytest.approx(light_inside(80, n, half), rel=0.03)
    y, x = np.indices(image.shape) - 80.0
    t = np.deg2rad(angle)
    along, across = x * np.cos(t) + y * np.sin(t), y * np.cos(t) - x * np.sin(t)
    # astropy keeps the long axis at the half-light radius
    inside = np.hypot(along, across / (1 - e)) <= half
    assert image[inside].sum() == pytest.approx(0.5, abs=0.07)
