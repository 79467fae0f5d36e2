"""The launcher from outside: started inside a sandbox, asked for a child per submission."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import libraries, protocol
from .channel import Channel
from .confine import command, environment

_START_LIMIT = 120.0  # seconds: importing scikit-learn from a cold disk can take a while
_MODULES = (
    "protocol", "asked", "notebook", "given", "exercise", "worker", "seccomp", "launcher",
)  # fmt: skip

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
        Wall time for one submission.
    memory : int
        Megabytes of address space for its process, beside what the libraries take.
    """

    seconds: float = 30.0
    memory: int = 1024


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
    seed : int
        For the global generators of each child.

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
        seed: int = 0,
    ):
        self.way, self.limits, self.alive = way, limits, True
        readable = libraries.readable()
        settings = {
            "preload": list(modules),
            "confine": way,
            "readable": readable,
            "memory": limits.memory * 2**20,
            "seed": seed,
        }
        self._control, theirs = socket.socketpair()
        with tempfile.TemporaryFile() as said, tempfile.TemporaryDirectory() as scratch, theirs:
            _copy_font_list(scratch)
            try:
                self._process = subprocess.Popen(
                    command(way, BOOTSTRAP, readable, libraries.hidden(readable, hidden), scratch),
                    stdin=theirs,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    env=environment(scratch),
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
            self._control.settimeout(10)
        # From here on nothing inside can be written to: the scratch folder is gone.

    def fork(self) -> Child:
        """Start a child for one submission.

        Raises
        ------
        SandboxError
            Where the launcher has gone.
        """
        their_reader, writer = os.pipe()
        reader, their_writer = os.pipe()
        try:
            socket.send_fds(self._control, [b"F"], [their_reader, their_writer])
            pid, _ = self._answer(b"P")
        except (OSError, SandboxError):
            os.close(reader)
            os.close(writer)
            self.alive = False
            raise SandboxError("the launcher has gone") from None
        finally:
            os.close(their_reader)
            os.close(their_writer)
        return Child(self, pid, Channel(reader, writer, lambda: None))

    def _answer(self, expected: bytes) -> tuple[int, int]:
        """Read the launcher's next message of a kind."""
        data = b""
        while len(data) < protocol.TOLD.size:
            piece = self._control.recv(protocol.TOLD.size - len(data))
            if not piece:
                raise SandboxError("the launcher has gone")
            data += piece
        letter, number, memory = protocol.TOLD.unpack(data)
        if letter != expected:
            return self._answer(expected)
        return number, memory

    def end(self) -> Ending:
        """Kill the child, if it still lives, and return how it ended."""
        try:
            self._control.sendall(b"K")
            status, memory = self._answer(b"X")
            return Ending(os.waitstatus_to_exitcode(status), memory)
        except (OSError, SandboxError):
            self.alive = False
            raise SandboxError("the launcher has gone") from None

    def close(self) -> None:
        """End the launcher and all that it started."""
        self._control.close()
        process = getattr(self, "_process", None)
        if process is None:
            return
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Child:
    """One submission's process: a channel to it, and its end."""

    def __init__(self, launcher: Launcher, pid: int, channel: Channel):
        self._launcher, self.pid, self.channel = launcher, pid, channel

    def end(self) -> Ending:
        """Kill the process and return how it ended (or had ended before)."""
        self.channel.close()
        return self._launcher.end()


def _copy_font_list(scratch: str) -> None:
    """Give Matplotlib the list of fonts that it would take a second to make anew."""
    home = os.environ.get("MPLCONFIGDIR") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "matplotlib"
    )
    for path in Path(home).glob("fontlist-*.json"):
        shutil.copy(path, scratch)
