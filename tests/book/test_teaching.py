"""The instructor's guide: its tables are complete, its scripts and commands do what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from tests.book.conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))

import course_pages
import teaching

from lessonlib.grading import ways
from lessonlib.grading.checks import EXERCISES

GUIDE = (ROOT / "book" / "instructor.md").read_text("utf-8")
PAGES = course_pages.load()
COSTS = json.loads((teaching.RESULTS / "notebooks.json").read_text("utf-8"))
CASES = json.loads((teaching.RESULTS / "latest.json").read_text("utf-8"))["cases"]


def block(directive: str) -> list[str]:
    """The lines of a directive in the guide."""
    (body,) = re.findall(rf"^:::{{{directive}}}\n(.*?)^:::$", GUIDE, re.M | re.S)
    return body.splitlines()


def page(read: int, docname: str = "notebooks/x", solve: str = "") -> SimpleNamespace:
    return SimpleNamespace(read_minutes=read, docname=docname, solve=solve)


def test_the_syllabus_names_every_exercise_once_and_pages_that_exist():
    weeks = teaching.rows(block("syllabus"), 3)
    assert len(weeks) == 6
    handed_in = [exercise for *_, exercise in weeks]
    assert sorted(handed_in) == sorted(
        e.chapter.removeprefix("exercise-") for e in EXERCISES.values()
    )
    chapters = [name for cell, *_ in weeks for group in teaching.choices(cell) for name in group]
    taught = [
        n for n in PAGES if n != "summary" and not n.startswith("exercise-") and n != "grading"
    ]
    assert sorted(chapters) == sorted(taught)


def test_times_add_up_and_of_alternatives_the_longest_counts():
    pages = {"a": page(10), "b": page(20), "c": page(45)}
    assert teaching.minutes("a, b / c", pages) == 55
    assert teaching.minutes("a, b", pages) == 30
    costs = {"a": {"seconds": 3}, "b": {"seconds": 50}, "c": {"seconds": 4}}
    assert teaching.seconds("a, b / c", costs) == 53
    assert [teaching.hours(count) for count in (45, 60, 125)] == ["45 min", "1 h 00", "2 h 05"]


def test_the_syllabus_tells_what_was_measured():
    pages = {"a": page(10), "b": page(65), "exercise-z": page(5, "notebooks/z", "half an hour")}
    costs = {"a": {"seconds": 3}, "b": {"seconds": 9}}
    text = "\n".join(teaching.syllabus(["a, b | talk | z"], pages, costs))
    assert "1 h 15 to read, 12 s to run" in text
    assert "{doc}`/notebooks/z`; half an hour to solve" in text
    assert text.endswith("In all that is 1 h 15 of reading.")
    teaching.syllabus(block("syllabus"), PAGES, COSTS)


def test_the_rubric_has_every_part_of_every_exercise_with_its_points():
    text = "\n".join(teaching.rubric(block("course-rubric"), EXERCISES, PAGES))
    for exercise in EXERCISES.values():
        head = f"{exercise.name}, {exercise.max_score:g} point"
        body = text.split(head)[1].split("\n\n")[0]
        given = re.findall(r"^: (.*?) \((\d+) points?\): ", body, re.M)
        assert sum(float(points) for _, points in given) == exercise.max_score
        parts = re.findall(r"`(\w+)`", " ".join(names for names, _ in given))
        assert sorted(parts) == sorted(criterion.id for criterion in exercise.criteria)


@pytest.mark.parametrize("fault", ["missing", "twice", "unknown part", "unknown exercise", "cells"])
def test_a_rubric_that_is_not_the_registrys_stops_the_build(fault):
    lines = block("course-rubric")
    changed = {
        "missing": lines[1:],
        "twice": [*lines, lines[0]],
        "unknown part": [lines[0].replace("| a c |", "| a c z |"), *lines[1:]],
        "unknown exercise": [lines[0].replace("AugmentationValidator", "Nobody"), *lines[1:]],
        "cells": [lines[0] + " | more", *lines[1:]],
    }[fault]
    assert changed != lines
    with pytest.raises(ExtensionError):
        teaching.rubric(changed, EXERCISES, PAGES)


def test_grading_time_is_the_benchmarks():
    (said,) = teaching.grading_time(CASES)
    (case,) = [case for case in CASES if case["name"] == "grading"]
    assert case["title"].startswith("Grade 20 notebooks, seven parts each")
    ours = next(row for row in case["rows"] if row["name"] == "lessonlib")
    assert f" {ours['median']:.0f} s from the command" in said


def shells() -> list[str]:
    return re.findall(r"^```bash\n(.*?)^```$", GUIDE, re.M | re.S)


def test_every_option_that_the_guide_gives_exists():
    done = subprocess.run(
        [sys.executable, "-m", "lessonlib", "grade", "--help"],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb"},
    )
    used = set()
    for text in shells():
        for line in text.splitlines():
            if "lessonlib grade" in line:
                used |= set(re.findall(r"--[a-z]+", line.split("lessonlib grade")[1]))
    assert {"--moodle", "--canvas", "--gradescope", "--scheduler"} <= used
    assert used <= set(re.findall(r"--[a-z]+", done.stdout))


def test_dask_has_the_commands_that_the_guide_gives():
    from click.testing import CliRunner
    from distributed.cli import dask_scheduler, dask_worker

    for command, options in ((dask_scheduler, ["--host", "--port"]), (dask_worker, ["--nthreads"])):
        said = CliRunner().invoke(command.main, ["--help"]).output
        for option in options:
            assert option in said
            assert any(option in text for text in shells())


@pytest.mark.skipif(sys.platform != "linux", reason="Gradescope's container is Linux")
def test_gradescopes_script_leaves_the_results_where_they_are_read(tmp_path):
    if all(map(ways.unavailable, ways.WAYS)):
        pytest.skip("nothing confines here")
    (script,) = [text for text in shells() if "/autograder/results/results.json" in text]
    program = os.path.join(os.path.dirname(sys.executable), "lessonlib")
    script = script.replace("/autograder/venv/bin/lessonlib", program)
    script = script.replace("/autograder", str(tmp_path))
    for folder in ("submission", "results"):
        (tmp_path / folder).mkdir()
    solution = ROOT / "solutions" / "face_aligner.py"
    (tmp_path / "submission" / "mine.py").write_bytes(solution.read_bytes())
    (tmp_path / "run_autograder").write_text(script)
    done = subprocess.run(["bash", tmp_path / "run_autograder"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "results" / "results.json").read_text("utf-8"))
    assert result["score"] == EXERCISES["FaceAligner"].max_score
    assert [test["status"] for test in result["tests"]] == ["passed", "passed"]
