"""The camera's noise: against closed forms, exact phantoms, scikit-image, and a known camera."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from lessonlib import images
from lessonlib.evaluation import binomial_interval, mean_interval
from lessonlib.images.phantoms import nuclei_field
from lessonlib.microscopy import NoiseModel, fit_noise, noise_correlation
from lessonlib.microscopy.noise import _blocks, _ring

few = settings(max_examples=25, deadline=None)


@few
@given(st.floats(0.1, 5), st.floats(-50, 200), st.floats(0, 8), st.floats(0, 100))
def test_exposures_have_the_mean_and_the_variance_of_the_model(gain, offset, read, light):
    model = NoiseModel(gain, offset, read)
    x = model.expose(np.full(40_000, light), seed=1)
    mean = gain * light + offset
    variance = model.variance(mean)
    assert abs(x.mean() - mean) <= 5 * np.sqrt(variance / x.size) + 1e-9
    # the variance of a variance, with the Poisson part's fourth moment
    spread = np.sqrt((2 * variance**2 + gain**4 * light) / x.size)
    assert abs(x.var() - variance) <= 6 * spread + 1e-9
    assert model.photons(mean) == pytest.approx(light, abs=1e-9)


def test_the_fit_finds_a_known_camera_and_its_intervals_hold():
    """Drawn nuclei, exact light, 100 seeds."""
    truth = NoiseModel(gain=2.0, offset=100.0, read_noise=5.0)
    gains, held, line = [], 0, 0
    for seed in range(100):
        light = nuclei_field(192, 25, seed=seed).expected
        fit = fit_noise(truth.expose(light, seed))
        gains.append(fit.gain.value)
        held += fit.gain.low <= 2 <= fit.gain.high
        line += fit.intercept.low <= 5**2 - 2 * 100 <= fit.intercept.high
    assert mean_interval(gains).low - 0.03 < 2 < mean_interval(gains).high + 0.03
    assert binomial_interval(held, 100).low > 0.80
    assert binomial_interval(line, 100).low > 0.80


@few
@given(st.floats(0.2, 4), st.floats(0, 6), st.integers(0, 10**6))
def test_any_camera_is_found_within_a_few_per_cent(gain, read, seed):
    truth = NoiseModel(gain, 50.0, read * gain)
    rows = np.linspace(5, 300, 256)  # a ramp: the blocks are blind to it
    fit = fit_noise(truth.expose(np.tile(rows, (256, 1)), seed))
    half = fit.gain.high - fit.gain.value
    assert abs(fit.gain.value - gain) < 3 * half
    assert half < 0.15 * gain
    model = fit.model(50.0)
    assert model.offset == 50
    assert model.variance(150.0) == pytest.approx(truth.variance(150.0), rel=0.12)


@settings(max_examples=12, deadline=None)
@given(st.integers(-3, 3), st.integers(0, 1000))
def test_rescaling_an_image_rescales_its_gain(power, shift):
    x = nuclei_field(128, 8, seed=3).image.astype(float)
    before, after = fit_noise(x), fit_noise(2.0**power * x + shift)  # exact in binary
    assert after.gain.value == pytest.approx(2.0**power * before.gain.value, rel=1e-6)
    turned = fit_noise(x.T)  # a block turned is the same block
    assert turned.variance.mean() == pytest.approx(before.variance.mean(), rel=0.02)


def test_noise_without_light_has_no_slope_and_immerkaers_filter_finds_the_same_strength():
    light = nuclei_field(256, 40, seed=0).expected
    slopes = []
    for seed in range(40):
        x = light + np.random.default_rng(seed).normal(0, 5, light.shape)
        fit = fit_noise(x)
        slopes.append(fit.gain.value)
    assert mean_interval(slopes).low < 0 < mean_interval(slopes).high
    assert np.sqrt(fit.variance.mean()) == pytest.approx(5, rel=0.03)
    # another filter that is blind to planes, and the mean absolute value of a normal variable
    filtered = ndimage.convolve(x, np.outer([1, -2, 1], [1, -2, 1]))[1:-1, 1:-1]
    immerkaer = np.sqrt(np.pi / 2) * np.abs(filtered).mean() / 6
    assert immerkaer == pytest.approx(np.sqrt(fit.variance.mean()), rel=0.05)


def test_sorting_by_the_blocks_own_mean_would_flatten_the_line():
    """What the neighbours are for: in a flat field the naive curve shows structure of its own."""
    x = NoiseModel(1.0, 0.0, 6.0).expose(np.full((256, 256), 4.0), 0)
    blocks = _blocks(x).reshape(-1, 4)
    own, ring = blocks.mean(axis=1), _ring(_blocks(x)).mean(axis=-1)
    inner = _blocks(x)[1:-1, 1:-1].mean(axis=-1)
    assert abs(np.corrcoef(ring.ravel(), inner.ravel())[0, 1]) < 0.03
    dark, bright = own < np.quantile(own, 0.1), own > np.quantile(own, 0.9)
    assert blocks[bright].mean() - blocks[dark].mean() > 5  # ... of light that is all the same


def test_cosmic_rays_are_left_out():
    rng = np.random.default_rng(0)
    x = NoiseModel(1.0).expose(nuclei_field(256, 40, seed=1).expected, 2)
    clean = fit_noise(x).gain.value
    hit = x.copy()
    hit[rng.integers(0, 256, 200), rng.integers(0, 256, 200)] += 5000
    assert fit_noise(hit).gain.value == pytest.approx(clean, rel=0.1)
    assert fit_noise(hit, clip=1000).gain.low > 5 * clean or fit_noise(hit, clip=1000).gain.low < 0


def test_a_real_camera_gives_the_gain_of_its_header():
    """The CCD frame: overscan is darkness, the sky is light; its header says 1.9 electrons."""
    frame = images.ccd_frame()
    sky = fit_noise(frame.pixels[frame.trim])
    dark = frame.pixels[frame.overscan].astype(float)
    dark_variance = np.diff(dark, axis=0).var() / 2
    middle = len(sky.mean) // 2
    gain = (sky.variance[middle] - dark_variance) / (sky.mean[middle] - dark.mean())
    assert 1 / gain == pytest.approx(frame.gain, rel=0.05)


def test_correlation_is_that_of_the_filter_and_explains_a_small_gain():
    truth = NoiseModel(2.0, 100.0, 4.0)
    white, averaged, sheared = [], [], []
    for seed in range(15):
        light = nuclei_field((257, 256), 40, seed=seed).expected
        x = truth.expose(light, seed)
        white.append(noise_correlation(x))
        pairs = (x[:-1] + x[1:]) / 2
        averaged.append(noise_correlation(pairs))
        sheared.append([fit_noise(p).gain.value for p in (pairs, pairs[::2])])
    assert np.abs(np.mean(white, axis=0)).max() < 0.02
    np.testing.assert_allclose(np.mean(averaged, axis=0), [0.5, 0], atol=0.03)
    # the mean of two pixels has half the variance; differences of averaged rows half of that
    np.testing.assert_allclose(np.mean(sheared, axis=0), [0.5, 1.0], rtol=0.1)


@few
@given(st.floats(0, 0.9), st.integers(0, 10**6))
def test_correlation_of_a_weighted_pair(weight, seed):
    noise = np.random.default_rng(seed).normal(size=(200, 181))
    x = noise[:, :-1] + weight * noise[:, 1:]
    down, right = noise_correlation(x)
    assert abs(down) < 0.06
    assert right == pytest.approx(weight / (1 + weight**2), abs=0.06)
    np.testing.assert_allclose(noise_correlation(x.T), (right, down), atol=1e-12)


def test_the_frames_rows_share_noise_and_the_published_images_do_not():
    from lessonlib.microscopy import camera_frame

    down, right = noise_correlation(camera_frame().pixels)
    assert down == pytest.approx(0.5, abs=0.08)
    assert abs(right) < 0.1
    assert np.abs(noise_correlation(images.nuclei().pixels)).max() < 0.05


def test_the_real_frame_is_limited_by_photons_and_the_nuclei_are_not():
    from lessonlib.microscopy import camera_frame

    raw, nuclei = fit_noise(camera_frame().pixels[::2]), fit_noise(images.nuclei().pixels)
    assert raw.gain.low > 0.4
    assert raw.variance[-1] > 8 * raw.variance[0]
    assert nuclei.variance[-1] < 1.3 * nuclei.variance[0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: NoiseModel(gain=0), ValueError, "gain"),
        (lambda: NoiseModel(offset=np.nan), ValueError, "offset"),
        (lambda: NoiseModel(read_noise=-1), ValueError, "read_noise"),
        (lambda: NoiseModel().expose([-1.0]), ValueError, "photons"),
        (lambda: NoiseModel().expose([1.0], seed="a"), TypeError, "seed"),
        (lambda: fit_noise(np.zeros((8, 8))), ValueError, "image"),
        (lambda: fit_noise(np.zeros((32, 32))), ValueError, "image"),
        (lambda: fit_noise(np.zeros((32, 32, 3))), ValueError, "image"),
        (lambda: fit_noise(np.full((32, 32), np.nan)), ValueError, "image"),
        (lambda: fit_noise(np.full((32, 32), "a")), TypeError, "image"),
        (lambda: fit_noise(np.eye(32), bins=2), ValueError, "bins"),
        (lambda: fit_noise(np.eye(32), keep=0), ValueError, "keep"),
        (lambda: fit_noise(np.eye(32), clip=1), ValueError, "clip"),
        (lambda: noise_correlation(np.eye(8)), ValueError, "image"),
        (lambda: noise_correlation(np.ones((32, 32))), ValueError, "image"),
        (lambda: noise_correlation(np.eye(32), keep=2), ValueError, "keep"),
    ],
)
def test_what_cannot_be_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_no_camera_is_made_of_noise_that_falls_with_the_light():
    x = np.random.default_rng(0).normal(0, 1, (64, 64)) * np.linspace(3, 1, 64)
    fit = fit_noise(x + np.linspace(0, 100, 64))
    assert fit.gain.high < 0
    with pytest.raises(ValueError, match="not grow"):
        fit.model(0)
    assert "mean" in str(fit)
