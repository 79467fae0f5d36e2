"""Exercise 3's class, against NumPy and SciPy."""

import numpy as np
import pytest

from lessonlib.scientific import ScientificImageAnalyzer

RANGES = [(0, 255)] * 3 + [(500, 3000)] * 2 + [(250, 320)] + [(-25, 5)] * 2


@pytest.fixture(scope="module")
def analyzer():
    return ScientificImageAnalyzer()


@pytest.fixture(scope="module")
def image(analyzer):
    return analyzer.generate()


@pytest.mark.parametrize(("size", "seed"), [(128, 42), (64, 0), (33, 7), (2, 1)])
def test_generate(size, seed):
    image = ScientificImageAnalyzer(size, seed).generate()
    assert image.shape == (8, size, size)
    assert image.dtype == np.float64
    for channel, (low, high) in zip(image, RANGES, strict=True):
        assert low <= channel.min() < channel.max() <= high
    np.testing.assert_array_equal(image, ScientificImageAnalyzer(size, seed).generate())
    assert (image != ScientificImageAnalyzer(size, seed + 1).generate()).any()


def test_channels_are_correlated_enough_to_test_with(image):
    correlation = np.corrcoef(image.reshape(8, -1))
    assert np.median(np.abs(correlation[np.triu_indices(8, 1)])) > 0.5
    assert correlation[0, 3] < -0.8  # plants absorb red and reflect near infrared


def test_normalize_clip_statistics(analyzer, image):
    mean, std = image.mean((1, 2), keepdims=True), image.std((1, 2), keepdims=True)
    z = analyzer.per_channel_normalize(image)
    assert z.dtype == np.float64
    np.testing.assert_allclose(z, (image - mean) / std, atol=1e-12)
    low, high = np.percentile(image, [2, 98], axis=(1, 2), keepdims=True)
    expected = (image.clip(low, high) - low) / (high - low)
    np.testing.assert_allclose(analyzer.percentile_clip(image), expected, atol=1e-15)
    table = analyzer.channel_statistics(image)
    reference = [f(image, axis=(1, 2)) for f in (np.mean, np.std, np.min, np.max)]
    np.testing.assert_allclose(table, np.stack(reference, axis=1), rtol=1e-13)


def test_constant_channels(analyzer):
    image = np.random.default_rng(0).normal(size=(5, 20, 20))
    image[2] = 0.1
    assert not analyzer.per_channel_normalize(image)[2].any()
    assert not analyzer.percentile_clip(image)[2].any()
    correlation = analyzer.channel_correlation(image)
    others = [0, 1, 3, 4]
    assert not correlation[2, others].any()
    assert not correlation[others, 2].any()
    assert np.isfinite(correlation).all()


def test_correlation_is_pearson(analyzer, image):
    expected = np.corrcoef(image.reshape(8, -1))
    np.testing.assert_allclose(analyzer.channel_correlation(image), expected, atol=1e-12)


def test_ndvi(analyzer, image):
    expected = (image[3] - image[0]) / (image[3] + image[0] + 1e-8)
    np.testing.assert_array_equal(analyzer.compute_ndvi(image), expected)
    statistics = analyzer.ndvi_statistics(image)
    assert statistics["mean"] == expected.mean()
    assert statistics["std"] == expected.std()
    assert statistics["vegetation_fraction"] == 1.0
    small = np.zeros((4, 2, 2), np.uint8)
    small[0], small[3] = 200, 100
    np.testing.assert_allclose(analyzer.compute_ndvi(small), -1 / 3)
    half = np.zeros((4, 1, 2))
    half[0], half[3] = 1.0, [[1.0, 9.0]]
    assert analyzer.ndvi_statistics(half)["vegetation_fraction"] == 0.5


def test_run(analyzer, image, capsys):
    result = analyzer.run()
    out = capsys.readouterr().out
    assert all(word in out for word in ("Before", "After", "NDVI", "thermal", "correlation"))
    np.testing.assert_array_equal(result["before"], analyzer.channel_statistics(image))
    np.testing.assert_allclose(result["after"][:, 0], 0, atol=1e-13)
    np.testing.assert_allclose(result["after"][:, 1], 1, atol=1e-13)
    assert result["ndvi"] == analyzer.ndvi_statistics(image)
    assert result["correlation_change"]["zscore"] < 1e-12
    before, after = (
        np.corrcoef(x.reshape(8, -1)) for x in (image, analyzer.percentile_clip(image))
    )
    assert result["correlation_change"]["clip"] == pytest.approx(np.abs(after - before).max())
    assert result["correlation_change"]["clip"] > 1e-3


def test_arguments_stay_as_they_were(analyzer, image):
    copy = image.copy()
    copy.setflags(write=False)
    for method in (
        "per_channel_normalize",
        "percentile_clip",
        "compute_ndvi",
        "channel_statistics",
        "ndvi_statistics",
        "channel_correlation",
    ):
        getattr(analyzer, method)(copy)


@pytest.mark.parametrize(("size", "seed"), [(1, 0), (8.0, 0), (8, -1), ("8", 0)])
def test_bad_arguments(size, seed):
    with pytest.raises((TypeError, ValueError), match=r"size|seed"):
        ScientificImageAnalyzer(size, seed)


def test_bad_images(analyzer):
    with pytest.raises(ValueError, match=r"image must have shape \(C, H, W\)"):
        analyzer.per_channel_normalize(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="at least 4 channels"):
        analyzer.compute_ndvi(np.zeros((3, 2, 2)))
