"""Which ways of confining work on this machine: found out by trying them."""

from __future__ import annotations

import functools
import shutil
import sys
from pathlib import Path

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


def best() -> str:
    """Return the first way of confining that works here.

    Raises
    ------
    Unconfined
        Where none does.
    """
    for way in WAYS:
        if not unavailable(way):
            return way
    reasons = "\n".join(f"  {way}: {unavailable(way)}" for way in WAYS)
    raise Unconfined(
        f"no way of confining a stranger's code works here:\n{reasons}\n"
        "Grade in the container (lessonlib/grading/Dockerfile says how), or, only where all files "
        "are your own, with --trust."
    )


@functools.cache
def unavailable(way: str) -> str:
    """Say why a way of confining does not work here; an empty string where it does.

    It is tried, not guessed: a launcher is started, and its child must fail to read a file of
    ours and to open a socket.
    """
    if sys.platform != "linux":
        return f"{way} needs Linux, and this is {sys.platform}"
    if not seccomp.supported():
        return "the filter of system calls knows x86-64 and aarch64 only"
    if way == "bubblewrap" and not shutil.which("bwrap"):
        return "the program bwrap is not installed (Debian and Ubuntu: apt install bubblewrap)"
    if way == "sandlock":
        try:
            import sandlock
        except (ImportError, OSError) as error:
            return f"sandlock cannot be imported: {error}"
        found, needed = sandlock.landlock_abi_version(), sandlock.min_landlock_abi()
        if found < needed:
            return f"sandlock needs Landlock {needed} (Linux 6.12); this kernel has {found}"
    try:
        running = Launcher(way, Limits())
    except SandboxError as error:
        return str(error)
    try:
        return "" if _holds(running) else f"{way} starts, but does not confine"
    finally:
        running.close()


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
