"""A whole Sentinel-2 tile in bounded memory: made on disk, normalised, indexed.

A tile is 10,980 × 10,980 pixels in 13 bands, 3.1 GB of whole numbers. No package carries one, so
:func:`write_tile` *synthesises* it: the real scene of 600 × 600 is laid like tiles on a floor, each
the mirror image of its neighbours so that no edge shows, and a little noise makes no two alike.
:func:`process_tile` then does what one would do with a real one.

Both are commands, with a bar that shows how far they are::

    python -m lessonlib.scientific.tile make tile.zarr --size 10980
    python -m lessonlib.scientific.tile process tile.zarr answer
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lessonlib._validation import check_integer

#: Side of a full tile in pixels, and of the chunks it is stored in: ten by ten of them a band.
FULL, CHUNK = 10_980, 1_098
#: Standard deviation of the noise that tells the copies of the scene apart, in stored numbers.
NOISE = 10.0


@dataclass(frozen=True)
class TileCost:
    """What it took to normalise and index one tile.

    Parameters
    ----------
    size : int
        Side in pixels.
    fit, normalise, index : float
        Seconds of the pass that learns the statistics, of the pass that writes the normalised
        bands, and of reading two bands again for their index.
    processor : float
        Processor seconds of everything, of all threads together.
    peak : int
        Largest resident size of the process in bytes, libraries included.
    before : int
        Resident size before the first pixel was read.
    means : tuple of float
        What was learned, a number a band.
    """

    size: int
    fit: float
    normalise: float
    index: float
    processor: float
    peak: int
    before: int
    means: tuple[float, ...]

    def __str__(self) -> str:
        stored = 13 * self.size**2 * 2
        return (
            f"{self.size} × {self.size} px in 13 bands, {stored / 1e9:.2f} GB: "
            f"statistics {self.fit:.1f} s, normalised {self.normalise:.1f} s, "
            f"index {self.index:.1f} s, at most {self.peak / 2**30:.2f} GiB in memory "
            f"({self.before / 2**30:.2f} before)"
        )


def peak_memory() -> int:
    """Return the largest resident size of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage() would count what the parent had before it started us
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import psutil

    memory = psutil.Process().memory_info()
    if hasattr(memory, "peak_wset"):  # Windows
        return memory.peak_wset
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes


