"""Another grid for the same volume: other voxels, other axes, the same millimetres."""

from __future__ import annotations

import numpy as np

from lessonlib._validation import check_number, plain_array
from lessonlib.volumes.volume import Volume

#: More than any machine holds; what asks for so many is a slip.
MOST_VOXELS = 2**40


def as_spacing(spacing, rank: int = 3) -> tuple[float, ...]:
    """Return millimetres per voxel along each axis, or raise an error that names the argument."""
    values = np.atleast_1d(plain_array("spacing", spacing)).tolist()
    if len(values) != rank:
        raise ValueError(
            f"spacing must give millimetres for each of {rank} axes (z, y, x), got {spacing!r}"
        )
    return tuple(check_number("spacing", value, above=0) for value in values)


def _check_volume(volume) -> None:
    if not isinstance(volume, Volume):
        raise TypeError(
            f"volume must be a Volume, which knows its millimetres, got {type(volume).__name__}: "
            "make one with Volume(voxels, affine)"
        )


def resample(volume: Volume, spacing, nearest: bool = False) -> Volume:
    """Return a volume on voxels of another size; the field of view stays where it is.

    Parameters
    ----------
    volume : Volume
    spacing : sequence of float, length 3
        Millimetres along z, y and x, exactly as they will be.
    nearest : bool, default False
        Take the nearest voxel, for masks: between the labels 0 and 2 there is no 1. Otherwise
        linear, and whole numbers become float32 up to 16 bits, else float64.

    Returns
    -------
    Volume

    Raises
    ------
    TypeError, ValueError
        Where `volume` is none, `spacing` is not three positive numbers without a unit, or so fine
        that no machine holds the voxels.

    Notes
    -----
    The new grid has as many voxels as fit the old field of view, rounded, at least one, and its
    middle is the middle of the old one. Voxels beyond the outermost old centres repeat the edge. No
    smoothing goes before: where voxels become much larger, fine structure is missed, not averaged.
    """
    from scipy.ndimage import affine_transform

    _check_volume(volume)
    spacing = as_spacing(spacing)
    if not isinstance(nearest, bool | np.bool_):
        raise TypeError(f"nearest must be True or False, got {nearest!r}")
    ratio = np.array(spacing) / volume._steps()  # old voxels for each new one, along z, y, x
    old = np.array(volume.shape)
    new = np.maximum(1, np.floor(old / ratio + 0.5))
    if np.prod(new) > MOST_VOXELS:
        raise ValueError(
            f"spacing must not ask for more than {MOST_VOXELS:.0e} voxels, got {np.prod(new):.0e} "
            f"from {spacing!r}; {volume._steps()} mm was measured"
        )
    new = new.astype(int)
    first = (old - 1) / 2 - ratio * (new - 1) / 2  # where, in old voxels, the new grid begins
    voxels = volume.voxels
    if nearest:  # SciPy counts labels in float64, which has not all of 64 bits
        place = [
            np.floor(f + r * np.arange(n) + 0.5) for f, r, n in zip(first, ratio, new, strict=True)
        ]
        moved = voxels[
            np.ix_(*(p.clip(0, n - 1).astype(int) for p, n in zip(place, old, strict=True)))
        ]
    else:
        kind = voxels.dtype
        kind = kind if kind.itemsize > 2 and kind.kind == "f" else np.result_type(kind, np.float32)
        kind = np.float64 if kind.itemsize > 8 else kind
        moved = affine_transform(
            voxels.astype(kind, copy=False), ratio, first, tuple(new), order=1, mode="nearest"
        )
    step = np.diag([*ratio[::-1], 1.0])
    step[:3, 3] = first[::-1]
    return Volume(moved, volume.affine @ step)


def reorient(volume: Volume, orientation: str = "RAS") -> Volume:
    """Return a volume whose axes run another way; no value changes its millimetre.

    Parameters
    ----------
    volume : Volume
    orientation : str, default "RAS"
        Where x, y and z are to run: one letter each of R or L, A or P, S or I.

    Returns
    -------
    Volume
        Axes are flipped and exchanged, nothing is interpolated. The voxels are a copy.

    Raises
    ------
    TypeError, ValueError
        Where `volume` is none, or `orientation` is no such word.
    """
    from nibabel import orientations

    _check_volume(volume)

    word = str(orientation).upper()
    pairs = ("RL", "AP", "SI")
    if len(word) != 3 or any(sum(letter in pair for letter in word) != 1 for pair in pairs):
        raise ValueError(
            "orientation must have one letter each of R or L, A or P, S or I, such as 'RAS', got "
            f"{orientation!r}"
        )
    change = orientations.ornt_transform(
        orientations.io_orientation(volume.affine), orientations.axcodes2ornt(tuple(word))
    )
    by_x = volume.voxels.T
    voxels = orientations.apply_orientation(by_x, change).T
    affine = volume.affine @ orientations.inv_ornt_aff(change, by_x.shape)
    return Volume(np.ascontiguousarray(voxels), affine)
