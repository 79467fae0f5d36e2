"""The other end of a worker: starts it, asks it one thing at a time, and notices when it dies."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.environments import ROOT, Environment
from benchmarks.worker import ONE_THREAD, QUIET, STEADY_MEMORY


class ContestantError(Exception):
    """A contestant could not be run; the text says why."""


def _variables(environment: Environment, *, steady: bool) -> dict[str, str]:
    """Return a worker's environment variables, as if its environment had been activated."""
    paths = [str(environment.python.parent), os.environ.get("PATH", os.defpath)]
    variables = {**os.environ, "PATH": os.pathsep.join(paths), **ONE_THREAD, **QUIET}
    return {**variables, **STEADY_MEMORY} if steady else variables


class Link:
    """A running worker.

    Parameters
    ----------
    environment : Environment
        Whose interpreter runs it.
    timeout : float
        Seconds that one request may take; a worker that takes longer is ended.
    steady : bool
        Whether it keeps freed memory for the next call: wanted for time, not for memory.
    """

    def __init__(self, environment: Environment, timeout: float = 900, *, steady: bool = True):
        self.timeout = timeout
        self._scratch = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)
        self.folder = Path(self._scratch.name)
        self._errors = open(self.folder / "stderr.txt", "w+", encoding="utf-8")  # noqa: SIM115
        self._process = subprocess.Popen(
            [environment.python, "-m", "benchmarks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            env=_variables(environment, steady=steady),
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")  # the end: the worker is gone

    def ask(self, do: str, **request: Any) -> Any:
        """Send a request and return its answer.

        Raises
        ------
        ContestantError
            Where the worker says so, dies, or does not answer in time.
        """
        if self._ended:
            raise ContestantError("its process has ended")
        try:
            self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self._process.stdin.flush()
            line = self._answers.get(timeout=self.timeout)
        except queue.Empty:
            self._ended = True
            self._process.kill()
            raise ContestantError(f"no answer within {self.timeout:.0f} s") from None
        except OSError:
            line = ""
        if not line:
            self._ended = True
            raise ContestantError(f"its process ended ({self._last_error()})")
        answer = json.loads(line)
        if "error" in answer:
            raise ContestantError(answer["error"])
        return answer["answer"]

    def prepare(self, key: str, make: str, inputs: dict[str, np.ndarray]) -> None:
        """Build a contestant on input arrays."""
        paths = {}
        for name, array in inputs.items():
            paths[name] = str(self.folder / f"{name}.npy")
            np.save(paths[name], array)
        self.ask("prepare", key=key, make=make, inputs=paths)
        for path in paths.values():
            os.unlink(path)

    @property
    def alive(self) -> bool:
        """Whether the worker still runs."""
        return not self._ended and self._process.poll() is None

    def forget(self, key: str) -> None:
        """Let the worker drop a contestant; a worker that is gone has dropped it already."""
        with contextlib.suppress(ContestantError):
            self.ask("forget", key=key)

    def call(self, key: str) -> list[np.ndarray]:
        """Call a contestant once and return what it answered."""
        paths = self.ask("call", key=key, folder=str(self.folder))
        answers = [np.load(path) for path in paths]
        for path in paths:
            os.unlink(path)
        return answers

    def _last_error(self) -> str:
        self._errors.seek(0)
        lines = [line for line in self._errors.read().splitlines() if line.strip()]
        return lines[-1] if lines else f"exit status {self._process.poll()}"

    def close(self) -> None:
        """End the worker and delete its files."""
        if not self._process.stdin.closed:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()
        self._scratch.cleanup()

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
