"""Objects that were found against objects that are there: overlaps, matches, average precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lessonlib._validation import check_number, check_rank, each_number, plain_array

if TYPE_CHECKING:
    from scipy.sparse import coo_array


def check_label_image(name: str, labels) -> np.ndarray:
    """Return labels as integers from 0, or raise an error that names the argument."""
    array = plain_array(name, labels)
    check_rank(name, array, (2, 3), "(H, W) or (D, H, W)")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold whole numbers, got {array.dtype}")
    if array.min() < 0:
        raise ValueError(f"{name} must not hold negative labels, got {array.min()}")
    return array


def check_pair(true, found) -> tuple[np.ndarray, np.ndarray]:
    """Return two label images of the same shape, or raise an error that names the argument."""
    true, found = check_label_image("true", true), check_label_image("found", found)
    if true.shape != found.shape:
        raise ValueError(f"found must have the shape of true, {true.shape}, got {found.shape}")
    return true, found


def renumber(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels that occur, and each pixel's place among them, flat."""
    flat = labels.ravel()
    if flat.max() > 4 * flat.size:
        ids, place = np.unique(flat, return_inverse=True)
        return ids, place
    # as np.unique, without sorting a quarter of a million pixels
    flat = flat.astype(np.int64, copy=False)  # bincount takes no uint64
    present = np.bincount(flat) > 0
    return np.flatnonzero(present), (np.cumsum(present) - 1)[flat]


def overlaps(true: np.ndarray, found: np.ndarray) -> coo_array:
    """Return the intersection over union of every pair of objects that share a pixel.

    As a sparse table, ``(n_true, n_found)``: most of a thousand objects share no pixel with most
    of a thousand others.
    """
    from scipy.sparse import coo_array

    true, found = check_pair(true, found)
    true_ids, i = renumber(true)
    found_ids, j = renumber(found)
    width = len(found_ids)
    if len(true_ids) * width <= 4 * i.size:  # counted faster than sorted
        counts = np.bincount(i * width + j, minlength=len(true_ids) * width)
        pairs = np.flatnonzero(counts)
        shared = counts[pairs]
    else:
        pairs, shared = np.unique(i * width + j, return_counts=True)
    rows, columns = np.divmod(pairs, width)
    # |A ∩ B| / (|A| + |B| - |A ∩ B|)
    union = np.bincount(i)[rows] + np.bincount(j)[columns] - shared
    objects = (true_ids[rows] > 0) & (found_ids[columns] > 0)
    ground = int(true_ids[0] == 0), int(found_ids[0] == 0)  # the first place, where there is any
    return coo_array(
        ((shared / union)[objects], (rows[objects] - ground[0], columns[objects] - ground[1])),
        shape=(len(true_ids) - ground[0], len(found_ids) - ground[1]),
    )


def iou_matrix(true: np.ndarray, found: np.ndarray) -> np.ndarray:
    r"""Return the intersection over union of every true object with every one found.

    Parameters
    ----------
    true, found : numpy.ndarray of int, shape (H, W) or (D, H, W)
        Label images, 0 for the ground. Numbers may have gaps.

    Returns
    -------
    numpy.ndarray of float64, shape (n_true, n_found)
        Objects in the order of their numbers.

    Raises
    ------
    TypeError
        Where a label is no whole number.
    ValueError
        Where one is negative, or the shapes differ.

    Notes
    -----
    .. math:: \mathrm{IoU}(A, B) = \frac{|A \cap B|}{|A| + |B| - |A \cap B|}

    One pass over the pixels: each falls into one cell of a table of pairs. The table is made whole
    here; :func:`match_objects` keeps only the pairs that touch.

    Examples
    --------
    >>> import numpy as np
    >>> iou_matrix(np.array([[1, 1, 0, 2]]), np.array([[7, 0, 0, 9]])).tolist()
    [[0.5, 0.0], [0.0, 1.0]]
    """
    return overlaps(true, found).toarray()


@dataclass(frozen=True, eq=False)
class Matching:
    """Which true object was found by which, at one threshold.

    Attributes
    ----------
    threshold : float
        Smallest intersection over union that counts.
    true_found : numpy.ndarray of bool, shape (n_true,)
        Whether each true object has a partner, in the order of the labels.
    found_true : numpy.ndarray of bool, shape (n_found,)
        Whether each object found has one.
    pairs : numpy.ndarray of int, shape (tp, 2)
        Positions of the partners in that order, from 0.
    """

    threshold: float
    true_found: np.ndarray
    found_true: np.ndarray
    pairs: np.ndarray

    @property
    def tp(self) -> int:
        """True objects that were found."""
        return len(self.pairs)

    @property
    def fn(self) -> int:
        """True objects that were missed."""
        return len(self.true_found) - self.tp

    @property
    def fp(self) -> int:
        """Objects found that are not there, or too badly outlined to count."""
        return len(self.found_true) - self.tp

    @property
    def average_precision(self) -> float:
        """TP / (TP + FP + FN); NaN where there is nothing to find and nothing was found."""
        total = self.tp + self.fp + self.fn
        return self.tp / total if total else float("nan")

    def __str__(self) -> str:
        return (
            f"IoU ≥ {self.threshold:g}: {self.tp} found, {self.fn} missed, {self.fp} false, "
            f"average precision {self.average_precision:.3f}"
        )


