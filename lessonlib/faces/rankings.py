"""How stable a ranking of counts is: by the bootstrap, and exactly for two of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_number, plain_array


@dataclass(frozen=True, eq=False)
class RankStability:
    """The ranking of a confusion matrix's errors, and how often it would come out like this.

    Attributes
    ----------
    pairs : numpy.ndarray of int64, shape (P, 2)
        True and predicted class of each cell off the diagonal, most frequent first.
    counts : numpy.ndarray of int64, shape (P,)
    low, high : numpy.ndarray of int64, shape (P,)
        Ranks, from 1, between which the cell lies in 95% of the resamples.
    in_top : numpy.ndarray of float64, shape (P,)
        Share of the resamples in which the cell is among the first `k`.
    same_top : float
        Share of the resamples whose first `k` are the first `k` here, in any order.
    k : int
    """

    pairs: np.ndarray
    counts: np.ndarray
    low: np.ndarray
    high: np.ndarray
    in_top: np.ndarray
    same_top: float
    k: int


def _ranks(counts: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Ranks from 1 along the last axis, the largest first, ties in random order."""
    order = np.lexsort((generator.random(counts.shape), -counts), axis=-1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, counts.shape[-1] + 1), axis=-1)
    return ranks


def rank_stability(
    cm, k: int = 4, *, n_resamples: int = 2000, seed: int | np.random.Generator = 0
) -> RankStability:
    r"""Draw the cases of a confusion matrix anew, and see how its ranking of errors moves.

    Parameters
    ----------
    cm : array_like of int, shape (C, C)
        Counts, rows are the true class; at least two classes.
    k : int, default 4
        How many cells "the top" has.
    n_resamples : int, default 2000
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    RankStability

    Raises
    ------
    TypeError
        Where an argument holds no integers.
    ValueError
        Where the matrix is not square, a count is negative, or `k` is out of range.

    Notes
    -----
    The cases of a class are drawn anew, with replacement, within the class: row :math:`i` is
    multinomial with :math:`n_i` draws and the observed shares :math:`c_{ij}/n_i`. An empty cell
    stays empty, so the bootstrap does not know what the study has not seen.

    References
    ----------
    .. [1] B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993.
       https://doi.org/10.1201/9780429246593
    """
    cm = plain_array("cm", cm)
    if cm.ndim != 2 or cm.shape[0] != cm.shape[1] or len(cm) < 2:
        raise ValueError(f"cm must have shape (C, C), C >= 2, got {cm.shape}")
    if cm.dtype.kind not in "iu":
        raise TypeError(f"cm must hold integers, got {cm.dtype}")
    if (cm < 0).any():
        raise ValueError(f"cm must hold counts of at least 0, got {cm.min()}")
    off = np.argwhere(~np.eye(len(cm), dtype=bool))
    k = check_integer("k", k, minimum=1)
    if k > len(off):
        raise ValueError(f"k must be at most {len(off)}, the cells off the diagonal, got {k}")
    n_resamples = check_integer("n_resamples", n_resamples, minimum=1)
    generator = as_generator(seed)

    drawn = np.empty((n_resamples, *cm.shape), dtype=np.int64)
    for i, row in enumerate(cm):
        n = int(row.sum())
        drawn[:, i] = generator.multinomial(n, row / n, n_resamples) if n else 0
    counts = cm[off[:, 0], off[:, 1]].astype(np.int64)
    order = np.argsort(-counts, kind="stable")
    off, counts = off[order], counts[order]
    ranks = _ranks(drawn[:, off[:, 0], off[:, 1]], generator)
    low, high = np.percentile(ranks, [2.5, 97.5], axis=0, method="inverted_cdf")
    return RankStability(
        pairs=off.astype(np.int64),
        counts=counts,
        low=low.astype(np.int64),
        high=high.astype(np.int64),
        in_top=(ranks <= k).mean(axis=0),
        same_top=float((ranks[:, :k] <= k).all(axis=1).mean()),
        k=k,
    )


def order_probability(p: float, q: float, n: int) -> float:
    r"""Return how often the likelier of two errors is also the more frequent one in a study.

    Parameters
    ----------
    p, q : float
        Chance of each error, in [0, 1], in different rows of a confusion matrix.
    n : int
        Cases of each class.

    Returns
    -------
    float
        Chance that a binomial count with `p` exceeds an independent one with `q`, ties counted
        half.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    Exact: :math:`\sum_i b_p(i)\,\bigl(B_q(i - 1) + \tfrac12 b_q(i)\bigr)` with the binomial
    probabilities :math:`b` and their cumulative sums :math:`B`.

    Examples
    --------
    >>> round(order_probability(0.10, 0.08, 100), 2)
    0.69
    """
    from scipy.stats import binom

    p = check_number("p", p, minimum=0, maximum=1)
    q = check_number("q", q, minimum=0, maximum=1)
    n = check_integer("n", n, minimum=1)
    i = np.arange(n + 1)
    equal = binom.pmf(i, n, q)
    below = binom.cdf(i - 1, n, q)
    return float(np.sum(binom.pmf(i, n, p) * (below + equal / 2)))
