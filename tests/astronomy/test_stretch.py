"""The asinh stretch against astropy's, and what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.visualization import AsinhStretch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lessonlib.astronomy import asinh_colour, asinh_stretch

values = arrays(np.float64, array_shapes(max_dims=3, max_side=6), elements=st.floats(-1e6, 1e6))


@settings(max_examples=50, deadline=None)
@given(
    image=values,
    softening=st.floats(0.01, 1e4),
    black=st.floats(-1e3, 1e3),
    width=st.floats(1, 1e6),
)
def test_it_is_astropys(image, softening, black, width):
    before = image.copy()
    got = asinh_stretch(image, softening, black + width, black)
    reference = AsinhStretch(softening / width)((image - black) / width, clip=True)
    np.testing.assert_allclose(got, reference, atol=1e-7)
    np.testing.assert_array_equal(image, before)
    assert got.shape == image.shape
    assert (got >= 0).all()
    assert (got <= 1).all()


@settings(max_examples=30, deadline=None)
@given(softening=st.floats(0.1, 1e3), white=st.floats(10, 1e6))
def test_order_ends_and_both_limits(softening, white):
    x = np.linspace(0, white, 50)
    y = asinh_stretch(x, softening, white)
    assert y[0] == 0
    assert y[-1] == pytest.approx(1)
    assert (np.diff(y) > 0).all()
    nearly_linear = asinh_stretch(x, 1e6 * white, white)
    np.testing.assert_allclose(nearly_linear, x / white, atol=1e-9)


def test_far_above_the_softening_factors_become_steps():
    y = asinh_stretch([1e3, 1e4, 1e5], 1.0, 1e6)
    assert y[1] - y[0] == pytest.approx(y[2] - y[1], rel=1e-4)


@settings(max_examples=30, deadline=None)
@given(
    image=arrays(np.float64, (4, 5, 3), elements=st.floats(0, 1e4)), softening=st.floats(0.1, 100)
)
def test_colours_are_kept(image, softening):
    got = asinh_colour(image, softening, 1e4)
    assert (got >= 0).all()
    assert (got <= 1 + 1e-12).all()
    total = image.sum(axis=-1)
    seen = (total > 1e-3) & (got.sum(axis=-1) > 1e-9)
    np.testing.assert_allclose(
        got[seen] / got[seen].sum(axis=-1, keepdims=True),
        image[seen] / total[seen][:, None],
        atol=1e-6,
    )


def test_grey_pictures_are_stretched_as_pictures_without_colour():
    grey = np.linspace(-10, 900, 24).reshape(4, 6)
    got = asinh_colour(np.repeat(grey[..., None], 3, axis=-1), 5.0, 1000.0, 20.0)
    np.testing.assert_allclose(got[..., 1], asinh_stretch(grey, 5.0, 1000.0, 20.0))


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: asinh_stretch([1.0], 0, 1), ValueError, "softening"),
        (lambda: asinh_stretch([1.0], 1, 1, 2), ValueError, "white"),
        (lambda: asinh_stretch([np.nan], 1, 1), ValueError, "finite"),
        (lambda: asinh_stretch(["a"], 1, 1), TypeError, "numbers"),
        (lambda: asinh_colour(np.zeros((3, 3)), 1, 1), ValueError, "H, W, 3"),
    ],
)
def test_bad_input_is_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()
