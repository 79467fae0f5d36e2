"""A fresh interpreter per submission, confined by nothing but limits: for systems without a way.

Windows and macOS cannot fork a loaded interpreter safely, so one is started for every submission.
Only a learner's own file is run so, or what ``--trust`` was given for.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import libraries
from .channel import Channel
from .confine import environment
from .sandbox import BOOTSTRAP, Ending, Limits, SandboxError, hello
from .scratch import Scratch


class DirectLauncher:
    """Starts interpreters; has the methods of `sandbox.Launcher`.

    Parameters
    ----------
    limits : Limits
        What a child may take; its memory cannot be limited on Windows.
    modules : sequence of str
        Not used: a new interpreter imports what its submission does.
    hidden : sequence of path
        Not used: nothing is hidden.
    guard : bool
        Whether to refuse what a confinement would refuse to an honest submission, reading apart.
    """

    way, alive = "none", True

    def __init__(
        self,
        limits: Limits,
        modules: Sequence[str] = (),
        hidden: Sequence[str | Path] = (),
        guard: bool = False,
    ):
        self.limits = limits
        self._settings = {
            "memory": limits.memory * 2**20,
            "disk": limits.disk * 2**20,
            "guard": guard,
        }
        self._process: subprocess.Popen | None = None
        self.scratch = Scratch()

    def fork(self) -> DirectChild:
        """Start an interpreter."""
        self.scratch.empty()
        self._process = subprocess.Popen(
            [libraries.interpreter(), "-S", "-s", "-P", "-c", BOOTSTRAP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment(self.scratch)},
            cwd=self.scratch.folder,
            start_new_session=os.name == "posix",
        )
        try:
            self._process.stdin.write(hello("worker", self._settings))
            self._process.stdin.flush()
        except OSError as error:
            raise SandboxError(f"{sys.executable} does not start: {error}") from None
        return DirectChild(self._process, self.scratch)

    def close(self) -> None:
        """End the interpreter that still runs, if one does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.scratch.close()


class DirectChild:
    """One interpreter's process; has the methods of `sandbox.Child`."""

    def __init__(self, process: subprocess.Popen, scratch: Scratch):
        self._process, self.pid, self._scratch = process, process.pid, scratch
        self._seconds = 0.0
        self.channel = Channel(
            os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno()), process.kill
        )
        process.stdin.close()
        process.stdout.close()

    def seconds(self) -> float:
        """Return the processor time that it has taken."""
        import psutil  # compiled for each system; where launchers fork, nothing needs it

        with contextlib.suppress(psutil.Error):  # it has ended
            taken = psutil.Process(self.pid).cpu_times()
            self._seconds = taken.user + taken.system
        return self._seconds

    def disk(self) -> float:
        """Return the bytes of files that it keeps."""
        return self._scratch.used(self.pid)

    def end(self) -> Ending:
        """Kill the process and return how it ended (or had ended before)."""
        self.channel.close()
        code = self._process.poll()
        self._process.kill()
        ended = Ending(self._process.wait() if code is None else code, 0)
        self._scratch.empty()
        return ended
