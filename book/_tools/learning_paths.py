"""Ways through the course for one kind of reader each, from `book/paths.csv`.

A row is a page of a path: which of its outcomes matters most to this reader (its place in the list
of the page's overview), and which terms to look up because the path leaves out the chapter that
introduces them. What a page needs comes from the table of concepts; `faults` compares.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from concept_table import Concept, prerequisites
from course_pages import READ_IN_ORDER, ROOT, Page, load


@dataclass(frozen=True)
class Step:
    """A page of a path."""

    path: str
    page: str
    outcome: int | None
    look_up: tuple[str, ...] = ()


def read(path: Path = ROOT / "book" / "paths.csv") -> dict[str, list[Step]]:
    """Read the paths by name, their steps in order."""
    paths: dict[str, list[Step]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            outcome = int(row["outcome"]) if row["outcome"] else None
            terms = tuple(t.strip() for t in row["look_up"].split(";") if t.strip())
            step = Step(row["path"], row["page"], outcome, terms)
            paths.setdefault(step.path, []).append(step)
    return paths


def pages(root: Path = ROOT) -> dict[str, Page]:
    """Return the pages that a path may lead over."""
    return load(root, ("Start", *READ_IN_ORDER))


def missing(
    concepts: Mapping[str, Concept], pages: Mapping[str, Page], steps: list[Step]
) -> list[list[str]]:
    """Return for each step the concepts that it needs and that no step before has brought.

    A concept that is looked up may need others, which then have to be looked up as well.
    """
    known: set[str] = set()
    found = []
    for step in steps:
        known |= {key for key, c in concepts.items() if c.chapter == step.page}
        needed = prerequisites(concepts, pages, step.page).values()
        ahead = {name.lower() for names in needed for name in names} - known
        lacking: set[str] = set()
        while ahead:
            lacking |= ahead
            ahead = {n for key in ahead for n in concepts[key].needs} - known - lacking
        known |= lacking
        found.append([c.name for key, c in concepts.items() if key in lacking])
    return found


def faults(
    concepts: Mapping[str, Concept], pages: Mapping[str, Page], paths: Mapping[str, list[Step]]
) -> list[str]:
    """Name what is wrong with the paths."""
    found = []
    for path, steps in paths.items():
        unknown = [s.page for s in steps if s.page not in pages]
        found += [f"{path}: no page is called {page!r}" for page in unknown]
        if unknown:
            continue
        order = [list(pages).index(s.page) for s in steps]
        if order != sorted(set(order)):
            found.append(f"{path}: not in the order of the table of contents, or a page twice")
        for step, lacking in zip(steps, missing(concepts, pages, steps), strict=True):
            outcomes = len(pages[step.page].outcomes)
            if (step.outcome or 0) > outcomes or (outcomes and not step.outcome):
                found.append(f"{path}: {step.page} has {outcomes} outcomes, not {step.outcome}")
            if set(lacking) != set(step.look_up):
                found.append(
                    f"{path}: {step.page} should look up {'; '.join(lacking) or 'nothing'}"
                )
    return found
