"""Which ways of confining work on this machine: found out by trying them."""

from __future__ import annotations

import functools
import shutil
import sys
from pathlib import Path
from typing import Any

from . import seccomp
from .exercise import SubmissionError
from .remote import ConfinedRemote
from .sandbox import Launcher, Limits, SandboxError

#: Ways of confining, the best first. ``"none"`` is no confinement, only limits.
WAYS = ("sandlock", "bubblewrap")
#: Whether a loaded interpreter can be forked here: elsewhere each submission gets a fresh one.
FORKS = sys.platform == "linux"


class Unconfined(ValueError):  # noqa: N818 - a refusal
    """No way of confining works here; the message says why, and what to do."""


def launch(way: str, limits: Limits, **options: Any) -> Launcher:
    """Start a launcher that confines, and make sure that it does.

    It is tried, not believed: a first child must fail to read a file of ours, to open a socket, to
    start a process, to change a file's mode and to send a signal.

    Parameters
    ----------
    way : str
        One of `WAYS`; ``""`` for the first that works.
    limits : Limits
        For its children.
    **options
        As for `Launcher`.

    Returns
    -------
    Launcher

    Raises
    ------
    Unconfined
        Where the way, or none, works.
    """
    reasons = []
    for each in [way] if way else WAYS:
        reason = lacking(each)
        if not reason:
            try:
                running = Launcher(each, limits, **options)
            except SandboxError as error:
                reason = str(error)
            else:
                if _holds(running):
                    return running
                running.close()
                reason = "it starts, but does not confine"
        reasons.append(f"  {each}: {reason}")
    raise Unconfined(
        "\n".join(["no way of confining a stranger's code works here:", *reasons])
        + "\nGrade in the container (lessonlib/grading/Dockerfile says how), or, only where all "
        "files are your own, with --trust."
    )


def lacking(way: str) -> str:
    """Say what a way of confining lacks on this machine; an empty string where it may be tried."""
    if sys.platform != "linux":
        return f"it needs Linux, and this is {sys.platform}"
    if not seccomp.supported():
        return "the filter of system calls knows x86-64 and aarch64 only"
    if way == "bubblewrap" and not shutil.which("bwrap"):
        return "the program bwrap is not installed (Debian and Ubuntu: apt install bubblewrap)"
    if way == "sandlock":
        try:
            import sandlock
        except (ImportError, OSError) as error:
            return f"it cannot be imported: {error}"
        found, needed = sandlock.landlock_abi_version(), sandlock.min_landlock_abi()
        if found < needed:
            return f"it needs Landlock {needed} (Linux 6.12); this kernel has {max(found, 0)}"
    return ""


@functools.cache
def unavailable(way: str) -> str:
    """Say why a way of confining does not work here; an empty string where it does."""
    try:
        launch(way, Limits()).close()
    except Unconfined as error:
        return str(error)
    return ""


def _holds(running: Launcher) -> bool:
    """Whether a child of this launcher is really shut in."""
    probe = f"""
import ctypes, os, socket
def fails(action, *arguments):
    try: action(*arguments)
    except OSError: return True
class Probe:
    def held(self):
        return [fails(open, {str(Path(__file__))!r}), fails(socket.socket), fails(os.fork),
                fails(os.chmod, "/", 0o755), fails(os.kill, os.getppid(), 0)]
"""
    try:
        with ConfinedRemote(lambda: running, probe.encode(), ".py") as remote:
            remote.run("Probe")
            return remote.call("held").value == [True] * 5
    except SubmissionError:
        return False
