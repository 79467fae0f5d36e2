"""The verdicts of section E4, each against something computed another way."""

import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from lessonlib.errata import e4, rows

SEEDS = 100


def row(identifier):
    return next(r for r in rows() if r.id == identifier)


@pytest.fixture(scope="module")
def measured():
    return {r.id: r.measured(SEEDS) for r in e4.ROWS}


def test_e4_1_arithmetic(measured):
    got = measured["E4.1"]
    assert row("E4.1").verdict == "TRUE"
    assert got["hours"] == 500 * 15 / 60
    assert got["cost"] == 500 * 15 / 60 * 150 == 18_750
    assert (got["lowest"], got["highest"]) == (500 * 10 / 60 * 150, 500 * 30 * 3 / 60 * 150)


def test_e4_2_effective_size_is_about_twice_the_balanced_one(measured):
    got = measured["E4.2"]
    assert row("E4.2").verdict == "MISLEADING"
    assert [got[k] for k in ("rare", "pneumonia", "retina")] == pytest.approx([58.2, 950, 5100])
    for name, (total, positive) in e4.DATASETS.items():
        assert 1.6 < got[name] / (2 * min(positive, total - positive)) < 2
    simulated = got["simulated"]
    assert simulated.low < 58.2 < simulated.high
    assert simulated.low > 30  # the balanced size lies outside the interval
    assert simulated.high - simulated.low < 6


def test_e4_2_the_extra_negatives_help_a_classifier(measured):
    got = measured["E4.2"]
    assert got["gain"].low > 0.01  # 15/485 beats 15/15
    # and it is at least as good as the balanced set of the harmonic size
    assert got["lead"].low > -0.005
    assert got["auc_balanced"].high < got["auc_equivalent"].low
    assert got["auc_all"].high < 0.85  # the ceiling of the problem


def test_e4_2_closed_form_auc_agrees_with_drawn_cases():
    """The population AUC used there, against scikit-learn's on 20,000 fresh cases."""
    import numpy as np

    shift = np.full(5, norm.ppf(0.85) * np.sqrt(2 / 5))
    rng = np.random.default_rng(1)
    w = rng.normal(size=5) + 1
    y = np.repeat([1, 0], 10_000)
    X = rng.normal(size=(20_000, 5)) + shift * y[:, None]
    exact = norm.cdf(w @ shift / (np.sqrt(2) * np.linalg.norm(w)))
    assert roc_auc_score(y, X @ w) == pytest.approx(exact, abs=0.01)
    assert e4.auc_after_training(5000, 5000, 2) == pytest.approx(0.85, abs=0.001)


def test_e4_3_limits(measured):
    got = measured["E4.3"]
    assert row("E4.3").verdict == "GAP"
    assert got["prevalence"] == 0.05
    assert not got["strict_warns"]
    assert got["warnings"] == 1
    assert got["refused"] == 4
    assert (got["at_10"], got["at_30"]) == (12_500, 37_500)
