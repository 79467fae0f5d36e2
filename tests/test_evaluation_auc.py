"""DeLong's interval and comparison and the bootstrap, against double loops and published values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from lessonlib import evaluation as ev
from tests.test_evaluation import labelled, random_cases


def placements(labels, scores):
    """Placement values by comparing every positive with every negative."""
    x, y = scores[labels == 1, None], scores[labels == 0]
    psi = (x > y) + 0.5 * (x == y)
    return psi.mean(axis=1), psi.mean(axis=0)


def covariance(labels, *models):
    """DeLong's covariance matrix of the models' areas, from the definition."""
    pairs = [placements(labels, scores) for scores in models]
    m, n = int(labels.sum()), int((1 - labels).sum())
    v10, v01 = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    matrix = np.atleast_2d(np.cov(v10)) / m + np.atleast_2d(np.cov(v01)) / n
    return v10.mean(axis=1), matrix


@given(labelled(minimum=4))
@settings(max_examples=200, deadline=None)
def test_auc_interval_is_delongs_by_brute_force(cases):
    labels, scores = cases
    got = ev.auc_interval(labels, scores)
    assert got.auc == pytest.approx(metrics.roc_auc_score(labels, scores))
    if min(labels.sum(), (1 - labels).sum()) < 2:
        assert np.isnan(got.standard_error)  # the spread of one case is not known
        return
    (area,), matrix = covariance(labels, scores)
    error = np.sqrt(matrix[0, 0])
    assert got.standard_error == pytest.approx(error, abs=1e-12)
    assert got.low == pytest.approx(max(0, area - 1.959964 * error), abs=1e-6)
    assert got.high == pytest.approx(min(1, area + 1.959964 * error), abs=1e-6)


# Counts of patients with a good and with a poor outcome after a subarachnoid haemorrhage at each
# of 50 levels of the protein S100b: the set aSAH of the R package pROC, whose own tests expect the
# AUC and the variance below.
GOOD_OUTCOME = """0 5 3 2 6 6 6 7 4 0 3 4 4 3 2 1 2 0 0 1 0 0 0 1 0 1 1 1 0 1 0 1 0 1 1 2 1 0 2
                  0 0 0 0 0 0 0 0 0 0 0"""
POOR_OUTCOME = """1 0 0 0 3 1 2 2 1 1 2 1 0 1 0 0 0 1 1 0 1 1 1 0 1 1 1 0 1 0 1 0 2 0 0 0 1 1 0
                  1 1 1 1 2 1 1 1 1 1 1"""


def test_auc_interval_is_procs():
    good, poor = (np.array(text.split(), int) for text in (GOOD_OUTCOME, POOR_OUTCOME))
    level = np.arange(50)
    scores = np.r_[np.repeat(level, good), np.repeat(level, poor)]
    got = ev.auc_interval(np.r_[np.zeros(72), np.ones(41)], scores)
    assert got.auc == pytest.approx(0.73136856368563685, abs=1e-15)
    assert got.standard_error**2 == pytest.approx(0.00266868245717244, rel=1e-12)


# DeLong, DeLong and Clarke-Pearson's own example as the manual of SAS/STAT (PROC LOGISTIC, example
# on comparing ROC curves) lists it: albumin, total protein, K-G score, 1 where surgery helped.
OVARIAN = """3.0 5.8 10 0 3.2 6.3 5 1 3.9 6.8 3 1 2.8 4.8 6 0 3.2 5.8 3 1 0.9 4.0 5 0 2.5 5.7 8 0
1.6 5.6 5 1 3.8 5.7 5 1 3.7 6.7 6 1 3.2 5.4 4 1 3.8 6.6 6 1 4.1 6.6 5 1 3.6 5.7 5 1 4.3 7.0 4 1
3.6 6.7 4 0 2.3 4.4 6 1 4.2 7.6 4 0 4.0 6.6 6 0 3.5 5.8 6 1 3.8 6.8 7 1 3.0 4.7 8 0 4.5 7.4 5 1
3.7 7.4 5 1 3.1 6.6 6 1 4.1 8.2 6 1 4.3 7.0 5 1 4.3 6.5 4 1 3.2 5.1 5 1 2.6 4.7 6 1 3.3 6.8 6 0
1.7 4.0 7 0 3.7 6.1 5 1 3.3 6.3 7 1 4.2 7.7 6 1 3.5 6.2 5 1 2.9 5.7 9 0 2.1 4.8 7 1 2.8 6.2 8 0
4.0 7.0 7 1 3.3 5.7 6 1 3.7 6.9 5 1 3.6 6.6 5 1"""


def test_comparison_on_delongs_own_patients():
    """Against the definition, with the ties that rounded laboratory values have."""
    albumin, protein, score, helped = np.array(OVARIAN.split(), float).reshape(-1, 4).T
    labels = helped.astype(int)
    for first in (albumin, protein):
        areas, matrix = covariance(labels, first, -score)
        got = ev.compare_auc(labels, first, -score)
        error = np.sqrt(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1])
        assert (got.auc_a, got.auc_b) == pytest.approx(tuple(areas))
        assert got.standard_error == pytest.approx(error)
        assert got.p_value == pytest.approx(stats.chi2.sf((np.subtract(*areas) / error) ** 2, 1))
        expected = matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1])
        assert got.correlation == pytest.approx(expected)


@given(labelled(minimum=6), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_comparison_by_brute_force(cases, seed):
    labels, scores = cases
    other = np.random.default_rng(seed).integers(0, 5, len(labels)).astype(float)
    got = ev.compare_auc(labels, scores, other)
    assert got.auc_a == ev.auc_interval(labels, scores).auc
    assert got.difference == pytest.approx(-ev.compare_auc(labels, other, scores).difference)
    if min(labels.sum(), (1 - labels).sum()) < 2:
        assert np.isnan(got.standard_error)
        return
    _, matrix = covariance(labels, scores, other)
    error = np.sqrt(max(0, matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1]))
    assert got.standard_error == pytest.approx(error, abs=1e-8)


def test_equal_models_do_not_differ():
    labels, scores = random_cases(0)
    got = ev.compare_auc(labels, scores, 3 * scores - 7)
    assert (got.difference, got.standard_error, got.p_value) == (0, 0, 1)
    assert got.correlation == pytest.approx(1)
    assert "difference +0.000" in str(got)


def test_coverage_of_the_interval_and_size_of_the_test():
    rng = np.random.default_rng(1)
    truth = stats.norm.cdf(1 / np.sqrt(2))
    labels = np.repeat([0, 1], [120, 60])
    inside, rejected = [], []
    for _ in range(400):
        signal = labels + rng.normal(0, 0.6, 180)
        a, b = (signal + rng.normal(0, 0.8, 180) for _ in range(2))  # same truth, correlated
        got = ev.auc_interval(labels, a)
        inside.append(got.low <= truth <= got.high)
        rejected.append(ev.compare_auc(labels, a, b).p_value < 0.05)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.035)
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.035)


# --- bootstrap --------------------------------------------------------------------------------


@given(labelled(), st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_every_resample_has_the_area_of_its_cases(cases, seed):
    """Draw the same cases and hand them to scikit-learn one by one."""
    labels, scores = cases
    got = ev.bootstrap_auc(labels, scores, n_resamples=5, seed=seed)
    assert got.auc == pytest.approx(metrics.roc_auc_score(labels, scores))
    rng = np.random.default_rng(seed)
    few, many = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    if len(few) > len(many):
        few, many = many, few
    few, many = few[np.argsort(scores[few])], many[np.argsort(scores[many])]
    for sample in got.samples:
        drawn = np.r_[
            few[rng.integers(len(few), size=len(few))],
            many[rng.integers(len(many), size=len(many))],
        ]
        assert sample == pytest.approx(metrics.roc_auc_score(labels[drawn], scores[drawn]))


def test_bootstrap_agrees_with_delong_on_many_cases():
    labels, scores = random_cases(0, 2000)
    delong = ev.auc_interval(labels, scores)
    got = ev.bootstrap_auc(labels, scores, n_resamples=2000)
    assert got.samples.std() == pytest.approx(delong.standard_error, rel=0.06)
    assert (got.low, got.high) == pytest.approx((delong.low, delong.high), abs=0.006)
    again = ev.bootstrap_auc(labels, scores, n_resamples=2000)
    assert np.array_equal(got.samples, again.samples)


def test_groups_are_drawn_whole():
    """Every case ten times, as one group: no more is known than from the cases once."""
    labels, scores = random_cases(1, 200)
    once = ev.bootstrap_auc(labels, scores, groups=np.arange(200))
    copies = (np.repeat(a, 10) for a in (labels, scores))
    honest = ev.bootstrap_auc(*copies, groups=np.repeat(np.arange(200), 10))
    naive = ev.bootstrap_auc(np.repeat(labels, 10), np.repeat(scores, 10))
    np.testing.assert_allclose(honest.samples, once.samples)
    assert naive.samples.std() < 0.4 * honest.samples.std()
    assert honest.n_groups == 200


def test_one_seed_draws_the_same_groups_for_two_models():
    """Rescaled scores rank alike, so that their areas differ in no resample."""
    labels, scores = random_cases(3, 200)
    groups = np.arange(200) // 5
    one, other = (
        ev.bootstrap_auc(labels, s, groups=groups, n_resamples=50, seed=4)
        for s in (scores, 5 * scores + 1)
    )
    assert np.array_equal(one.samples, other.samples)
    reverse = ev.bootstrap_auc(labels, -scores, groups=groups, n_resamples=50, seed=4)
    np.testing.assert_allclose(reverse.samples, 1 - one.samples)


def test_group_resamples_without_a_class_are_counted():
    labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.5, 0.4, 0.9])
    got = ev.bootstrap_auc(labels, scores, groups=list("aabb"), n_resamples=400)
    assert got.n_dropped + len(got.samples) == 400
    assert got.n_dropped / 400 == pytest.approx(0.5, abs=0.1)
    for groups, words in (
        ("aaaa", "two groups"),
        ("aab", "each of the 4 labels"),
        ([0, 1, np.nan, 1], "nan at index 2"),
    ):
        with pytest.raises(ValueError, match=words):
            ev.bootstrap_auc(labels, scores, groups=list(groups))


def test_ten_million_scores_fit():
    """Whole-number sums must not overflow: closed form on ties of ten million."""
    n = 5_000_000
    labels = np.r_[np.zeros(n, bool), np.ones(n, bool)]
    got = ev.auc_interval(labels, np.zeros(2 * n, np.float32))
    assert (got.auc, got.standard_error) == (0.5, 0)
