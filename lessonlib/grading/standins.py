"""What stands in, while a submission is graded, for things that are not there or must not act.

All of it lives beside a stranger's code and can be altered by it: it serves honest submissions.
"""

from __future__ import annotations

import errno
import functools
import importlib.abc
import io
import os
import sys
import types
from collections.abc import Iterator
from typing import Any

from .exercise import STDOUT_CAP


class Printed(io.TextIOBase):
    """Standard output: keeps the first characters of what is printed and lets the rest go."""

    def __init__(self):
        self.start()

    def start(self) -> None:
        """Forget what was printed."""
        self.parts, self.room = [], STDOUT_CAP

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Keep a text where there is room."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.room > 0:
            self.parts.append(text[: self.room])
            self.room -= len(self.parts[-1]) + 1  # an empty text takes memory too
        return len(text)

    def getvalue(self) -> str:
        """Return what was printed since the start, and whether that is all."""
        left_out = f"\n[the limit of output is {STDOUT_CAP:,} characters; the rest was left out]\n"
        return "".join(self.parts) + (left_out if self.room <= 0 else "")


class _Absent(importlib.abc.MetaPathFinder):
    """Says plainly that our own packages are not there while a submission is graded."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.split(".")[0] in ("lessonlib", "solutions"):
            raise ModuleNotFoundError(
                f"{name!r} is not there while a submission is graded: an answer must be your own",
                name=name,
            )


class Verdict:
    """What a submission's own `check` gives while it is graded: a report in which nothing passed.

    It has what `lessonlib.grading.learner.Verdict` has, so that cells that use it run on.
    """

    def __init__(self, target: Any = None, seed: int | None = None):
        name = getattr(target, "__name__", str(target))
        self.result = {
            "submission": name, "exercise": name, "status": "graded", "score": 0.0,
            "max_score": 1.0, "seconds": 0.0, "criteria": [], "message": "", "note": "",
            "sha256": "",
        }  # fmt: skip
        self.seed, self.pictures = seed or 0, {}
        self.score, self.max_score, self.passed = 0.0, 1.0, False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.result["criteria"])

    def __repr__(self) -> str:
        return f"{self.result['exercise']}: not checked while it is graded"

    def _repr_html_(self) -> str:
        return "<p>Not checked while it is graded.</p>"


def nothing(*args: Any, **kwargs: Any) -> list:
    """Stands in for what does nothing while a submission is graded."""
    return []


class _Nothing(list):
    """Stands in for whatever else IPython's shell has: empty, and so is what calling it gives."""

    def __call__(self, *args: Any, **kwargs: Any) -> list:
        return []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()


class _Captured:
    """What ``%%capture`` names: the text that its cell printed."""

    stderr, outputs = "", ()

    def __init__(self, printed: Printed):
        self.printed, self.start, self.end = printed, len(printed.getvalue()), None

    @property
    def stdout(self) -> str:
        return self.printed.getvalue()[self.start : self.end]

    def show(self) -> None:
        print(self.stdout, end="")

    __call__ = show
    __str__ = stdout.fget


class Shell:
    """Stands in for IPython's shell, of which there is one."""

    def __init__(self, names: dict[str, Any], printed: Printed):
        self.user_ns, self._printed, self._last = names, printed, None

    def captured(self) -> _Captured:
        """Return what holds the text that is printed from here to the end of the cell."""
        self._last = _Captured(self._printed)
        return self._last

    def cell_ends(self) -> None:
        """Close what `captured` has opened."""
        if self._last is not None:
            self._last.end, self._last = len(self._printed.getvalue()), None

    def __getattr__(self, name: str) -> Any:
        return _Nothing()


def hide() -> None:
    """Take our own modules out of sight, and leave a `lessonlib.grading.check` that does nothing.

    For a launcher this is to be done before it forks: a look at all loaded modules costs each
    child milliseconds, since it copies the memory that it touches.
    """
    stub, grading = types.ModuleType("lessonlib"), types.ModuleType("lessonlib.grading")
    grading.check = Verdict
    stub.grading, stub.__path__ = grading, []
    for name in [name for name in sys.modules if name.split(".")[0] == "lessonlib"]:
        del sys.modules[name]
    sys.modules |= {"lessonlib": stub, "lessonlib.grading": grading}
    sys.meta_path.insert(0, _Absent())


def let_metadata_be() -> None:
    """Let changes of modes, owners and times pass where the confinement refuses them.

    Copying a file or touching one changes these too, and the file is there all the same.
    """

    def lenient(change: Any) -> Any:
        @functools.wraps(change)
        def changed(path: Any, *args: Any, **kwargs: Any) -> None:
            try:
                change(path, *args, **kwargs)
            except PermissionError:
                where = "" if isinstance(path, int) else os.path.realpath(path)
                if where and not where.startswith(folder + os.sep):
                    raise

        return changed

    folder = os.path.realpath(os.getcwd())
    for name in ("chmod", "fchmod", "chown", "fchown", "lchown", "utime", "setxattr"):
        if hasattr(os, name):
            setattr(os, name, lenient(getattr(os, name)))


#: What Python tells its audit hooks of, and which of the arguments are paths that would change.
_CHANGES = {
    "os.mkdir": 1, "os.remove": 1, "os.rmdir": 1, "os.rename": 2, "os.link": 2, "os.symlink": 2,
    "os.truncate": 1, "os.chmod": 1, "os.chown": 1, "os.utime": 1, "shutil.rmtree": 1,
}  # fmt: skip
_PROCESSES = ("os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.exec", "os.system")
_PROCESSES += ("subprocess.Popen", "os.kill")
_NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def guard(readable: list[str] | None) -> None:
    """Refuse, where nothing confines, what a confinement would refuse to an honest submission.

    It keeps a learner's own files as they are, and `check` and `grade` of one mind. It is no
    confinement: whoever wants to gets around it.

    Parameters
    ----------
    readable : list of str or None
        What may be read beside the working directory; ``None`` leaves reading alone.
    """
    folder = os.path.realpath(os.getcwd())
    open_to = None if readable is None else [folder, *map(os.path.realpath, readable)]

    def within(path: Any, roots: list[str]) -> bool:
        if isinstance(path, int) or path is None:
            return True
        place = os.path.realpath(os.fsdecode(path))
        return place == os.devnull or any(
            place == root or place.startswith(root.rstrip(os.sep) + os.sep) for root in roots
        )

    def refuse(event: str, what: Any) -> None:
        raise PermissionError(errno.EACCES, f"{event} is not there while graded", str(what))

    def hook(event: str, args: tuple) -> None:
        if event == "open":
            path, mode, flags = args
            writing = flags & _WRITING or set(mode or "") & set("wax+")
            if writing and not within(path, [folder]):
                refuse("writing outside of the working directory", path)
            if open_to is not None and not within(path, open_to):
                refuse("reading this file", path)
        elif event in ("os.listdir", "os.scandir"):
            if open_to is not None and not within(args[0], open_to):
                refuse("reading this folder", args[0])
        elif event in _CHANGES:
            for path in args[: _CHANGES[event]]:
                if not within(path, [folder]):
                    refuse("changing files outside of the working directory", path)
        elif event in _PROCESSES or event in _NETWORK:
            refuse("another process" if event in _PROCESSES else "the network", event)

    sys.addaudithook(hook)
