"""The marker experiment: the same patches with and without their nodule and a letter."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_number
from lessonlib._validation.missing import plain_array
from lessonlib.explain.pointing import pointing_score
from lessonlib.images.experiment import NoduleSet, marker_mask, nodule_set


@dataclass(frozen=True, eq=False)
class MarkerPairs:
    """Patches in four versions that differ in nothing else, noise included.

    Attributes
    ----------
    patches : NoduleSet
        With their nodules, without a marker: labels, masks and all else that is known.
    images : numpy.ndarray of float32, shape (2, 2, N, 1, 64, 64)
        First axis: nodule left out or drawn, where the patch has one. Second: without or with the
        marker.
    """

    patches: NoduleSet
    images: np.ndarray

    def __len__(self) -> int:
        return len(self.patches)

    def marks(
        self, with_nodule: float, without: float, *, seed: int | np.random.Generator = 0
    ) -> np.ndarray:
        """Draw which patches a hospital marks.

        Parameters
        ----------
        with_nodule, without : float
            Its chance of marking a patch with and one without a nodule.
        seed : int or numpy.random.Generator, default 0

        Returns
        -------
        numpy.ndarray of bool, shape (N,)
            The shares are kept to a patch: a hospital's habit, not its luck.
        """
        generator = as_generator(seed)
        marked = np.zeros(len(self), dtype=bool)
        for label, chance in ((1, with_nodule), (0, without)):
            name = "with_nodule" if label else "without"
            chance = check_number(name, chance, minimum=0, maximum=1)
            rows = np.flatnonzero(self.patches.labels == label)
            marked[generator.choice(rows, round(len(rows) * chance), replace=False)] = True
        return marked

    def taken(self, marked: np.ndarray) -> NoduleSet:
        """Return the patches as a hospital that marks these took them.

        Parameters
        ----------
        marked : numpy.ndarray of bool, shape (N,)

        Returns
        -------
        NoduleSet
        """
        images = np.where(marked[:, None, None, None], self.images[1, 1], self.images[1, 0])
        return replace(self.patches, images=images, marked=marked)


def marker_pairs(
    split: str,
    n: int,
    *,
    hospital: str | None = None,
    prevalence: float = 0.5,
    contrast: tuple[float, float] = (0.03, 0.10),
    seed: int = 0,
) -> MarkerPairs:
    """Draw patches of the running data set in four versions.

    Parameters
    ----------
    split, n, hospital, prevalence, contrast, seed
        As in :func:`lessonlib.images.experiment.nodule_set`; `seed` a number.

    Returns
    -------
    MarkerPairs

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    The letter covers the same pixels on every patch and no nodule. Because a version differs from
    another in one thing alone, a difference of a network's answers is the effect of that thing.
    """
    options = {
        "hospital": hospital, "prevalence": prevalence, "marker": (0, 0),
        "seed": check_integer("seed", seed, minimum=0),
    }  # fmt: skip
    drawn = nodule_set(split, n, contrast=contrast, **options)
    left_out = nodule_set(split, n, contrast=(0, 0), **options)
    unmarked = np.stack([left_out.images, drawn.images])
    images = np.stack([unmarked, np.where(marker_mask(), np.float32(1), unmarked)], axis=1)
    return MarkerPairs(drawn, images)


@dataclass(frozen=True, eq=False)
class Effects:
    """What a network's answer to a marked patch with a nodule owes to each of the two.

    Attributes
    ----------
    nodule, marker : numpy.ndarray of float64, shape (k,)
        How far the log-odds fall when it alone is taken away.
    """

    nodule: np.ndarray
    marker: np.ndarray

    @property
    def marker_leads(self) -> np.ndarray:
        """Where the marker's effect is the larger one; bool, shape (k,)."""
        return self.marker > self.nodule

    def __str__(self) -> str:
        return (
            f"{len(self.nodule)} marked patches with a nodule: log-odds fall by "
            f"{np.mean(self.nodule):.1f} without the nodule, by {np.mean(self.marker):.1f} without "
            f"the marker, which counts for more in {np.mean(self.marker_leads):.0%}"
        )


