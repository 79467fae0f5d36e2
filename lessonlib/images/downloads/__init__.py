"""Sets of pictures that a reader downloads: fetched on the reader's word, checked file by file.

A set comes from a public repository at one commit (``sources.toml``), and every file's sha256 is
known beforehand (``sums/``). It lies in the reader's own data folder, or in the folder that the
environment variable :data:`VARIABLE` names: there, nothing is changed and no network is tried.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

import platformdirs

from lessonlib._validation import check_choice
from lessonlib.images._files import ImageFileError
from lessonlib.images.downloads.catalogue import FetchableSet, sets
from lessonlib.images.downloads.transfer import download

#: The environment variable that names a folder with every set under its own name.
VARIABLE = "COURSE_DATA"

__all__ = ["VARIABLE", "FetchableSet", "data_folder", "fetch", "find", "sets"]


def data_folder() -> Path:
    """Return the folder in which sets are looked for, whether it is there or not.

    Returns
    -------
    pathlib.Path
        What :data:`VARIABLE` names, or the operating system's place for a program's data.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser().resolve()
    return platformdirs.user_data_path("lessonlib", appauthor=False)


def fetch(name: str) -> Path:
    """Download a set unless it is there, check every file, and return its folder.

    Parameters
    ----------
    name : str
        Such as "children-films", "hippocampus", "hannover" or "nuclei";
        ``images.downloads.sets()`` lists all.

    Returns
    -------
    pathlib.Path
        The set's folder, complete.

    Raises
    ------
    ValueError
        Where there is no set of that name.
    lessonlib.images.ImageFileError
        Where the download fails or a file's checksum is wrong; where COURSE_DATA is set, where
        the folder that it names lacks the set or a part of it.

    Notes
    -----
    A download that breaks off is taken up again by the next call, and the set's folder appears only
    when all of it is there. The files are those of the public repository, byte for byte.
    """
    check_choice("name", name, sets())
    if os.environ.get(VARIABLE):
        return find(name)
    wanted, folder = sets()[name], data_folder()
    target = wanted.place(folder)
    if not target.is_dir():
        download(wanted, target, folder / ".part" / name)
    return find(name)


def find(name: str) -> Path:
    """Return the folder of a set that is there, every file checked; never try the network.

    Parameters
    ----------
    name : str
        As for :func:`fetch`.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        Where there is no set of that name.
    lessonlib.images.ImageFileError
        Where the set, or a file of it, is missing or another than it should be.
    """
    check_choice("name", name, sets())
    return _checked(name, sets()[name].place(data_folder()))


@functools.lru_cache(maxsize=32)
def _checked(name: str, folder: Path) -> Path:
    """Check a set once for each process; an error is not remembered."""
    wanted = sets()[name]
    named = os.environ.get(VARIABLE)
    call = (f"unset {VARIABLE} and " if named else "") + f"call lessonlib.images.fetch({name!r})"
    if not folder.is_dir():
        raise ImageFileError(
            f"the set {name!r} is not here: {folder} is missing. To have it, {call}, which "
            f"downloads {wanted.megabytes} MB from {wanted.repositories[0].name} "
            f"({wanted.licence}); or let the environment variable {VARIABLE} name a folder that "
            f"has it as {wanted.folder!r}"
        )
    if faults := wanted.faults(folder):
        shown = "; ".join(faults[:3]) + (f"; and {len(faults) - 3} more" if faults[3:] else "")
        remedy = "Copy it there anew, or" if named else f"Delete {folder} and"
        raise ImageFileError(f"the set {name!r} in {folder} is not whole: {shown}. {remedy} {call}")
    return folder
