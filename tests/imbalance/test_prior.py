"""What a loss makes of a probability: the closed form against numerical minima, and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit

from lessonlib.evaluation import adjust_prevalence, calibration
from lessonlib.imbalance import (
    assess,
    class_weights,
    restore_probability,
    train_head,
    trained_probability,
)

few = settings(max_examples=80, deadline=None)
gammas = st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0])
pairs = st.tuples(st.floats(0.01, 100), st.floats(0.01, 100))
shares = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@few
@given(st.floats(0.001, 0.999), pairs, gammas)
def test_it_is_where_the_expected_loss_is_smallest(eta, weights, gamma):
    """A group of look-alikes, a share eta of them positive: minimise their mean loss."""

    def expected(z):
        q, rest = expit(z), expit(-z)
        positive = -(rest**gamma) * np.log(q)
        negative = -(q**gamma) * np.log(rest)
        return eta * weights[1] * positive + (1 - eta) * weights[0] * negative

    grid = np.linspace(-25, 25, 2001)
    start = grid[np.argmin(expected(grid))]
    found = minimize_scalar(expected, bounds=(start - 0.05, start + 0.05), method="bounded",
                            options={"xatol": 1e-10}).x  # fmt: skip
    predicted = trained_probability(eta, weights=weights, gamma=gamma)
    assert float(predicted) == pytest.approx(expit(found), rel=2e-4, abs=1e-7)


@few
@given(shares, pairs, gammas)
def test_there_and_back(values, weights, gamma):
    said = trained_probability(values, weights=weights, gamma=gamma)
    back = restore_probability(said, weights=weights, gamma=gamma)
    assert np.all((said >= 0) & (said <= 1))
    # where q is so close to 1 that 1 - q has few digits, so has the answer
    digits = np.finfo(float).eps / np.maximum(np.minimum(said, 1 - said), 1e-300)
    np.testing.assert_allclose(back, values, atol=1e-9, rtol=0) if digits.max() < 1e-10 else None


@few
@given(shares, pairs)
def test_without_gamma_it_is_the_change_of_prevalence(values, weights):
    """Weights act as if the classes had been that much larger."""
    trained = weights[1] * 0.02 / (weights[1] * 0.02 + weights[0] * 0.98)
    got = restore_probability(values, weights=weights)
    np.testing.assert_allclose(got, adjust_prevalence(values, trained, 0.02), atol=1e-12)


@few
@given(shares, gammas)
def test_order_is_kept_and_the_middle_stays_without_weights(values, gamma):
    values = np.sort(values)
    assert np.all(np.diff(restore_probability(values, gamma=gamma)) >= -1e-15)
    assert float(restore_probability(0.5, gamma=gamma)) == pytest.approx(0.5)
    assert restore_probability([0.0, 1.0], gamma=gamma).tolist() == [0, 1]
    assert trained_probability([0.0, 1.0], gamma=gamma).tolist() == [0, 1]


def test_focal_loss_makes_rare_things_look_likelier():
    assert trained_probability(0.02, gamma=2) > 0.1
    assert trained_probability(0.02, gamma=2, weights=(0.75, 0.25)) > 0.05


@pytest.mark.parametrize("function", [restore_probability, trained_probability])
@pytest.mark.parametrize(
    ("value", "options", "error", "words"),
    [
        ([1.1], {}, ValueError, "prob"),
        ([np.nan], {}, ValueError, "prob"),
        (["a"], {}, TypeError, "prob"),
        ([0.5], {"weights": (0, 1)}, ValueError, "weights"),
        ([0.5], {"weights": 1}, ValueError, "weights"),
        ([0.5], {"weights": (1, 2, 3)}, ValueError, "weights"),
        ([0.5], {"gamma": -1}, ValueError, "gamma"),
    ],
)
def test_what_cannot_be_is_named(function, value, options, error, words):
    with pytest.raises(error, match=words):
        function(value, **options)


# --- models that are really trained ----------------------------------------------------------


def drawn(n, prevalence, seed):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) < round(n * prevalence))
    return rng.normal(size=(n, 2)) + 1.5 * y[:, None], y


@pytest.mark.parametrize(
    ("weights", "gamma"),
    [(None, 0), ((0.05, 0.95), 0), (None, 2), ((0.05, 0.95), 2), ((0.75, 0.25), 2)],
)
def test_a_trained_model_is_calibrated_after_it(weights, gamma):
    """Two Gaussians, so that a linear head can be right; 20,000 cases, so that it is."""
    X, y = drawn(20_000, 0.05, seed=0)
    fresh, truth = drawn(40_000, 0.05, seed=1)
    p = train_head(X, y, weights=weights, gamma=gamma, penalty=0).probability(fresh)
    restored = restore_probability(p, weights=weights or (1, 1), gamma=gamma)
    report = assess(truth, restored)
    assert 0.045 < report.mean_risk < 0.055
    # a focal head is linear in another link: its slope after the correction is not 1
    if gamma == 0:
        assert calibration(truth, restored).slope.value == pytest.approx(1, abs=0.08)
    if (weights, gamma) != (None, 0):
        assert abs(assess(truth, p).mean_risk - 0.05) > 0.02


# --- heads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, (0.02, 0.98)])
def test_gamma_0_is_scikit_learns_logistic_regression(weights):
    from sklearn.linear_model import LogisticRegression

    X, y = drawn(600, 0.05, seed=3)
    head = train_head(X, y, weights=weights, penalty=0.05)
    scale = (~y).sum() * weights[0] + y.sum() * weights[1] if weights else len(y)
    per_case = {
        0: len(y) / scale * (weights or (1, 1))[0],
        1: len(y) / scale * (weights or (1, 1))[1],
    }
    fit = LogisticRegression(C=1 / (0.05 * len(y)), class_weight=per_case, tol=1e-10).fit(X, y)
    assert head.weight == pytest.approx(fit.coef_[0], abs=1e-5)
    assert head.bias == pytest.approx(fit.intercept_[0], abs=1e-5)
    assert head.probability(X) == pytest.approx(fit.predict_proba(X)[:, 1], abs=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.05, 20), st.sampled_from([0.0, 2.0]))
def test_only_the_ratio_of_weights_matters(factor, gamma):
    X, y = drawn(200, 0.1, seed=4)
    w = class_weights([180, 20])
    a, b = (train_head(X, y, weights=v, gamma=gamma) for v in (w, factor * w))
    assert a.weight == pytest.approx(b.weight, abs=1e-5)


def test_the_gradient_vanishes_at_the_end():
    X, y = drawn(300, 0.1, seed=5)
    for gamma in (0.0, 0.5, 2.0):
        head = train_head(X, y, gamma=gamma, penalty=0.01)
        for k in range(2):
            step = np.zeros(2)
            step[k] = 1e-4
            around = [
                _objective(X, y, head.weight + s * step, head.bias, gamma) for s in (-1, 0, 1)
            ]
            assert around[1] == pytest.approx(head.loss)
            assert around[1] <= min(around) + 1e-12


def _objective(X, y, weight, bias, gamma):
    z = X @ weight + bias
    p = expit(np.where(y, z, -z))
    return np.mean(-((1 - p) ** gamma) * np.log(p)) + 0.005 * weight @ weight


@pytest.mark.parametrize(
    ("features", "labels", "options", "error", "words"),
    [
        (np.zeros((4, 2)), [0, 0, 0, 0], {}, ValueError, "labels"),
        (np.zeros((4, 2)), [0, 1], {}, ValueError, "labels"),
        (np.zeros(4), [0, 1, 0, 1], {}, ValueError, "features"),
        (np.full((2, 1), np.nan), [0, 1], {}, ValueError, "features"),
        (np.array([["a"], ["b"]]), [0, 1], {}, TypeError, "features"),
        (np.zeros((2, 1)), [0, 1], {"penalty": -1}, ValueError, "penalty"),
        (np.zeros((2, 1)), [0, 1], {"gamma": -1}, ValueError, "gamma"),
        (np.zeros((2, 1)), [0, 1], {"weights": (0, 1)}, ValueError, "weights"),
        (np.zeros((2, 1)), [0, 1], {"weights": (1, 1, 1)}, ValueError, "weights"),
    ],
)
def test_heads_refuse_by_name(features, labels, options, error, words):
    with pytest.raises(error, match=words):
        train_head(features, labels, **options)


# --- assessment ------------------------------------------------------------------------------


@few
@given(st.integers(0, 10**6), st.floats(0.01, 0.9), st.floats(0.02, 0.8))
def test_assessment_is_that_of_the_set_with_its_rows_repeated(seed, threshold, act_from):
    """At another prevalence: repeat the negatives until it holds, and count."""
    from sklearn.metrics import brier_score_loss, roc_auc_score

    rng = np.random.default_rng(seed)
    y = np.r_[np.ones(10), np.zeros(20)]
    p = rng.random(30)
    repeated = np.r_[np.arange(10), np.tile(np.arange(10, 30), 7)]  # 10 of 150
    got = assess(y, p, prevalence=1 / 15, threshold=threshold, act_from=act_from)
    Y, P = y[repeated], p[repeated]
    assert got.auc == pytest.approx(roc_auc_score(Y, P))
    assert got.mean_risk == pytest.approx(P.mean())
    assert got.brier == pytest.approx(brier_score_loss(Y, P))
    act = act_from / (1 - act_from)
    called = act_from <= P
    benefit = (np.sum(called & (Y == 1)) - np.sum(called & (Y == 0)) * act) / len(Y)
    assert got.net_benefit == pytest.approx(benefit)
    assert got.sensitivity == np.mean(p[:10] >= threshold)
    assert got.specificity == np.mean(p[10:] < threshold)
    assert "mean risk" in str(got)


def test_assessment_refuses_by_name():
    with pytest.raises(ValueError, match="y_true"):
        assess([0, 0], [0.1, 0.2])
    with pytest.raises(ValueError, match="y_prob"):
        assess([0, 1], [0.1, 1.2])
    with pytest.raises(ValueError, match="prevalence"):
        assess([0, 1], [0.1, 0.2], prevalence=0)
    with pytest.raises(ValueError, match="thresholds"):
        assess([0, 1], [0.1, 0.2], act_from=1)
