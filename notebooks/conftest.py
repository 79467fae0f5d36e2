"""How nbval treats a notebook that needs data which the course does not bring.

Its metadata name the environment variable of the file (see book/_tools/notebooks.py). Where the
variable is not set, the notebook's cells are skipped, with that reason. Where it names the file
that the stored outputs were made from, the notebook is run and compared like any other. With
another file it is run, a cell that fails is a failure, and a warning says that no output was
compared.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

import nbformat
import pytest


@lru_cache
def treatment(path: Path) -> tuple[str, str]:
    """How to treat a notebook, "compare", "skip" or "run", and why."""
    course = nbformat.read(path, 4).metadata.get("course", {})
    variable = course.get("needs")
    if variable is None:
        return "compare", ""
    if not os.environ.get(variable):
        return "skip", f"its data are not here: set {variable} to the file that the page names"
    data = Path(os.environ[variable]).expanduser().resolve()
    os.environ[variable] = str(data)  # the kernel works in another folder
    if data.is_file():
        sha256 = hashlib.sha256(data.read_bytes()).hexdigest()
        if sha256 != course.get("data_sha256"):
            return (
                "run",
                f"{variable} is not the file that the outputs were made from: not compared",
            )
    return "compare", ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cells of such notebooks."""
    told = set()
    for item in items:
        if item.path.suffix != ".ipynb":
            continue
        how, why = treatment(item.path)
        if how == "skip":
            item.add_marker(pytest.mark.skip(reason=why))
        elif how == "run":
            item.options["check"] = False
            if item.path not in told:
                told.add(item.path)
                item.warn(pytest.PytestWarning(f"{item.path.name}: {why}"))
