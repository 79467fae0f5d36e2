"""How well two masks agree: overlap, and the distances between their surfaces in millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_number, plain_array
from lessonlib.volumes.grid import as_spacing


def _mask(name: str, mask) -> np.ndarray:
    array = plain_array(name, mask)
    if array.dtype.kind not in "biu" or (array.dtype.kind != "b" and not _binary(array)):
        raise TypeError(
            f"{name} must be a mask of booleans, or of 0 and 1, got {array.dtype}"
            + ("" if array.dtype.kind not in "iu" else f" up to {array.max()}")
            + f"; write {name} == label, or {name} > 0"
        )
    if array.ndim == 0:
        raise ValueError(f"{name} must have at least one axis, got shape ()")
    return array.astype(bool)


def _binary(array: np.ndarray) -> bool:
    return not array.size or (array.min() >= 0 and array.max() <= 1)


def _pair(a, b) -> tuple[np.ndarray, np.ndarray]:
    a, b = _mask("a", a), _mask("b", b)
    if a.shape != b.shape:
        raise ValueError(f"a and b must have one shape, got {a.shape} and {b.shape}")
    return a, b


def dice(a, b) -> float:
    r"""Return the overlap of two masks, :math:`2|A \cap B| / (|A| + |B|)`.

    Parameters
    ----------
    a, b : array_like of bool, of one shape

    Returns
    -------
    float
        In [0, 1]; 0 where exactly one is empty, NaN where both are: count such cases apart.

    Raises
    ------
    TypeError, ValueError
        Where one is no mask, has masked values or a unit, or their shapes differ.

    Examples
    --------
    >>> dice([True, True, False], [False, True, True])
    0.5
    """
    a, b = _pair(a, b)
    sizes = np.count_nonzero(a) + np.count_nonzero(b)
    return float(2 * np.count_nonzero(a & b) / sizes) if sizes else float("nan")


def volume_ml(mask, spacing) -> float:
    """Return the volume of a mask in millilitres.

    Parameters
    ----------
    mask : array_like of bool, shape (Z, Y, X)
    spacing : sequence of float
        Millimetres along z, y and x.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        Where it is no mask, or `spacing` does not give a positive number for each of its axes.

    Examples
    --------
    >>> import numpy as np
    >>> volume_ml(np.ones((10, 10, 10), dtype=bool), (2.5, 1, 1))
    2.5
    """
    mask = _mask("mask", mask)
    return float(np.count_nonzero(mask) * np.prod(as_spacing(spacing, mask.ndim)) / 1000)


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distances between the surfaces of two masks, in millimetres.

    Attributes
    ----------
    from_a, from_b : numpy.ndarray of float64
        From each surface voxel of one mask to the nearest of the other, in no order. Infinite where
        the other is empty.
    """

    from_a: np.ndarray
    from_b: np.ndarray

    @property
    def hausdorff(self) -> float:
        """The largest of all distances; one stray voxel decides it."""
        return self._larger(np.max)

    @property
    def hausdorff95(self) -> float:
        """The larger of the two 95th percentiles, interpolated linearly."""
        return self._larger(lambda distances: np.percentile(distances, 95))

    @property
    def average(self) -> float:
        """The mean over all surface voxels of both masks together."""
        both = np.concatenate([self.from_a, self.from_b])
        return float(both.mean()) if both.size else float("nan")

    def surface_dice(self, tolerance: float) -> float:
        """Return the share of all surface voxels that lie within a tolerance of the other surface.

        Parameters
        ----------
        tolerance : float
            Millimetres; at the tolerance itself counts as within.

        Returns
        -------
        float
            0 where exactly one mask is empty, NaN where both are.
        """
        tolerance = check_number("tolerance", tolerance, minimum=0)
        both = np.concatenate([self.from_a, self.from_b])
        # a sum of steps such as 0.7 mm may miss the tolerance by rounding
        return float((both <= tolerance + 1e-9).mean()) if both.size else float("nan")

    def _larger(self, summary) -> float:
        sides = [side for side in (self.from_a, self.from_b) if side.size]
        if any(np.isinf(side).any() for side in sides):
            return float("inf")
        return float(max(summary(side) for side in sides)) if sides else float("nan")

    def __str__(self) -> str:
        return (
            f"Hausdorff {self.hausdorff:.2f} mm, 95 % {self.hausdorff95:.2f} mm, "
            f"average {self.average:.2f} mm, within 1 mm {self.surface_dice(1):.3f}"
        )


def surface_distances(a, b, spacing) -> SurfaceDistances:
    """Measure from each surface voxel of one mask to the nearest surface voxel of the other.

    Parameters
    ----------
    a, b : array_like of bool, of one shape and any number of axes
    spacing : sequence of float
        Millimetres along each axis, in the order of the axes: (z, y, x).

    Returns
    -------
    SurfaceDistances

    Raises
    ------
    TypeError, ValueError
        Where one is no mask, their shapes differ, or `spacing` does not fit.

    Notes
    -----
    The surface of a mask are its voxels that have a neighbour outside, by a face; beyond the array
    is outside. Distances are from centre to centre, so voxels of unequal sides count alike, however
    large their faces: implementations that weigh by area give other numbers on such grids.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.zeros((2, 1, 1, 9), dtype=bool)
    >>> a[0, 0, 2], b[0, 0, 6] = True, True
    >>> surface_distances(a, b, (5, 1, 0.5)).hausdorff
    2.0
    """
    from scipy.spatial import KDTree

    a, b = _pair(a, b)
    spacing = as_spacing(spacing, a.ndim)
    places = [np.argwhere(_surface(mask)) * np.array(spacing) for mask in (a, b)]
    if not all(len(place) for place in places):
        return SurfaceDistances(*(np.full(len(place), np.inf) for place in places))
    trees = [KDTree(place) for place in places]
    return SurfaceDistances(trees[1].query(places[0])[0], trees[0].query(places[1])[0])


def _surface(mask: np.ndarray) -> np.ndarray:
    """Return the voxels with a neighbour outside, by a face."""
    from scipy.ndimage import binary_erosion

    return mask & ~binary_erosion(mask)
