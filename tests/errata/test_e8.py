"""The verdicts of section E8, each against something computed another way."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import precision_score, roc_auc_score, roc_curve

from lessonlib.errata import e8, rows

SEEDS = 60
VERDICTS = {
    "E8.1": "BUG",
    "E8.2": "GAP",
    "E8.3": "GAP",
    "E8.4": "MISLEADING",
    "E8.5": "MISLEADING",
    "E8.6": "GAP",
}


@pytest.fixture(scope="module")
def measured():
    return {row.id: row.measured(SEEDS) for row in e8.ROWS}


def test_the_rows_are_on_the_page():
    assert {row.id: row.verdict for row in rows() if row.section == "E8"} == VERDICTS


def test_e8_1_the_scan_stops_where_it_starts(measured):
    got = measured["E8.1"]
    assert got["zero"].value == 1
    assert got["zero"].low > 0.9
    labels, scores = e8.screening_scores(0)
    fpr, tpr, thresholds = roc_curve(labels, scores)
    first = np.argmax(tpr >= 0.95)
    assert thresholds[first] > 0.3
    assert 1 - fpr[first] > 0.9
    assert got["threshold"].low < thresholds[first] < got["threshold"].high
    assert got["specificity"].low > 0.85


def test_e8_2_a_coin_flip_whether_the_sensitivity_holds(measured):
    got = measured["E8.2"]
    assert (got["interval"].low, got["interval"].high) == pytest.approx((0.863, 0.995), abs=5e-4)
    assert got["below"].low < got["exact"] < got["below"].high
    # of 50 draws fewer than three below the 5% point: then the third lowest is above it
    assert got["exact"] == pytest.approx(stats.binom.cdf(2, 50, 0.05))
    assert got["true"].low < 0.9
    assert got["true"].high > 0.97
    # the third smallest of 50: its rank in everyone is a beta variable, whatever the scores
    expected = stats.beta(50 - 2, 3).ppf([0.025, 0.5, 0.975])
    assert got["true"] == pytest.approx((expected[1], expected[0], expected[2]), abs=0.012)


def test_e8_3_inputs(measured):
    got = measured["E8.3"]
    assert got["healthy"] == "AUC nan, no threshold"
    assert got["ill"] == "AUC nan, threshold 0"
    assert got["alike"] == got["signs"] == got["nan"] == "ValueError"
    assert got["lists"] == "TypeError"
    assert got["logits"] == "AUC 1.0, no threshold"
    assert (got["refused"], got["worked"]) == (5, 2)


def test_e8_4_ppv_by_counting_people(measured):
    got = measured["E8.4"]
    for prevalence, value in zip((0.05, 0.02, 0.01, 0.005, 0.001), got["ppv"], strict=True):
        n_ill, n_healthy = round(1e6 * prevalence), round(1e6 * (1 - prevalence))
        labels = np.repeat([1, 0], [n_ill, n_healthy])
        found, alarms = round(0.94 * n_ill), round(16 / 950 * n_healthy)
        called = np.r_[np.arange(n_ill) < found, np.arange(n_healthy) < alarms]
        assert value == pytest.approx(precision_score(labels, called), abs=1e-4)
    assert got["printed"] == pytest.approx(0.746, abs=5e-4)
    assert 0.002 < got["found"] < got["all_ill"] < 0.01


def test_e8_5_equal_areas_unequal_models(measured):
    got = measured["E8.5"]
    rng = np.random.default_rng(0)
    n = 100_000
    labels = np.repeat([0, 1], n)
    for k, model in enumerate(e8.THREE_MODELS.values()):
        scores = np.r_[rng.normal(size=n), rng.normal(model.mean, model.spread, n)]
        assert roc_auc_score(labels, scores) == pytest.approx(0.9, abs=0.004)
        fpr, tpr, _ = roc_curve(labels, scores)
        assert 1 - fpr[np.argmax(tpr >= 0.95)] == pytest.approx(got["screening"][k], abs=0.015)
        assert tpr[fpr <= 0.01].max() == pytest.approx(got["confirming"][k], abs=0.015)
    assert np.argmax(got["screening"]) != np.argmax(got["confirming"])
    assert np.ptp(got["confirming"]) > 0.5


def test_e8_6_scores_are_no_probabilities(measured):
    got = measured["E8.6"]
    rng = np.random.default_rng(0)
    scores = np.r_[rng.beta(2, 8, 1_900_000), rng.beta(8, 3, 100_000)]
    ill = np.arange(2_000_000) >= 1_900_000
    for score, name in ((0.5, "at_half"), (0.7, "at_seven")):
        near = np.abs(scores - score) < 0.01
        assert ill[near].mean() == pytest.approx(got[name], abs=0.02)
    assert got["at_half"] < 0.2
    assert got["at_seven"] > 0.8
