"""The balanced loader by counting, SMOTE by counting, and the comparator against the solution."""

import contextlib
import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.over_sampling import SMOTE
from scipy import stats
from scipy.spatial.distance import cdist
from torch.utils.data import TensorDataset

from lessonlib.imbalance import ImbalanceComparator, make_balanced_loader, sampler_coverage
from solutions.imbalance_comparator import ImbalanceComparator as Solution

few = settings(max_examples=40, deadline=None)


def epoch(labels, batch_size=32, seed=0):
    """Indices drawn in one epoch, batch by batch."""
    data = TensorDataset(torch.arange(len(labels)))
    loader = make_balanced_loader(data, labels, batch_size, generator=seed)
    return [batch.numpy() for (batch,) in loader]


def test_batches_are_balanced_and_negatives_are_missed():
    labels = np.arange(10_000) < 200
    batches = epoch(labels)
    assert sum(map(len, batches)) == 10_000
    positives = np.array([labels[b].sum() for b in batches[:-1]])
    # 32 draws, each positive with probability 1/2
    assert positives.mean() == pytest.approx(16, abs=3 * np.sqrt(8 / len(positives)))
    assert positives.var() == pytest.approx(8, rel=0.3)
    seen = np.bincount(np.concatenate(batches), minlength=10_000)
    expected = sampler_coverage([9800, 200])
    assert (seen[~labels] == 0).mean() == pytest.approx(expected.never_seen[0], abs=0.015)
    assert seen[labels].mean() == pytest.approx(expected.times_seen[1], abs=0.6)
    assert (seen[labels] > 0).all()


@few
@given(st.lists(st.integers(0, 3), min_size=2, max_size=60).filter(lambda v: len(set(v)) > 1))
def test_an_epoch_is_as_long_as_the_data(labels):
    drawn = np.concatenate(epoch(labels, batch_size=7, seed=len(labels)))
    assert len(drawn) == len(labels)
    assert drawn.max() < len(labels)


def test_names_and_more_classes():
    labels = np.repeat(["benign", "malignant", "normal"], [300, 20, 680])
    drawn = np.concatenate([np.concatenate(epoch(labels, seed=s)) for s in range(5)])
    counts = np.unique(labels[drawn], return_counts=True)[1]
    assert stats.chisquare(counts).pvalue > 1e-4


