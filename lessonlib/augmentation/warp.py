"""Moves a picture by a displacement field: one bilinear or nearest look-up a pixel.

Work goes tile by tile, so that memory stays bounded, pictures larger than OpenCV's limit of
32,767 pixels pass, and a dask block is just one more tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lessonlib._validation.missing import without_mask
from lessonlib.augmentation.field import check_displacement

# Tiles of this side keep one tile's coordinates and pixels in a processor's second cache; smaller
# ones spend their time on calls, larger ones on memory (measured from 128 to 1,024).
_TILE = 512
# OpenCV's remap takes sources below 32,767 px; a tile's source is the tile and twice the reach.
_LONGEST_REACH = 16_000
# What float32 holds exactly. Everything else is scaled to [0, 1] of its own range on the way.
_EXACT = {np.dtype(t) for t in ("?", "i1", "u1", "i2", "u2", "f2", "f4")}


class DisplacementSource(Protocol):
    """What a warp needs to know of a field."""

    @property
    def reach(self) -> int:
        """Whole pixels within which every source lies."""

    def places(
        self, rows: tuple[int, int], columns: tuple[int, int], corner: tuple[int, int]
    ) -> np.ndarray:
        """Where each pixel of a tile is read, from `corner` on: a fresh float32 ``(2, h, w)``."""


@dataclass(frozen=True)
class GivenField:
    """A displacement that was handed over as an array ``(2, H, W)``."""

    displacement: np.ndarray

    @property
    def reach(self) -> int:
        """Whole pixels within which every source lies."""
        return int(np.ceil(np.abs(self.displacement).max())) + 1

    def places(
        self, rows: tuple[int, int], columns: tuple[int, int], corner: tuple[int, int]
    ) -> np.ndarray:
        """Where each pixel of a tile is read, from `corner` on: a fresh float32 ``(2, h, w)``."""
        out = self.displacement[:, slice(*rows), slice(*columns)].astype(np.float32)
        y, x = (
            np.arange(start - first, stop - first, dtype=np.float32)
            for (start, stop), first in zip((rows, columns), corner, strict=True)
        )
        out[0] += y[:, None]
        out[1] += x
        return out


def warp(image: np.ndarray, displacement: np.ndarray, *, nearest: bool = False) -> np.ndarray:
    r"""Move a picture by a given displacement field.

    Parameters
    ----------
    image : numpy.ndarray, shape (H, W) or (C, H, W)
        Any real or boolean dtype. NaN counts as missing and stays missing.
    displacement : numpy.ndarray, shape (2, H, W)
        (dy, dx) in pixels: where each pixel of the answer is read, relative to itself.
    nearest : bool
        Copy the nearest pixel instead of interpolating: for label masks.

    Returns
    -------
    numpy.ndarray
        Shape and dtype of `image`, its values within the range of `image`.

    Raises
    ------
    TypeError
        Where `image` is no real array.
    ValueError
        Where a shape does not fit, or a value is masked or infinite.

    Notes
    -----
    The answer is :math:`I'(y, x) = I(y + u_y, x + u_x)`, bilinear, with the border repeated
    beyond the frame. Numbers that float32 cannot hold exactly (float64, 32- and 64-bit integers)
    are scaled to the range of their channel first and are right to 1e-7 of it.
    """
    without_mask("image", image)
    if not isinstance(image, np.ndarray) or image.ndim not in (2, 3) or 0 in image.shape:
        raise ValueError(
            f"image must be an array (H, W) or (C, H, W), got {getattr(image, 'shape', image)!r}"
        )
    if image.dtype.kind not in "biuf" or image.dtype.itemsize > 8:
        raise TypeError(f"image must have a real dtype of at most 8 bytes, got {image.dtype}")
    image, u = np.asarray(image), check_displacement(displacement)
    if u.shape != (2, *image.shape[-2:]):
        raise ValueError(
            f"displacement must have shape {(2, *image.shape[-2:])} to fit image, got {u.shape}"
        )
    planes = image.reshape(-1, *image.shape[-2:])
    out = np.empty(planes.shape, planes.dtype)
    warp_planes(planes, GivenField(u), out, nearest=nearest)
    return out.reshape(image.shape)


def warp_planes(
    planes: np.ndarray,
    field: DisplacementSource,
    out: np.ndarray,
    *,
    nearest: bool = False,
    name: str = "image",
) -> None:
    """Move every plane of a stack by the same field.

    Parameters
    ----------
    planes : numpy.ndarray, shape (C, H, W)
        What to move.
    field : Field or GivenField
        By how much.
    out : numpy.ndarray, shape (C, H, W)
        Where the answer goes, in the dtype of `planes`.
    nearest : bool
        Copy the nearest pixel instead of interpolating.
    name : str
        The argument's name, for messages.
    """
    limits = [None if nearest else finite_limits(plane, name) for plane in planes]
    height, width = planes.shape[1:]
    for top, bottom in _spans(height):
        for left, right in _spans(width):
            inside = (slice(top, bottom), slice(left, right))
            window, maps = locate(field, (top, bottom), (left, right), (height, width))
            for target, plane, limit in zip(out, planes, limits, strict=True):
                look_up(plane[window], maps, limit, target[inside])


def locate(
    field: DisplacementSource,
    rows: tuple[int, int],
    columns: tuple[int, int],
    shape: tuple[int, int],
) -> tuple[tuple[slice, slice], np.ndarray]:
    """Return the part of the picture that a tile reads, and where in it each pixel looks.

    Parameters
    ----------
    field : Field or GivenField
        The displacement.
    rows, columns : tuple of int
        The tile: first and one past the last.
    shape : tuple of int
        ``(H, W)`` of the picture.

    Returns
    -------
    window : tuple of slice
        Rows and columns of the picture: the tile and a halo of ``field.reach``.
    maps : numpy.ndarray, shape (2, h, w), float32
        (y, x) in pixels of the window.

    Raises
    ------
    ValueError
        Where the field reaches further than OpenCV can look.
    """
    reach = field.reach
    if reach > _LONGEST_REACH:
        raise ValueError(
            f"alpha and sigma must keep displacements below {_LONGEST_REACH} px, got {reach} px"
        )
    starts = [max(0, start - reach) for start, _ in (rows, columns)]
    stops = [min(n, stop + reach) for n, (_, stop) in zip(shape, (rows, columns), strict=True)]
    maps = field.places(rows, columns, (starts[0], starts[1]))
    return (slice(starts[0], stops[0]), slice(starts[1], stops[1])), maps


def look_up(
    window: np.ndarray,
    maps: np.ndarray,
    limits: tuple[float, float] | None,
    out: np.ndarray,
) -> None:
    """Read a window at `maps` into `out`: bilinear within `limits`, or nearest where ``None``."""
    import cv2

    if limits is None:
        # Whatever the dtype means, its bits are copied: labels, booleans, either byte order.
        words = np.ascontiguousarray(window).view(
            {1: np.uint8, 2: np.uint16, 4: np.int32, 8: np.float64}[window.dtype.itemsize]
        )
        # Displacements are multiples of 2**-12: half a step on, no place lies half-way between
        # two pixels, where the even one would win and the answer depend on the tile.
        y, x = maps + np.float32(2**-13)
        found = cv2.remap(words, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        out[...] = found.view(window.dtype)
        return
    low, high = limits
    exact = window.dtype.newbyteorder("=") in _EXACT
    span = (high - low) or 1.0
    source = window if exact else np.subtract(window, low, dtype=np.float64)
    if not exact:
        source /= span
    # OpenCV 5 interpolates float32 without the 1/32 px steps that it takes for int16 and float64.
    found = cv2.remap(
        np.ascontiguousarray(source, np.float32),
        maps[1],
        maps[0],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if not exact:
        found = found.astype(np.float64)
        found *= span
        found += low
    if window.dtype.kind in "iub":
        np.rint(found, out=found)
    np.clip(found, low, high, out=out, casting="unsafe")


def finite_limits(plane: np.ndarray, name: str) -> tuple[float, float]:
    """Return the lowest and highest value of a plane, NaN left out; refuse infinities by name."""
    low, high = plane.min(), plane.max()
    if plane.dtype.kind == "f" and not (np.isfinite(low) and np.isfinite(high)):
        if np.isinf(plane).any():
            raise ValueError(
                f"{name} must have no infinite values, got {int(np.isinf(plane).sum())}: "
                "set them to NaN (missing) or to a number"
            )
        valid = plane[~np.isnan(plane)]
        low, high = (valid.min(), valid.max()) if valid.size else (0.0, 0.0)
    if plane.dtype.itemsize == 8 and plane.dtype.kind in "iu" and max(-int(low), int(high)) > 2**53:
        raise ValueError(f"{name} must stay within ±2**53 in 64-bit integers, got {low} to {high}")
    return float(low), float(high)


def _spans(length: int) -> Iterator[tuple[int, int]]:
    """Cut an axis into tiles."""
    for start in range(0, length, _TILE):
        yield start, min(start + _TILE, length)