def mirrored(scene: np.ndarray, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    """Return a window of the plane that is paved with a scene and its mirror images.

    Parameters
    ----------
    scene : numpy.ndarray, shape (..., H, W)
        What to lay.
    rows, columns : tuple of int
        First and one past the last.

    Returns
    -------
    numpy.ndarray, shape (..., h, w)
    """
    places = []
    for (start, stop), n in zip((rows, columns), scene.shape[-2:], strict=True):
        # 0 1 … n−1 n−1 … 1 0 0 1 …: there and back again
        place = np.arange(start, stop) % (2 * n)
        places.append(np.minimum(place, 2 * n - 1 - place))
    return scene[..., places[0][:, None], places[1]]


def synthetic_tile(size: int = FULL, *, seed: int = 0) -> Any:
    """Return a lazy tile, synthesised from the course's Sentinel-2 scene.

    Parameters
    ----------
    size : int
        Side in pixels.
    seed : int
        Of the noise.

    Returns
    -------
    dask.array.Array, shape (13, size, size), uint16
        Stored numbers as a product holds them, in the order of the wavelengths.

    Raises
    ------
    TypeError, ValueError
        Where `size` or `seed` is not a whole number of at least 1 or 0.
    """
    import dask.array as da

    from lessonlib.images import sentinel2

    size = check_integer("size", size, minimum=1)
    seed = check_integer("seed", seed, minimum=0)
    scene = np.rint(sentinel2().pixels * 10_000).astype(np.uint16)

    def make(block_info: Any) -> np.ndarray:
        (band, _), rows, columns = block_info[None]["array-location"]
        rng = np.random.default_rng([seed, band, rows[0], columns[0]])
        window = mirrored(scene[band : band + 1], rows, columns)
        noise = rng.standard_normal(window.shape, np.float32)
        noise *= np.float32(NOISE)
        noise += window
        return np.rint(noise, out=noise).clip(1, 65_535).astype(np.uint16)  # 0 marks missing

    chunks = da.core.normalize_chunks((1, CHUNK, CHUNK), (len(scene), size, size))
    return da.map_blocks(make, chunks=chunks, dtype=np.uint16, meta=np.empty((0,) * 3, np.uint16))


def write_tile(
    path: Path | str, size: int = FULL, *, seed: int = 0, progress: bool = False
) -> None:
    """Store a synthetic tile as Zarr, chunk by chunk.

    Parameters
    ----------
    path : path-like
        The folder to make.
    size, seed : int
        As in :func:`synthetic_tile`.
    progress : bool
        Draw a bar.
    """
    tile = synthetic_tile(size, seed=seed)
    with _two_workers(progress):
        _store(tile, Path(path))


def process_tile(
    source: Path | str, target: Path | str, *, lazy: bool = True, progress: bool = False
) -> TileCost:
    """Normalise every band of a stored tile and compute its vegetation index.

    Parameters
    ----------
    source : path-like
        The Zarr array ``(13, H, W)`` of a tile.
    target : path-like
        The folder to make: ``normalised``, float32 ``(13, H, W)``, and ``ndvi``, float32
        ``(H, W)``.
    lazy : bool
        Chunk by chunk; ``False`` reads the whole tile into memory first, for comparison.
    progress : bool
        Draw a bar for each pass.

    Returns
    -------
    TileCost
    """
    import dask.array as da

    from lessonlib.images.satellite import SENTINEL2_BANDS
    from lessonlib.scientific import MultiChannelNormalizer, ndvi

    bands = list(SENTINEL2_BANDS)
    red, nir = bands.index("B04"), bands.index("B08")
    tile = da.from_zarr(str(source))
    before = peak_memory()
    clock, busy = [time.perf_counter()], time.process_time()
    with _two_workers(progress):
        if not lazy:
            tile = tile.compute()
        normalizer = MultiChannelNormalizer(nodata=0).partial_fit(tile)
        clock.append(time.perf_counter())
        _store(normalizer.transform(tile), Path(target, "normalised"))
        clock.append(time.perf_counter())
        _store(ndvi(tile[nir], tile[red]), Path(target, "ndvi"))
        clock.append(time.perf_counter())
    fit, normalise, index = np.diff(clock).tolist()
    return TileCost(
        size=tile.shape[-1],
        fit=fit,
        normalise=normalise,
        index=index,
        processor=time.process_time() - busy,
        peak=peak_memory(),
        before=before,
        means=tuple(normalizer.mean_.tolist()),
    )


@contextmanager
def _two_workers(progress: bool) -> Iterator[None]:
    import dask
    from dask.diagnostics import ProgressBar

    bar = ProgressBar(out=sys.stderr) if progress else nullcontext()
    with dask.config.set(scheduler="threads", num_workers=2), bar:
        yield


def _store(array: Any, path: Path) -> None:
    """Store a dask or NumPy array as Zarr, in chunks of one band."""
    import dask.array as da
    import zarr

    if not isinstance(array, da.Array):
        array = da.from_array(array, chunks=(1,) * (array.ndim - 2) + (CHUNK, CHUNK))
    # Uncompressed: noise would not shrink, and time and size on disk stay easy to understand.
    stored = zarr.create_array(
        path, shape=array.shape, dtype=array.dtype, chunks=array.chunksize, compressors=None
    )
    da.store(array, stored, lock=False)


def main(arguments: list[str] | None = None) -> int:
    """Make or process a tile from the command line."""
    parser = argparse.ArgumentParser(prog="python -m lessonlib.scientific.tile")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="synthesise a tile from the course's real scene")
    make.add_argument("path", type=Path, help="the Zarr folder to make")
    make.add_argument("--size", type=int, default=FULL, help="side in pixels (default 10980)")
    make.add_argument("--seed", type=int, default=0, help="of the noise")
    process = commands.add_parser("process", help="normalise a tile and compute its NDVI")
    process.add_argument("source", type=Path, help="the Zarr folder of a tile")
    process.add_argument("target", type=Path, help="the folder to make")
    process.add_argument("--in-memory", action="store_true", help="read the whole tile first")
    process.add_argument("--json", action="store_true", help="no bars; print JSON")
    chosen = parser.parse_args(arguments)
    if chosen.command == "make":
        write_tile(chosen.path, chosen.size, seed=chosen.seed, progress=True)
        return 0
    cost = process_tile(
        chosen.source, chosen.target, lazy=not chosen.in_memory, progress=not chosen.json
    )
    print(json.dumps(asdict(cost)) if chosen.json else cost)
    return 0


if __name__ == "__main__":
    sys.exit(main())
