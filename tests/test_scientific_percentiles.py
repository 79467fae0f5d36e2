"""Exact percentiles, clipping and rescaling, against `numpy.percentile` and brute force."""

import math
import struct

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lessonlib.scientific import (
    MultiChannelNormalizer,
    channel_percentiles,
    channel_table,
    clip_and_rescale,
)
from lessonlib.scientific.percentiles import (
    RadixSelection,
    count_digits,
    digits,
    sort_keys,
    value_of_key,
)

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ALL = [np.dtype(t) for t in ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]]
Q = [0, 1, 2, 13.7, 50, 98, 99, 100]


def random_images(dtype, shape=(2, 3, 17, 19), seed=0):
    rng = np.random.default_rng(seed)
    if dtype.kind == "f":
        return rng.normal(0, 1000, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(max(limits.min, -(2**52)), min(limits.max, 2**52), shape).astype(dtype)


def by_radix(images, q):
    """The passes that data too large for memory take, on data in memory."""
    selections = [RadixSelection(q, images.dtype) for _ in range(images.shape[1])]
    for _ in range(digits(images.dtype)):
        counts = count_digits(images, None, [s.heads for s in selections])
        selections = [s.read(c) for s, c in zip(selections, counts, strict=True)]
    return np.stack([s.values() for s in selections], axis=1)


@pytest.mark.parametrize("shape", [(2, 3, 17, 19), (1, 2, 300, 301)])  # partitioned, counted
@pytest.mark.parametrize("dtype", ALL)
def test_equal_to_numpy_on_the_same_values(dtype, shape):
    images = random_images(dtype, shape)
    expected = np.percentile(images.astype(np.float64), Q, axis=(0, 2, 3))
    np.testing.assert_array_equal(channel_percentiles(images, Q), expected)


@pytest.mark.parametrize("dtype", ALL)
def test_digit_by_digit_equals_numpy(dtype):
    images = random_images(dtype)
    expected = np.percentile(images.astype(np.float64), Q, axis=(0, 2, 3))
    np.testing.assert_array_equal(by_radix(images, Q), expected)


@pytest.mark.parametrize("dtype", ALL)
@QUICK
@given(data=st.data())
def test_keys_sort_like_the_values_and_can_be_turned_back(dtype, data):
    finite = {"allow_nan": False, "allow_infinity": False} if dtype.kind == "f" else {}
    values = data.draw(hnp.arrays(dtype, 12, elements=hnp.from_dtype(dtype, **finite)))
    keys = sort_keys(values)
    assert keys.dtype.kind == "u"
    np.testing.assert_array_equal(values[np.argsort(keys, kind="stable")], np.sort(values))
    assert [value_of_key(int(k), dtype) for k in keys] == values.tolist()


@QUICK
@given(data=st.data())
def test_both_ways_agree_on_any_floats(data):
    elements = st.floats(width=32, allow_nan=False, allow_infinity=False)
    images = data.draw(hnp.arrays(np.float32, (1, 1, 3, 7), elements=elements))
    q = data.draw(st.lists(st.floats(0, 100), min_size=1, max_size=4))
    np.testing.assert_array_equal(by_radix(images, q), channel_percentiles(images, q))


def test_subnormal_and_signed_zero_keys():
    tiny = struct.unpack("<f", b"\x01\x00\x00\x00")[0]
    values = np.array([tiny, -tiny, 0.0, -0.0, 1.0, -1.0], np.float32)
    keys = sort_keys(values)
    assert values[np.argsort(keys)].tolist() == [-1.0, -tiny, -0.0, 0.0, tiny, 1.0]


def test_missing_pixels_are_left_out():
    images = random_images(np.dtype(np.float32), (1, 2, 200, 210))
    images[0, 0, :50] = np.nan
    images[0, 1, 10:30] = -9999
    masked = np.where(images == -9999, np.nan, images).astype(np.float64)
    expected = np.nanpercentile(masked, Q, axis=(0, 2, 3))
    np.testing.assert_array_equal(channel_percentiles(images, Q, nodata=-9999), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("side", [5, 300])
def test_a_channel_without_valid_pixels_has_no_percentiles(dtype, side):
    images = np.full((1, 1, side, side), np.nan, dtype)
    assert np.isnan(channel_percentiles(images, [2, 98])).all()


def test_scalar_percentile_and_single_image():
    image = random_images(np.dtype(np.uint16))[0]
    assert channel_percentiles(image, 50).shape == (1, 3)
    np.testing.assert_array_equal(channel_percentiles(image, 50)[0], np.median(image, axis=(1, 2)))


@pytest.mark.parametrize("q", [[-1], [101], [np.nan], [], ["a"]])
def test_bad_percentiles_are_refused(q):
    with pytest.raises((ValueError, TypeError), match="q must"):
        channel_percentiles(np.zeros((1, 2, 2)), q)


def plain_clip(channel, low, high):
    """The definition, one channel at a time, in float64."""
    channel = channel.astype(np.float64)
    lower, upper = np.nanpercentile(channel, [low, high])
    if lower == upper:
        return np.where(np.isnan(channel), np.nan, 0.0)
    return (np.clip(channel, lower, upper) - lower) / (upper - lower)


@pytest.mark.parametrize("shape", [(3, 17, 19), (2, 300, 301)])
@pytest.mark.parametrize("dtype", ALL)
def test_percentile_clip_is_the_definition(dtype, shape):
    image = random_images(dtype, shape)
    result = MultiChannelNormalizer().percentile_clip(image, 2, 98)
    expected = np.stack([plain_clip(channel, 2, 98) for channel in image])
    np.testing.assert_allclose(result, expected.astype(result.dtype), rtol=1e-12, atol=0)


@QUICK
@given(
    image=hnp.arrays(
        np.float32, (2, 4, 5), elements=st.floats(-1e6, 1e6, width=32) | st.just(math.nan)
    ),
    low=st.floats(0, 49),
    high=st.floats(51, 100),
)
def test_percentile_clip_stays_in_the_unit_interval_and_keeps_order(image, low, high):
    result = MultiChannelNormalizer().percentile_clip(image, low, high)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(image))
    valid = ~np.isnan(image)
    assert (result[valid] >= 0).all()
    assert (result[valid] <= 1).all()
    for channel, out in zip(image, result, strict=True):
        ordered = np.argsort(channel[~np.isnan(channel)], kind="stable")
        assert (np.diff(out[~np.isnan(channel)][ordered]) >= 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_the_ends_are_exactly_zero_and_one(seed):
    """float32 pixels against float64 bounds used to end at 1.0000001."""
    image = np.random.default_rng(seed).normal(2655, 197, (1, 256, 256)).astype(np.float32)
    result = MultiChannelNormalizer().percentile_clip(image)
    assert result.min() == 0.0
    assert result.max() == 1.0
    assert not np.signbit(result).any()


def test_mostly_one_value_becomes_zeros():
    """1% of outliers: both percentiles coincide, and nothing is divided by nothing."""
    image = np.full((1, 100, 100), 7.0)
    image[0, 0, :50] = 1e6
    image[0, 1, :50] = -1e6
    result = MultiChannelNormalizer().percentile_clip(image, 2, 98)
    assert not result.any()
    assert not np.signbit(result).any()


def test_bounds_learned_on_training_images_keep_images_comparable():
    train = random_images(np.dtype(np.uint16), (4, 3, 30, 30))
    lower, upper = channel_percentiles(train, [2, 98])
    image = (train[0] // 2).astype(np.uint16)
    result = clip_and_rescale(image, lower, upper)
    expected = ((image - lower[:, None, None]) / (upper - lower)[:, None, None]).clip(0, 1)
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-7)
    own = MultiChannelNormalizer().percentile_clip(image, 2, 98)
    assert abs(own.mean() - MultiChannelNormalizer().percentile_clip(train[0], 2, 98).mean()) < 1e-3
    assert result.mean() < 0.6 * clip_and_rescale(train[0], lower, upper).mean()


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        ([0], [1, 1], "lower must hold a finite number for each of the 2 channels"),
        ([0, 0], 1, "upper must hold"),
        ([0, np.nan], [1, 1], "lower must hold a finite"),
        ([0, 2], [1, 1], "lower must not exceed upper"),
    ],
)
def test_bad_bounds_are_refused(lower, upper, message):
    with pytest.raises(ValueError, match=message):
        clip_and_rescale(np.zeros((2, 3, 3)), lower, upper)


def test_channel_table_reads_like_numpy():
    image = random_images(np.dtype(np.float64))
    image[:, 1, :3] = np.nan
    table = channel_table(image, names=["a", "b", "<c>"])
    np.testing.assert_allclose(table.mean, np.nanmean(image, axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(table.std, np.nanstd(image, axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_array_equal(table.minimum, np.nanmin(image, axis=(0, 2, 3)))
    np.testing.assert_array_equal(table.maximum, np.nanmax(image, axis=(0, 2, 3)))
    np.testing.assert_allclose(table.missing, [0, 3 / 17, 0])
    assert str(table).splitlines()[2].split()[:2] == ["b", "17.6%"]
    assert "&lt;c&gt;" in table._repr_html_()
    with pytest.raises(ValueError, match="names must hold a name for each of the 3"):
        channel_table(image, names=["a"])
