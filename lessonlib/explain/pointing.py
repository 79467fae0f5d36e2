"""Does a map point at the right place? Scores against regions whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lessonlib._validation import check_number, check_rank
from lessonlib._validation.missing import plain_array


@dataclass(frozen=True, eq=False)
class PointingScore:
    """How often the highest place of a map lies in a region.

    Attributes
    ----------
    hits : numpy.ndarray of float64, shape (N,)
        1 where it does, 0 where it does not or the map is empty, NaN where there is no region.
        Where several pixels share the maximum: the share of them that lie in the region.
    chance : float
        What a pixel drawn at random would score: the mean share of the picture that counts as
        region.
    empty : numpy.ndarray of bool, shape (N,)
        Maps that are zero everywhere: they point at nothing.
    """

    hits: np.ndarray
    chance: float
    empty: np.ndarray

    @property
    def n(self) -> int:
        """Pictures with a region."""
        return int(np.isfinite(self.hits).sum())

    @property
    def score(self) -> float:
        """Mean over the pictures with a region; NaN where there is none."""
        return float(np.nanmean(self.hits)) if self.n else float("nan")

    def __str__(self) -> str:
        return (
            f"{self.score:.2f} of {self.n} maps point into the region "
            f"({int(self.empty.sum())} are empty); chance {self.chance:.2f}"
        )


def pointing_score(
    maps: np.ndarray, regions: np.ndarray, *, tolerance: float = 0.0
) -> PointingScore:
    """Count the maps whose highest pixel lies in the region, or near it: the pointing game.

    Parameters
    ----------
    maps : numpy.ndarray, shape (N, H, W)
        Finite and not negative; higher is more.
    regions : numpy.ndarray of bool, shape (N, H, W)
        Where they should point. A picture may have none: it is left out.
    tolerance : float, default 0
        In pixels: how far outside the region still counts. The grid of the layer decides what is
        fair; half of one of its cells is.

    Returns
    -------
    PointingScore

    Raises
    ------
    TypeError, ValueError
        Where shapes differ or a value is out of range.

    Notes
    -----
    The pointing game asks only for the highest point, so it neither rewards nor punishes the
    extent of a map [1]_.

    References
    ----------
    .. [1] J. Zhang et al., "Top-down neural attention by excitation backprop", ECCV 2016,
       doi:10.1007/978-3-319-46493-0_33.

    Examples
    --------
    >>> maps = np.zeros((1, 4, 4))
    >>> maps[0, 1, 1] = 1
    >>> print(pointing_score(maps, maps > 0))
    1.00 of 1 maps point into the region (0 are empty); chance 0.06
    """
    maps, regions = _checked(maps, regions)
    tolerance = check_number("tolerance", tolerance, minimum=0)
    present = regions.any(axis=(1, 2))
    near = regions.copy()
    if tolerance:
        for i in np.flatnonzero(present):
            near[i] = ndimage.distance_transform_edt(~regions[i]) <= tolerance
    empty = ~(maps > 0).any(axis=(1, 2))
    highest = maps == maps.max(axis=(1, 2), keepdims=True)
    highest[empty] = False
    hits = (highest & near).sum(axis=(1, 2)) / np.maximum(highest.sum(axis=(1, 2)), 1)
    chance = float(near[present].mean()) if present.any() else float("nan")
    return PointingScore(np.where(present, hits, np.nan), chance, empty)


def mass_share(maps: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Return which share of each map's total lies in the region.

    Parameters
    ----------
    maps : numpy.ndarray, shape (N, H, W)
        Finite and not negative.
    regions : numpy.ndarray of bool, shape (N, H, W)

    Returns
    -------
    numpy.ndarray of float64, shape (N,)
        In [0, 1]; NaN where the map is zero everywhere.

    Raises
    ------
    TypeError, ValueError
        Where shapes differ or a value is out of range.
    """
    maps, regions = _checked(maps, regions)
    # scaled first, so that neither tiny nor huge values lose or overflow their sum
    highest = maps.max(axis=(1, 2), keepdims=True)
    scaled = maps / np.where(highest > 0, highest, 1)
    total = scaled.sum(axis=(1, 2))
    inside = np.where(regions, scaled, 0).sum(axis=(1, 2))
    return np.where(total > 0, inside / np.where(total > 0, total, 1), np.nan)


def _checked(maps: np.ndarray, regions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    maps, regions = plain_array("maps", maps), plain_array("regions", regions)
    check_rank("maps", maps, (3,), "(N, H, W)")
    if maps.dtype.kind not in "fiu":
        raise TypeError(f"maps must hold numbers, got {maps.dtype}")
    if regions.shape != maps.shape or regions.dtype != bool:
        raise ValueError(
            f"regions must be bool of the maps' shape {maps.shape}, "
            f"got {regions.dtype} of shape {regions.shape}"
        )
    maps = maps.astype(np.float64)
    if not np.isfinite(maps).all() or maps.min() < 0:
        raise ValueError(
            "maps must be finite and not negative, got "
            f"{'NaN or infinity' if not np.isfinite(maps).all() else maps.min()}; "
            "rectify signed maps first"
        )
    return maps, regions
