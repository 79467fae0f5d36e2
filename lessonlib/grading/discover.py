"""Which files are submissions, and their bytes: nothing here follows a link or runs anything."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SUFFIXES = (".py", ".ipynb")
#: The most bytes of one file.
FILE_CAP = 64 * 10**6
#: Folders that programs make beside or in a student's work, in lower case: what lies in them is
#: a copy, or somebody else's.
COPIES = frozenset(
    (
        *(".ipynb_checkpoints", "__macosx", "__pycache__", "node_modules", "site-packages"),
        *(".git", ".hg", ".svn", ".venv", ".tox", ".nox", ".eggs"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache"),
    )
)


@dataclass(frozen=True)
class Submission:
    """One file to grade.

    Attributes
    ----------
    path : str
        As given on the command line, or as found below a folder given there.
    data : bytes
        The file's content, empty where it could not be read.
    status : str
        Empty, or the outcome where there is nothing to grade: ``"error"`` or ``"forbidden"``.
    message : str
        Why.
    """

    path: str
    data: bytes = field(repr=False, default=b"")
    status: str = ""
    message: str = ""

    @property
    def suffix(self) -> str:
        """The file's kind, ``".py"`` or ``".ipynb"``."""
        return Path(self.path).suffix.lower()

    @property
    def digest(self) -> str:
        """SHA-256 of the content, which tells ``--resume`` that a file has not changed."""
        return hashlib.sha256(self.status.encode() + b"\0" + self.data).hexdigest()


def find(
    paths: Sequence[str | Path], passed_over: list[str] | None = None
) -> list[tuple[str, bool]]:
    """List the submissions among files and folders, each once.

    Parameters
    ----------
    paths : sequence of path
        Files are submissions whatever they define; in a folder every ``.py`` and ``.ipynb``
        below it is one, hidden folders included and links too. Not so what lies in folders of
        `COPIES` or in a virtual environment, nor the ``._`` files of a Mac's archive, unless
        they are named here.
    passed_over : list of str, optional
        Gets the path of each such folder and file.

    Returns
    -------
    list of (str, bool)
        Paths, and whether they were found in a folder (where links are not followed); files in
        the order given, those of a folder sorted.

    Raises
    ------
    FileNotFoundError
        Where a path does not exist.
    ValueError
        Where a file has another suffix.
    """
    found: dict[str, bool] = {}
    for path in map(os.fspath, paths):
        if os.path.isdir(path):
            below = sorted(_below(path, [] if passed_over is None else passed_over))
            found |= {name: found.get(name, True) for name in below}
        elif not os.path.lexists(path):
            raise FileNotFoundError(f"there is no file or folder {path!r}")
        elif not _has_suffix(path):
            raise ValueError(f"a submission is a .py or .ipynb file, not {path!r}")
        else:
            found.setdefault(path, False)
    return list(found.items())


def _below(folder: str, passed_over: list[str]) -> Iterator[str]:
    for where, folders, files in os.walk(folder, followlinks=False):
        copies = [name for name in folders if _is_copy(os.path.join(where, name))]
        folders[:] = [name for name in folders if name not in copies]
        copies += [name for name in files if name.startswith("._") and _has_suffix(name)]
        passed_over += sorted(os.path.join(where, name) for name in copies)
        links = [name for name in folders if os.path.islink(os.path.join(where, name))]
        for name in [name for name in files if name not in copies] + links:
            path = os.path.join(where, name)
            # A linked folder is one entry, whatever it is called: what it leads to is not read.
            if _has_suffix(name) or (name in links and _leads_out(path)):
                yield path


def _has_suffix(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES


def _is_copy(folder: str) -> bool:
    if os.path.basename(folder).lower() in COPIES:
        return True
    return not os.path.islink(folder) and os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def _leads_out(link: str) -> bool:
    parent = os.path.realpath(os.path.dirname(link))
    return os.path.commonpath([parent, os.path.realpath(link)]) != parent


def read(path: str, in_folder: bool) -> Submission:
    """Read one file, refusing what is no regular file of moderate size.

    Parameters
    ----------
    path : str
        The file.
    in_folder : bool
        Whether it was found in a folder, where a link is no submission.

    Returns
    -------
    Submission
        With the content, or with a status and a message that say why there is none.
    """
    if in_folder and os.path.islink(path):
        what = "out of its folder" if _leads_out(path) else "to another file"
        return Submission(path, status="forbidden", message=f"a link {what} is no submission")
    # Not to wait for a pipe's other end; and should the file have become a link, not to follow it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) if in_folder else 0
    try:
        descriptor = os.open(path, flags)
        with open(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                return Submission(path, status="error", message="this is no regular file")
            data = file.read(FILE_CAP + 1)
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror}"
        return Submission(path, status="error", message=reason)
    if len(data) > FILE_CAP:
        reason = f"the file is larger than {FILE_CAP / 1e6:.0f} MB; clear a notebook's outputs"
        return Submission(path, status="error", message=reason)
    return Submission(path, data)


def grouped(passed_over: Sequence[str]) -> list[str]:
    """Say in a line per kind what `find` passed over: ``12 × .git, the first in hw/ann``."""
    kinds: dict[str, list[str]] = {}
    for path in passed_over:
        name = os.path.basename(path)
        kinds.setdefault("._*" if name.startswith("._") else name, []).append(path)
    return [
        f"passed over: {len(same)} × {name}, the first in {os.path.dirname(same[0]) or '.'}"
        for name, same in kinds.items()
    ]