def effects(margins: np.ndarray, labels: np.ndarray) -> Effects:
    r"""Measure by intervention what a network used.

    Parameters
    ----------
    margins : numpy.ndarray, shape (2, 2, N)
        Log-odds of the four versions, in the order of `MarkerPairs.images`.
    labels : numpy.ndarray, shape (N,)
        1 where there is a nodule.

    Returns
    -------
    Effects
        Of the patches with a nodule.

    Raises
    ------
    ValueError
        Where the shapes differ.

    Notes
    -----
    With :math:`m_{ab}` for nodule :math:`a` and marker :math:`b`, the nodule's effect is
    :math:`m_{11} - m_{01}` and the marker's :math:`m_{11} - m_{10}`. They need not add up to
    anything: a network may ask for both at once.
    """
    margins = plain_array("margins", margins).astype(np.float64)
    positive = plain_array("labels", labels) == 1
    if margins.shape != (2, 2, len(positive)):
        raise ValueError(
            f"margins must have shape (2, 2, {len(positive)}), one for each label, "
            f"got {margins.shape}"
        )
    m = margins[:, :, positive]
    return Effects(nodule=m[1, 1] - m[0, 1], marker=m[1, 1] - m[1, 0])


@dataclass(frozen=True, eq=False)
class MapVerdict:
    """What maps name as the reason, beside what the network used.

    Attributes
    ----------
    names_marker, names_nodule : numpy.ndarray of bool, shape (k,)
        Where the map's highest place lies. Neither: it names nothing that is there to be named.
    marker_leads : numpy.ndarray of bool, shape (k,)
        The truth, by intervention: see :class:`Effects`.
    """

    names_marker: np.ndarray
    names_nodule: np.ndarray
    marker_leads: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Where the map names what counted for more."""
        return np.where(self.marker_leads, self.names_marker, self.names_nodule)

    @property
    def wrong(self) -> np.ndarray:
        """Where it names the other and not the right one: the map misleads."""
        other = np.where(self.marker_leads, self.names_nodule, self.names_marker)
        return other & ~self.right

    @property
    def silent(self) -> np.ndarray:
        """Where it names neither."""
        return ~(self.names_marker | self.names_nodule)

    def __str__(self) -> str:
        return (
            f"{len(self.right)} maps: {self.right.mean():.0%} name what counted for more, "
            f"{self.wrong.mean():.0%} the other, {self.silent.mean():.0%} neither"
        )


def map_verdict(
    maps: np.ndarray, masks: np.ndarray, effects: Effects, *, tolerance: float = 4.0
) -> MapVerdict:
    """Compare what maps point at with what the network used.

    Parameters
    ----------
    maps : numpy.ndarray, shape (k, H, W)
        For the class "nodule", of the marked patches with a nodule.
    masks : numpy.ndarray of bool, shape (k, H, W)
        Their nodules.
    effects : Effects
        Of the same patches.
    tolerance : float, default 4
        In pixels, as in :func:`lessonlib.explain.pointing_score`: half a cell of the grid.

    Returns
    -------
    MapVerdict

    Raises
    ------
    TypeError, ValueError
        Where shapes differ or a value is out of range.
    """
    maps = plain_array("maps", maps)
    if len(maps) != len(effects.marker):
        raise ValueError(
            f"maps must be of the {len(effects.marker)} patches of effects, got {len(maps)}"
        )
    letter = np.broadcast_to(marker_mask(maps.shape[1:]), maps.shape)
    names = [
        pointing_score(maps, region, tolerance=tolerance).hits > 0.5 for region in (letter, masks)
    ]
    return MapVerdict(*names, effects.marker_leads)
