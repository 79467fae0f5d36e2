"""Where the data are that the course does not bring: what a page's header asks for, if it is here.

A page that needs a downloaded file, or a folder of files, says so:

    course:
      needs: PNEUMONIAMNIST_FILE      # the environment variable that names it
      file: pneumoniamnist.npz        # its name below the folder of all such data

The variable comes first. Where it is not set, the file is looked for below the folder that
COURSE_DATA names, and where the package medmnist keeps its downloads. A page may also say
`needs: COURSE_DATA`: then its file is looked for below that folder alone.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

#: The environment variable that names the folder of all downloaded data.
FOLDER = "COURSE_DATA"


def find(course: dict) -> Path | None:
    """What a page needs, as an absolute path, or None where nothing names it.

    What the variable names is returned even where it is not there: whoever set it is to hear that.
    """
    variable, name = course["needs"], course.get("file")
    named = os.environ.get(variable)
    if named and not (variable == FOLDER and name):
        return Path(named).expanduser().resolve()
    folders = [Path.home() / ".medmnist"] if variable != FOLDER else []
    if os.environ.get(FOLDER):
        folders.insert(0, Path(os.environ[FOLDER]).expanduser())
    places = [(folder / name).resolve() for folder in folders if name]
    return next((path for path in places if path.exists()), None)


def offer(course: dict, path: Path) -> None:
    """Tell a kernel that is started next, which works in another folder, where the data are."""
    variable = course["needs"]
    if variable != FOLDER:
        os.environ[variable] = str(path)
    elif os.environ.get(FOLDER):
        os.environ[FOLDER] = str(Path(os.environ[FOLDER]).expanduser().resolve())


def missing(course: dict) -> str:
    """That the data are not here, and what names them."""
    variable, name = course["needs"], course.get("file")
    if variable == FOLDER:
        said = f"{name} is not below the folder that {FOLDER} names" if name else "is not set"
        return said if name else f"{FOLDER} {said}"
    return f"{variable} is not set" + (
        f", and {FOLDER} names no folder with {name}" if name else ""
    )


def sha256(path: Path) -> str:
    """Checksum of a file, or of the names and bytes of all files below a folder."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    total = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        total.update(file.relative_to(path).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
