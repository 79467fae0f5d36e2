"""Confusions and their ranking, against scikit-learn, brute force and the worked solution."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score

from lessonlib import faces
from solutions.expression_analyzer import ExpressionAnalyzer as Solution

NAMES = faces.ExpressionAnalyzer.EXPRESSIONS
CHANCES = st.fixed_dictionaries({name: st.floats(0, 1) for name in NAMES})
BOOSTS = st.dictionaries(st.sampled_from(NAMES), st.floats(0, 1))


@settings(deadline=None, max_examples=40)
@given(st.none() | CHANCES, BOOSTS, st.integers(0, 1000), st.integers(1, 300))
def test_library_and_solution_agree(correct, boost, seed, n):
    ours, theirs = faces.ExpressionAnalyzer(n, seed), Solution(n, seed)
    before = (dict(correct) if correct else None, dict(boost))
    table = ours.probabilities(correct, boost)
    assert table.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert table.min() >= 0
    for i, name in enumerate(NAMES):
        start = correct[name] if correct else Solution.CORRECT_PROBS[i]
        row = theirs._row(name, start, boost.get(name, 0.0))
        np.testing.assert_allclose(table[i], row, atol=1e-12)
    cm = ours.generate_confusion(correct, boost)
    assert (cm.sum(axis=1) == n).all()
    assert (dict(correct) if correct else None, dict(boost)) == before
    assert ours.metrics(cm) == theirs.metrics(cm)
    assert ours.most_confused(cm) == theirs.most_confused(cm)


def test_default_studies_are_the_solutions():
    for seed in range(20):
        np.testing.assert_array_equal(
            faces.ExpressionAnalyzer(seed=seed).generate_confusion(),
            Solution(seed=seed).generate_confusion(),
        )


def test_boost_never_lowers():
    raised = faces.ExpressionAnalyzer().probabilities(dict.fromkeys(NAMES, 0.97), {"sad": 0.01})
    assert np.diag(raised) == pytest.approx(0.97)


def test_metrics_of_chances_are_those_of_a_large_study():
    analyzer = faces.ExpressionAnalyzer(1_000_000, 0)
    exact = analyzer.metrics(analyzer.probabilities())
    drawn = analyzer.metrics(analyzer.generate_confusion())
    for name in NAMES:
        assert drawn[name] == pytest.approx(exact[name], abs=0.003)


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 12))
def test_order_probability_by_enumeration(p, q, n):
    expected = sum(
        stats.binom.pmf(i, n, p) * stats.binom.pmf(j, n, q) * ((i > j) + (i == j) / 2)
        for i, j in itertools.product(range(n + 1), repeat=2)
    )
    got = faces.order_probability(p, q, n)
    assert got == pytest.approx(expected, abs=1e-9)
    assert got + faces.order_probability(q, p, n) == pytest.approx(1, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 5), st.integers(0, 500), st.data())
def test_rank_stability_holds_together(size, seed, data):
    rng = np.random.default_rng(seed)
    cm = rng.integers(0, 12, (size, size))
    k = data.draw(st.integers(1, size * (size - 1)))
    got = faces.rank_stability(cm, k, n_resamples=50, seed=seed)
    cells = size * (size - 1)
    assert len(got.counts) == len(got.pairs) == cells
    assert (np.diff(got.counts) <= 0).all()
    np.testing.assert_array_equal(got.counts, cm[got.pairs[:, 0], got.pairs[:, 1]])
    assert ((got.low >= 1) & (got.low <= got.high) & (got.high <= cells)).all()
    assert got.in_top.sum() == pytest.approx(k)
    assert 0 <= got.same_top <= got.in_top[:k].min() + 1e-12
    if k == cells:
        assert got.same_top == 1


def test_certain_and_hopeless_rankings():
    clear = np.array([[0, 1000, 10], [10, 0, 500], [10, 10, 0]])
    got = faces.rank_stability(clear, 2, n_resamples=300)
    assert got.same_top == 1
    assert got.low[0] == got.high[0] == 1
    flat = np.full((4, 4), 10)
    got = faces.rank_stability(flat, 3, n_resamples=2000)
    assert got.in_top == pytest.approx(3 / 12, abs=0.06)
    assert got.same_top < 0.03


def test_the_bootstrap_of_two_cells_agrees_with_the_exact_order():
    """With two classes the cells are independent binomials."""
    cm = np.array([[90, 10], [8, 92]])
    got = faces.rank_stability(cm, 1, n_resamples=20_000)
    exact = faces.order_probability(0.10, 0.08, 100)
    assert got.in_top[0] == pytest.approx(exact, abs=0.015)


BAD = [
    (lambda: faces.ExpressionAnalyzer(0), "samples_per"),
    (lambda: faces.ExpressionAnalyzer(seed="x"), "seed"),
    (lambda: faces.ExpressionAnalyzer().probabilities({"happy": 1}), "correct_probs"),
    (lambda: faces.ExpressionAnalyzer().probabilities(boost={"bored": 0.1}), "boost"),
    (lambda: faces.ExpressionAnalyzer().probabilities(boost={"sad": np.nan}), "boost"),
    (lambda: faces.ExpressionAnalyzer().probabilities(boost=[0.1]), "boost"),
    (lambda: faces.ExpressionAnalyzer().probabilities(dict.fromkeys(NAMES, 1.2)), "correct_probs"),
    (lambda: faces.ExpressionAnalyzer().metrics(np.zeros((3, 3))), "cm"),
    (lambda: faces.ExpressionAnalyzer().metrics(-np.ones((7, 7))), "cm"),
    (lambda: faces.ExpressionAnalyzer().most_confused(np.ones((7, 7)), 0), "k"),
    (lambda: faces.rank_stability(np.ones((3, 2), int)), "cm"),
    (lambda: faces.rank_stability(np.ones((3, 3))), "cm"),
    (lambda: faces.rank_stability(-np.ones((3, 3), int)), "cm"),
    (lambda: faces.rank_stability(np.ones((3, 3), int), 7), "k"),
    (lambda: faces.order_probability(1.1, 0, 5), "p"),
    (lambda: faces.order_probability(0.1, -1, 5), "q"),
    (lambda: faces.order_probability(0.1, 0.1, 0), "n"),
]


@pytest.mark.parametrize(("call", "name"), BAD)
def test_bad_input_is_named(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()


@pytest.mark.parametrize(
    "name", ["EmbeddingSimilarityAnalyzer", "FaceAligner", "ExpressionAnalyzer"]
)
def test_the_package_itself_gets_full_marks(name):
    from lessonlib.grading.checks import EXERCISES
    from lessonlib.grading.exercise import LocalRemote

    for criterion in EXERCISES[name].criteria:
        criterion.check(LocalRemote(getattr(faces, name)), np.random.default_rng(5))


def test_the_demonstration_agrees_with_scikit_learn(capsys):
    """The printed study, scored anew from one label for each photo."""
    analyzer = faces.ExpressionAnalyzer(samples_per=40, seed=5)
    study = analyzer.run()
    cm, names = study["confusion"], np.array(analyzer.EXPRESSIONS)
    true = np.repeat(np.repeat(names, 7), cm.ravel())
    called = np.repeat(np.tile(names, 7), cm.ravel())
    f1 = dict(zip(names, f1_score(true, called, average=None, labels=names), strict=True))
    ordered = [f1[name] for name in study["ranking"]]
    assert ordered == sorted(f1.values())
    assert set(study["f1_boosted"]) == set(study["ranking"][:2])
    lifted = analyzer.metrics(
        analyzer.generate_confusion(boost=dict.fromkeys(study["ranking"][:2], 0.05))
    )
    assert study["f1_boosted"] == {name: lifted[name]["f1"] for name in study["ranking"][:2]}
    printed = capsys.readouterr().out
    for name in names:
        assert f"{f1[name]:4.3f}" in printed
    true, called, count = study["most_confused"][0]
    assert count == cm[~np.eye(7, dtype=bool)].max()
    assert analyzer.n == analyzer.samples_per == 40
