"""Subgroup gaps against statsmodels, simulation and the plain counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from lessonlib import governance
from lessonlib.evaluation import binomial_interval, medical_evaluation


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 300), st.integers(1, 300), st.floats(0, 1), st.floats(0, 1))
def test_difference_interval_is_statsmodels_newcombe(total_a, total_b, p, q):
    hits_a, hits_b = round(p * total_a), round(q * total_b)
    got = governance.difference_interval(hits_a, total_a, hits_b, total_b, 0.9)
    low, high = confint_proportions_2indep(
        hits_a, total_a, hits_b, total_b, method="newcomb", alpha=0.1
    )
    assert (got.low, got.high) == pytest.approx((low, high), abs=1e-9)
    assert got.low <= got.value <= got.high


def test_difference_interval_of_the_paper():
    """Newcombe's first example: 56/70 against 48/80, method 10, 0.0524 to 0.3339."""
    got = governance.difference_interval(56, 70, 48, 80)
    assert (got.low, got.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert np.isnan(governance.difference_interval(0, 0, 1, 2).value)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 120), st.integers(1, 4), st.integers(0, 10_000), st.booleans())
def test_audit_counts_what_the_report_of_each_subgroup_counts(n, k, seed, clustered):
    rng = np.random.default_rng(seed)
    y, s = rng.integers(0, 2, n), rng.normal(size=n).round(1)
    names = rng.choice(list("abcd")[:k], n)
    clusters = np.arange(n) % max(2, n // 3) if clustered else None
    before = y.copy(), s.copy(), names.copy()
    audit = governance.subgroup_audit(y, s, names, 0.1, clusters=clusters, n_resamples=50)
    for got, was in zip((y, s, names), before, strict=True):
        np.testing.assert_array_equal(got, was)
    assert [g.name for g in audit.subgroups] == sorted(set(names))
    for g in audit.subgroups:
        inside = names == g.name
        report = medical_evaluation(y[inside], s[inside], 0.1)
        assert (g.n, g.n_positive) == (inside.sum(), report.tp + report.fn)
        for name in ("sensitivity", "specificity"):
            mine, its = getattr(g, name), getattr(report, name)
            assert mine.value == pytest.approx(its.value, nan_ok=True)
            if not clustered:
                assert mine == pytest.approx(its, nan_ok=True)
            gap = getattr(g, f"{name}_gap")
            if np.isnan(gap.value):
                continue
            rest = getattr(medical_evaluation(y[~inside], s[~inside], 0.1), name)
            assert gap.value == pytest.approx(its.value - rest.value)
    assert str(audit)
    assert audit._repr_html_().count("<tr>") == len(audit.subgroups) + 1


def test_ten_random_subgroups_rarely_flag_one():
    """Family-wise: at most 5% of audits where nothing differs; without correction many more."""
    rng = np.random.default_rng(0)
    flagged = naive = 0
    audits = 300
    for _ in range(audits):
        y = rng.random(600) < 0.4
        s = rng.random(600) + 0.3 * y
        names = rng.integers(0, 10, 600)
        audit = governance.subgroup_audit(y, s, names, 0.6)
        flagged += bool(audit.flagged)
        assert audit.n_gaps == 20
        for g in audit.subgroups:
            inside = (names == int(g.name)) & y
            rest = (names != int(g.name)) & y
            gap = governance.difference_interval(
                int(np.sum(s[inside] >= 0.6)), int(inside.sum()),
                int(np.sum(s[rest] >= 0.6)), int(rest.sum()),
            )  # fmt: skip
            if gap.low > 0 or gap.high < 0:
                naive += 1
                break
    assert binomial_interval(flagged, audits).low < 0.05
    assert binomial_interval(naive, audits).low > 0.2


def test_a_real_gap_is_flagged():
    rng = np.random.default_rng(1)
    y = np.ones(800, dtype=int)
    small = np.arange(800) < 200
    s = rng.random(800) - 0.3 * small
    audit = governance.subgroup_audit(y, s, {"small": small, "large": ~small}, 0.4)
    assert set(audit.flagged) == {"small", "large"}
    assert audit["small"].sensitivity_gap.high < 0
    assert np.isnan(audit["small"].specificity.value)
    assert audit.n_gaps == 2
    with pytest.raises(KeyError, match="small, large"):
        audit["medium"]


def test_clusters_widen_the_interval_and_cover_the_truth():
    """Cases of a patient share their difficulty: counted as independent they promise too much."""
    rng = np.random.default_rng(2)
    covered = {True: 0, False: 0}
    runs, patients, per = 150, 40, 15
    for _ in range(runs):
        chance = np.clip(rng.normal(0.7, 0.2, patients), 0, 1)
        right = rng.random((patients, per)) < chance[:, None]
        group = np.repeat(np.arange(patients) % 2, per)
        for clustered in covered:
            clusters = np.repeat(np.arange(patients), per) if clustered else None
            gap = governance.subgroup_audit(
                np.ones(patients * per), right.ravel().astype(float), {"one": group == 1},
                clusters=clusters, n_resamples=400, seed=3,
            )["one"].sensitivity_gap  # fmt: skip
            covered[clustered] += gap.low <= 0 <= gap.high
    assert covered[True] / runs > 0.88
    assert covered[False] / runs < 0.85


def test_all_right_in_few_clusters_is_no_certainty():
    y, s = np.ones(60), np.ones(60)
    s[30:45] = 0
    clusters = np.repeat(np.arange(6), 10)
    group = np.arange(60) < 30
    audit = governance.subgroup_audit(y, s, {"first": group}, clusters=clusters)
    assert audit["first"].sensitivity == binomial_interval(3, 3)
    assert audit["first"].sensitivity_gap.low < 0.5 < audit["first"].sensitivity_gap.high


Y, S = [0, 1, 1, 0], [0.1, 0.9, 0.4, 0.6]
BAD = [
    (lambda: governance.subgroup_audit([0, 2, 1, 1], S, list("aabb")), "y_true"),
    (lambda: governance.subgroup_audit(Y, [0.1, np.nan, 1, 1], list("aabb")), "y_score"),
    (lambda: governance.subgroup_audit(Y, S[:3], list("aabb")), "y_score"),
    (lambda: governance.subgroup_audit(Y, S, list("aab")), "subgroups"),
    (lambda: governance.subgroup_audit(Y, S, {}), "subgroups"),
    (lambda: governance.subgroup_audit(Y, S, {"a": [1, 0, 1, 0]}), "subgroups.'a'"),
    (lambda: governance.subgroup_audit(Y, S, list("aabb"), np.inf), "threshold"),
    (lambda: governance.subgroup_audit(Y, S, list("aabb"), level=1), "level"),
    (lambda: governance.subgroup_audit(Y, S, list("aabb"), clusters=[1, 1, 1, 1]), "clusters"),
    (lambda: governance.subgroup_audit(Y, S, list("aabb"), clusters=[1, 2]), "clusters"),
    (lambda: governance.subgroup_audit(Y, S, list("aabb"), n_resamples=0), "n_resamples"),
    (lambda: governance.difference_interval(3, 2, 1, 1), "hits_a"),
    (lambda: governance.difference_interval(1, 2, 1.5, 3), "hits_b"),
    (lambda: governance.difference_interval(1, 2, -1, 3), "hits_b"),
    (lambda: governance.difference_interval(1, 2, 1, 3, 0), "level"),
]


@pytest.mark.parametrize(("call", "name"), BAD)
def test_bad_input_is_named(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()
