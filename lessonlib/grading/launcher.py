"""The process that forks: loads the scientific stack once, then makes a child per submission.

It runs inside the sandbox, holds no checks and no submissions, and obeys one-letter commands on
the socket that is its standard input: ``F`` with two descriptors forks a child, ``K`` kills it.
Its answers are 9 bytes: a letter and a number (``P`` process id, with a descriptor of the process;
``X`` how the child ended, with the most memory it had).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import io
import os
import resource
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from . import limits, protocol, seccomp, standins, worker

_PR_SET_PDEATHSIG = 1
#: Descriptors a child may hold at once, its pipes included.
_OPEN_FILES = 64
#: The first of the two descriptors that a child's pipes get: beyond all that the launcher has.
_PIPES = 40


def main(control: socket.socket, settings: dict[str, Any]) -> None:
    """Load what `settings` name, say that all is ready, and obey until the grader goes away.

    Parameters
    ----------
    control : socket.socket
        The connection to the grader.
    settings : dict
        ``preload`` (modules to import), ``confine`` (``"sandlock"``, ``"bubblewrap"`` or
        ``"none"``), ``readable`` (paths a child may read), ``memory`` (bytes that a child may
        take beside the libraries), ``disk`` (bytes of a file), ``folder`` (the child's own),
        ``guard`` (whether to refuse what a confinement would).
    """
    _die_with_parent()
    if settings["confine"] != "none":
        _without_proc()
    for name in settings["preload"]:
        with contextlib.suppress(Exception):  # a submission that needs it will say what is wrong
            importlib.import_module(name)
    confine = _confiner(settings)
    settings["memory"] += limits.mapped()
    worker.hide()
    gc.collect()
    gc.freeze()  # what is loaded now stays shared with the children
    control.sendall(protocol.TOLD.pack(b"R", os.getpid(), 0))
    child, ended = 0, -1
    while True:
        waiting, _, _ = select.select([control, *([ended] if child else [])], [], [])
        if child and ended in waiting:
            _, status, usage = os.wait4(child, 0)
            os.close(ended)
            _kill(child)
            child = 0
            control.sendall(protocol.TOLD.pack(b"X", status, usage.ru_maxrss))
        if control in waiting:
            command, pipes, _, _ = socket.recv_fds(control, 1, 2)
            if command == b"F":
                child = _fork(control, pipes, confine, settings)
                ended = os.pidfd_open(child)
                socket.send_fds(control, [protocol.TOLD.pack(b"P", child, 0)], [ended])
            elif child:
                _kill(child)
            if not command:
                os._exit(0)


def _fork(
    control: socket.socket,
    pipes: list[int],
    confine: Callable[[], None],
    settings: dict[str, Any],
) -> int:
    """Fork a child that confines itself and serves on `pipes`; return its process id."""
    parent = os.getpid()
    child = os.fork()
    if child:
        for pipe in pipes:
            os.close(pipe)
        return child
    try:
        control.close()
        _die_with_parent()
        if os.getppid() != parent:
            os._exit(1)
        os.setsid()
        reader, writer = (os.dup2(pipe, _PIPES + i, False) for i, pipe in enumerate(pipes))
        silent = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silent, descriptor)
        os.closerange(3, _PIPES)
        os.closerange(_PIPES + 2, 4096)
        os.chdir(settings["folder"])
        tempfile.tempdir = None  # a library may have looked it up before
        _limit(settings["memory"], settings["disk"])
        confine()
        if settings["guard"]:
            standins.guard(settings["readable"])
        worker.serve(reader, writer, settings["disk"])
    finally:
        os._exit(1)


def _kill(child: int) -> None:
    """Kill a child and, where it could start any, the processes of its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def _limit(memory: int, disk: int) -> None:
    """Limit what this process may take; the time limit is the grader's, who can enforce it."""
    limits.limit_memory(memory)
    limits.limit_files(disk)
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(what, (most, most))


def _confiner(settings: dict[str, Any]) -> Callable[[], None]:
    """Return what a child calls to shut itself in further than the launcher is."""
    if settings["confine"] == "none":
        return lambda: None
    if settings["confine"] == "bubblewrap":
        return seccomp.lock
    import sandlock

    policy = sandlock.Sandbox(
        fs_readable=_outermost(settings["readable"]),
        fs_writable=[os.devnull, settings["folder"]],
    )

    def confine() -> None:
        sandlock.confine(policy)  # a domain of its own: no signals to the launcher, no writing
        seccomp.lock()

    return confine


def _outermost(paths: list[str]) -> list[str]:
    """Return the paths that lie in no other of them, links resolved: fewer rules to set up."""
    real = sorted({os.path.realpath(path) for path in paths})
    inner = {path for path in real for other in real if path.startswith(other.rstrip("/") + "/")}
    return [path for path in real if path not in inner]


def _without_proc() -> None:
    """Let scikit-learn work where there is no /proc.

    Its threadpoolctl looks up there which libraries are loaded, to change their numbers of
    threads. It shall find none: all are told by the environment to use one.
    """
    with contextlib.suppress(ImportError):
        module = importlib.import_module("threadpoolctl")
        module.open = lambda path, *rest: (
            io.BytesIO() if path == "/proc/self/maps" else open(path, *rest)  # noqa: SIM115
        )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def start(settings: dict[str, Any]) -> None:
    """Run the launcher on standard input, as the bootstrap in `sandbox` does."""
    control = socket.socket(fileno=os.dup(0))
    try:
        main(control, settings)
    except (OSError, MemoryError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(1)
