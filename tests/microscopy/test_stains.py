"""Stains: drawn mixtures of known amounts, scikit-image, and least squares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import color

from lessonlib import images
from lessonlib.microscopy import STAINS, optical_density, separate_stains

few = settings(max_examples=40, deadline=None)
amount = st.floats(0, 0.8)
TWO = {name: STAINS[name] for name in ("haematoxylin", "DAB")}


def mixed(stains, amounts):
    unit = np.array([np.array(v) / np.linalg.norm(v) for v in stains.values()])
    return 10 ** -(np.asarray(amounts) @ unit)


@few
@given(amount, amount, amount)
def test_known_amounts_come_back(h, e, d):
    got = separate_stains(mixed(STAINS, [h, e, d]), STAINS)
    np.testing.assert_allclose(got.amounts, [h, e, d], atol=1e-9)
    assert got.residual == pytest.approx(0, abs=1e-9)
    two = separate_stains(mixed(TWO, [h, d]))
    assert (two.of("haematoxylin"), two.of("DAB")) == pytest.approx((h, d), abs=1e-9)
    assert two.residual == pytest.approx(0, abs=1e-9)


@few
@given(st.tuples(*[st.floats(0.01, 1)] * 3))
def test_it_is_the_least_squares_answer(rgb):
    got = separate_stains(np.array(rgb))
    unit = np.array([np.array(v) / np.linalg.norm(v) for v in TWO.values()])
    answer, rest, *_ = np.linalg.lstsq(unit.T, -np.log10(rgb), rcond=None)
    np.testing.assert_allclose(got.amounts, answer, atol=1e-9)
    assert got.residual**2 == pytest.approx(float(rest[0]), abs=1e-9)


def test_three_stains_are_scikit_images_rgb2hed():
    """In powers of ten instead of a million, and with negative amounts kept."""
    rgb = images.immunohistochemistry().pixels
    ours = separate_stains(rgb, STAINS).amounts
    theirs = 6 * color.rgb2hed(rgb)
    measured = rgb.min(axis=-1) > 0  # a black pixel's density is anybody's guess
    # its matrix holds the vectors as they are, ours at length one
    length = np.array([np.linalg.norm(v) for v in STAINS.values()])
    np.testing.assert_allclose(
        (np.maximum(ours, 0) / length)[measured], theirs[measured], atol=1e-9
    )


def test_two_stains_are_scikit_images_hdx():
    """A third vector at right angles to both takes the residual; scikit-image's is rounded."""
    rgb = images.immunohistochemistry().pixels
    ours = separate_stains(rgb)
    length = np.array([np.linalg.norm(v) for v in TWO.values()])
    theirs = 6 * color.separate_stains(rgb, color.hdx_from_rgb)
    measured = rgb.min(axis=-1) > 0
    for k in range(2):
        np.testing.assert_allclose(
            np.maximum(ours.amounts[..., k] / length[k], 0)[measured], theirs[..., k][measured],
            atol=0.012)  # fmt: skip


@few
@given(st.floats(0.05, 1), st.floats(0.05, 1))
def test_layers_add(first, second):
    one, two = optical_density(np.full(3, first)), optical_density(np.full(3, second))
    both = optical_density(np.full(3, first * second), white=1.0)
    if first * second > 0.5 / 255:
        np.testing.assert_allclose(one + two, both, atol=1e-9)


def test_bytes_and_floats_agree_and_black_is_bounded():
    rgb = images.immunohistochemistry().pixels
    before = rgb.copy()
    np.testing.assert_allclose(optical_density(rgb), optical_density(rgb / 255), atol=1e-9)
    np.testing.assert_array_equal(rgb, before)
    assert optical_density(np.zeros(3, np.uint8)) == pytest.approx(np.log10(510))
    assert optical_density(np.full(3, 200, np.uint8), white=200).tolist() == [0, 0, 0]


def test_a_picture_of_one_stain_holds_only_it():
    got = separate_stains(mixed(TWO, [[0.3, 0.5], [0.0, 0.7]]))
    again = separate_stains(got.picture("DAB"))
    np.testing.assert_allclose(again.of("DAB"), [0.5, 0.7], atol=1e-9)
    np.testing.assert_allclose(again.of("haematoxylin"), 0, atol=1e-9)
    with pytest.raises(ValueError, match="name"):
        got.of("eosin")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: optical_density(np.ones((4, 4))), ValueError, "rgb"),
        (lambda: optical_density(np.ones(3, int)), TypeError, "rgb"),
        (lambda: optical_density(np.array([1, 1, np.nan])), ValueError, "rgb"),
        (lambda: optical_density(np.array([1, 1, -0.1])), ValueError, "rgb"),
        (lambda: optical_density(np.ones(3), white=0), ValueError, "white"),
        (lambda: separate_stains(np.ones(3), {}), ValueError, "stains"),
        (lambda: separate_stains(np.ones(3), {"a": (1, 0)}), ValueError, "stains"),
        (lambda: separate_stains(np.ones(3), {"a": (0, 0, 0)}), ValueError, "stains"),
        (lambda: separate_stains(np.ones(3), {"a": (1, 1, 0), "b": (2, 2, 0)}), ValueError,
         "stains"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