def test_the_seed_decides_and_the_global_one_is_left_alone():
    labels = np.arange(100) < 5
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    first, again, other = (np.concatenate(epoch(labels, seed=s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    generator = torch.Generator().manual_seed(1)
    assert np.array_equal(np.concatenate(epoch(labels, seed=generator)), first)
    fresh = [np.concatenate(epoch(labels, seed=None)) for _ in range(2)]
    assert not np.array_equal(*fresh)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("labels", "options", "error", "words"),
    [
        ([0, 1], {}, ValueError, "labels"),
        ([0, 0, 0], {}, ValueError, "two classes"),
        ([0.0, 1.0, 1.0], {}, TypeError, "labels"),
        ([0, 1, 1], {"batch_size": 0}, ValueError, "batch_size"),
        ([0, 1, 1], {"generator": "x"}, TypeError, "generator"),
        ([0, 1, 1], {"generator": np.random.default_rng()}, TypeError, "generator"),
    ],
)
def test_the_loader_refuses_by_name(labels, options, error, words):
    with pytest.raises(error, match=words):
        make_balanced_loader(TensorDataset(torch.arange(3)), labels, **options)


@few
@given(st.lists(st.integers(1, 30), min_size=2, max_size=4), st.integers(1, 200))
def test_coverage_is_the_binomials(counts, draws):
    got = sampler_coverage(counts, draws)
    chance = 1 / (len(counts) * np.array(counts))
    assert got.never_seen == pytest.approx(stats.binom.pmf(0, draws, chance))
    assert got.times_seen == pytest.approx(draws * chance)
    # every draw goes to somebody
    assert (got.times_seen * got.counts).sum() == pytest.approx(draws)
    assert f"{draws:,}" in got._repr_html_()


@pytest.mark.parametrize(("counts", "draws"), [([5], None), ([0, 5], None), ([5, 5], 0)])
def test_coverage_refuses_by_name(counts, draws):
    with pytest.raises(ValueError, match=r"counts|n_draws"):
        sampler_coverage(counts, draws)


# --- SMOTE, as the chapter tells it ----------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_smote_rows_lie_between_a_positive_and_one_of_its_five_neighbours(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(300, 4)), np.arange(300) < 20
    more, labels = SMOTE(random_state=seed).fit_resample(X, y.astype(int))
    assert np.bincount(labels).tolist() == [280, 280]
    assert np.array_equal(more[:300], X)
    rare = X[y]
    neighbours = np.argsort(cdist(rare, rare), axis=1)[:, 1:6]
    starts = np.repeat(np.arange(20), 5)
    a, b = rare[starts], rare[neighbours.ravel()]
    for row in more[300:]:
        along = np.clip(((row - a) * (b - a)).sum(1) / ((b - a) ** 2).sum(1), 0, 1)
        off = np.linalg.norm(a + along[:, None] * (b - a) - row, axis=1)
        assert off.min() < 1e-12


# --- the comparator --------------------------------------------------------------------------


def quietly(method, *arguments):
    with contextlib.redirect_stdout(io.StringIO()) as text:
        result = method(*arguments)
    return result, text.getvalue()


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_worked_solution(seed):
    ours, theirs = ImbalanceComparator(seed=seed), Solution(seed=seed)
    for a, b in zip(ours.generate(), theirs.generate(), strict=True):
        np.testing.assert_allclose(a, b)
    (got, text), (want, _) = quietly(ours.run), quietly(theirs.run)
    assert got.keys() == want.keys()
    for name, row in want.items():
        assert got[name] == pytest.approx(row)
        assert name in text


@few
@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=40),
    st.floats(0, 1),
    st.floats(0.05, 1),
)
def test_metrics_and_operating_point_are_the_solutions(cases, threshold, goal):
    y, p = (np.array(part) for part in zip(*cases, strict=True))
    ours, theirs = ImbalanceComparator(), Solution()
    assert ours.evaluate(y, p, threshold) == pytest.approx(
        theirs.evaluate(y, p, threshold), nan_ok=True
    )
    if y.any():
        assert ours.operating_point(y, p, goal) == pytest.approx(
            theirs.operating_point(y, p, goal), nan_ok=True
        )


def test_oversampling_repeats_and_weights_say_the_same():
    comparator = ImbalanceComparator(n_samples=400, n_positive=20, seed=1)
    X, y = comparator.generate()
    p = comparator.fit_predict(X, y, X, ("balanced", "oversampled"))
    assert np.corrcoef(p["balanced"], p["oversampled"])[0, 1] > 0.97
    # with the intercept free, both predict one half on average over the classes
    for values in p.values():
        assert (values[y == 1].mean() + values[y == 0].mean()) / 2 == pytest.approx(0.5, abs=0.03)


def test_few_positives_are_enough_for_smote():
    comparator = ImbalanceComparator(n_samples=60, n_positive=2, n_features=3)
    X, y = comparator.generate()
    assert set(comparator.fit_predict(X, y, X)) == {"default", "balanced", "smote"}


@pytest.mark.parametrize(
    "options",
    [{"n_positive": 1}, {"n_positive": 999}, {"n_samples": 3}, {"n_features": 0}, {"seed": -1}],
)
def test_the_comparator_refuses_by_name(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        ImbalanceComparator(**options)


def test_unknown_strategies_and_single_positives_are_refused():
    comparator = ImbalanceComparator()
    X, y = comparator.generate()
    with pytest.raises(ValueError, match="strategies"):
        comparator.fit_predict(X, y, X, ("magic",))
    with pytest.raises(ValueError, match="y_train"):
        comparator.fit_predict(X[:5], [0, 0, 0, 0, 1], X)
