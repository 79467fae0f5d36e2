"""Closed forms of cosines, against quadrature, simulation and each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from lessonlib import faces

SIGMAS = st.floats(1e-4, 20)
DIMS = st.integers(2, 5000)


@pytest.mark.parametrize("dim", [2, 3, 5, 16])
@pytest.mark.parametrize("sigma", [0.05, 0.3, 1.0, 4.0])
def test_mean_resultant_length_is_its_defining_integral(dim, sigma):
    """E[(1 + a) / sqrt((1 + a)^2 + b^2)], a normal, b a scaled chi, on a fine grid."""
    a = sigma * (np.linspace(-9, 9, 3001) + 1e-4)[:, None]
    r = np.linspace(0, np.sqrt(dim) + 9, 2001)
    value = (1 + a) / np.hypot(1 + a, sigma * r) * stats.chi.pdf(r, dim - 1)
    inner = integrate.simpson(value, x=r, axis=1)
    expected = integrate.simpson(inner * stats.norm.pdf(a[:, 0], scale=sigma), x=a[:, 0])
    assert faces.mean_resultant_length(sigma, dim) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("sigma", "dim"), [(0.15, 512), (0.015, 512), (0.5, 8), (1.0, 3)])
def test_expected_cosine_is_the_mean_over_drawn_pairs(sigma, dim):
    rng = np.random.default_rng(3)
    a, b = rng.normal(0, sigma, (2, 20_000, dim))
    a[:, 0] += 1
    b[:, 0] += 1
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    error = cosine.std() / np.sqrt(len(cosine))
    assert abs(cosine.mean() - faces.expected_cosine(sigma, dim)) < 4 * error


@settings(deadline=None, max_examples=100)
@given(SIGMAS, DIMS)
def test_expected_cosine_is_a_cosine_near_its_approximation(sigma, dim):
    got = faces.expected_cosine(sigma, dim)
    assert 0 < got <= 1
    assert got <= faces.mean_resultant_length(sigma, dim)
    # the approximation is off most in two dimensions with noise as long as the vector
    assert abs(got - 1 / (1 + dim * sigma**2)) < 0.3 / dim
    assert faces.expected_cosine(1.1 * sigma, dim) < got
    assert faces.expected_cosine(sigma, dim + 1) < got


def test_no_noise_and_hardly_any():
    assert faces.expected_cosine(0, 512) == 1
    for sigma in (0.99e-6, 1.01e-6, 1e-5):  # on both sides of where the series takes over
        assert 1 - faces.expected_cosine(sigma, 512) == pytest.approx(511 * sigma**2, rel=1e-3)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.001, 0.999), st.integers(2, 4096))
def test_noise_for_cosine_inverts_expected_cosine(cosine, dim):
    sigma = faces.noise_for_cosine(cosine, dim)
    assert faces.expected_cosine(sigma, dim) == pytest.approx(cosine, abs=1e-9)


@pytest.mark.parametrize("dim", [2, 3, 64, 512])
def test_strangers_quantiles_are_those_of_drawn_directions(dim):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 20_000, dim))
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    for share in (0.05, 0.5, 0.9, 0.99):
        below = np.mean(cosine < faces.stranger_cosine_quantile(share, dim))
        assert below == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 20_000))


@settings(deadline=None, max_examples=60)
@given(st.floats(1e-6, 1 - 1e-6), DIMS)
def test_strangers_are_symmetric_and_have_variance_one_over_d(share, dim):
    q = faces.stranger_cosine_quantile
    assert -1 <= q(share, dim) <= 1
    assert q(share, dim) == pytest.approx(-q(1 - share, dim), abs=1e-9)
    if dim > 500:
        assert q(share, dim) == pytest.approx(
            stats.norm.ppf(share) / np.sqrt(dim), rel=0.05, abs=1e-3
        )


@pytest.mark.parametrize("bad", [None, "x", np.nan, np.inf, -1, True])
def test_bad_input_is_named(bad):
    for call, name in (
        (lambda: faces.expected_cosine(bad, 3), "noise_sigma"),
        (lambda: faces.mean_resultant_length(0.1, bad), "dim"),
        (lambda: faces.noise_for_cosine(bad, 3), "cosine"),
        (lambda: faces.stranger_cosine_quantile(bad, 3), "share"),
    ):
        with pytest.raises((TypeError, ValueError), match=name):
            call()


def test_ends_are_refused():
    with pytest.raises(ValueError, match="less than 1"):
        faces.noise_for_cosine(1.0, 8)
    with pytest.raises(ValueError, match="less than 1"):
        faces.stranger_cosine_quantile(1, 8)
    with pytest.raises(ValueError, match="at least 2"):
        faces.expected_cosine(0.1, 1)
