"""The verdicts of section E3, each against something computed another way."""

import numpy as np
import pytest

from lessonlib.errata import e3

SEEDS = 200


def row(identifier):
    return next(r for r in e3.ROWS if r.id == identifier)


@pytest.fixture(scope="module")
def measured():
    return {r.id: r.measured(SEEDS) for r in e3.ROWS}


def test_e3_1_rows_sum_to_more_than_one(measured):
    got = measured["E3.1"]
    assert row("E3.1").verdict == "BUG"
    # happy: 0.2 left for six cells, given out as 0.2 (1/6 + 1/5 + ... + 1)
    harmonic = sum(1 / k for k in range(1, 7))
    assert e3.leaky_rows()[3].sum() == pytest.approx(0.8 + 0.2 * harmonic)
    assert got["happy"] == pytest.approx(0.8 / (0.8 + 0.2 * harmonic))
    # disgusted: 0.28 left for five
    five = sum(1 / k for k in range(1, 6))
    assert got["disgusted"] == pytest.approx(0.6 / (0.72 + 0.28 * five))
    assert 1.2 < got["lowest"] < got["highest"] < 1.4
    assert got["ours"] < 1e-12


def test_e3_2_to_4_rankings(measured):
    got = measured["E3.2"]
    assert [row(f"E3.{k}").verdict for k in (2, 3, 4)] == ["FALSE", "DEPENDS", "FALSE"]
    assert got["coded_first"].high < 0.1
    assert got["mended_first"].low > 0.85
    assert got["mended_all_four"].high < 0.5
    assert got["coded_all_four"].value == 0
    assert 0.5 < got["coded_happy"].low < got["mended_happy"].high
    assert got["coded_hardest"].high < 0.1
    assert got["lowest"].startswith("surprised")


def test_e3_5_half_of_the_gain_needs_no_boost(measured):
    got = measured["E3.5"]
    assert row("E3.5").verdict == "MISLEADING"
    assert got["nothing"].low > 0.005
    assert got["fresh"].value - got["nothing"].value == pytest.approx(
        (got["least"] + got["most"]) / 2, abs=0.012
    )
    assert 0.02 < got["least"] < got["most"] < 0.05


def test_e3_6_arguments_stay(measured):
    got = measured["E3.6"]
    assert row("E3.6").verdict == "BUG"
    assert got["after"] == 0.8
    assert got["kept"] == pytest.approx(0.97)
    assert got["refused"] == 1


def test_mended_chances_are_those_of_the_library():
    assert np.allclose(e3.chances(leaky=False).sum(axis=1), 1)
    assert not np.allclose(e3.chances(leaky=True), e3.chances(leaky=False), atol=0.05)
