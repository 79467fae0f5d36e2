"""What does a classifier see? Whether a changed picture is still nearest to its original."""

from __future__ import annotations

import numpy as np

from lessonlib._validation import check_numbers, check_rank
from lessonlib.evaluation import Interval, binomial_interval


def retrieval_share(originals: np.ndarray, copies: np.ndarray) -> Interval:
    """Return which share of changed copies have their own original as nearest neighbour.

    A classifier can only keep its answer under a change of the picture if its features hardly
    move. This asks whether they move less than from one object to the next; it needs no labels.

    Parameters
    ----------
    originals, copies : array_like, shape (n, d)
        Features of each object, and of its changed copy, finite; `n` at least 2. Both are divided
        by the standard deviation of the originals, feature by feature.

    Returns
    -------
    lessonlib.evaluation.Interval
        Share with its 95% interval.

    Raises
    ------
    ValueError
        Where the shapes differ or a feature is not finite.
    """
    originals = check_numbers("originals", originals).astype(np.float64)
    copies = check_numbers("copies", copies).astype(np.float64)
    check_rank("originals", originals, (2,), "(n, d)")
    if copies.shape != originals.shape or len(originals) < 2:
        raise ValueError(
            "originals and copies must have one shape (n, d) with n at least 2, got "
            f"{originals.shape} and {copies.shape}"
        )
    if not (np.isfinite(originals).all() and np.isfinite(copies).all()):
        raise ValueError("originals and copies must be finite")
    spread = originals.std(axis=0)
    used = spread > 0
    a, b = originals[:, used] / spread[used], copies[:, used] / spread[used]
    distance = (a**2).sum(axis=1) - 2 * b @ a.T  # up to a constant of the copy
    return binomial_interval(int((distance.argmin(axis=1) == np.arange(len(a))).sum()), len(a))
