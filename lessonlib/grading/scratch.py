"""A submission's own folder, seen from outside: made, measured, emptied, gone.

What a stranger's process leaves in it is taken as hostile: folders nested deeper than a path can
be long, modes that forbid a look, links, a file that is deleted while it is still open.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import shutil
import stat
import tempfile
import time
from collections import deque
from pathlib import Path

#: The most files and folders in it, and how deep they may lie: beyond, it counts as full.
ENTRY_CAP, DEPTH_CAP = 5000, 50
_PREFIX = "lessonlib-"
#: Seconds for which a folder that nobody holds may still be in the making.
_YOUNG = 60


class Scratch:
    """A folder for submissions, one after the other.

    Attributes
    ----------
    top : str
        Holds `folder` and nothing else that a submission may write to; it takes no more entries.
    folder : str
        The submission's own: its working directory, its home, its temporary files.
    """

    def __init__(self):
        _sweep()
        self.top = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX))
        self.folder = os.path.join(self.top, "own")
        self.settings = os.path.join(self.top, "matplotlib")
        self._lock = _locked(self.top)
        os.mkdir(self.folder)
        os.mkdir(self.settings)
        _copy_font_list(self.settings)

    def close_top(self) -> None:
        """Let nothing but the submission's own folder be written to from now on."""
        shutil.rmtree(self.settings, ignore_errors=True)
        os.chmod(self.top, 0o500)

    def used(self, pid: int = 0) -> float:
        """Return the bytes on disk; infinity where there are too many files to count.

        Parameters
        ----------
        pid : int
            The submission's process, whose open files count too where they have been deleted.
        """
        total, entries = 0, 0
        pending = [(self.folder, 0)]
        while pending:
            folder, depth = pending.pop()
            try:
                with os.scandir(folder) as listed:
                    found = list(itertools.islice(listed, ENTRY_CAP + 1))
                for entry in found:
                    about = entry.stat(follow_symlinks=False)
                    total += about.st_blocks * 512 if hasattr(about, "st_blocks") else about.st_size
                    if stat.S_ISDIR(about.st_mode):
                        pending.append((entry.path, depth + 1))
            except FileNotFoundError:  # it has gone between two looks
                continue
            except OSError:  # a path too long, a folder shut: no honest submission has one
                return math.inf
            entries += len(found)
            if entries > ENTRY_CAP or depth > DEPTH_CAP:
                return math.inf
        return total + _deleted(pid)

    def empty(self) -> None:
        """Delete what the folder holds; no process may be left that could write to it."""
        os.makedirs(self.folder, exist_ok=True)
        names = (os.path.join(self.folder, f"-{number}") for number in itertools.count())
        pending = deque(_list(self.folder))
        while pending:
            path = pending.popleft()
            if not os.path.isdir(path) or os.path.islink(path):
                os.unlink(path)
                continue
            # A folder that lies in it is moved up: no path gets long, however deep it lay.
            for inner in _list(path):
                if not os.path.isdir(inner) or os.path.islink(inner):
                    os.unlink(inner)
                    continue
                os.chmod(inner, 0o700)
                place = next(name for name in names if not os.path.lexists(name))
                os.rename(inner, place)
                pending.append(place)
            os.rmdir(path)

    def close(self) -> None:
        """Delete it all."""
        with contextlib.suppress(FileNotFoundError):
            os.chmod(self.top, 0o700)
            self.empty()
            shutil.rmtree(self.top, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(folder: str) -> int | None:
    """Lock a folder for as long as this process lives; None where another has, or it cannot be."""
    try:
        import fcntl  # not on Windows

        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _sweep() -> None:
    """Delete the folders of our own graders that were killed: nobody holds their locks any more."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            about = path.lstat()
            if about.st_uid != getattr(os, "getuid", lambda: -1)() or not path.is_dir():
                continue
            if time.time() - about.st_mtime < _YOUNG or (lock := _locked(str(path))) is None:
                continue
            left = Scratch.__new__(Scratch)
            left.top, left.folder, left._lock = str(path), str(path / "own"), lock
            left.close()


def _list(folder: str) -> list[str]:
    os.chmod(folder, 0o700)
    return [os.path.join(folder, name) for name in os.listdir(folder)]


def _deleted(pid: int) -> int:
    """Return the bytes of files that a process holds open and that have no name any more."""
    total = 0
    with contextlib.suppress(OSError):  # it has ended, or this system cannot say
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                about = os.stat(f"/proc/{pid}/fd/{number}")
                if stat.S_ISREG(about.st_mode) and about.st_nlink == 0:
                    total += about.st_blocks * 512
    return total


def _copy_font_list(into: str) -> None:
    """Give Matplotlib the list of fonts that it would take a second to make anew."""
    home = os.environ.get("MPLCONFIGDIR") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "matplotlib"
    )
    for path in Path(home).glob("fontlist-*.json"):
        shutil.copy(path, into)
