"""Two-sample tests against SciPy, brute force and their own nominal level."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lessonlib import governance
from lessonlib.evaluation import binomial_interval


def squared_mmd(x, y, h):
    """The definition, pair by pair."""

    def k(a, b):
        return np.exp(-np.sum((a - b) ** 2) / (2 * h**2))

    xx = [k(a, b) for a, b in itertools.permutations(x, 2)]
    yy = [k(a, b) for a, b in itertools.permutations(y, 2)]
    xy = [k(a, b) for a in x for b in y]
    return np.mean(xx) + np.mean(yy) - 2 * np.mean(xy)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 4), st.integers(0, 10_000))
def test_statistic_is_its_definition(m, n, d, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(m, d)), rng.normal(1, 2, size=(n, d))
    z = np.vstack([x, y])
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    distances = [np.linalg.norm(a - b) ** 2 for a, b in itertools.combinations(z, 2)]
    for h in (None, 0.7):
        got = governance.mmd_test(x, y, bandwidth=h, n_permutations=9)
        expected = squared_mmd(z[:m], z[m:], h or np.sqrt(np.median(distances)))
        assert got.statistic == pytest.approx(expected, abs=1e-9)
        assert got.null.shape == (9,)


def test_permutation_p_value_is_that_of_all_relabellings():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(5, 2)), rng.normal(1.0, 1, size=(4, 2))
    z = np.vstack([x, y])
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    h = np.sqrt(np.median([np.sum((a - b) ** 2) for a, b in itertools.combinations(z, 2)]))
    everything = []
    for batch in itertools.combinations(range(9), 4):
        inside = np.isin(np.arange(9), batch)
        everything.append(squared_mmd(z[~inside], z[inside], h))
    exact = np.mean(np.array(everything) >= everything[-1] - 1e-12)
    got = governance.mmd_test(x, y, n_permutations=4999)
    assert got.statistic == pytest.approx(everything[-1])
    assert got.p_value == pytest.approx(exact, abs=0.02)


def test_mmd_of_equal_normals_is_zero_on_average_and_has_a_closed_form_between_two():
    """E k for two normals is normal itself: with h and unit variance, exp(-d^2/(2(h^2+2)))."""
    rng = np.random.default_rng(2)
    apart, h = 3.0, 1.0
    scale = np.sqrt(1 + apart**2 / 4)  # the pooled standard deviation that features are divided by
    a = h * scale
    within = a / np.sqrt(a**2 + 2)
    expected = 2 * within * (1 - np.exp(-(apart**2) / (2 * (a**2 + 2))))
    found, nothing = [], []
    for _ in range(60):
        x, y, other = rng.normal(size=(3, 150))
        found.append(governance.mmd_test(x, y + apart, bandwidth=h, n_permutations=1).statistic)
        nothing.append(governance.mmd_test(x, other, bandwidth=h, n_permutations=1).statistic)
    assert np.mean(found) == pytest.approx(expected, rel=0.02)
    assert abs(np.mean(nothing)) < 4 * np.std(nothing) / np.sqrt(60)


def test_mmd_keeps_its_level_and_has_power():
    rng = np.random.default_rng(3)
    runs = 400
    p = [
        governance.mmd_test(*rng.normal(size=(2, 25, 4)), n_permutations=99, seed=rng).p_value
        for _ in range(runs)
    ]
    for level in (0.05, 0.2, 0.5):
        rate = binomial_interval(int(np.sum(np.array(p) <= level)), runs, 0.999)
        assert rate.low <= level <= rate.high
    shifted = [
        governance.mmd_test(
            rng.normal(size=(25, 4)), rng.normal(1, 1, (25, 4)), n_permutations=99, seed=rng
        ).p_value
        for _ in range(40)
    ]
    assert np.mean(np.array(shifted) <= 0.05) > 0.9


def grouped(rng, patients, per=12):
    own = rng.normal(size=(patients, 1, 3))
    return (own + 0.3 * rng.normal(size=(patients, per, 3))).reshape(-1, 3)


def test_groups_keep_the_level_that_rows_break():
    rng = np.random.default_rng(4)
    runs, alarms = 250, {"rows": 0, "groups": 0}
    old, new = np.repeat(np.arange(12), 12), np.repeat(np.arange(100, 104), 12)
    for _ in range(runs):
        x, y = grouped(rng, 12), grouped(rng, 4)
        options = {"n_permutations": 39, "seed": rng}
        alarms["rows"] += governance.mmd_test(x, y, **options).p_value <= 0.05
        alarms["groups"] += (
            governance.mmd_test(x, y, reference_groups=old, batch_groups=new, **options).p_value
            <= 0.05
        )
    assert binomial_interval(alarms["rows"], runs).low > 0.8
    fair = binomial_interval(alarms["groups"], runs, 0.999)
    assert fair.low <= 0.05 <= fair.high


def test_ks_is_scipys_with_bonferroni():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(60, 3)), rng.normal(size=(40, 3))
    y[:, 1] += 1
    got = governance.ks_test(x, y)
    each = [stats.ks_2samp(a, b) for a, b in zip(x.T, y.T, strict=True)]
    np.testing.assert_allclose(got.distances, [e.statistic for e in each])
    assert got.statistic == got.distances[1] == got.distances.max()
    assert got.p_value == pytest.approx(3 * each[1].pvalue)
    assert (got.n_reference, got.n_batch) == (60, 40)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(0, 1000))
def test_ks_distance_by_brute_force(m, n, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 8, m), rng.integers(0, 8, n)
    expected = max(abs(np.mean(x <= t) - np.mean(y <= t)) for t in range(9))
    assert governance.ks_test(x, y).statistic == pytest.approx(expected)


def test_ks_keeps_its_level_on_features_that_move_together():
    rng = np.random.default_rng(6)
    alarms = 0
    for _ in range(300):
        x, y = (rng.normal(size=(50, 1)) + 0.5 * rng.normal(size=(50, 6)) for _ in range(2))
        alarms += governance.ks_test(x, y).p_value <= 0.05
    assert binomial_interval(alarms, 300).low < 0.05


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 1000), st.floats(-1e6, 1e6))
def test_p_values_are_shares_and_constants_no_alarm(m, n, seed, constant):
    rng = np.random.default_rng(seed)
    x, y = np.full((m, 2), constant), np.full((n, 2), constant)
    got = governance.mmd_test(x, y, n_permutations=19)
    assert got.p_value == 1
    assert governance.ks_test(x, y).p_value == 1
    x = x + rng.normal(size=x.shape)
    before = x.copy()
    got = governance.mmd_test(x, y, n_permutations=19, seed=seed)
    np.testing.assert_array_equal(x, before)
    assert 1 / 20 <= got.p_value <= 1
    assert got.p_value == governance.mmd_test(x, y, n_permutations=19, seed=seed).p_value
    assert "p =" in str(got)


X = np.arange(12.0).reshape(6, 2)
BAD = [
    (lambda: governance.mmd_test(X, X[:, :1]), "batch"),
    (lambda: governance.mmd_test(X[:1], X), "reference"),
    (lambda: governance.mmd_test(X, X + np.nan), "batch.*row 0"),
    (lambda: governance.mmd_test(X, [["a"], ["b"]]), "batch"),
    (lambda: governance.mmd_test(X[None], X), "reference"),
    (lambda: governance.mmd_test(X, X, bandwidth=0), "bandwidth"),
    (lambda: governance.mmd_test(X, X, n_permutations=0), "n_permutations"),
    (lambda: governance.mmd_test(X, X, reference_groups=range(6)), "both or neither"),
    (
        lambda: governance.mmd_test(X, X, reference_groups=range(6), batch_groups=range(5, 11)),
        "got 5 in both",
    ),
    (
        lambda: governance.mmd_test(X, X, reference_groups=range(6), batch_groups=range(7, 9)),
        "batch_groups",
    ),
    (lambda: governance.ks_test(X, X[:1]), "batch"),
    (lambda: governance.ks_test([], X), "reference"),
]


@pytest.mark.parametrize(("call", "name"), BAD)
def test_bad_input_is_named(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()
