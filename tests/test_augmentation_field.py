"""Displacement fields: strength, correlation and folding against closed forms and SciPy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.ndimage import gaussian_filter

from lessonlib.augmentation import (
    displacement_sd,
    expected_fold_fraction,
    fold_fraction,
    jacobian_determinant,
)
from lessonlib.augmentation.field import draw_field

STRENGTHS = [(50, 5), (30, 4), (15, 4), (40, 2), (20, 1.3), (100, 9), (300, 23)]


class OneNode:
    """A generator whose noise is 0 but for a single 1 in the middle of each axis's field."""

    def standard_normal(self, size, dtype):
        noise = np.zeros(size, dtype)
        noise[:, size[1] // 2, size[2] // 2] = 1
        return noise


def kernels(alpha, sigma):
    """The field that one node makes, and the one that one pixel's noise makes in SciPy."""
    side = int(14 * sigma) | 1
    field = draw_field((side, side), alpha, sigma, OneNode())
    coarse = field.tile((0, side), (0, side))[0].astype(float)
    impulse = np.zeros((side, side))
    impulse[side // 2, side // 2] = 1
    fine = alpha * gaussian_filter(impulse, sigma, truncate=6)
    return coarse, fine, 2**field.levels


def covariance(kernel, lag):
    """Of the field that white noise makes: the kernel's autocorrelation along a row."""
    return float(np.sum(kernel[:, lag:] * kernel[:, : kernel.shape[1] - lag]))


@pytest.mark.parametrize(("alpha", "sigma"), STRENGTHS)
def test_coarse_field_has_the_covariance_of_the_full_resolution_field(alpha, sigma):
    coarse, fine, step = kernels(alpha, sigma)
    for lag in (0, round(sigma), round(2 * sigma)):
        # A node stands for step² pixels, each with noise of its own.
        assert covariance(coarse, lag) / step**2 == pytest.approx(
            covariance(fine, lag), rel=0.02, abs=1e-4 * covariance(fine, 0)
        )


@pytest.mark.parametrize(("alpha", "sigma"), STRENGTHS)
def test_every_pixel_moves_as_much_as_every_other(alpha, sigma):
    coarse, _, step = kernels(alpha, sigma)
    for y in range(step):
        for x in range(step):
            sd = math.sqrt(np.sum(coarse[y::step, x::step] ** 2))
            assert sd == pytest.approx(displacement_sd(alpha, sigma), rel=0.02)


@pytest.mark.parametrize(("alpha", "sigma"), STRENGTHS)
def test_correlation_length_within_two_percent(alpha, sigma):
    coarse, fine, _ = kernels(alpha, sigma)

    def length(kernel):
        lags = np.arange(round(4 * sigma))
        rho = np.array([covariance(kernel, lag) for lag in lags]) / covariance(kernel, 0)
        return np.interp(-math.exp(-1), -rho, lags)

    assert length(coarse) == pytest.approx(length(fine), rel=0.02)
    assert length(fine) == pytest.approx(2 * sigma, rel=0.03)


def test_drawn_fields_have_the_sd_of_the_closed_form_on_both_axes_also_at_the_border():
    draws = [
        draw_field((96, 96), 50, 5, np.random.default_rng(seed)).tile((0, 96), (0, 96))
        for seed in range(200)
    ]
    squares = np.square(draws)
    expected = displacement_sd(50, 5) ** 2
    for part in (squares[:, 0], squares[:, 1], squares[:, :, :2], squares[:, :, :, -2:]):
        means = part.reshape(200, -1).mean(axis=1)
        error = stats.t.ppf(0.9995, 199) * means.std(ddof=1) / math.sqrt(200)
        assert abs(means.mean() - expected) < error
        assert error < 0.15 * expected
    product = np.array([(u[0] * u[1]).mean() for u in draws])
    assert abs(product.mean()) < 4 * product.std() / math.sqrt(200)


@pytest.mark.parametrize(("rows", "columns"), [((37, 91), (3, 100)), ((0, 1), (129, 130))])
def test_a_tile_is_the_same_as_in_the_whole(rows, columns):
    field = draw_field((140, 130), 50, 5, np.random.default_rng(1))
    whole = field.tile((0, 140), (0, 130))
    np.testing.assert_array_equal(
        field.tile(rows, columns), whole[:, slice(*rows), slice(*columns)]
    )


@pytest.mark.parametrize("sigma", [1, 2, 4, 5, 11])
def test_no_pixel_moves_further_than_the_reach(sigma):
    for seed in range(20):
        field = draw_field((64, 80), 20 * sigma, sigma, np.random.default_rng(seed))
        assert np.abs(field.tile((0, 64), (0, 80))).max() <= field.reach - 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 200)])
