"""The regions of the chest X-ray's lungs, and which split each belongs to."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lessonlib._validation import check_choice
from lessonlib.images.phantoms.lungs import FILM_HEIGHT, FILM_WIDTH, lung_mask

#: Side of a patch and of the region that it is cut from, in pixels of the film.
PATCH, REGION = 64, 80
_TOP, _LEFT = 64, 56  # where the grid of regions starts: chosen so that many lie in the lungs
_LUNG_SHARE = 0.7  # a region counts when this much of it is lung, off the film's own opacities

#: Which zones belong to which split: a band of the lung from apex (a) to base (f), and R or L, the
#: patient's right or left. Training has a zone of every band.
ZONES = {
    "train": ("aR", "bL", "cR", "dL", "eR", "fL"),
    "validation": ("eL", "dR"),
    "internal": ("aL", "cL"),
    "external": ("bR", "fR"),
}
_BANDS = {"a": (1, 4), "b": (4, 6), "c": (6, 9), "d": (9, 11), "e": (11, 14), "f": (14, 18)}


@lru_cache(maxsize=1)
def region_table() -> dict[str, np.ndarray]:
    """Return the first pixel of every region on the film, by zone.

    Returns
    -------
    dict of str to numpy.ndarray of int64, shape (n, 3)
        For each zone the number of the region, its first row and its first column.
    """
    down, across = (FILM_HEIGHT - _TOP) // REGION, (FILM_WIDTH - _LEFT) // REGION
    mask = lung_mask(FILM_HEIGHT, avoid_opacities=True)
    grid = mask[_TOP : _TOP + down * REGION, _LEFT : _LEFT + across * REGION]
    share = grid.reshape(down, REGION, across, REGION).mean(axis=(1, 3))
    table: dict[str, list] = {zone: [] for zones in ZONES.values() for zone in zones}
    for i, j in zip(*np.nonzero(share >= _LUNG_SHARE), strict=True):
        band = next(name for name, (start, stop) in _BANDS.items() if start <= i < stop)
        zone = band + ("R" if j < across // 2 else "L")
        table[zone].append((i * across + j, _TOP + i * REGION, _LEFT + j * REGION))
    return {zone: np.array(rows, dtype=np.int64) for zone, rows in table.items()}


def split_regions(split: str) -> np.ndarray:
    """Return the regions of a split.

    Parameters
    ----------
    split : {"train", "validation", "internal", "external"}

    Returns
    -------
    numpy.ndarray of int64, shape (n, 3)
        Number, first row and first column of each.
    """
    check_choice("split", split, tuple(ZONES))
    return np.concatenate([region_table()[zone] for zone in ZONES[split]])
