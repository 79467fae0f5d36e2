import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import block_reduce

from lessonlib.images.acquisition import Acquisition

RNG = np.random.default_rng(0)
SCENE = RNG.random((37, 50))


def test_the_default_changes_nothing():
    assert np.array_equal(Acquisition()(SCENE, seed=1), SCENE)


@given(
    st.floats(0.2, 3), st.floats(0.3, 3), st.integers(1, 7), st.integers(5, 20), st.integers(5, 20)
)
@settings(deadline=None, max_examples=40)
def test_gain_binning_and_gamma_as_the_equation_says(gain, gamma, size, height, width):
    scene = np.random.default_rng(height * 31 + width).random((height, width))
    got = Acquisition(gain=gain, gamma=gamma, binning=size)(scene)
    for y in range(height):
        for x in range(width):
            rows = np.minimum(np.arange(y - y % size, y - y % size + size), height - 1)
            cols = np.minimum(np.arange(x - x % size, x - x % size + size), width - 1)
            block = scene[np.ix_(rows, cols)]
            assert got[y, x] == pytest.approx(min(gain * block.mean(), 1.0) ** gamma, rel=1e-9)


def test_binning_equals_scikit_images_block_mean_where_the_shape_divides():
    scene = RNG.random((12, 20))
    got = Acquisition(binning=4)(scene)
    np.testing.assert_allclose(got[::4, ::4], block_reduce(scene, (4, 4), np.mean), rtol=1e-12)


def test_blur_has_the_standard_deviation_asked_for():
    point = np.zeros((61, 61))
    point[30, 30] = 1.0
    image = Acquisition(blur=3.0)(point)
    axis = np.arange(61) - 30
    assert image.sum() == pytest.approx(1)
    assert (image * axis**2).sum() ** 0.5 == pytest.approx(3.0, rel=0.01)
    assert (image.T * axis**2).sum() ** 0.5 == pytest.approx(3.0, rel=0.01)


@pytest.mark.parametrize("gamma", [1.0, 0.5])
def test_noise_comes_before_the_response_curve(gamma):
    image = Acquisition(noise=0.02, gamma=gamma)(np.full((300, 300), 0.5), seed=3)
    # error propagation: the slope of v**gamma at 0.5
    expected = 0.02 * gamma * 0.5 ** (gamma - 1)
    assert image.std() == pytest.approx(expected, rel=0.03)
    assert image.mean() == pytest.approx(0.5**gamma, abs=0.001)


def test_noise_is_drawn_per_detector_pixel_after_blur_and_gain():
    image = Acquisition(gain=0.5, blur=5, noise=0.05, binning=3)(np.full((300, 300), 0.8), seed=3)
    pixels = image[::3, ::3]
    assert np.array_equal(image, pixels.repeat(3, 0).repeat(3, 1))
    assert pixels.std() == pytest.approx(0.05, rel=0.03)
    assert abs(np.corrcoef(pixels[:, 1:].ravel(), pixels[:, :-1].ravel())[0, 1]) < 0.03


def test_a_seed_repeats_the_noise_and_a_generator_moves_on():
    camera = Acquisition(noise=0.1)
    assert np.array_equal(camera(SCENE, seed=1), camera(SCENE, seed=1))
    assert not np.array_equal(camera(SCENE, seed=1), camera(SCENE, seed=2))
    rng = np.random.default_rng(1)
    first, second = camera(SCENE, rng), camera(SCENE, rng)
    assert np.array_equal(first, camera(SCENE, seed=1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_dtype_range_and_the_input_are_kept(dtype):
    scene = SCENE.astype(dtype)
    before = scene.copy()
    image = Acquisition(gain=2, gamma=0.7, blur=1, noise=0.3, binning=4)(scene, seed=0)
    assert image.shape == scene.shape
    assert image.dtype == dtype
    assert image.min() >= 0
    assert image.max() <= 1
    assert np.array_equal(scene, before)


def test_images_of_a_stack_do_not_mix():
    stack = np.stack([np.zeros((20, 20)), np.ones((20, 20)), SCENE[:20, :20]])
    model = Acquisition(gain=0.9, gamma=0.8, blur=2, binning=3)
    np.testing.assert_allclose(model(stack), [model(image) for image in stack], rtol=1e-12)


@pytest.mark.parametrize(
    ("scene", "error", "words"),
    [
        (np.zeros((4, 4), np.uint16), TypeError, "divide by its largest"),
        (np.full((4, 4), 1.5), ValueError, r"scene must lie in \[0, 1\]"),
        (np.full((4, 4), -0.1), ValueError, r"scene must lie in \[0, 1\]"),
        (np.full((4, 4), np.nan), ValueError, r"scene must lie in \[0, 1\]"),
        (np.zeros(4), ValueError, "scene must have shape"),
        (np.zeros((0, 4)), ValueError, "scene must not be empty"),
    ],
)
def test_scenes_refused_by_name(scene, error, words):
    with pytest.raises(error, match=words):
        Acquisition()(scene)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"gain": 0}, ValueError),
        ({"gamma": -1}, ValueError),
        ({"blur": -1}, ValueError),
        ({"noise": float("nan")}, ValueError),
        ({"binning": 0}, ValueError),
        ({"binning": 1.5}, TypeError),
        ({"gain": "high"}, TypeError),
    ],
)
def test_parameters_refused_by_name(options, error):
    with pytest.raises(error, match=next(iter(options))):
        Acquisition(**options)
