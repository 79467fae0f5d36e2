"""Statistics and z-scores of `MultiChannelNormalizer`, against NumPy and scikit-learn."""

import itertools
import math
from fractions import Fraction

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from lessonlib.scientific import MultiChannelNormalizer

QUICK = settings(max_examples=25, deadline=None)
INTEGERS = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64)
FLOATS = (np.float16, np.float32, np.float64)


def scene(dtype=np.float64, shape=(2, 3, 40, 50), seed=0):
    """Positive values whose channels differ, fit for every type."""
    rng = np.random.default_rng(seed)
    level = np.array([40, 60, 90])[: shape[-3]].reshape(-1, 1, 1)
    return rng.normal(level, 10, shape).clip(1, 120).astype(dtype)


def rows(images):
    """Pixels as samples, channels as features: what scikit-learn takes."""
    return np.moveaxis(images, -3, -1).reshape(-1, images.shape[-3])


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS, ">u2", ">i4", ">f4", ">f8"])
def test_statistics_and_transform_agree_with_standard_scaler(dtype):
    images = scene(np.dtype(dtype))
    scaler = StandardScaler().fit(rows(images).astype(np.float64))
    normalizer = MultiChannelNormalizer().fit(images)
    np.testing.assert_allclose(normalizer.mean_, scaler.mean_, rtol=1e-13)
    np.testing.assert_allclose(normalizer.std_, np.sqrt(scaler.var_), rtol=1e-12)
    assert normalizer.count_.tolist() == [2 * 40 * 50] * 3
    z = normalizer.transform(images)
    expected = scaler.transform(rows(images).astype(np.float64))
    np.testing.assert_allclose(rows(z), expected, rtol=2e-7, atol=1e-7)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_whole_numbers_are_exact(dtype):
    """Extreme values, against fractions of unlimited precision."""
    limits = np.iinfo(dtype)
    low, high = max(limits.min, -(2**31)), min(limits.max, 2**32 - 1)
    values = np.array([low, high, high - 1, low + 1, high, 0, 1, high], dtype)
    normalizer = MultiChannelNormalizer().fit(values.reshape(1, 1, 2, 4))
    exact = [Fraction(int(v)) for v in values]
    mean = sum(exact) / 8
    variance = sum((v - mean) ** 2 for v in exact) / 8
    assert normalizer.mean_[0] == float(mean)
    assert normalizer.std_[0] == math.sqrt(variance)


def test_wide_integers_beyond_32_bits_are_rounded_like_floats():
    values = np.array([2**40, 2**40 + 3, 2**40 + 9, 2**50], np.int64).reshape(1, 1, 2, 2)
    normalizer = MultiChannelNormalizer().fit(values)
    assert normalizer.mean_[0] == pytest.approx(values.mean(), rel=1e-15)
    assert normalizer.std_[0] == pytest.approx(values.std(), rel=1e-14)


def test_large_offset_loses_no_digits():
    """The textbook failure of E[x²] − E[x]²: a spread of 1 on top of 10⁹."""
    images = np.random.default_rng(0).normal(1e9, 1.0, (1, 1, 600, 700))
    expected = (images - 1e9).std()
    naive = math.sqrt(abs((images**2).mean() - images.mean() ** 2))
    assert abs(naive - expected) > 0.1
    assert MultiChannelNormalizer().fit(images).std_[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64])
@QUICK
@given(data=st.data())
def test_any_split_of_whole_numbers_gives_the_same_bits(dtype, data):
    images = data.draw(hnp.arrays(dtype, (5, 2, 3, 4), elements=st.integers(0, 120)))
    cuts = sorted(data.draw(st.sets(st.integers(1, 4))))
    whole, parts = MultiChannelNormalizer(nodata=7).fit(images), MultiChannelNormalizer(nodata=7)
    for start, stop in itertools.pairwise([0, *cuts, 5]):
        parts.partial_fit(images[start:stop])
    np.testing.assert_array_equal(parts.count_, whole.count_)
    np.testing.assert_array_equal(parts.mean_, whole.mean_)
    np.testing.assert_array_equal(parts.std_, whole.std_)


