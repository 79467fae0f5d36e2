"""Labelled patches with everything known about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, eq=False)
class NoduleSet:
    """Patches with everything known about them; row i of each array is patch i.

    Attributes
    ----------
    images : numpy.ndarray of float32, shape (N, 1, 64, 64)
        One channel in [0, 1], bone bright.
    labels : numpy.ndarray of int64, shape (N,)
        1 where a nodule was drawn, else 0.
    masks : numpy.ndarray of bool, shape (N, 64, 64)
        The nodule's pixels; empty where there is none.
    centers : numpy.ndarray of float64, shape (N, 2)
        Row and column of the nodule in its patch; NaN where there is none.
    radii, contrasts : numpy.ndarray of float64, shape (N,)
        Of the nodule, in pixels and in units of the full range before acquisition; NaN likewise.
    regions : numpy.ndarray of int64, shape (N,)
        Number of the region that the patch was cut from. Patches of one region overlap: resample
        regions, not patches.
    corners : numpy.ndarray of int64, shape (N, 2)
        Row and column of the patch's first pixel on the film.
    hospitals : numpy.ndarray of str, shape (N,)
        "A" or "B".
    marked : numpy.ndarray of bool, shape (N,)
        Whether the corner marker is on it.
    """

    images: np.ndarray
    labels: np.ndarray
    masks: np.ndarray
    centers: np.ndarray
    radii: np.ndarray
    contrasts: np.ndarray
    regions: np.ndarray
    corners: np.ndarray
    hospitals: np.ndarray
    marked: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_positive(self) -> int:
        """Patches with a nodule."""
        return int(self.labels.sum())

    @property
    def n_regions(self) -> int:
        """Regions that share no pixel: what the size of the set is worth at most."""
        return len(np.unique(self.regions))

    def __getitem__(self, index) -> NoduleSet:
        """Return the patches that a slice, a mask or an array of numbers picks."""
        if isinstance(index, int | np.integer):
            index = [index]
        return NoduleSet(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def __str__(self) -> str:
        where = " and ".join(np.unique(self.hospitals))
        return (
            f"{len(self):,} patches, {self.n_positive:,} with a nodule, from {self.n_regions} "
            f"regions of one film, hospital {where}"
        )


def join(sets: Sequence[NoduleSet]) -> NoduleSet:
    """Put sets together, in order: training data from two hospitals, say.

    Parameters
    ----------
    sets : sequence of NoduleSet
        At least one.

    Returns
    -------
    NoduleSet

    Raises
    ------
    ValueError
        Where there is none.
    """
    if not sets:
        raise ValueError("sets must hold at least one NoduleSet, got none")
    return NoduleSet(
        **{f.name: np.concatenate([getattr(s, f.name) for s in sets]) for f in fields(NoduleSet)}
    )
