"""The verdicts of section E12, each against something computed another way."""

import numpy as np
import pytest
from scipy import ndimage

from lessonlib import images
from lessonlib.errata import e12, rows
from lessonlib.microscopy import camera_frame, nuclei_stack

SEEDS = 25
VERDICTS = {
    "E12.1": "DEPENDS",
    "E12.2": "DEPENDS",
    "E12.3": "TRUE",
    "E12.4": "GAP",
    "E12.5": "TRUE",
}


@pytest.fixture(scope="module")
def measured():
    return {row.id: row.measured(SEEDS) for row in e12.ROWS}


def test_the_rows_are_on_the_page():
    found = {row.id: row.verdict for row in rows() if row.section == "E12"}
    assert found == VERDICTS


def test_e12_1_one_grain_is_light_and_the_other_is_not(measured):
    got = measured["E12.1"]
    assert got["raw_gain"].low > 0.2
    assert got["raw_rise"] > 8
    assert got["bright"] > 0.85
    assert got["dark"] < 0.5
    assert got["published_light"] > 4
    assert got["published_rise"] < 1.3
    # by hand: differences of neighbours along rows, in dark and in bright places
    for pixels, factor in ((camera_frame().pixels, 5), (images.nuclei().pixels, 0)):
        x = pixels.astype(float)
        smooth = ndimage.uniform_filter(x, 9)[:, 1:]
        step = np.diff(x, axis=1) / np.sqrt(2)
        # inside a nucleus and on the ground, away from edges
        flat = ndimage.gaussian_gradient_magnitude(x, 3)[:, 1:]
        flat = flat < np.quantile(flat, 0.5)
        dark, bright = np.quantile(smooth[flat], [0.2, 0.98])
        ratio = step[flat & (smooth > bright)].var() / step[flat & (smooth < dark)].var()
        assert ratio > factor
        assert (ratio < 1.5) == (factor == 0)


def test_e12_2_channels_mix(measured):
    got = measured["E12.2"]
    rgb = images.immunohistochemistry().pixels.astype(float)
    absorbed = np.log(255) - np.log(np.maximum(rgb, 0.5))
    by_hand = np.corrcoef(absorbed.reshape(-1, 3).T)
    assert got["red_green"] == pytest.approx(by_hand[0, 1])
    assert got["red_blue"] == pytest.approx(by_hand[0, 2])
    assert min(got["red_green"], got["red_blue"]) > 0.8
    assert got["negative"] > 0.99
    assert got["excess"] > 0.3


def test_e12_3_sizes(measured):
    got = measured["E12.3"]
    labels = images.nuclei().labels
    areas = [np.sum(labels == i) for i in range(1, 126)]
    assert (got["smallest"], got["largest"]) == (min(areas), max(areas))
    assert got["smallest"] < 100 < 500 < got["largest"]
    assert got["whole"] > 5000
    stack = nuclei_stack().labels
    assert got["voxels"] == max(np.sum(stack == i) for i in range(1, 52))


def test_e12_4_the_spacing_pays_everywhere(measured):
    got = measured["E12.4"]
    assert got["better"] == got["settings"] == 9
    assert got["ratio"] > 1.4
    assert got["with_spacing"] > got["without"] + 0.1


def test_e12_5_crowding_costs(measured):
    got = measured["E12.5"]
    assert got["loss"].low > 0
    assert got["apart"].low > 0.95
    assert got["real_crowded"].value < got["real_apart"].value


def test_touching_is_a_distance_to_the_next():
    labels = images.nuclei().labels
    got = e12.touching_nuclei(labels)
    for number in (1, 20, 60, 100):
        others = (labels > 0) & (labels != number)
        distance = ndimage.distance_transform_edt(~others)[labels == number].min()
        assert got[number - 1] == (distance <= 5) or 4 < distance < 6.5
    assert 0.3 < got.mean() < 0.7
