"""Which notebooks nbval runs, and how it treats one whose data the course does not bring.

A notebook without a page in book/ is the reader's own, and is left alone.

Some notebooks need a download; their metadata say what (see book/_tools/course_data.py). Where it
is not here, the notebook's cells are skipped, with that reason. Where it is what the stored outputs
were made from, the notebook is run and compared like any other. With other data it is run, a cell
that fails is a failure, and a warning says that no output was compared.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[1] / "book"
sys.path.insert(0, str(BOOK / "_tools"))  # the scripts there are no package

import course_data  # noqa: E402


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the reader's own notebooks."""
    if collection_path.suffix == ".ipynb" and not (BOOK / f"{collection_path.stem}.md").exists():
        return True
    return None


@lru_cache
def treatment(path: Path) -> tuple[str, str]:
    """How to treat a notebook, "compare", "skip" or "run", and why."""
    course = nbformat.read(path, 4).metadata.get("course", {})
    if "needs" not in course:
        return "compare", ""
    data = course_data.find(course)
    if data is None:
        return "skip", f"its data are not here: {course_data.missing(course)}"
    course_data.offer(course, data)
    if data.exists() and course_data.sha256(data) != course.get("data_sha256"):
        return "run", f"{data.name} is not what the outputs were made from: not compared"
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
