"""Python in the page: what the book needs so that its live cells run in the reader's browser.

One file is made, ``_static/live/python.js``, which a page loads when a reader first runs a cell. It
holds the worker, the runner, the torch-free part of lessonlib that live cells use, and where
Pyodide is. By default that is its public CDN. With the environment variable COURSE_PYODIDE naming
a folder that holds a release of Pyodide, the files are copied into the book and loaded from there.
"""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_tools"))  # the scripts there are no package

import made_files  # noqa: E402

SOURCE = Path(__file__).parent / "live"

VERSION = "0.27.7"
#: Core and packages lie at two addresses: what npm publishes never changes, and the lock file there
#: holds the hashes of the packages that are published beside the release.
CORE = f"https://cdn.jsdelivr.net/npm/pyodide@{VERSION}/"
PACKAGES = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
#: sha256 of the core's files, from pyodide-0.27.7.tgz on npm.
INTEGRITY = {
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
    "pyodide-lock.json": "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
}
#: Packages that a live cell can import, beside what they need themselves.
IMPORTABLE = ("numpy", "scipy", "scikit-learn", "matplotlib", "pillow")

#: The part of lessonlib that live cells and checks import; none of it needs torch to be imported.
PARTS = (
    "__init__.py",
    "_validation/*.py",
    "errata/__init__.py",
    "errata/e8.py",
    "errata/page.py",
    "errata/row.py",
    "evaluation/*.py",
    "figures/__init__.py",
    "figures/probabilities.py",
    "figures/style.py",
    "grading/*.py",
    "grading/checks/*.py",
    "grading/reports/*.py",
    "imbalance/*.py",
    "scientific/*.py",
)


def lessonlib_zip() -> bytes:
    """Return the part of lessonlib that live cells use, as a zip that depends on nothing else."""
    package = ROOT / "lessonlib"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for part in PARTS for path in package.glob(part)):
            entry = zipfile.ZipInfo(f"lessonlib/{path.relative_to(package).as_posix()}")
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_text("utf-8").encode())
    return file.getvalue()


def integrity() -> dict[str, str]:
    """Return the core's hashes as browsers expect them."""
    return {
        name: "sha256-" + base64.b64encode(bytes.fromhex(digest)).decode()
        for name, digest in INTEGRITY.items()
    }


def bundle(local: bool) -> str:
    """Return the script that a page loads at the first click.

    Parameters
    ----------
    local : bool
        Whether the book has a copy of Pyodide.

    Returns
    -------
    str
    """
    settings = {
        "core": CORE,
        "packages": PACKAGES,
        "integrity": integrity(),
        "local": "pyodide/" if local else None,
        "lessonlib": base64.b64encode(lessonlib_zip()).decode(),
        "runner": (SOURCE / "runner.py").read_text("utf-8"),
        "worker": (SOURCE / "worker.js").read_text("utf-8"),
    }
    return f"window.courseLive = {json.dumps(settings)};\n"


def copy_of(folder: Path) -> list[Path]:
    """Name the files of a release of Pyodide that the book needs.

    Parameters
    ----------
    folder : path
        Holds them all, as the release does.

    Returns
    -------
    list of path

    Raises
    ------
    FileNotFoundError
        Where one is missing; the message names it.
    """
    lock = json.loads((folder / "pyodide-lock.json").read_text("utf-8"))["packages"]
    names, waiting = set(), list(IMPORTABLE)
    while waiting:
        if (name := waiting.pop()) not in names:
            names.add(name)
            waiting += lock[name]["depends"]
    files = [folder / name for name in INTEGRITY]
    files += [folder / lock[name]["file_name"] for name in sorted(names)]
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"COURSE_PYODIDE={folder} has no {file.name}")
    return files


def write(app, exception) -> None:
    """Put the script, and the copy of Pyodide if there is one, into the built book."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir, "_static", "live")
    target.mkdir(parents=True, exist_ok=True)
    folder = os.environ.get("COURSE_PYODIDE")
    (target / "python.js").write_text(bundle(bool(folder)), "utf-8")
    copy = target / "pyodide"
    made_files.remove(copy, [*made_files.listed(copy), made_files.LIST])
    if folder:
        copy.mkdir(exist_ok=True)
        with made_files.recording(copy):
            for file in copy_of(Path(folder).expanduser()):
                shutil.copy(file, copy)


def setup(app):
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
