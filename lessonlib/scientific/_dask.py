"""The same statistics and rescaling for dask arrays, chunk by chunk, in bounded memory.

Statistics are computed when they are asked for, rescaled images are lazy. Loaded only once a dask
array is passed in.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.highlevelgraph import HighLevelGraph
from dask.optimization import cull

from lessonlib.scientific._images import result_dtype
from lessonlib.scientific.moments import Moments, block_moments
from lessonlib.scientific.percentiles import RadixSelection, count_digits, digits
from lessonlib.scientific.rescaling import Scaling, rescale_block

#: Histograms added up at a time: few enough to bound memory, enough to keep the tree shallow.
_FAN_IN = 8


def _columns(batch: da.Array) -> list[tuple[int, list]]:
    """Return, per chunk along the channels, its first channel and its lazy blocks in order."""
    blocks = batch.to_delayed()
    starts = np.cumsum([0, *batch.chunks[1][:-1]])
    return [(int(start), list(blocks[:, i].ravel())) for i, start in enumerate(starts)]


def dask_moments(batch: da.Array, nodata: float | int | None) -> list[Moments]:
    """Return the moments of each channel of ``(N, C, H, W)``, reading each chunk once."""
    lazy_moments = dask.delayed(block_moments, pure=False)
    parts = [
        [lazy_moments(block, nodata, start) for block in blocks]
        for start, blocks in _columns(batch)
    ]
    result = []
    for column in dask.compute(*parts):
        merged = column[0]
        for block in column[1:]:
            merged = [total + part for total, part in zip(merged, block, strict=True)]
        result.extend(merged)
    return result


def _add_counts(parts: list) -> list:
    total = parts[0]
    for part in parts[1:]:
        for histograms, more in zip(total, part, strict=True):
            for head, histogram in more.items():
                histograms[head] = histograms[head] + histogram
    return total


def dask_percentiles(
    batch: da.Array, q: Sequence[float], nodata: float | int | None, scheduler: str | None = None
) -> np.ndarray:
    """Return percentiles ``(len(q), C)`` of ``(N, C, H, W)``, reading each chunk once a digit.

    Every pass is a computation of its own: in one graph for all of them dask would read each
    chunk once and keep it until the last pass, and memory would hold the whole array.
    """
    count, add = dask.delayed(count_digits, pure=False), dask.delayed(_add_counts, pure=False)
    selections = [RadixSelection(q, batch.dtype) for _ in range(batch.shape[1])]
    for _ in range(digits(batch.dtype)):
        heads = [selection.heads for selection in selections]
        columns = []
        for (start, blocks), size in zip(_columns(batch), batch.chunks[1], strict=True):
            parts = [count(block, nodata, heads[start : start + size], start) for block in blocks]
            while len(parts) > 1:
                parts = [add(parts[j : j + _FAN_IN]) for j in range(0, len(parts), _FAN_IN)]
            columns.extend(parts)
        counts = [
            channel for column in dask.compute(*columns, scheduler=scheduler) for channel in column
        ]
        selections = [s.read(channel) for s, channel in zip(selections, counts, strict=True)]
    return np.stack([selection.values() for selection in selections], axis=1)


def dask_rescale(batch: da.Array, to: Scaling, nodata: float | int | None) -> da.Array:
    """Return ``(N, C, H, W)`` rescaled lazily, each chunk by itself."""
    dtype = result_dtype(batch.dtype)
    starts = np.cumsum([0, *batch.chunks[1]])

    def rescale_chunk(block: np.ndarray, block_id: tuple[int, ...]) -> np.ndarray:
        # The numbers travel with the function: as arrays that all blocks share, they would tie the
        # graph together, and dask would work band by band and keep what two bands have in common.
        first, after = (int(start) for start in starts[block_id[1] : block_id[1] + 2])
        own = Scaling(*(None if part is None else part[first:after] for part in to))
        return rescale_block(block, own, nodata, first)

    return batch.map_blocks(rescale_chunk, dtype=dtype, meta=np.empty((0,) * 4, dtype))


class _Later:
    """A computation that runs inside a task.

    dask looks into what it is given: as one graph, the passes of a percentile and the clipping
    would keep every chunk from the first to the last.
    """

    def __init__(self, compute: Callable, *arguments: Any):
        self.compute, self.arguments = compute, arguments

    def __call__(self) -> np.ndarray:
        return self.compute(*self.arguments)


def _between(load: _Later, bounds: np.ndarray, nodata: float | int | None, first: int):
    block = load()
    lower, upper = bounds[:, first : first + block.shape[1]]
    return rescale_block(block, Scaling.between(lower, upper), nodata, first)


def dask_percentile_clip(
    image: da.Array, low: float, high: float, nodata: float | int | None
) -> da.Array:
    """Return one image ``(1, C, H, W)`` between its own percentiles: nothing is read yet."""
    # a worker that waited for its own cluster could wait for ever: threads
    bounds = dask.delayed(
        _Later(dask_percentiles, image, (low, high), nodata, "threads"), traverse=False, pure=False
    )()
    starts = np.cumsum([0, *image.chunks[1]])
    name = f"percentile-clip-{uuid.uuid4().hex}"
    blocks = image.to_delayed()
    graph = blocks.flat[0].__dask_graph__().to_dict()
    tasks = {}
    for where, block in zip(np.ndindex(blocks.shape), blocks.flat, strict=True):
        own, _ = cull(graph, [block.key])
        load = _Later(dask.get, own, block.key)
        tasks[(name, *where)] = (_between, load, bounds.key, nodata, int(starts[where[1]]))
    whole = HighLevelGraph.from_collections(name, tasks, dependencies=[bounds])
    meta = np.empty((0,) * 4, result_dtype(image.dtype))
    return da.Array(whole, name, chunks=image.chunks, meta=meta)


def dask_difference(difference: Callable[..., np.ndarray], a: Any, b: Any) -> da.Array:
    """Return the normalised difference of two bands, of which one may be in memory, lazily."""
    dtype = np.result_type(result_dtype(a.dtype), result_dtype(b.dtype))
    like = a if isinstance(a, da.Array) else b
    a, b = (x if isinstance(x, da.Array) else da.from_array(x, chunks=like.chunks) for x in (a, b))
    axes = tuple(range(a.ndim))
    _, (a, b) = da.core.unify_chunks(a, axes, b, axes)
    return da.map_blocks(difference, a, b, dtype=dtype, meta=np.empty((0,) * a.ndim, dtype))
