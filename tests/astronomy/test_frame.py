"""The calibrated frame by plain arithmetic on the file's numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lessonlib import images
from lessonlib.astronomy import calibrate


@pytest.fixture(scope="module")
def frame():
    return images.ccd_frame()


def test_electrons_are_gain_times_counts_above_the_offset(frame):
    got = calibrate(frame)
    strip = frame.pixels[frame.overscan].astype(float)
    row = np.arange(520)
    line = np.polyval(np.polyfit(row, np.median(strip, axis=1), 1), row)
    expected = 1.9 * (frame.pixels[frame.trim].astype(float) - line[:, None])[:512]
    np.testing.assert_allclose(got.image, expected, atol=1e-8)
    np.testing.assert_allclose(got.offset, line, atol=1e-9)
    np.testing.assert_allclose(got.deviation, np.sqrt(np.maximum(expected, 0) + 25), rtol=1e-9)
    assert got.dark_rows == 8
    assert "512 x 512" in str(got)


def test_each_rows_own_median_brings_its_noise_along(frame):
    rows, line = calibrate(frame, degree=None), calibrate(frame, degree=1)
    strip = frame.pixels[frame.overscan]
    np.testing.assert_allclose(rows.offset, np.median(strip, axis=1))

    def scatter(image):
        return np.std(np.diff(np.median(image, axis=1)))

    assert scatter(rows.image) > 1.8 * scatter(line.image)


def test_the_read_noise_measured_is_near_the_headers(frame):
    strip = frame.pixels[frame.overscan][:512].astype(float)
    got = calibrate(frame).read_noise
    assert got == pytest.approx(1.9 * strip.std(), rel=0.03)
    assert 5 < got < 6.5


def test_the_noise_of_the_sky_is_that_of_its_photons(frame):
    got = calibrate(frame)
    spread = np.diff(got.image, axis=1).ravel() / np.sqrt(2)
    measured = 1.4826 * np.median(np.abs(spread - np.median(spread)))
    assert measured == pytest.approx(np.median(got.deviation), rel=0.04)


def test_a_constant_offset_moves_nothing(frame):
    shifted = dataclasses.replace(frame, pixels=frame.pixels + np.uint16(100))
    np.testing.assert_allclose(calibrate(shifted).image, calibrate(frame).image, atol=1e-6)


def test_nothing_is_written_to_the_frame(frame):
    before = frame.pixels.copy()
    calibrate(frame).image[:] = 0
    np.testing.assert_array_equal(frame.pixels, before)


def test_other_things_are_refused(frame):
    with pytest.raises(TypeError, match="ccd_frame"):
        calibrate(frame.pixels)
    with pytest.raises(ValueError, match="degree"):
        calibrate(frame, degree=-1)
