"""Operating points, reports, calibration and net benefit against scikit-learn and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics
from sklearn.calibration import calibration_curve
from statsmodels.stats.proportion import proportion_confint

from lessonlib import evaluation as ev

FUNCTIONS = {
    "auc_interval": ev.auc_interval,
    "bootstrap_auc": lambda y, s: ev.bootstrap_auc(y, s, n_resamples=3),
    "calibration": lambda y, s: ev.calibration(y, s, n_simulations=1),
    "compare_auc": lambda y, s: ev.compare_auc(y, s, s),
    "confirmation_point": ev.confirmation_point,
    "net_benefit": lambda y, s: ev.net_benefit(y, s, [0.5]),
    "operating_point": ev.operating_point,
    "reliability_curve": ev.reliability_curve,
    "roc_curve": ev.roc_curve,
}
ONE_CLASS = {
    "medical_evaluation": ev.medical_evaluation,
    "at_threshold": lambda y, s: ev.at_threshold(y, s, 0.5),
}
GOOD = np.array([0, 1, 0, 1, 1, 0]), np.array([0.1, 0.8, 0.6, 0.4, 0.9, 0.2])


def labelled(minimum=2, maximum=60, probabilities=False):
    """Labels of both classes with coarse scores, so that ties are common."""
    scores = st.integers(1, 9).map(lambda k: k / 10)
    if not probabilities:
        scores |= st.floats(-1e6, 1e6)
    pairs = st.lists(st.tuples(st.integers(0, 1), scores), min_size=minimum, max_size=maximum)
    return pairs.filter(lambda rows: len({y for y, _ in rows}) == 2).map(
        lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
    )


def random_cases(seed, n=400, digits=2):
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.3
    return labels.astype(int), np.round(rng.beta(2 + 2 * labels, 4), digits)


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*FUNCTIONS, *ONE_CLASS])
@pytest.mark.parametrize(
    ("labels", "scores", "error", "words"),
    [
        (GOOD[0], np.where(GOOD[1] == 0.6, np.nan, GOOD[1]), ValueError, "must be finite.*index 2"),
        (GOOD[0], np.where(GOOD[1] == 0.6, np.inf, GOOD[1]), ValueError, "must be finite.*index 2"),
        (GOOD[0], GOOD[1][:5], ValueError, "each of the 6 labels, got 5"),
        (2 * GOOD[0] - 1, GOOD[1], ValueError, "y_true must hold 0 and 1 only, got -1"),
        (GOOD[0] / 2, GOOD[1], ValueError, "y_true must hold 0 and 1 only, got 0.5"),
        (np.where(GOOD[0] == 1, np.nan, 0), GOOD[1], ValueError, "y_true .* got NaN at index 1"),
        (GOOD[0].astype(str), GOOD[1], TypeError, "y_true must hold numbers"),
        (GOOD[0], GOOD[1].astype(str), TypeError, "must hold numbers"),
        (GOOD[0][:, None], GOOD[1], ValueError, r"y_true must have shape \(N,\)"),
        (np.array([]), np.array([]), ValueError, "y_true must not be empty"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name, labels, scores, error, words):
    with pytest.raises(error, match=words):
        (FUNCTIONS | ONE_CLASS)[name](labels, scores)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("only", [0, 1])
def test_one_class_is_refused_where_it_leaves_nothing_to_say(name, only):
    with pytest.raises(ValueError, match=f"y_true must hold both classes.*all {only}"):
        FUNCTIONS[name]([only] * 4, [0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize("name", ["calibration", "reliability_curve", "net_benefit"])
def test_probabilities_are_asked_for_where_they_are_needed(name):
    with pytest.raises(ValueError, match="y_prob must"):
        FUNCTIONS[name](GOOD[0], GOOD[1] * 3)


def test_inputs_stay_and_lists_do():
    labels, scores = GOOD[0].copy(), GOOD[1].copy()
    for call in (FUNCTIONS | ONE_CLASS).values():
        call(labels, scores)
        call(labels.tolist(), scores.tolist())
        call(labels.astype(bool), scores.astype(np.float32))
    assert np.array_equal(labels, GOOD[0])
    assert np.array_equal(scores, GOOD[1])


# --- operating points -------------------------------------------------------------------------


@given(labelled(), st.floats(0.001, 1))
@settings(max_examples=150, deadline=None)
def test_operating_point_is_the_highest_score_that_reaches_the_sensitivity(cases, share):
    labels, scores = cases
    got = ev.operating_point(labels, scores, share)
    reach = [t for t in scores if np.mean(scores[labels == 1] >= t) >= share]
    assert got.threshold == max(reach)
    assert got.sensitivity == np.mean(scores[labels == 1] >= got.threshold)
    assert got.specificity == pytest.approx(np.mean(scores[labels == 0] < got.threshold))
    assert got.tp + got.fn == labels.sum()
    assert got.tp + got.fn + got.fp + got.tn == len(labels)


@given(labelled(), st.floats(0.001, 1))
@settings(max_examples=150, deadline=None)
def test_confirmation_point_is_the_lowest_score_that_reaches_the_specificity(cases, share):
    labels, scores = cases
    got = ev.confirmation_point(labels, scores, share)
    reach = [t for t in scores if np.mean(scores[labels == 0] < t) >= share]
    assert got.threshold == min(reach, default=math.inf)
    assert got.specificity >= share


@pytest.mark.parametrize("seed", range(5))
def test_operating_point_is_scikit_learns(seed):
    labels, scores = random_cases(seed)
    fpr, tpr, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    first = np.argmax(tpr >= 0.95)
    got = ev.operating_point(labels, scores)
    assert got.threshold == thresholds[first]
    assert got.sensitivity == pytest.approx(tpr[first])
    assert got.specificity == pytest.approx(1 - fpr[first])


def test_a_share_that_floats_cannot_hold_is_met_exactly():
    scores = np.arange(100.0)
    labels = np.r_[0, np.ones(99, dtype=int)]
    for k in range(1, 100):
        assert ev.operating_point(labels, scores, k / 99).tp == k


@given(labelled())
@settings(max_examples=100, deadline=None)
def test_roc_curve_is_scikit_learns(cases):
    labels, scores = cases
    fpr, tpr, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    got = ev.roc_curve(labels, scores)
    np.testing.assert_array_equal(got.thresholds, thresholds)
    np.testing.assert_allclose(got.sensitivity, tpr)
    np.testing.assert_allclose(1 - got.specificity, fpr, atol=1e-15)


@pytest.mark.parametrize("share", [0, -1, 1.01, math.nan, "0.9", True])
def test_shares_out_of_range_are_refused(share):
    for call, name in (
        (ev.operating_point, "min_sensitivity"),
        (ev.confirmation_point, "min_specificity"),
    ):
        with pytest.raises((ValueError, TypeError), match=name):
            call(*GOOD, share)


def test_infinite_threshold_calls_nobody():
    got = ev.at_threshold(*GOOD, math.inf)
    assert (got.tp, got.fp) == (0, 0)
    with pytest.raises(ValueError, match="threshold"):
        ev.at_threshold(*GOOD, math.nan)


# --- the report -------------------------------------------------------------------------------


@given(labelled(probabilities=True), st.sampled_from([0.05, 0.3, 0.5, 0.95]))
@settings(max_examples=100, deadline=None)
def test_report_is_scikit_learns(cases, threshold):
    labels, scores = cases
    got = ev.medical_evaluation(labels, scores, threshold)
    called = (scores >= threshold).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(labels, called, labels=[0, 1]).ravel()
    assert (got.tn, got.fp, got.fn, got.tp) == (tn, fp, fn, tp)
    assert got.sensitivity.value == pytest.approx(metrics.recall_score(labels, called))
    assert got.auc.value == pytest.approx(metrics.roc_auc_score(labels, scores))
    expected = metrics.average_precision_score(labels, scores)
    assert got.average_precision.value == pytest.approx(expected)
    assert got.screening == ev.operating_point(labels, scores)
    if tp + fp:
        assert got.ppv.value == pytest.approx(metrics.precision_score(labels, called))
    else:
        assert math.isnan(got.ppv.value)


@pytest.mark.parametrize("only", [0, 1])
def test_report_of_one_class_is_nan_where_undefined(only):
    got = ev.medical_evaluation([only] * 4, [0.1, 0.2, 0.7, 0.8])
    undefined = got.sensitivity if only == 0 else got.specificity
    defined = got.specificity if only == 0 else got.sensitivity
    assert math.isnan(undefined.value)
    assert math.isnan(got.auc.value)
    assert defined.value == 0.5
    assert got.screening is None
    assert math.isnan(got.average_precision.value) == (only == 0)
    assert "nan" in str(got)


def test_report_reads_well():
    labels, scores = random_cases(0)
    got = ev.medical_evaluation(labels, scores)
    assert f"missed {got.fn:,} of {labels.sum():,}" in str(got)
    assert got._repr_html_().count("<tr>") == 7
    assert f"{got.prevalence:.1%}" in got._repr_html_()
    assert float(got.ppv) == got.ppv.value


def test_average_precision_interval_covers():
    """The interval holds the truth about as often as it says (truth: a large sample's value)."""
    rng = np.random.default_rng(0)

    def draw(positives, negatives):
        labels = np.r_[np.ones(positives, int), np.zeros(negatives, int)]
        return labels, rng.normal(labels * 1.5)

    truth = ev.medical_evaluation(*draw(20_000, 180_000)).average_precision.value
    reports = [ev.medical_evaluation(*draw(60, 540)).average_precision for _ in range(400)]
    covered = np.mean([r.low <= truth <= r.high for r in reports])
    assert 0.9 <= covered <= 1


# --- intervals of shares ----------------------------------------------------------------------


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=150, deadline=None)
def test_binomial_interval_is_statsmodels(counts):
    got = ev.binomial_interval(*counts, level=0.9)
    low, high = proportion_confint(*counts, alpha=0.1, method="beta")
    assert got.value == counts[0] / counts[1]
    assert got.low == pytest.approx(np.nan_to_num(low, nan=0.0), abs=1e-12)
    assert got.high == pytest.approx(np.nan_to_num(high, nan=1.0), abs=1e-12)