def test_any_shape_has_a_field(shape):
    field = draw_field(shape, 50, 30, np.random.default_rng(0))
    assert field.tile((0, shape[0]), (0, shape[1])).shape == (2, *shape)


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4))
@settings(max_examples=50, deadline=None)
def test_determinant_of_a_linear_map_is_its_matrix_determinant(entries):
    matrix = np.reshape(entries, (2, 2))
    y, x = np.mgrid[:7, :9].astype(float)
    u = np.einsum("ij,jhw->ihw", matrix - np.eye(2), np.stack([y, x]))
    np.testing.assert_allclose(jacobian_determinant(u), np.linalg.det(matrix), atol=1e-9)


def test_determinant_against_a_loop_over_pixels():
    u = np.random.default_rng(0).normal(size=(2, 6, 5))
    got = jacobian_determinant(u)
    for y in range(1, 5):
        for x in range(1, 4):
            j = np.eye(2)
            j[:, 0] += (u[:, y + 1, x] - u[:, y - 1, x]) / 2
            j[:, 1] += (u[:, y, x + 1] - u[:, y, x - 1]) / 2
            assert got[y, x] == pytest.approx(np.linalg.det(j))


def test_fold_fraction_of_known_folds():
    y, x = np.mgrid[:20, :20].astype(float)
    still = np.zeros_like(x)
    assert fold_fraction(np.stack([still, still])) == 0
    assert fold_fraction(np.stack([still, -0.99 * x])) == 0  # squeezed a hundredfold: no fold
    assert fold_fraction(np.stack([still, -x])) == 1  # squeezed to a line: det J = 0
    assert fold_fraction(np.stack([still, 19 - 2 * x])) == 1  # mirrored
    assert fold_fraction(np.stack([19 - 2 * y, 19 - 2 * x])) == 0  # turned by 180°
    assert fold_fraction(np.stack([still, 5 * y])) == 0  # sheared
    crease = np.where(x < 10, 0, 2 * (10 - x))  # mirrored from column 10 on
    # central difference: column 10 sees (0 − 2)/2 = −1 per pixel, that is det J = 0
    assert fold_fraction(np.stack([still, crease])) == 0.5


@pytest.mark.parametrize(("alpha", "sigma"), [(50, 5), (30, 4), (80, 5), (120, 5)])
def test_expected_fold_fraction_against_fields_drawn_by_scipy(alpha, sigma):
    pad = math.ceil(4 * sigma)

    def folded(seed):
        rng = np.random.default_rng(seed)
        u = [
            gaussian_filter(rng.standard_normal((160 + 2 * pad,) * 2), sigma)[pad:-pad, pad:-pad]
            for _ in "yx"
        ]
        determinant = jacobian_determinant(alpha * np.stack(u))
        return float((determinant[1:-1, 1:-1] <= 0).mean())

    shares = np.array([folded(seed) for seed in range(100)])
    error = stats.t.ppf(0.9995, 99) * shares.std(ddof=1) / 10
    # Central differences see slopes a little flatter than the derivative: their variance is
    # (1 − exp(−1/sigma²))/2 of the field's, not 1/(2 sigma²).
    slope2 = displacement_sd(alpha, sigma) ** 2 * (1 - math.exp(-1 / sigma**2)) / 2
    exact = 0.5 * math.exp(-1 / (2 * slope2))
    assert abs(shares.mean() - exact) < error
    assert error < 0.2 * exact
    assert exact < expected_fold_fraction(alpha, sigma) < 1.25 * exact


def test_expected_fold_fraction_limits():
    assert expected_fold_fraction(0, 5) == 0
    assert expected_fold_fraction(1e9, 1) == pytest.approx(0.5)
    assert expected_fold_fraction(15, 4) < 1e-6  # the milder preset
    assert expected_fold_fraction(50, 5) == pytest.approx(0.5 * math.exp(-math.pi))
    # only alpha / sigma² matters
    assert expected_fold_fraction(30, 4) == pytest.approx(expected_fold_fraction(120, 8))


def test_milder_settings_do_not_fold():
    folds = [
        fold_fraction(draw_field((224, 224), 15, 4, rng).tile((0, 224), (0, 224)))
        for rng in map(np.random.default_rng, range(100))
    ]
    assert np.count_nonzero(folds) <= 5


@pytest.mark.parametrize("bad", [np.zeros((3, 4, 4)), np.zeros((4, 4)), np.zeros((2, 1, 4))])
def test_wrong_shape_is_refused_by_name(bad):
    with pytest.raises(ValueError, match=r"displacement must have shape \(2, H, W\)"):
        fold_fraction(bad)


def test_nan_displacement_is_refused():
    with pytest.raises(ValueError, match="displacement must be finite"):
        fold_fraction(np.full((2, 4, 4), np.nan))


@pytest.mark.parametrize("function", [displacement_sd, expected_fold_fraction])
def test_bad_strengths_are_refused(function):
    with pytest.raises(ValueError, match="alpha must be at least 0"):
        function(-1, 5)
    with pytest.raises(ValueError, match="sigma must be greater than 0"):
        function(1, 0)
    with pytest.raises(TypeError, match="alpha must be a number"):
        function("1", 5)
