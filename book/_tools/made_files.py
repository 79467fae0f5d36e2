"""What the commands of this repository have made, so that they remove that and nothing else.

    python book/_tools/made_files.py clean      delete what was made here: `make clean`

A file counts as made here where one of these says so:

- `_build/.made` lists it: it was not there before a build, and was there after it (`recording`);
- it belongs to a Python environment: a package's own list of files names it (RECORD), or it is one
  of the few files with which `venv` begins;
- it has the name that pytest, Ruff, Hypothesis or coverage give to what they keep.

Anything else is somebody's: it stays, and `clean` names it.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build"
LIST = ".made"  # beside what it lists

# How an environment begins, before a package is installed, and what `make` and pip leave in it.
_VENV = re.compile(
    r"pyvenv\.cfg|\.ready|ready\.json|\.gitignore|\.lock|CACHEDIR\.TAG|lib64"
    r"|(bin|Scripts)/([Aa]ctivate[\w.]*|deactivate[\w.]*|(python|pip)w?[\d.]*(\.exe)?)"
    r"|(lib/python[\d.]+|Lib)/site-packages/((course|_virtualenv)\.(pth|py)|distutils-precedence\.pth)"
    r"|(.*/)?__pycache__/[^/]+\.(pyc|nbi|nbc)"
)
# What the tools keep between two runs.
_KEPT = {
    ".pytest_cache": r"\.gitignore|CACHEDIR\.TAG|README\.md|v/cache/[\w/]+",
    ".ruff_cache": r"\.gitignore|CACHEDIR\.TAG|[\d.]+/\d+",
    ".hypothesis": r"\.gitignore|(examples|constants|tmp)/[0-9a-f/]*[0-9a-f]{8,}|"
    r"unicode_data/[\d.]+/[\w.-]+|patches/[\w.-]+\.patch",
}


def below(folder: Path) -> Iterator[str]:
    """Every file and link below a folder, as a path relative to it; links are not followed."""
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for name in [*files, *links]:
            yield Path(place, name).relative_to(folder).as_posix()


@contextmanager
def recording(folder: Path | None = None) -> Iterator[None]:
    """Add to a folder's list what appears in it meanwhile."""
    folder = folder or BUILD
    before = set(below(folder))
    try:
        yield
    finally:
        if folder.is_dir():
            made = {name for name in below(folder) if name not in before} | listed(folder)
            text = "".join(f"{name}\n" for name in sorted(made - {LIST}))
            (folder / LIST).write_text(text, encoding="utf-8", newline="\n")


def listed(folder: Path) -> set[str]:
    """What was recorded of a folder."""
    path = folder / LIST
    return set(path.read_text("utf-8").splitlines()) if path.exists() else set()


def of_environment(folder: Path) -> set[str]:
    """Files of a Python environment: what its packages list, and how it began."""
    if not (folder / "pyvenv.cfg").is_file():
        return set()
    own = {name for name in below(folder) if _VENV.fullmatch(name)}
    for record in folder.glob("**/site-packages/*.dist-info/RECORD"):
        base = record.parents[1]
        with record.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                path = os.path.normpath(base / row[0])
                own.add(Path(os.path.relpath(path, folder)).as_posix())
    return own


def of_tool(folder: Path) -> set[str]:
    """Files in a tool's folder that have the names which the tool gives."""
    return {name for name in below(folder) if re.fullmatch(_KEPT[folder.name], name)}


def remove(folder: Path, names: Iterable[str]) -> list[str]:
    """Delete files below a folder, then folders that are empty; return what is left of it."""
    folder = Path(folder)
    if folder.is_symlink() or not folder.is_dir():
        return []
    for name in names:
        path = folder / name
        # a link in the way leads out of the folder, and what it leads to is not of our making
        if os.path.lexists(path) and path.parent.resolve().is_relative_to(folder.resolve()):
            path.unlink()
    for place, _, _ in os.walk(folder, topdown=False):
        if not os.path.islink(place) and not os.listdir(place):
            os.rmdir(place)
    return sorted(below(folder)) if folder.exists() else []


def remove_environment(folder: Path) -> list[str]:
    """Delete a Python environment; return what is left because nothing says it belongs to it."""
    return remove(folder, of_environment(folder))


def clean(root: Path = ROOT) -> dict[str, list[str]]:
    """Delete what was made in a checkout; return, by folder, what was left as somebody's own."""
    left = {".venv": remove_environment(root / ".venv")}
    for folder in sorted((root / ".bench").glob("*/")):
        left[f".bench/{folder.name}"] = remove_environment(folder)
    left[".bench"] = remove(root / ".bench", ())
    build = root / "_build"
    left["_build"] = remove(build, listed(build))
    if left["_build"] == [LIST]:
        left["_build"] = remove(build, [LIST])
    for name in _KEPT:
        left[name] = remove(root / name, of_tool(root / name)) if (root / name).is_dir() else []
    for path in [root / ".coverage", *root.glob(".coverage.*")]:
        if path.is_file() and path.open("rb").read(15) == b"SQLite format 3":
            path.unlink()
    return {name: files for name, files in left.items() if files}


def main(arguments: list[str]) -> int:
    """Read the command line."""
    if arguments != ["clean"]:
        sys.exit(__doc__)
    for name, files in clean().items():
        if name == ".bench":
            continue  # its folders were named
        shown = ", ".join(files[:3]) + (" …" if len(files) > 3 else "")
        print(f"left in {name}, for nothing says that it was made here: {shown} ({len(files)})")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