def test_binomial_interval_by_its_definition():
    """At the ends of the interval the tails hold half of the rest each."""
    got = ev.binomial_interval(48, 50)
    assert stats.binom.sf(47, 50, got.low) == pytest.approx(0.025)
    assert stats.binom.cdf(48, 50, got.high) == pytest.approx(0.025)
    assert all(map(math.isnan, ev.binomial_interval(0, 0)))
    with pytest.raises(ValueError, match="hits must be at most total"):
        ev.binomial_interval(3, 2)
    with pytest.raises(ValueError, match="level must be less than 1"):
        ev.binomial_interval(1, 2, 95)


# --- other prevalences, net benefit -----------------------------------------------------------


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_predictive_values_by_counting_people(sensitivity, specificity, prevalence):
    got = ev.predictive_values(sensitivity, specificity, prevalence)
    ill, healthy = 1e6 * prevalence, 1e6 * (1 - prevalence)
    called, cleared = (
        sensitivity * ill + (1 - specificity) * healthy,
        specificity * healthy + (1 - sensitivity) * ill,
    )
    if called > 1e-6:
        assert got.ppv == pytest.approx(sensitivity * ill / called, rel=1e-9)
    if cleared > 1e-6:
        assert got.npv == pytest.approx(specificity * healthy / cleared, rel=1e-9)


