"""Small objects on coarser grids: closed forms, brute force, OpenCV."""

import cv2
import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessonlib import images
from lessonlib.satellite import coarsen, survey_object
from lessonlib.satellite.resampling import METHODS

QUICK = settings(max_examples=40, deadline=None)


def blocks(image, factor):
    rows, columns = image.shape
    return image.reshape(rows // factor, factor, columns // factor, factor)


@QUICK
@given(hnp.arrays(np.float64, (12, 18), elements=st.floats(-5, 5)), st.sampled_from([1, 2, 3, 6]))
def test_mean_is_the_mean_of_blocks(image, factor):
    np.testing.assert_allclose(
        coarsen(image, factor), blocks(image, factor).mean(axis=(1, 3)), atol=1e-12
    )


@QUICK
@given(
    hnp.arrays(np.float32, (12, 12), elements=st.floats(0, 9, width=32)), st.sampled_from([2, 3])
)
def test_mean_equals_opencv(image, factor):
    side = 12 // factor
    area = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(coarsen(image, factor), area, atol=1e-5)


@QUICK
@given(
    hnp.arrays(np.float64, (12, 12), elements=st.floats(0, 1)),
    st.sampled_from([2, 3, 6]),
    st.sampled_from(METHODS),
)
def test_no_method_leaves_the_range_or_moves_a_constant(image, factor, method):
    coarse = coarsen(image, factor, method)
    assert coarse.shape == (12 // factor,) * 2
    assert image.min() - 1e-9 <= coarse.min() <= coarse.max() <= image.max() + 1e-9
    np.testing.assert_allclose(coarsen(np.full((12, 12), 0.3), factor, method), 0.3, atol=1e-12)


@QUICK
@given(hnp.arrays(np.int32, (12, 12), elements=st.integers(0, 10**6)), st.sampled_from([2, 3, 4]))
def test_nearest_picks_one_pixel_of_each_block(image, factor):
    coarse = coarsen(image, factor, "nearest")
    for i, j in np.ndindex(coarse.shape):
        block = image[i * factor : (i + 1) * factor, j * factor : (j + 1) * factor]
        assert coarse[i, j] in block.astype(np.float32)


@pytest.mark.parametrize("method", METHODS)
def test_methods_are_linear(method):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 24, 24))
    np.testing.assert_allclose(
        coarsen(a + 3 * b, 6, method),
        coarsen(a, 6, method) + 3 * coarsen(b, 6, method),
        atol=1e-12,
    )


@pytest.mark.parametrize(("dtype", "out"), [("uint8", "f4"), ("uint16", "f4"), ("f8", "f8")])
def test_types(dtype, out):
    image = np.arange(16, dtype=dtype).reshape(4, 4)
    for method in METHODS:
        assert coarsen(image, 2, method).dtype == out
    np.testing.assert_array_equal(image, np.arange(16).reshape(4, 4))


@QUICK
@given(st.integers(1, 12), st.integers(1, 6))
def test_share_left_by_the_mean_in_closed_form(size, factor):
    """Along one axis the best block holds the longest overlap; the square has its product."""
    longest = [
        max(min(start + size, edge + factor) - max(start, edge) for edge in range(0, 40, factor))
        for start in range(factor)
    ]
    expected = np.outer(longest, longest) / factor**2
    np.testing.assert_allclose(survey_object(size, factor).kept, expected, atol=1e-12)


@QUICK
@given(st.integers(1, 8), st.integers(1, 6))
def test_nearest_keeps_all_or_nothing_by_the_share_of_places(size, factor):
    survey = survey_object(size, factor, "nearest")
    assert set(np.unique(survey.kept)) <= {0.0, 1.0}
    assert survey.kept.mean() == pytest.approx(min(1, size / factor) ** 2)
    assert survey.lost(0.5) == pytest.approx(1 - min(1, size / factor) ** 2)


def test_the_smoothing_of_scikit_image_costs_more_than_the_mean():
    for size in (1, 2, 3, 6):
        smoothed, mean = (survey_object(size, 6, m).range for m in ("smoothed", "mean"))
        assert smoothed[1] < mean[1]


@pytest.mark.parametrize("method", METHODS)
def test_an_object_drawn_into_the_real_scene_loses_the_surveyed_share(method):
    band = images.sentinel2().band("B08").astype(np.float64)[60:120, 420:480]
    survey = survey_object(2, 6, method)
    for row, column in [(0, 0), (1, 4), (5, 5)]:
        drawn = band.copy()
        drawn[24 + row : 26 + row, 24 + column : 26 + column] += 0.3
        difference = coarsen(drawn, 6, method) - coarsen(band, 6, method)
        assert difference.max() == pytest.approx(0.3 * survey.kept[row, column], abs=1e-12)


def test_what_is_left_in_every_place_is_nowhere_lost():
    survey = survey_object(1, 6)
    assert survey.lost(1 / 36) == 0
    assert survey.lost(1.001 / 36) == 1


def test_survey_reads_itself():
    survey = survey_object(3, 6)
    assert survey.range == (
        pytest.approx(1 / 9),
        pytest.approx((8 / 3 / 6) ** 2),
        pytest.approx(0.25),
    )
    assert str(survey) == "3 of 6 pixels, mean: 0.20 of the contrast on average, 0.11 to 0.25"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: coarsen(np.zeros((4, 5)), 2), ValueError, "multiples of factor=2"),
        (lambda: coarsen(np.zeros((4, 4, 3)), 2), ValueError, r"\(H, W\)"),
        (lambda: coarsen(np.zeros((4, 4), bool), 2), TypeError, "real numbers"),
        (lambda: coarsen(np.zeros((4, 4)), 0), ValueError, "factor must be at least 1"),
        (lambda: coarsen(np.zeros((4, 4)), 2, "cubic"), ValueError, "method must be one of"),
        (lambda: survey_object(0, 2), ValueError, "size must be at least 1"),
        (lambda: survey_object(1.5, 2), TypeError, "size must be an integer"),
        (lambda: survey_object(1, 2, "area"), ValueError, "method must be one of"),
        (lambda: survey_object(1, 2).lost(2), ValueError, "share must be at most 1"),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()
