"""The sweep of the chapter on many channels: what a tile costs, from a patch to a whole one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from lessonlib.sweeps.store import file_fingerprint

#: What an entry depends on, inside the package.
SOURCES = (
    "scientific/_dask.py",
    "scientific/_images.py",
    "scientific/indices.py",
    "scientific/moments.py",
    "scientific/rescaling.py",
    "scientific/tile.py",
    "sweeps/tile.py",
)

__all__ = ["SIZES", "SOURCES", "configs", "data", "run"]

#: Sides in pixels, the last one a full tile.
SIZES = (256, 512, 1024, 2048, 4096, 10_980)
#: The largest that is also read into memory as a whole, for comparison.
LARGEST_IN_MEMORY = 4096


def configs() -> list[dict[str, Any]]:
    """Return everything that is to be run."""
    return [
        {"size": size, "lazy": lazy}
        for size in SIZES
        for lazy in (True, False)
        if lazy or size <= LARGEST_IN_MEMORY
    ]


def data() -> str:
    """Return a fingerprint of the scene that the tile is made of."""
    from lessonlib.images import sentinel2

    return file_fingerprint(*sentinel2().card.paths())


def run(size: int, lazy: bool = True) -> dict[str, Any]:
    """Synthesise a tile in a temporary folder and process it in a process of its own.

    Parameters
    ----------
    size : int
        Side in pixels.
    lazy : bool
        Chunk by chunk, or read into memory first.

    Returns
    -------
    dict
        "fit", "normalise", "index" and "processor" in seconds, "peak" and "before" in MiB, and the
        "means" of the bands.

    Raises
    ------
    subprocess.CalledProcessError
        Where that process fails.
    """
    from lessonlib.scientific.tile import write_tile

    with tempfile.TemporaryDirectory(prefix="tile-") as folder:
        source, target = Path(folder, "tile"), Path(folder, "answer")
        write_tile(source, size)
        command = [sys.executable, "-m", "lessonlib.scientific.tile", "process", "--json"]
        done = subprocess.run(
            [*command, *([] if lazy else ["--in-memory"]), source, target],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
    cost = json.loads(done.stdout)
    seconds = {key: round(cost[key], 3) for key in ("fit", "normalise", "index", "processor")}
    mebibytes = {key: round(cost[key] / 2**20) for key in ("peak", "before")}
    return {**seconds, **mebibytes, "means": cost["means"]}