def test_predictive_values_undefined_and_refused():
    got = ev.predictive_values([0.0, 0.9], [1.0, 1.0], 0.5)
    assert np.isnan(got.ppv[0])
    assert got.ppv[1] == 1
    for bad in (1.2, -0.1, math.nan):
        with pytest.raises(ValueError, match=r"prevalence must lie in \[0, 1\]"):
            ev.predictive_values(0.9, 0.9, bad)


@given(labelled(probabilities=True), st.floats(0.01, 0.99))
@settings(max_examples=100, deadline=None)
def test_net_benefit_by_its_definition(cases, threshold):
    labels, p = cases
    got = ev.net_benefit(labels, p, [threshold])
    called, n = p >= threshold, len(p)
    odds = threshold / (1 - threshold)
    expected = (called & (labels == 1)).sum() / n - (called & (labels == 0)).sum() / n * odds
    assert got.model[0] == pytest.approx(expected)
    everybody = labels.mean() - (1 - labels.mean()) * odds
    assert got.treat_all[0] == pytest.approx(everybody)
    assert got.gain[0] == pytest.approx(expected - max(everybody, 0))


def test_net_benefit_at_another_prevalence_is_that_of_the_reweighted_cases():
    """Every negative case nine times: the same as asking for the prevalence of that."""
    labels, p = random_cases(1)
    scores = np.r_[p, np.tile(p[labels == 0], 8)]
    labels_nine = np.r_[labels, np.zeros(8 * (labels == 0).sum(), int)]
    expected = ev.net_benefit(labels_nine, scores, [0.1, 0.4])
    got = ev.net_benefit(labels, p, [0.1, 0.4], prevalence=labels_nine.mean())
    np.testing.assert_allclose(got.model, expected.model)
    for bad in ([0.0], [1.0], [[0.5]], [math.nan]):
        with pytest.raises(ValueError, match="thresholds"):
            ev.net_benefit(labels, p, bad)


def test_adjusted_probabilities_are_calibrated_elsewhere():
    """Closed form: the posterior of two normal distributions under both priors."""
    x = np.linspace(-3, 4, 50)
    ill, healthy = stats.norm.pdf(x, 1.5), stats.norm.pdf(x)
    before, after = (q * ill / (q * ill + (1 - q) * healthy) for q in (0.4, 0.02))
    np.testing.assert_allclose(ev.adjust_prevalence(before, 0.4, 0.02), after)
    assert ev.adjust_prevalence([0.0, 1.0], 0.4, 0.02).tolist() == [0, 1]
    with pytest.raises(ValueError, match="used"):
        ev.adjust_prevalence(before, 0.4, 1.0)


