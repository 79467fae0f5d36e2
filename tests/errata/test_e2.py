"""The verdicts of section E2, each against something computed another way."""

import numpy as np
import pytest

from lessonlib.errata import e2

SEEDS = 20


def row(identifier):
    return next(r for r in e2.ROWS if r.id == identifier)


@pytest.fixture(scope="module")
def measured():
    return {r.id: r.measured(SEEDS) for r in e2.ROWS}


def test_e2_1_the_eyes_land_where_they_should(measured):
    assert row("E2.1").verdict == "TRUE"
    assert max(measured["E2.1"].values()) < 1e-9


def test_e2_2_the_mouth_hangs_by_the_angle_that_was_corrected(measured):
    assert row("E2.2").verdict == "MISLEADING"
    assert measured["E2.2"]["excess"] < 1e-9
    assert measured["E2.2"]["rigid"] < 1e-9


def test_e2_3_two_marks_enlarge_a_turned_head(measured):
    got = measured["E2.3"]
    assert row("E2.3").verdict == "MISLEADING"
    assert got["scale_45"] == pytest.approx(np.sqrt(2))
    assert got["scale_60"] == pytest.approx(2)
    # the mouth lies 1.155 eye distances below the eyes, scaled by the same factor
    assert got["mouth_45"] == pytest.approx(112 + np.sqrt(2) * 70 * 1.155)
    assert got["mouth_60"] > got["mouth_45"] > 224
    assert 1 < got["five_45"] < 1.15
    assert got["rms_45"] > 5


def test_e2_4_refusals(measured):
    got = measured["E2.4"]
    assert row("E2.4").verdict == "GAP"
    assert got["refused"] == 1
    assert got["turned"] == pytest.approx(180)
    assert got["rms"] > 20