@QUICK
@given(data=st.data())
def test_any_split_of_floats_agrees_with_fit_at_once(data):
    elements = st.floats(-1e6, 1e6) | st.just(math.nan)
    images = data.draw(hnp.arrays(np.float64, (5, 2, 3, 4), elements=elements))
    images[:, :, 0, 0] = 1.0  # scikit-learn cannot go on from a batch without a value
    cuts = sorted(data.draw(st.sets(st.integers(1, 4))))
    whole, parts = MultiChannelNormalizer().fit(images), MultiChannelNormalizer()
    scaler = StandardScaler()
    for start, stop in itertools.pairwise([0, *cuts, 5]):
        parts.partial_fit(images[start:stop])
        scaler.partial_fit(rows(images[start:stop]))
    np.testing.assert_array_equal(parts.count_, whole.count_)
    for attribute in ("mean_", "std_"):
        a, b = getattr(parts, attribute), getattr(whole, attribute)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(parts.mean_, scaler.mean_, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(parts.std_**2, scaler.var_, rtol=1e-6, atol=1e-6)


def test_partial_fit_takes_single_images_of_any_size_and_type():
    small, large = scene(np.uint8, (3, 4, 5)), scene(np.float32, (1, 3, 9, 8), seed=1)
    normalizer = MultiChannelNormalizer().partial_fit(small).partial_fit(large)
    pixels = np.concatenate([rows(small), rows(large)]).astype(np.float64)
    np.testing.assert_allclose(normalizer.mean_, pixels.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(normalizer.std_, pixels.std(axis=0), rtol=1e-13)


def test_fit_forgets():
    normalizer = MultiChannelNormalizer().fit(scene())
    again = scene(shape=(1, 3, 5, 5), seed=3)
    np.testing.assert_array_equal(
        normalizer.fit(again).mean_, MultiChannelNormalizer().fit(again).mean_
    )


@QUICK
@given(order=st.permutations(range(3)))
def test_permuting_channels_permutes_everything(order):
    images = scene()
    straight, permuted = MultiChannelNormalizer(), MultiChannelNormalizer()
    z = straight.fit(images).transform(images)
    np.testing.assert_array_equal(permuted.fit(images[:, order]).mean_, straight.mean_[order])
    np.testing.assert_array_equal(permuted.transform(images[:, order]), z[:, order])
    clip = straight.percentile_clip(images)
    np.testing.assert_array_equal(permuted.percentile_clip(images[:, order]), clip[:, order])


@QUICK
@given(gain=st.floats(1e-6, 1e6), offset=st.floats(-1e3, 1e3), channel=st.integers(0, 2))
def test_z_scores_ignore_gain_and_offset_of_a_channel(gain, offset, channel):
    images = scene()
    changed = images.copy()
    changed[:, channel] = gain * images[:, channel] + offset
    z = MultiChannelNormalizer().fit(images).transform(images)
    z_changed = MultiChannelNormalizer().fit(changed).transform(changed)
    # what rounding to a grid of eps * (offset / gain) costs
    tolerance = 1e-9 + 1e-15 * abs(offset) / gain
    np.testing.assert_allclose(z_changed, z, atol=tolerance)


def test_missing_pixels_count_in_nothing_and_come_out_nan():
    images = scene(np.float32)
    missing = np.random.default_rng(1).random(images.shape) < 0.1
    marked, with_nan = images.copy(), images.copy().astype(np.float64)
    marked[missing], with_nan[missing] = -9999, np.nan
    normalizer = MultiChannelNormalizer(nodata=-9999).fit(marked)
    np.testing.assert_allclose(normalizer.mean_, np.nanmean(with_nan, axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(normalizer.std_, np.nanstd(with_nan, axis=(0, 2, 3)), rtol=1e-11)
    assert normalizer.count_.tolist() == (~missing).sum(axis=(0, 2, 3)).tolist()
    for result in (normalizer.transform(marked), normalizer.percentile_clip(marked)):
        np.testing.assert_array_equal(np.isnan(result), missing)
    z = normalizer.transform(marked)
    np.testing.assert_allclose(np.nanstd(z, axis=(0, 2, 3)), 1, rtol=1e-5)
    same = MultiChannelNormalizer().fit(with_nan)
    np.testing.assert_array_equal(same.mean_, normalizer.mean_)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.int64])
@pytest.mark.parametrize("size", [(20, 20), (300, 300)])  # below and above the lookup table's size
def test_zero_as_nodata_of_whole_numbers(dtype, size):
    images = scene(dtype, (1, 3, *size))
    missing = np.random.default_rng(1).random(images.shape) < 0.2
    images[missing] = 0
    masked = np.where(missing, np.nan, images.astype(np.float64))
    normalizer = MultiChannelNormalizer(nodata=0).fit(images)
    np.testing.assert_allclose(normalizer.mean_, np.nanmean(masked, axis=(0, 2, 3)), rtol=1e-14)
    np.testing.assert_allclose(normalizer.std_, np.nanstd(masked, axis=(0, 2, 3)), rtol=1e-13)
    z = (masked - normalizer.mean_[:, None, None]) / normalizer.std_[:, None, None]
    np.testing.assert_allclose(normalizer.transform(images), z, rtol=2e-7, atol=1e-7)


@pytest.mark.parametrize(
    ("dtype", "nodata", "matches"),
    [
        (np.float32, -9999.9, True),  # the float32 next to it is what the file holds
        (np.float32, -3.4028234663852886e38, True),
        (np.float16, 1e10, False),  # float16 would make it infinite
        (np.uint16, -9999, False),
        (np.uint8, 300, False),
        (np.int16, 0.5, False),
        (np.float64, np.nan, True),
        (np.float64, -np.inf, True),
    ],
)
def test_nodata_is_compared_as_the_pixels_hold_it(dtype, nodata, matches):
    images = scene(dtype, (1, 1, 8, 8))
    if matches:
        images[0, 0, 0, :3] = nodata
    normalizer = MultiChannelNormalizer(nodata=nodata).fit(images)
    assert normalizer.count_[0] == (61 if matches else 64)
    assert np.isnan(normalizer.transform(images)).sum() == (3 if matches else 0)


@pytest.mark.parametrize("value", [0.1, 293.15, 5000.1, 1e6, 1e-30, -7.3])
@pytest.mark.parametrize("dtype", FLOATS[1:])
def test_a_constant_channel_is_constant_whatever_its_value(value, dtype):
    images = np.full((3, 1, 301, 307), value, dtype)
    normalizer = MultiChannelNormalizer().fit(images)
    assert normalizer.constant_.tolist() == [True]
    assert normalizer.std_[0] == 0
    assert normalizer.mean_[0] == dtype(value)
    assert normalizer.scale_[0] == 1
    assert not normalizer.transform(images).any()
    assert not normalizer.percentile_clip(images).any()


def test_constant_up_to_rounding_is_constant_too():
    images = np.full((1, 1, 10, 10), 0.3)
    images[0, 0, ::2] = 0.1 + 0.2  # 0.30000000000000004
    assert MultiChannelNormalizer().fit(images).constant_[0]


@pytest.mark.parametrize("unit", [1e-9, 1e-30, 1e-150, 1e9, 1e100])
def test_small_and_large_units_are_not_constant(unit):
    images = scene() * unit
    normalizer = MultiChannelNormalizer().fit(images)
    assert not normalizer.constant_.any()
    expected = MultiChannelNormalizer().fit(scene()).transform(scene())
    np.testing.assert_allclose(normalizer.transform(images), expected, rtol=1e-8, atol=1e-8)


def test_a_channel_constant_in_training_only_loses_its_mean():
    normalizer = MultiChannelNormalizer().fit(np.full((1, 1, 4, 4), 5.0))
    np.testing.assert_array_equal(normalizer.transform(np.full((1, 4, 4), 8.0)), 3.0)


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_type_of_results(dtype):
    images = scene(dtype)
    normalizer = MultiChannelNormalizer().fit(images)
    expected = np.float32 if np.dtype(dtype).itemsize <= 4 else np.float64
    assert normalizer.transform(images).dtype == expected
    assert normalizer.percentile_clip(images).dtype == expected
    assert normalizer.mean_.dtype == normalizer.std_.dtype == np.float64


def test_transform_is_done_in_float64():
    """In float32 the z-scores of a narrow channel on a large offset would be steps."""
    images = np.random.default_rng(0).normal(293.15, 0.01, (1, 1, 50, 50)).astype(np.float32)
    normalizer = MultiChannelNormalizer().fit(images)
    exact = (images.astype(np.float64) - normalizer.mean_[0]) / normalizer.std_[0]
    np.testing.assert_allclose(normalizer.transform(images), exact, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[:, :, ::2, ::-1],
        lambda x: x.transpose(0, 1, 3, 2),
        lambda x: np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1),
        np.asfortranarray,
    ],
)
@pytest.mark.parametrize("dtype", [np.uint16, ">u2", np.float32])
def test_strides_and_byte_order_do_not_matter(view, dtype):
    images = view(scene(np.dtype(dtype)))
    copy = np.ascontiguousarray(images).astype(images.dtype.newbyteorder("="))
    a, b = MultiChannelNormalizer().fit(images), MultiChannelNormalizer().fit(copy)
    np.testing.assert_allclose(a.std_, b.std_, rtol=1e-14)
    np.testing.assert_allclose(a.transform(images), b.transform(copy), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(a.percentile_clip(images), b.percentile_clip(copy))


def test_inputs_stay_as_they_were():
    for dtype in (np.uint16, np.float32, np.float64):
        images = scene(dtype)
        images.setflags(write=False)
        normalizer = MultiChannelNormalizer(nodata=50).fit(images)
        normalizer.transform(images)
        normalizer.percentile_clip(images)


def test_batches_are_transformed_image_by_image():
    images = scene()
    normalizer = MultiChannelNormalizer().fit(images)
    for method in (normalizer.transform, normalizer.percentile_clip):
        batch = method(images)
        assert batch.shape == images.shape
        for image, expected in zip(images, batch, strict=True):
            np.testing.assert_array_equal(method(image), expected)


def test_short_names_of_the_episode():
    normalizer = MultiChannelNormalizer()
    assert normalizer.means is None
    assert normalizer.stds is None
    normalizer.fit(np.stack([np.full((4, 4), 3.0), np.arange(16.0).reshape(4, 4)])[None])
    assert normalizer.means.tolist() == [3.0, 7.5]
    assert normalizer.stds.tolist() == [1.0, np.arange(16).std()]
    assert repr(MultiChannelNormalizer(nodata=0)) == "MultiChannelNormalizer(nodata=0)"


def test_use_before_fit_is_refused():
    normalizer = MultiChannelNormalizer()
    with pytest.raises(NotFittedError, match="call fit or partial_fit first"):
        normalizer.transform(scene()[0])
    assert not hasattr(normalizer, "mean_")


def test_another_number_of_channels_is_refused_and_nothing_is_forgotten():
    normalizer = MultiChannelNormalizer().fit(scene())
    mean = normalizer.mean_
    for call in (normalizer.transform, normalizer.partial_fit):
        with pytest.raises(ValueError, match=r"3 channels that were fitted, got 2"):
            call(scene()[:, :2])
    with pytest.raises(ValueError, match="infinite"):
        normalizer.partial_fit(np.full((3, 2, 2), np.inf))
    np.testing.assert_array_equal(normalizer.mean_, mean)


def test_a_channel_never_seen_is_refused_by_number():
    images = scene()
    images[:, 1] = np.nan
    normalizer = MultiChannelNormalizer().fit(images)
    assert np.isnan(normalizer.mean_[1])
    assert np.isnan(normalizer.std_[1])
    with pytest.raises(ValueError, match=r"channel\(s\) 1 had no valid pixel"):
        normalizer.transform(scene()[0])
    clipped = normalizer.percentile_clip(images[0])
    assert np.isnan(clipped[1]).all()
    assert not np.isnan(clipped[[0, 2]]).any()


@pytest.mark.parametrize(
    ("call", "images", "error", "message"),
    [
        ("fit", np.zeros((3, 4, 4)), ValueError, r"images must have shape \(N, C, H, W\)"),
        ("fit", np.zeros((4, 4)), ValueError, "images must have shape"),
        ("partial_fit", np.zeros((4, 4)), ValueError, r"got shape \(4, 4\)"),
        ("fit", np.zeros((0, 3, 4, 4)), ValueError, "images must not be empty"),
        ("fit", np.zeros((1, 3, 0, 4)), ValueError, "images must not be empty"),
        ("fit", np.zeros((1, 3, 4, 4), bool), TypeError, "images must hold real numbers"),
        ("fit", np.zeros((1, 3, 4, 4), complex), TypeError, "complex128"),
        ("fit", np.full((1, 1, 2, 2), "a"), TypeError, "images must hold real numbers"),
        ("fit", None, TypeError, "images must hold real numbers"),
        ("fit", np.full((1, 2, 2, 2), 1e200), None, ""),
        (
            "fit",
            np.array([1e200, -1e200]).reshape(1, 1, 1, 2),
            ValueError,
            "squares fit float64",
        ),
    ],
)
def test_bad_images_are_refused_by_name(call, images, error, message):
    method = getattr(MultiChannelNormalizer(), call)
    if error is None:
        method(images)
    else:
        with pytest.raises(error, match=message):
            method(images)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("dtype", FLOATS)
def test_infinities_are_refused_with_the_remedy_which_works(value, dtype):
    images = scene(dtype)
    images[1, 2, 3, 4] = value
    normalizer = MultiChannelNormalizer().fit(scene(dtype))
    for call in (
        lambda: MultiChannelNormalizer().fit(images),
        lambda: normalizer.transform(images),
        lambda: normalizer.percentile_clip(images),
    ):
        with pytest.raises(ValueError, match=r"1 infinite pixel\(s\) in channel 2"):
            call()
    masked = MultiChannelNormalizer(nodata=value).fit(images)
    assert masked.count_.tolist() == [4000, 4000, 3999]
    assert np.isnan(masked.transform(images)[1, 2, 3, 4])
    with pytest.raises(ValueError, match="infinite"):
        MultiChannelNormalizer(nodata=-value).fit(images)


@pytest.mark.parametrize("nodata", ["0", True, [0], 1j])
def test_bad_nodata_is_refused(nodata):
    with pytest.raises(TypeError, match="nodata must be a number or None"):
        MultiChannelNormalizer(nodata=nodata)


@pytest.mark.parametrize(
    ("low", "high", "error"),
    [(-1, 99, ValueError), (1, 101, ValueError), (50, 50, ValueError), ("1", 99, TypeError)],
)
def test_bad_percentiles_are_refused(low, high, error):
    with pytest.raises(error, match=r"low|high"):
        MultiChannelNormalizer().percentile_clip(scene()[0], low, high)


@pytest.mark.parametrize(("steps", "constant"), [(0, True), (1, True), (8, False)])
def test_constant_means_up_to_one_rounding_of_the_mean(steps, constant):
    """Two values, so many roundings apart: their deviation is half of that."""
    eps = np.finfo(np.float64).eps
    image = np.where(np.arange(16).reshape(1, 1, 4, 4) % 2, 1.0, 1.0 + steps * eps)
    assert MultiChannelNormalizer().fit(image).constant_.tolist() == [constant]
