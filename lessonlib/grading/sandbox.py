"""The launcher from outside: started inside a sandbox, asked for a child per submission."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import libraries, protocol
from .channel import Channel
from .confine import command, environment
from .scratch import Scratch

_START_LIMIT = 120.0  # seconds: importing scikit-learn from a cold disk can take a while
_MODULES = (
    "protocol", "given", "asked", "exercise", "cells", "notebook", "limits", "standins", "worker",
    "seccomp", "launcher",
)  # fmt: skip
#: Seconds of wall time for a second of processor time.
_PATIENCE = 10

# What the interpreter inside runs: it reads our modules from its standard input, since it cannot
# see the files they are in.
BOOTSTRAP = """
import json, os, sys, types
def take(size):
    data = b""
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece: sys.exit(1)
        data += piece
    return data
hello = json.loads(take(int.from_bytes(take(4), "big")))
sys.path += hello["path"]
for name in ("lessonlib", "lessonlib.grading"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = []
for name, text in hello["modules"]:
    module = types.ModuleType("lessonlib.grading." + name)
    module.__package__ = "lessonlib.grading"
    sys.modules[module.__name__] = module
    module.__file__ = "<grader: %s>" % name
    exec(compile(text, module.__file__, "exec"), module.__dict__)
    setattr(sys.modules["lessonlib.grading"], name, module)
module.start(hello["settings"])
"""


class SandboxError(Exception):
    """A sandbox or its launcher that does not start, or has gone."""


@dataclass(frozen=True)
class Limits:
    """What a submission may take.

    Attributes
    ----------
    seconds : float
        Of the processor's time, for one submission: a busy machine changes nothing.
    memory : int
        Megabytes of address space for its process, beside what the libraries take.
    disk : int
        Megabytes of files in its own folder.
    wall : float
        Seconds of wall time, for what waits and takes no processor; by default ten times as many.
    """

    seconds: float = 30.0
    memory: int = 1024
    disk: int = 50
    wall: float = 0.0

    def __post_init__(self):
        object.__setattr__(self, "wall", self.wall or _PATIENCE * self.seconds)


@dataclass(frozen=True)
class Ending:
    """How a child ended: exit code (minus the signal that killed it), and most memory in kB."""

    code: int
    memory: int


def hello(last: str, settings: dict) -> bytes:
    """Return what the bootstrap waits for: our modules up to `last`, which it starts."""
    here = Path(__file__).parent
    names = _MODULES[: _MODULES.index(last) + 1]
    modules = [(name, (here / f"{name}.py").read_text("utf-8")) for name in names]
    text = json.dumps(
        {"modules": modules, "path": libraries.search_path(), "settings": settings}
    ).encode()
    return struct.pack(">I", len(text)) + text


class Launcher:
    """A running launcher, one child at a time.

    Parameters
    ----------
    way : str
        One of `ways.WAYS`, or ``"none"``.
    limits : Limits
        What a child may take.
    modules : sequence of str
        Modules to import before the first fork.
    hidden : sequence of path
        What nobody inside may see, wherever it lies.
    guard : bool
        Whether, without a way, to refuse what a confinement would refuse to an honest submission.

    Raises
    ------
    SandboxError
        Where it does not start; the message is the sandbox's own.
    """

    def __init__(
        self,
        way: str,
        limits: Limits,
        modules: Sequence[str] = (),
        hidden: Sequence[str | Path] = (),
        guard: bool = False,
    ):
        self.way, self.limits, self.alive = way, limits, True
        readable = libraries.readable()
        settings = {
            "preload": list(modules),
            "confine": way,
            "readable": readable,
            "memory": limits.memory * 2**20,
            "disk": limits.disk * 2**20,
            "guard": guard,
        }
        self._control, theirs = socket.socketpair()
        self.scratch = Scratch()
        settings["folder"] = self.scratch.folder
        covered = libraries.hidden(readable, hidden)
        with tempfile.TemporaryFile() as said, theirs:
            try:
                self._process = subprocess.Popen(
                    command(way, BOOTSTRAP, readable, covered, self.scratch),
                    stdin=theirs,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    env={**environment(self.scratch), "PATH": os.environ.get("PATH", "")},
                    start_new_session=True,
                )
                theirs.close()
                self._control.settimeout(_START_LIMIT)
                self._control.sendall(hello("launcher", settings))
                self.pid = self._answer(b"R")[0]
            except (OSError, SandboxError) as error:
                self.close()
                said.seek(0)
                words = said.read(4000).decode("utf-8", "replace").strip() or str(error)
                raise SandboxError(f"{way} does not start: {words}") from None
            self._control.settimeout(60)
        self.scratch.close_top()

    def fork(self) -> Child:
        """Start a child for one submission.

        Raises
        ------
        SandboxError
            Where the launcher has gone.
        """
        self.scratch.empty()
        their_reader, writer = os.pipe()
        reader, their_writer = os.pipe()
        passed: list[int] = []
        try:
            socket.send_fds(self._control, [b"F"], [their_reader, their_writer])
            self._answer(b"P", passed)
            pid = _process_of(passed)
        except (OSError, SandboxError):
            os.close(reader)
            os.close(writer)
            self.alive = False
            raise SandboxError("the launcher has gone") from None
        finally:
            os.close(their_reader)
            os.close(their_writer)
        return Child(self, pid, Channel(reader, writer, lambda: None))

    def _answer(self, expected: bytes, passed: list[int] | None = None) -> tuple[int, int]:
        """Read the launcher's next message of a kind; descriptors it passes are put in a list."""
        data = b""
        while len(data) < protocol.TOLD.size:
            piece, descriptors, _, _ = socket.recv_fds(
                self._control, protocol.TOLD.size - len(data), 1
            )
            if passed is not None:
                passed += descriptors
            if not piece:
                raise SandboxError("the launcher has gone")
            data += piece
        letter, number, memory = protocol.TOLD.unpack(data)
        if letter != expected:
            return self._answer(expected, passed)
        return number, memory

    def end(self) -> Ending:
        """Kill the child, if it still lives, and return how it ended."""
        try:
            self._control.sendall(b"K")
            status, memory = self._answer(b"X")
        except (OSError, SandboxError):
            self.alive = False
            raise SandboxError("the launcher has gone") from None
        self.scratch.empty()
        return Ending(os.waitstatus_to_exitcode(status), memory)

    def close(self) -> None:
        """End the launcher and all that it started."""
        self._control.close()
        process = getattr(self, "_process", None)
        if process is not None:
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.scratch.close()


class Child:
    """One submission's process: a channel to it, what it has taken, and its end."""

    def __init__(self, launcher: Launcher, pid: int, channel: Channel):
        self._launcher, self.pid, self.channel = launcher, pid, channel
        self._seconds = 0.0

    def seconds(self) -> float:
        """Return the processor time that it has taken."""
        with contextlib.suppress(OSError):  # it has ended
            if not self.pid:
                return 0.0
            # The kernel's name for the clock of another process: its number inverted, and a 2.
            self._seconds = time.clock_gettime(~self.pid << 3 | 2)
        return self._seconds

    def disk(self) -> float:
        """Return the bytes of files that it keeps."""
        return self._launcher.scratch.used(self.pid)

    def end(self) -> Ending:
        """Kill the process and return how it ended (or had ended before)."""
        self.channel.close()
        return self._launcher.end()


def _process_of(descriptors: list[int]) -> int:
    """Return the number that a process has out here, 0 where it has ended; close its descriptor."""
    for descriptor in descriptors:
        try:
            with open(f"/proc/self/fdinfo/{descriptor}") as file:
                found = re.search(r"^Pid:\s*(\d+)$", file.read(), re.MULTILINE)
        finally:
            os.close(descriptor)
        return int(found[1]) if found else 0
    raise SandboxError("the launcher has passed no process")
