"""Matches counted tile by tile: parts of a picture scored apart, and an interval over them."""

from __future__ import annotations

import numpy as np

from lessonlib._validation import as_generator, check_integer, plain_array
from lessonlib.evaluation import Interval, percentile_interval
from lessonlib.microscopy.matching import check_pair, match_objects, renumber


def tile_counts(
    true: np.ndarray, found: np.ndarray, threshold: float = 0.5, tiles: int = 8
) -> np.ndarray:
    """Count matches by where they lie, so that parts of a picture can be scored apart.

    Parameters
    ----------
    true, found : numpy.ndarray of int, shape (H, W)
        Label images, 0 for the ground, of the whole picture.
    threshold : float, default 0.5
        Smallest intersection over union that counts.
    tiles : int, default 8
        Tiles along each axis.

    Returns
    -------
    numpy.ndarray of int64, shape (tiles, tiles, 3)
        True positives, false positives, false negatives. A pair, and a miss, belongs to the tile
        that holds the centre of the true object; a false object to that of its own centre.

    Raises
    ------
    TypeError, ValueError
        As :func:`match_objects`, or where the images are no planes.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((8, 8), dtype=int)
    >>> labels[1, 1], labels[6, 6] = 1, 2
    >>> tile_counts(labels, labels, tiles=2)[..., 0].tolist()
    [[1, 0], [0, 1]]
    """
    true, found = check_pair(true, found)
    matching = match_objects(true, found, threshold)
    tiles = check_integer("tiles", tiles, minimum=1)
    if true.ndim != 2:
        raise ValueError(f"true must have shape (H, W) to be cut into tiles, got {true.shape}")
    counts = np.zeros((tiles, tiles, 3), dtype=np.int64)
    true_tile, found_tile = (_tile_of_each(labels, tiles) for labels in (true, found))
    for column, places in enumerate(
        (
            true_tile[matching.true_found],
            found_tile[~matching.found_true],
            true_tile[~matching.true_found],
        )
    ):
        np.add.at(counts, (places[:, 0], places[:, 1], column), 1)
    return counts


def _tile_of_each(labels: np.ndarray, tiles: int) -> np.ndarray:
    """Return row and column of the tile that holds the centre of each object, ``(n, 2)``."""
    ids, number = renumber(labels)
    size = np.bincount(number)
    first = int(ids[0] == 0)  # the ground, where there is any, comes first
    centres = np.stack(
        [np.bincount(number, weights=np.indices(labels.shape)[axis].ravel()) / size
         for axis in range(2)], axis=1)[first:]  # fmt: skip
    return np.minimum((centres + 0.5) * tiles / labels.shape, tiles - 1).astype(int)


def precision_gain(
    before: np.ndarray, after: np.ndarray, *, resamples: int = 2000, level: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> Interval:  # fmt: skip
    """Return by how much the average precision rose, with a bootstrap interval over tiles.

    Parameters
    ----------
    before, after : numpy.ndarray of int, shape (..., 3)
        Counts of :func:`tile_counts` on the same tiles. Zeros for `before` give the average
        precision of `after` itself.
    resamples : int, default 2000
        How often the tiles are drawn anew, with replacement, the same for both.
    level : float, default 0.95
        Coverage.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    lessonlib.evaluation.Interval
        Of the difference of TP / (TP + FP + FN).

    Raises
    ------
    TypeError, ValueError
        Where there are no counts, the shapes differ, there are fewer than two tiles, or no object.

    Notes
    -----
    Neighbouring nuclei fail together, so tiles are resampled and not nuclei. An object that lies
    across two tiles is counted in one. The interval says how the score would vary over pictures
    like this one; it knows nothing of other cells and other microscopes.
    """
    before, after = (_as_tiles(name, c) for name, c in (("before", before), ("after", after)))
    if before.shape != after.shape:
        raise ValueError(f"after must have the shape of before, {before.shape}, got {after.shape}")
    if not after.sum():
        raise ValueError("after must count at least one object, got none")
    resamples = check_integer("resamples", resamples, minimum=100)
    generator = as_generator(seed)
    drawn = generator.integers(0, len(after), (resamples, len(after)))
    samples = _precision(after[drawn].sum(axis=1)) - _precision(before[drawn].sum(axis=1))
    value = _precision(after.sum(axis=0)) - _precision(before.sum(axis=0))
    spread = percentile_interval(samples, level)
    return Interval(float(value), spread.low, spread.high)


def _as_tiles(name: str, counts) -> np.ndarray:
    array = plain_array(name, counts)
    if array.ndim < 2 or array.shape[-1] != 3 or array.size < 6:
        raise ValueError(f"{name} must have shape (..., 3) with two tiles or more, "
                         f"got {array.shape}")  # fmt: skip
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold counts, which are whole numbers, got {array.dtype}")
    if array.min() < 0:
        raise ValueError(f"{name} must hold counts, got {array.dtype} from {array.min()}")
    return array.reshape(-1, 3)


def _precision(counts: np.ndarray) -> np.ndarray:
    """TP / (TP + FP + FN) along the last axis; 0 where nothing was counted."""
    total = counts.sum(axis=-1)
    return np.divide(counts[..., 0], total, out=np.zeros(total.shape), where=total > 0)
