"""The tables of the instructor's guide, made from what the course knows: no number is typed there.

    :::{syllabus}        a row a week: chapters | in the meeting | exercise;
    :::                  `a, b / c` reads a, and one of b and c
    :::{course-rubric}   EXERCISE | parts | chapters that teach it | what one then can
    :::
    :::{grading-time}    how long grading a class takes, as the benchmarks measured it
    :::

Times to read are those that the chapters' overviews state, times to run those that the last run
of every chapter took. A rubric that forgets a part of an exercise, or names one twice, stops the
build.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
sys.path.insert(0, str(ROOT / "book" / "_tools"))  # the scripts there are no package

import course_pages  # noqa: E402
from made import Made  # noqa: E402


def rows(content: Iterable[str], columns: int) -> list[list[str]]:
    """Cells of lines that are divided by bars.

    Raises
    ------
    ExtensionError
        Where a line has another number of cells.
    """
    found = [[cell.strip() for cell in line.split("|")] for line in content if line.strip()]
    for row in found:
        if len(row) != columns:
            raise ExtensionError(f"a row needs {columns} cells, got {len(row)}: {' | '.join(row)}")
    return found


def choices(cell: str) -> list[list[str]]:
    """What a week reads: groups of names, of each of which one is read."""
    return [[name.strip() for name in group.split("/")] for group in cell.split(",")]


def minutes(cell: str, pages: dict[str, course_pages.Page]) -> int:
    """Minutes to read a week's chapters, the longest of each group."""
    return sum(max(pages[name].read_minutes for name in group) for group in choices(cell))


def seconds(cell: str, costs: dict[str, dict[str, float]]) -> float:
    """Seconds of a processor to run a week's chapters, the longest of each group."""
    return sum(max(costs[name]["seconds"] for name in group) for group in choices(cell))


def hours(count: float) -> str:
    whole, rest = divmod(round(count), 60)
    return f"{whole} h {rest:02d}" if whole else f"{rest} min"


def links(docnames: Iterable[str], between: str = ", ") -> str:
    return between.join(f"{{doc}}`/{name}`" for name in docnames)


def syllabus(content: Iterable[str], pages: dict, costs: dict) -> list[str]:
    """Markdown of the syllabus: what each week holds, and what all of it takes."""
    lines, total = [], 0
    for number, (chapters, meeting, exercise) in enumerate(rows(content, 3), 1):
        total += minutes(chapters, pages)
        named = [
            links((pages[name].docname for name in group), " or ") for group in choices(chapters)
        ]
        task = pages[f"exercise-{exercise}"]
        lines += [
            f"Week {number}",
            f": **Before**: {'; '.join(named)}. {hours(minutes(chapters, pages))} to read, "
            f"{seconds(chapters, costs):.0f} s to run.",
            f": **In the meeting**: {meeting}",
            f": **To hand in**: {links([task.docname])}; {task.solve} to solve.",
            "",
        ]
    return [*lines, f"In all that is {hours(total)} of reading."]


def rubric(content: Iterable[str], exercises: dict, pages: dict) -> list[str]:
    """Markdown of the rubric: exercises, and below each what its parts show.

    Raises
    ------
    ExtensionError
        Where an exercise or a part is unknown, missing, or named twice.
    """
    shown: dict[str, list[str]] = {name: [] for name in exercises}
    named = Counter()
    for exercise, parts, chapters, able in rows(content, 4):
        if exercise not in exercises:
            raise ExtensionError(f"course-rubric: no exercise is called {exercise}")
        criteria = {criterion.id: criterion for criterion in exercises[exercise].criteria}
        chosen = parts.split()
        unknown = [part for part in chosen if part not in criteria]
        if unknown:
            raise ExtensionError(f"course-rubric: {exercise} has no part {', '.join(unknown)}")
        named.update((exercise, part) for part in chosen)
        points = sum(criteria[part].points for part in chosen)
        taught = links(pages[name.strip()].docname for name in chapters.split(","))
        which = ", ".join(f"`{part}`" for part in chosen)
        shown[exercise].append(f": {which} ({_points(points)}): {able}. Taught in {taught}.")
    wanted = {(e.name, criterion.id) for e in exercises.values() for criterion in e.criteria}
    faulty = sorted(wanted - set(named)) + [pair for pair, times in named.items() if times > 1]
    if faulty:
        raise ExtensionError(f"course-rubric: missing or named twice: {faulty}")
    lines = []
    for name, exercise in exercises.items():
        lines += [f"{name}, {_points(exercise.max_score)}", *shown[name], ""]
    total = sum(exercise.max_score for exercise in exercises.values())
    return [*lines, f"In all there are {_points(total)}."]


def _points(count: float) -> str:
    return f"{count:g} point" + "s" * (count != 1)


def grading_time(cases: list[dict]) -> list[str]:
    """Say what grading took when it was last timed."""
    by_name = {case["name"]: case for case in cases}
    whole, each = by_name["grading"], by_name["grading-each"]
    machine, row = whole["machine"], whole["rows"][0]
    return [
        f"When it was last timed ({whole['date']}, {machine['cores']} cores of an "
        f"{machine['processor']}), twenty notebooks of seven parts took {row['median']:.0f} s from "
        f"the command to the report, and each further one {each['rows'][0]['median']:.2f} s. "
        "{doc}`/notebooks/benchmarks` shows how, and beside whom."
    ]


class OfTheCourse(Made):
    """Made from what was measured and from the pages."""

    def sources(self):
        return [*sorted(RESULTS.glob("*.json")), *sorted((ROOT / "book").glob("*.md"))]


class Syllabus(OfTheCourse):
    def markdown(self):
        costs = json.loads((RESULTS / "notebooks.json").read_text("utf-8"))
        return syllabus(self.content, course_pages.load(), costs)


class Rubric(OfTheCourse):
    def markdown(self):
        from lessonlib.grading.checks import EXERCISES

        return rubric(self.content, EXERCISES, course_pages.load())


class GradingTime(OfTheCourse):
    def markdown(self):
        return grading_time(json.loads((RESULTS / "latest.json").read_text("utf-8"))["cases"])


def setup(app):
    app.add_directive("syllabus", Syllabus)
    app.add_directive("course-rubric", Rubric)
    app.add_directive("grading-time", GradingTime)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
