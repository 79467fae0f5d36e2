"""Elastic deformation of dask arrays, block by block."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np

from lessonlib.augmentation.field import Field
from lessonlib.augmentation.warp import finite_limits, locate, look_up


def deform_blocks(image: Any, field: Field, *, nearest: bool = False, name: str) -> Any:
    """Return the lazily deformed array: each block reads itself and a halo of ``field.reach``.

    Parameters
    ----------
    image : dask.array.Array, shape (H, W) or (C, H, W)
        What to move.
    field : Field
        By how much; a tile of it is worked out inside each block.
    nearest : bool
        Copy the nearest pixel instead of interpolating.
    name : str
        The argument's name, for messages.

    Returns
    -------
    dask.array.Array
        Shape and dtype of `image`; chunks smaller than the halo are merged.
    """
    shape = image.shape[-2:]
    lead = image.ndim - 2
    # A neighbour can only lend what it has: an axis in several chunks needs them as long as the
    # halo, an axis in one chunk needs no halo.
    chunks = [
        da.overlap.ensure_minimum_chunksize(min(field.reach, n), axis)
        for n, axis in zip(shape, image.chunks[lead:], strict=True)
    ]
    image = image.rechunk((*image.chunks[:lead], *chunks))
    depth = {
        lead + i: field.reach if len(axis) > 1 else 0 for i, axis in enumerate(image.chunks[lead:])
    }
    padded = da.overlap.overlap(image, depth, boundary="none")
    ends = [np.cumsum((0, *axis)) for axis in image.chunks[lead:]]

    def move(block: np.ndarray, block_id: tuple[int, ...]) -> np.ndarray:
        rows, columns = (
            (int(end[i]), int(end[i + 1])) for end, i in zip(ends, block_id[lead:], strict=True)
        )
        # The block is the window: overlap() cuts the halo at the border as locate() does.
        _, maps = locate(field, rows, columns, shape)
        planes = block.reshape(-1, *block.shape[-2:])
        out = np.empty((len(planes), *maps.shape[1:]), block.dtype)
        for target, plane in zip(out, planes, strict=True):
            limits = None if nearest else finite_limits(plane, name)
            look_up(plane, maps, limits, target)
        return out.reshape(*block.shape[:lead], *maps.shape[1:])

    return padded.map_blocks(move, chunks=image.chunks, dtype=image.dtype, meta=image._meta)
