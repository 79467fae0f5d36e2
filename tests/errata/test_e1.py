"""The verdicts of section E1, each against something computed another way."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lessonlib.errata import e1

SEEDS = 100


def row(identifier):
    return next(r for r in e1.ROWS if r.id == identifier)


@pytest.fixture(scope="module")
def measured():
    return {r.id: r.measured(SEEDS) for r in e1.ROWS}


def test_e1_1_and_2_a_decimal_has_slipped(measured):
    got = measured["E1.1"]
    assert row("E1.1").verdict == row("E1.2").verdict == "FALSE"
    assert got["exact"] == pytest.approx(1 / (1 + 512 * 0.15**2), abs=1e-3)
    assert got["measured"].low < got["exact"] < got["measured"].high
    assert got["inside"] == 0
    assert got["inside_small"] == 1
    assert (got["least"], got["most"]) == pytest.approx((0.01014, 0.01857), abs=2e-5)
    # drawn by hand, without the library
    rng = np.random.default_rng(0)
    v = np.zeros(512)
    v[0] = 1
    a, b = (v + rng.normal(0, got["least"], (2000, 512)) for _ in range(2))
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert cosine.mean() == pytest.approx(0.95, abs=1e-3)


def test_e1_3_no_threshold_separates(measured):
    got = measured["E1.3"]
    assert row("E1.3").verdict == "FALSE"
    assert got["gap"].high < 0
    assert got["positive"].value == 0
    assert got["positive_small"].low > 0.95
    aucs = [
        roc_auc_score(np.repeat([1, 0], [len(s), len(d)]), np.r_[s, d])
        for s, d in e1.studies(0.15, SEEDS)
    ]
    assert got["auc"].value == pytest.approx(np.mean(aucs))


def test_e1_4_the_accuracy_is_the_share_of_the_larger_class(measured):
    got = measured["E1.4"]
    assert row("E1.4").verdict == "MISLEADING"
    assert got["tpr"] < 0.01
    assert got["accuracy"] == pytest.approx(1000 / 1225, abs=1e-3)
    assert got["always_no"] == 1000 / 1225


def test_e1_5_the_overlap_begins_below_a_tenth(measured):
    got = measured["E1.5"]
    assert row("E1.5").verdict == "FALSE"
    assert got["at_07"].low > 0.5 > got["at_08"].high
    assert got["at_50"].value == 0
    assert got["cosine"] < 0.01


def test_e1_6_strangers_are_at_right_angles(measured):
    got = measured["E1.6"]
    assert row("E1.6").verdict == "TRUE"
    assert abs(got["mean"].value) < 0.002
    assert got["sd"] == pytest.approx(512**-0.5, rel=0.02)
    # the largest of 1,000 normal values lies near their 0.9994 quantile
    assert got["largest"].value == pytest.approx(3.24 / np.sqrt(512), rel=0.03)
