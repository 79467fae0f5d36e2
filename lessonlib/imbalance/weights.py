"""Class weights, from the numbers of cases."""

from __future__ import annotations

import numpy as np

from lessonlib._validation import in_class_order


def check_counts(name: str, counts) -> np.ndarray:
    """Return numbers of cases as float64, at least one in each of at least two classes.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    counts : array_like of int, shape (K,)

    Returns
    -------
    numpy.ndarray of float64, shape (K,)

    Raises
    ------
    TypeError
        Where a count is no whole number.
    ValueError
        Where there are fewer than two classes, or a class is empty.
    """
    array = in_class_order(name, counts)
    if array.ndim != 1 or len(array) < 2:
        raise ValueError(f"{name} must hold one number a class, at least two, got {counts!r}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, numbers of cases, got {counts!r}")
    if array.min() < 1:
        raise ValueError(
            f"{name} must be at least 1 for every class, got {counts!r}; leave a class without "
            "cases out, no weight makes up for it"
        )
    return array.astype(np.float64)


def class_weights(counts) -> np.ndarray:
    r"""Return one weight a class, so that every class weighs the same in total.

    Parameters
    ----------
    counts : array_like of int, shape (K,)
        Number of training cases of each class, class 0 first.

    Returns
    -------
    numpy.ndarray of float64, shape (K,)
        They sum to 1.

    Raises
    ------
    TypeError
        Where a count is no whole number.
    ValueError
        Where there are fewer than two classes, or a class is empty.

    Notes
    -----
    .. math:: w_k = \frac{1/n_k}{\sum_j 1/n_j}.

    The common factor is arbitrary. ``torch.nn.CrossEntropyLoss`` with ``reduction="mean"``
    divides by the sum of the cases' weights, so that it cancels; :class:`FocalLoss`, like
    ``reduction="sum"``, does not, and there it acts as a learning rate.

    Examples
    --------
    >>> class_weights([9800, 200]).tolist()
    [0.02, 0.98]
    """
    inverse = 1 / check_counts("counts", counts)
    return inverse / inverse.sum()
