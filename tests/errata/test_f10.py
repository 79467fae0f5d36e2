"""The rows about the sky, each against something computed another way."""

import numpy as np
import pytest
from scipy.stats import norm, poisson

from lessonlib import images
from lessonlib.errata import f10, rows

VERDICTS = {"F10": "TRUE", "F21": "DEPENDS", "F22": "DEPENDS", "F23": "TRUE"}


@pytest.fixture(scope="module")
def measured():
    return {row.id: row.measured(30) for row in f10.ROWS}


def test_the_rows_are_on_the_page():
    assert VERDICTS.items() <= {row.id: row.verdict for row in rows()}.items()


def test_f21_range_of_a_frame(measured):
    got = measured["F21"]
    raw = images.ccd_frame()
    light = raw.pixels[25:50, 150:190].astype(float)  # a star, and no hit
    sky = np.median(raw.pixels[raw.trim][:512]) - 214
    pair = raw.pixels[420:446, 440:462].max() - 214 - sky  # the brightest one
    assert got["sky"] == pytest.approx(pair / sky, rel=0.02)
    assert got["noise"] == pytest.approx(1.9 * pair / np.sqrt(1.9 * sky + 25), rel=0.02)
    assert light.max() - 214 < 100 * sky
    assert got["noise"] < 1000 < got["steps"]
    assert 10 ** (0.4 * (21.7 - got["magnitude"])) == pytest.approx(1e6)


def test_f22_counts_and_their_promise(measured):
    got = measured["F22"]
    assert got["few"] == pytest.approx(poisson.sf(1, 0.1) / norm.sf(5))
    assert got["many"] == pytest.approx(poisson.sf(10_499, 10_000) / norm.sf(5))
    assert got["few"] > 1e4
    assert got["many"] < 1.5
    assert got["measured"] == pytest.approx(got["expected"], rel=0.04)


def test_f23_peaks_of_noise(measured):
    got = measured["F23"]
    assert got["three"].low > 1  # more than one false star a frame
    assert got["five"] < 0.1
    assert got["half"] == pytest.approx(0.5)
    assert got["missed"] == pytest.approx(norm.cdf(2), abs=0.03)
    # fewer than independent pixels would give, more than independent stars' places
    sigma = 4 / 2.3548
    assert 128**2 / (4 * np.pi * sigma**2) * norm.sf(3) < got["three"].value < 128**2 * norm.sf(3)