def match_objects(true: np.ndarray, found: np.ndarray, threshold: float = 0.5) -> Matching:
    """Pair as many true objects with objects found as overlap enough, each once.

    Parameters
    ----------
    true, found : numpy.ndarray of int, shape (H, W) or (D, H, W)
        Label images, 0 for the ground.
    threshold : float, default 0.5
        Smallest intersection over union of a pair, in (0, 1].

    Returns
    -------
    Matching

    Raises
    ------
    TypeError, ValueError
        As :func:`iou_matrix`, or where `threshold` is outside (0, 1].

    Notes
    -----
    Above one half an object overlaps at most one other by so much, and the pairs are forced. At
    one half and below there is a choice; SciPy's assignment, in each group of objects that compete,
    finds the largest number of pairs, and of those with as many the one with the largest sum of
    overlaps.

    Examples
    --------
    >>> import numpy as np
    >>> print(match_objects(np.array([[1, 1, 0, 2]]), np.array([[7, 7, 0, 0]])))
    IoU ≥ 0.5: 1 found, 1 missed, 0 false, average precision 0.500
    """
    threshold = check_number("threshold", threshold, above=0, maximum=1)
    return _match(overlaps(true, found), threshold)


def _match(overlap: coo_array, threshold: float) -> Matching:
    rows, columns, shares = _candidates(overlap, threshold)
    if len(np.unique(rows)) < len(rows) or len(np.unique(columns)) < len(columns):
        pairs = _most_pairs(rows, columns, shares)
    else:  # nobody has a choice
        pairs = np.stack([rows, columns], axis=1)
    pairs = pairs[np.argsort(pairs[:, 0])].astype(np.int64)
    true_found = np.isin(np.arange(overlap.shape[0]), pairs[:, 0])
    found_true = np.isin(np.arange(overlap.shape[1]), pairs[:, 1])
    return Matching(threshold, true_found, found_true, pairs)


def _candidates(overlap: coo_array, threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    enough = overlap.data >= threshold
    rows, columns = overlap.coords
    return rows[enough], columns[enough], overlap.data[enough]


def _most_pairs(rows: np.ndarray, columns: np.ndarray, overlap: np.ndarray) -> np.ndarray:
    """Return the largest set of pairs, of those with as many the one with the largest overlaps.

    Objects that share no candidate have nothing to do with each other: each connected group of
    them is assigned by itself.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, row = np.unique(rows, return_inverse=True)
    _, column = np.unique(columns, return_inverse=True)
    n, m = row.max() + 1, column.max() + 1
    graph = coo_array((np.ones(len(row)), (row, column + n)), shape=(n + m, n + m))
    group = connected_components(graph, directed=False)[1][row]
    order = np.argsort(group, kind="stable")
    pairs = []
    for member in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        own_rows, i = np.unique(rows[member], return_inverse=True)
        own_columns, j = np.unique(columns[member], return_inverse=True)
        # one pair more is worth more than any sum of overlaps
        value = np.zeros((len(own_rows), len(own_columns)))
        value[i, j] = min(value.shape) + 1 + overlap[member]
        taken = linear_sum_assignment(value, maximize=True)
        real = value[taken] > 0
        pairs.append(np.stack([own_rows[taken[0][real]], own_columns[taken[1][real]]], axis=1))
    return np.concatenate(pairs)


def average_precision(
    true: np.ndarray, found: np.ndarray, thresholds: Sequence[float] = (0.5, 0.6, 0.7, 0.8, 0.9)
) -> np.ndarray:
    r"""Return the average precision at each threshold of overlap.

    Parameters
    ----------
    true, found : numpy.ndarray of int, shape (H, W) or (D, H, W)
        Label images, 0 for the ground.
    thresholds : sequence of float
        Smallest intersections over union that count, each in (0, 1].

    Returns
    -------
    numpy.ndarray of float64, shape (len(thresholds),)
        NaN where both images are empty.

    Raises
    ------
    TypeError, ValueError
        As :func:`match_objects`.

    Notes
    -----
    .. math:: \mathrm{AP}_\tau = \frac{TP_\tau}{TP_\tau + FP_\tau + FN_\tau}

    This is the count of the 2018 Data Science Bowl [1]_ and of StarDist, which calls it accuracy.
    It is *not* the area under a precision-recall curve that detection papers and scikit-learn call
    average precision: objects found here carry no score by which to rank them.

    References
    ----------
    .. [1] J. C. Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data
       Science Bowl", Nature Methods 16, 2019, 1247-1253.
       https://doi.org/10.1038/s41592-019-0612-7

    Examples
    --------
    >>> import numpy as np
    >>> true, found = np.array([[1, 1, 1, 0, 2]]), np.array([[1, 1, 0, 0, 2]])
    >>> average_precision(true, found, [0.5, 0.7]).round(2).tolist()
    [1.0, 0.33]
    """
    overlap = overlaps(true, found)
    levels = each_number("thresholds", thresholds, above=0, maximum=1)
    return np.array([_match(overlap, level).average_precision for level in levels])
