"""Runs contestants in one environment: ``python -m benchmarks.worker`` answers JSON lines.

Every environment has one worker for a whole run, so that imports are paid once and a round goes
from one contestant to the next without starting anything. A request is one line of JSON on
standard input, its answer one line on standard output; arrays travel as ``.npy`` files. Only the
standard library and NumPy are imported here: all else is the contestants' own.

A contestant is a function that takes the input arrays by name, does once what need not be timed
(conversion, compilation, objects), and returns a function without arguments: what is timed.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: One thread for everything that reads an environment variable; set before anything is imported.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
}
#: What the C library of Linux comes to by itself once a process has freed a large array: it then
#: keeps memory for the next one. Set from the start, so that nobody's time depends on what ran
#: before in the same worker: asking the system for 1 MiB anew costs half a millisecond.
STEADY_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}
#: Peers that ask the network for a newer version of themselves on import.
QUIET = {"NO_ALBUMENTATIONS_UPDATE": "1", "PYTHONWARNINGS": "ignore"}


def one_thread() -> None:
    """Hold the libraries that are loaded, and ask for it in their own words, to one thread."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    if cv2 := sys.modules.get("cv2"):
        cv2.setNumThreads(1)
    if dask := sys.modules.get("dask"):
        dask.config.set(scheduler="synchronous")


def resolve(name: str) -> Callable[..., Callable[[], Any]]:
    """Return the function that ``"package.module:function"`` names."""
    module, function = name.split(":")
    return getattr(importlib.import_module(module), function)


def arrays(answer: Any) -> list:
    """Return what a contestant answered as a list of NumPy arrays."""
    import numpy as np

    parts = answer if isinstance(answer, tuple | list) else [answer]
    return [np.asarray(part) for part in parts]


def peak_bytes(*, restart: bool = False) -> int | None:
    """Return the largest resident size so far, since the last restart where Linux can do that."""
    status = Path("/proc/self/status")
    if status.exists():
        if restart:
            Path("/proc/self/clear_refs").write_text("5")
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Worker:
    """Holds the contestants that were prepared, and does what a request says."""

    def __init__(self):
        self.prepared: dict[str, Callable[[], Any]] = {}

    def prepare(self, key: str, make: str, inputs: dict[str, str]) -> None:
        """Load the arrays and build a contestant."""
        import numpy as np

        loaded = {name: np.load(path) for name, path in inputs.items()}
        function = resolve(make)
        one_thread()
        self.prepared[key] = function(**loaded)
        one_thread()  # a library that was imported just now has not heard of it

    def call(self, key: str, folder: str) -> list[str]:
        """Call a contestant and store its answer."""
        import numpy as np

        paths = []
        for i, part in enumerate(arrays(self.prepared[key]())):
            paths.append(str(Path(folder) / f"{i}.npy"))
            np.save(paths[-1], part)
        return paths

    def time(self, key: str, calls: int, own_clock: bool) -> dict[str, list[float]]:
        """Time some calls: seconds that passed, and seconds that the processor worked."""
        contestant = self.prepared[key]
        wall, processor = [], []
        for _ in range(calls):
            start = time.perf_counter(), time.process_time()
            answer = contestant()
            stop = time.perf_counter(), time.process_time()
            wall.append(answer[0] if own_clock else stop[0] - start[0])
            processor.append(stop[1] - start[1])
            del answer
        return {"wall": wall, "processor": processor}

    def memory(self, key: str) -> int | None:
        """Return by how many bytes one call raises the resident size, its answer included."""
        before = peak_bytes(restart=True)
        answer = self.prepared[key]()
        after = peak_bytes()
        del answer
        return None if after is None or before is None else after - before

    def forget(self, key: str) -> None:
        """Let go of a contestant and its arrays."""
        self.prepared.pop(key, None)

    def versions(self, packages: list[str]) -> dict[str, str]:
        """Return the versions of installed packages."""
        from importlib.metadata import version

        return {package: version(package) for package in packages}


def main() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not end up among the answers
    worker = Worker()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"answer": getattr(worker, request.pop("do"))(**request)}
        except BaseException as error:  # whatever a peer does, the next one is still measured
            text = str(error).strip()
            answer = {"error": f"{type(error).__name__}: {text.splitlines()[0] if text else ''}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
