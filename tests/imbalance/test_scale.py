"""Heads on features of any size, and what is missing in labels and features."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import expit

from lessonlib.imbalance import (
    ImbalanceComparator,
    class_weights,
    make_balanced_loader,
    train_head,
    train_strategy,
)
from lessonlib.imbalance.strategies import STRATEGIES


def cases(n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, (X @ [1.0, -1.0, 0.5, 0.0] + rng.logistic(size=n) > 0.8).astype(int)


def newton(X, y, penalty):
    """The scores at the minimum of the penalised cross-entropy, by Newton's method."""
    centre, spread = X.mean(0), X.std(0)
    A = np.c_[(X - centre) / spread, np.ones(len(X))]
    ridge, w = np.r_[penalty / spread**2, 0.0], np.zeros(A.shape[1])
    for _ in range(200):
        p = expit(A @ w)
        gradient = A.T @ (p - y) / len(y) + ridge * w
        w -= np.linalg.solve((A.T * (p * (1 - p))) @ A / len(y) + np.diag(ridge), gradient)
    return A @ w


SIZES = {
    "standardised": lambda X: X,
    "millions": lambda X: 1e6 * X,
    "billions of billions": lambda X: 1e18 * X,
    "millionths": lambda X: 1e-6 * X,
    "far from 0": lambda X: X + 1e6,
    "mixed": lambda X: X * [1, 1e6, 1e-3, 10] + [0, 1e7, 5, 0],
    "float32": lambda X: (1e6 * X).astype(np.float32),
}


@pytest.mark.parametrize("penalty", [0.01, 1.0])
@pytest.mark.parametrize("size", SIZES)
def test_a_head_reaches_the_minimum_whatever_the_size(size, penalty):
    X, y = cases()
    X = SIZES[size](X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        head = train_head(X, y, penalty=penalty)
    want = newton(X.astype(np.float64), y, penalty)
    np.testing.assert_allclose(head.score(X), want, atol=2e-4 * np.abs(want).max())


def test_a_constant_feature_weighs_nothing():
    X, y = cases()
    with_constant = np.c_[X, np.full(len(X), 1e6)]
    head = train_head(with_constant, y)
    assert head.weight[-1] == 0
    np.testing.assert_allclose(head.score(with_constant), train_head(X, y).score(X), atol=1e-5)


def test_a_minimum_that_is_not_reached_is_said(monkeypatch):
    X, y = cases()

    class Lazy(torch.optim.LBFGS):
        def __init__(self, params, **options):
            super().__init__(params, **{**options, "max_iter": 1})

    monkeypatch.setattr(torch.optim, "LBFGS", Lazy)
    with pytest.warns(RuntimeWarning, match="stopped before the minimum.*larger penalty"):
        train_head(X, y)


@pytest.mark.parametrize("size", [2.0**-10, 2.0**20])
@pytest.mark.parametrize("name", ["balanced sampler", "weighted", "SMOTE"])
def test_strategies_do_not_depend_on_the_size(name, size):
    """With the penalty scaled along, it is the same problem in other units."""
    X, y = cases()
    small = train_strategy(name, X, y, penalty=0.02).probability(X)
    large = train_strategy(name, size * X, y, penalty=0.02 * size**2).probability(size * X)
    np.testing.assert_allclose(large, small, atol=1e-4)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda X: np.where(X > 2, np.nan, X), "features must be finite"),
        (lambda X: np.where(X > 2, np.inf, X), "features must be finite"),
        (lambda X: np.ma.masked_greater(X, 2), "features must not hold masked"),
        (lambda X: X[:-1], "labels must hold one for each of 299 rows"),
    ],
)
def test_every_strategy_refuses_what_is_missing(name, spoil, words):
    X, y = cases()
    with pytest.raises(ValueError, match=words):
        train_strategy(name, spoil(X), y)


# --- labels and counts ------------------------------------------------------------------------


def test_labels_by_name_in_a_series():
    data = torch.utils.data.TensorDataset(torch.arange(100))
    names = ["ill"] * 10 + ["well"] * 90
    (want,) = next(iter(make_balanced_loader(data, names, 50, generator=0)))
    for labels in (
        pd.Series(names),
        pd.Series(names, dtype="category"),
        pd.Series(names, dtype="string"),
        np.array(names, dtype=object),
        pd.Series([1] * 10 + [0] * 90, index=range(100, 200)),
    ):
        (batch,) = next(iter(make_balanced_loader(data, labels, 50, generator=0)))
        assert torch.equal(batch, want)


@pytest.mark.parametrize(
    "labels",
    [
        pd.Series(["ill", None, "well"]),
        pd.Series(["ill", np.nan, "well"], dtype=object),
        np.ma.masked_equal([0, 1, 9], 9),
        pd.Series([0, 1, None], dtype="Int64"),
        [0.0, 1.0, np.nan],
        np.array(["ill", 1, "well"], dtype=object),
    ],
)
def test_missing_labels_are_refused_by_name(labels):
    data = torch.utils.data.TensorDataset(torch.arange(3))
    with pytest.raises((TypeError, ValueError), match="labels must"):
        make_balanced_loader(data, labels)


def test_masked_counts_and_rows_are_refused_by_name():
    with pytest.raises(ValueError, match="counts must not hold masked"):
        class_weights(np.ma.masked_equal([9800, 200, 0], 0))
    X, y = cases()
    comparator = ImbalanceComparator()
    with pytest.raises(ValueError, match="X_train must not hold masked"):
        comparator.fit_predict(np.ma.masked_greater(X, 2), y, X)
    with pytest.raises(ValueError, match="X_test must not hold masked"):
        comparator.fit_predict(X, y, np.ma.masked_greater(X, 2))
