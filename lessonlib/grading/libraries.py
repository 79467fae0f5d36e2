"""What a submission may read: Python's own libraries, and nothing of ours."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

#: Words that submissions hold, and the modules worth loading before a submission that holds them:
#: what the exercises allow; PyTorch, whose 3 GB of address space then are the library's and not the
#: submission's; and for a notebook what reads its cells.
PRELOAD = {
    "numpy": ("numpy", "numpy.linalg", "numpy.random", "numpy.fft"),
    "scipy": ("scipy.ndimage", "scipy.stats", "scipy.signal", "scipy.interpolate"),
    "sklearn": (
        "sklearn.linear_model",
        "sklearn.metrics",
        "sklearn.model_selection",
        "sklearn.pipeline",
        "sklearn.preprocessing",
    ),
    "imblearn": ("imblearn.over_sampling", "imblearn.pipeline"),
    "skimage": ("skimage.transform", "skimage.draw", "skimage.exposure", "skimage.filters"),
    "matplotlib": ("matplotlib.pyplot",),
    "torch": ("torch",),
    "timm": ("torch",),
    "nbformat": ("IPython.core.inputtransformer2",),
}

_SITES = ("site-packages", "dist-packages")
_SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
_SYSTEM += ("/usr/share/fonts", "/usr/share/zoneinfo", "/dev/null", "/dev/zero", "/dev/urandom")


def preload(texts: Iterable[bytes]) -> list[str]:
    """List the modules to load before forking: those of the libraries that submissions mention.

    Parameters
    ----------
    texts : iterable of bytes
        The submissions, as they are.

    Returns
    -------
    list of str
        NumPy's always, since arrays travel by it.
    """
    words = {"numpy"}
    pattern = re.compile("|".join(name for name in PRELOAD if name != "numpy").encode())
    for text in texts:
        words |= {found.decode() for found in set(pattern.findall(text))}
        if len(words) == len(PRELOAD):
            break
    return [module for name, modules in PRELOAD.items() if name in words for module in modules]


def interpreter() -> str:
    """Return the path of this Python itself, outside any virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def search_path() -> list[str]:
    """Return where the libraries are: what a child's ``sys.path`` has beyond the standard one."""
    found = []
    for name in (*PRELOAD, "sandlock"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            found.append(str(Path(spec.origin).parents[1]))
    found += [path for path in sys.path if Path(path).name in _SITES]
    return list(dict.fromkeys(found))


def readable() -> list[str]:
    """List what a confined process may read: files and folders that exist here."""
    base = Path(sys.base_prefix)
    roots = [sysconfig.get_path("stdlib"), base / "lib", base / "lib64", interpreter()]
    roots += [*search_path(), *_SYSTEM]
    return [path for path in dict.fromkeys(map(str, roots)) if os.path.exists(path)]


def hidden(roots: Iterable[str], others: Iterable[str | Path] = ()) -> list[str]:
    """List what lies below the readable folders and must not be seen all the same.

    Parameters
    ----------
    roots : iterable of str
        What may be read.
    others : iterable of path
        Beside every installed copy of this package and its solutions: the submissions.

    Returns
    -------
    list of str
        Existing paths, links resolved.
    """
    ours = Path(__file__).resolve().parents[1]
    secrets = {ours, ours.with_name("solutions"), *map(Path, others)}
    standard = Path(sysconfig.get_path("stdlib"))
    for site in {*map(Path, search_path()), *(standard / name for name in _SITES)}:
        # Copies too, such as one installed beside an environment that uses a checkout.
        secrets |= {site / "lessonlib", site / "solutions"}
    real = [Path(root).resolve() for root in roots]
    found = {path.resolve() for path in secrets if path.exists()}
    return sorted(str(path) for path in found if any(root in path.parents for root in real))