# --- calibration ------------------------------------------------------------------------------


@given(labelled(probabilities=True), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_reliability_curve_is_scikit_learns(cases, n_bins):
    labels, p = cases
    p = p + np.linspace(0, 0.005, len(p))  # off the edges, where conventions may differ
    got = ev.reliability_curve(labels, p, n_bins=n_bins, strategy="uniform")
    observed, predicted = calibration_curve(labels, p, n_bins=n_bins)
    np.testing.assert_allclose(got.observed, observed)
    np.testing.assert_allclose(got.predicted, predicted)
    assert got.count.sum() == len(labels)
    assert np.all(got.low <= got.observed)
    assert np.all(got.observed <= got.high)


def test_quantile_bins_hold_equally_many():
    labels, p = random_cases(2, digits=9)
    assert set(ev.reliability_curve(labels, p, n_bins=8).count) == {50}


@pytest.mark.parametrize("seed", range(4))
def test_calibration_against_scikit_learn_and_statsmodels(seed):
    rng = np.random.default_rng(seed)
    p = rng.beta(2, 3, 800)
    labels = (rng.random(800) < p**1.5).astype(int)
    got = ev.calibration(labels, p)
    assert got.brier == pytest.approx(metrics.brier_score_loss(labels, p))
    share = labels.mean()
    expected = metrics.brier_score_loss(labels, np.full(800, share))
    assert got.brier_of_prevalence == pytest.approx(expected)
    x = np.log(p / (1 - p))
    free = sm.Logit(labels, sm.add_constant(x)).fit(disp=False)
    assert got.slope == pytest.approx((free.params[1], *free.conf_int()[1]), rel=1e-5)
    fixed = sm.GLM(labels, np.ones(800), family=sm.families.Binomial(), offset=x).fit()
    assert got.intercept == pytest.approx((fixed.params[0], *fixed.conf_int()[0]), rel=1e-5)
    gaps = np.abs(got.curve.predicted - got.curve.observed)
    assert got.error == pytest.approx((gaps * got.curve.count).sum() / 800)


def test_error_by_chance_is_what_calibrated_models_show():
    rng = np.random.default_rng(3)
    p = rng.beta(2, 5, 300)
    errors = [ev.reliability_curve(rng.random(300) < p, p).error for _ in range(300)]
    got = ev.calibration(rng.random(300) < p, p, n_simulations=300)
    assert got.error_by_chance == pytest.approx(np.mean(errors), rel=0.05)
    assert got.error_by_chance > 0.03


@given(labelled(minimum=6, probabilities=True))
@settings(max_examples=60, deadline=None)
def test_calibration_holds_or_says_why_not(cases):
    labels, p = cases
    ill, healthy = p[labels == 1], p[labels == 0]
    if np.unique(p).size == 1 or min(ill) >= max(healthy) or max(ill) <= min(healthy):
        with pytest.raises(ValueError, match="y_prob must"):
            ev.calibration(labels, p)
        return
    got = ev.calibration(labels, p, n_simulations=2)
    assert 0 <= got.error <= 1
    assert got.slope.low < got.slope.value < got.slope.high
    # the fitted mean is the observed one: what the intercept is for
    logits = np.log(p / (1 - p)) + got.intercept.value
    assert np.mean(1 / (1 + np.exp(-logits))) == pytest.approx(labels.mean(), abs=1e-6)


def test_certainty_has_no_logit():
    with pytest.raises(ValueError, match="no logit"):
        ev.calibration([0, 1, 0, 1], [0.2, 1.0, 0.6, 0.5])
    assert "ideal: 1" in str(ev.calibration(*GOOD))


def test_mean_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = [
        got.low < 3 < got.high
        for got in (ev.mean_interval(rng.normal(3, 2, size=8)) for _ in range(2000))
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)
    with pytest.raises(ValueError, match="two numbers"):
        ev.mean_interval([1.0])


def test_spread_holds_the_share_of_seeds():
    values = np.random.default_rng(0).normal(size=10_000)
    middle, low, high = ev.percentile_interval(values)
    assert np.mean((values >= low) & (values <= high)) == pytest.approx(0.95, abs=0.001)
    assert middle == np.median(values)


def test_interval_prints_itself_in_one_format():
    interval = ev.Interval(0.5, 0.25, 0.75)
    assert str(interval) == "0.500 [0.250, 0.750]"
    assert f"{interval:.1%}" == "50.0% [25.0%, 75.0%]"
    assert f"{interval:.2f} {interval.low:.1f}" == "0.50 [0.25, 0.75] 0.2"
