"""The instructor's guide shows how an exercise is added. Here that example is added and used.

It lies in `example/`, in folders of the names that the guide gives, and is in no list of the
course: the tests put it into the list, and take it out again.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys

import pytest
import submission_cases as cases
from typer.testing import CliRunner

from lessonlib.grading import checks, cli, cli_grade, starters, ways

EXAMPLE = cases.ROOT / "tests" / "grading" / "example"
STEM, NAME = "lesion_ruler", "LesionRuler"
GUIDE = (cases.ROOT / "book" / "instructor.md").read_text("utf-8")

cli.app.command("grade")(cli_grade.grade)


@pytest.fixture
def added(tmp_path, monkeypatch):
    """The example in the places where an exercise of the course lies; the folder above them."""
    for folder in ("solutions", "exercises"):
        (tmp_path / folder).mkdir()
        for path in (EXAMPLE / folder).iterdir():
            if path.is_file():
                (tmp_path / folder / path.name).write_bytes(path.read_bytes())
    submissions = tmp_path / "tests" / STEM
    submissions.mkdir(parents=True)
    for path in (EXAMPLE / "submissions").iterdir():
        (submissions / path.name).write_bytes(path.read_bytes())

    place = f"lessonlib.grading.checks.{STEM}"
    spec = importlib.util.spec_from_file_location(place, EXAMPLE / "checks" / f"{STEM}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, place, module)
    monkeypatch.setitem(checks.EXERCISES, NAME, module.EXERCISE)
    monkeypatch.setattr(starters, "_CHECKOUT", tmp_path)
    monkeypatch.setattr(cases, "ROOT", tmp_path)
    monkeypatch.setattr(cases, "SUBMISSIONS", tmp_path / "tests")
    monkeypatch.setattr(cases, "STEMS", [STEM])
    assert starters.main([]) == 0  # what the guide has you call
    return tmp_path


def lessonlib(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, list(map(str, arguments)))
    return result.exit_code, re.sub(r"\s+", " ", result.output)


def test_right_answers_get_full_marks(added):
    sources = [cases.solution(STEM), *(path.read_text("utf-8") for _, path in cases.correct())]
    assert len(sources) == 2
    for source in sources:
        messages = cases.grade(STEM, cases.load(STEM, source))
        assert messages == dict.fromkeys(messages)


def test_mistakes_fail_their_own_part_and_are_named(added):
    wrong = cases.mistakes()
    assert len(wrong) >= 4
    assert {part for each in wrong for part in each.fails} == {"area", "equivalent_diameter"}
    for each in wrong:
        messages = cases.grade(STEM, cases.load(STEM, each.source))
        assert [part for part, text in messages.items() if text] == list(each.fails), each.name
        assert each.says in messages[each.fails[0]], each.name


def test_a_learner_takes_it_and_solves_it(added, tmp_path):
    mine = tmp_path / "mine"
    assert lessonlib("start", "lesion-ruler", "--into", mine)[0] == 0
    starter = mine / f"{STEM}.py"
    status, said = lessonlib("check", starter)
    assert status == 1
    assert "not written yet: from pixels to square millimetres" in said
    status, said = lessonlib("hint", NAME, "area")
    assert "How many square millimetres" in said
    assert set(starters.hints(NAME)) == {"area", "equivalent_diameter"}
    assert all(len(levels) == 3 for levels in starters.hints(NAME).values())
    starter.write_text(cases.solution(STEM), encoding="utf-8")
    assert lessonlib("check", starter)[0] == 0


def test_the_starter_and_its_notebook_hide_the_solution(added):
    for suffix in (".py", ".ipynb"):
        text = (added / "exercises" / f"{STEM}{suffix}").read_text("utf-8")
        assert "count_nonzero" not in text
        assert "NotImplementedError" in text


def test_a_class_is_graded(added, tmp_path):
    if all(map(ways.unavailable, ways.WAYS)):
        pytest.skip("nothing confines here")
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "right.py").write_text(cases.solution(STEM), encoding="utf-8")
    (folder / "starter.py").write_bytes((added / "exercises" / f"{STEM}.py").read_bytes())
    for wrong in cases.mistakes():
        (folder / f"{wrong.name}.py").write_text(wrong.source, encoding="utf-8")
    report = tmp_path / "report.json"
    assert lessonlib("grade", folder, "--json", report, "--seed", "1")[0] == 0
    scores = {
        row["submission"].rsplit("/", 1)[-1].removesuffix(".py"): (row["exercise"], row["score"])
        for row in json.loads(report.read_text("utf-8"))["results"]
    }
    wanted = {"right": 2.0, "starter": 0.0} | {wrong.name: 1.0 for wrong in cases.mistakes()}
    assert scores == {name: (NAME, score) for name, score in wanted.items()}


def test_the_guide_shows_these_very_files_and_the_course_does_not_list_them():
    for path in ("solutions", "checks", "exercises"):
        shown = f"../tests/grading/example/{path}/{STEM}.{'md' if path == 'exercises' else 'py'}"
        assert shown in GUIDE
    assert "../tests/grading/example/submissions/mistakes.toml" in GUIDE
    assert NAME not in checks.EXERCISES
