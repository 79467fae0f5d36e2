"""Segmentation of drawn nuclei of known number and outline; the samples it is taught on."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from lessonlib import images
from lessonlib.evaluation import mean_interval
from lessonlib.images import ImageFileError
from lessonlib.images.phantoms import nuclei_field
from lessonlib.microscopy import (
    average_precision,
    camera_frame,
    match_objects,
    nuclei_stack,
    samples,
    segment_nuclei,
)

STEPS = {"smooth": 1.5, "local": 6.0, "min_size": 30, "split": 0.75}


def test_separate_bright_nuclei_are_all_found_over_many_seeds():
    scores = [
        average_precision(field.labels, segment_nuclei(field.image, smooth=1.5, min_size=20))[0]
        for field in (
            nuclei_field(160, 8, gap=6, photons=(200, 300), seed=s) for s in range(20)
        )
    ]  # fmt: skip
    assert mean_interval(scores).low > 0.97


def test_splitting_separates_touching_discs_and_nothing_else():
    rows, columns = np.indices((60, 100))
    pair = np.hypot(rows - 30, columns - 35) < 14
    pair |= np.hypot(rows - 30, columns - 60) < 14
    assert segment_nuclei(pair * 100.0).max() == 1
    assert segment_nuclei(pair * 100.0, split=1.0).max() == 2
    one = np.hypot(rows - 30, columns - 50) < 14
    assert segment_nuclei(one * 100.0, split=1.0).max() == 1


def test_spacing_makes_flat_balls_whole():
    """Two touching balls, sliced three times as coarsely as the pixels."""
    z, y, x = np.indices((16, 40, 64)) * np.array([3, 1, 1])[:, None, None, None]
    balls = np.zeros(z.shape, bool)
    for centre in ((22, 20, 22), (22, 20, 42)):
        balls |= (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 < 12**2
    with_spacing = segment_nuclei(balls * 100.0, split=1.0, spacing=(3, 1, 1))
    assert with_spacing.max() == 2
    parts = ndimage.center_of_mass(balls, with_spacing, [1, 2])
    assert sorted(round(p[2]) for p in parts) == pytest.approx([21, 43], abs=3)


def test_spacing_is_in_the_distance_and_in_the_smoothing():
    """What would be one object if slices were as thick as pixels."""
    z, y, x = np.indices((20, 40, 40)) * np.array([3, 1, 1])[:, None, None, None]
    # one ball above the other: the neck is 13 pixels wide, a ball only 8 slices high. One is
    # smaller, since scikit-image never merges maxima of exactly the same height
    balls = ((z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 < 12**2) | (
        (z - 40) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 < 11**2
    )
    assert segment_nuclei(balls * 100.0, split=3.5, spacing=(3, 1, 1)).max() == 2
    assert segment_nuclei(balls * 100.0, split=3.5).max() == 1
    plates = np.zeros((10, 30, 30))
    plates[2:4, 5:25, 5:25] = plates[5:7, 5:25, 5:25] = 100
    assert segment_nuclei(plates, smooth=1.5, spacing=(3, 1, 1)).max() == 2
    assert segment_nuclei(plates, smooth=1.5).max() == 1


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.5, 50), st.integers(0, 3))
def test_turning_and_scaling_the_image_change_nothing(seed, factor, turns):
    image = nuclei_field(96, 6, seed=seed).image.astype(float)
    options = {"smooth": 1.5, "min_size": 20}
    first = segment_nuclei(image, **options)
    second = segment_nuclei(factor * np.rot90(image, turns), **options)
    back = np.rot90(second, -turns)
    # a pixel at the very threshold may fall to either side
    assert np.mean((first > 0) != (back > 0)) < 0.01
    assert first.dtype == np.int32
    assert set(np.unique(first)) == set(range(first.max() + 1))


def test_every_step_helps_on_the_real_nuclei_and_the_input_is_left_alone():
    nuclei = images.nuclei()
    before = nuclei.pixels.copy()
    scores, options = [], {}
    for name in ("smooth", "local", "split"):
        options |= {name: STEPS[name]}
        scores.append(match_objects(nuclei.labels, segment_nuclei(nuclei.pixels, **options)).tp)
    assert scores[0] < scores[1] < scores[2]
    np.testing.assert_array_equal(nuclei.pixels, before)
    assert segment_nuclei(np.full((9, 9), 3.0)).max() == 0


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"smooth": -1}, ValueError, "smooth"),
        ({"local": 0}, ValueError, "local"),
        ({"min_size": 1.5}, TypeError, "min_size"),
        ({"split": 0}, ValueError, "split"),
        ({"spacing": (1, 1, 1)}, ValueError, "spacing"),
        ({"spacing": (1, 0)}, ValueError, "spacing"),
    ],
)
def test_what_cannot_be_is_named(options, error, words):
    with pytest.raises(error, match=words):
        segment_nuclei(np.eye(20), **options)
    with pytest.raises(ValueError, match="image"):
        segment_nuclei(-np.eye(20))


# --- the samples -----------------------------------------------------------------------------


def test_the_frame_holds_whole_counts_with_its_card():
    frame = camera_frame()
    assert f"{frame.pixels.shape} {frame.pixels.dtype}" == frame.card.array
    values = np.unique(frame.pixels)
    assert np.diff(values[values < 150]).max() == 1  # every count occurs: never rescaled
    assert hashlib.sha256((samples.DATA / "terra_frame.tif").read_bytes()).hexdigest() == (
        frame.card.files[0].sha256
    )
    assert "Redistribution" in (samples.DATA / "terra_frame.LICENSE.txt").read_text()
    assert 0 <= frame.display().min() < frame.display().max() == 1


def test_a_damaged_frame_is_named(monkeypatch, tmp_path):
    (tmp_path / "terra_frame.tif").write_bytes(b"nothing")
    monkeypatch.setattr(samples, "DATA", tmp_path)
    with pytest.raises(ImageFileError, match="terra_frame"):
        camera_frame()
    with pytest.raises(ValueError, match="source"):
        samples.cut(tmp_path / "terra_frame.tif", tmp_path / "out.tif")


def test_the_stack_has_51_nuclei_twice_as_wide_as_thick():
    stack = nuclei_stack()
    assert f"{stack.pixels.shape} {stack.pixels.dtype}" == stack.card.array
    assert np.unique(stack.labels).tolist() == list(range(52))
    extents = np.array([[s.stop - s.start for s in box]
                        for box in ndimage.find_objects(stack.labels)])  # fmt: skip
    ratio = np.median(extents[:, 1:]) / np.median(extents[:, 0])
    assert round(ratio) == stack.spacing[0]
