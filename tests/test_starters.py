"""Starters and hints: made from the solutions, and worth nothing as they are."""

from __future__ import annotations

import ast
import importlib
import json

import numpy as np
import pytest

from lessonlib.grading import starters
from lessonlib.grading.checks import EXERCISES
from lessonlib.grading.exercise import LocalRemote, Mistake, SubmissionError

STEMS = {name: starters.stem(name) for name in EXERCISES}


def test_starters_are_what_the_solutions_make_of_them():
    for path, text in starters.generated().items():
        assert path.read_text(encoding="utf-8") == text, (
            f"{path.name} has drifted from its solution: run python -m lessonlib.grading.starters"
        )


def test_check_reports_drift_and_regenerating_mends_it(tmp_path, monkeypatch, capsys):
    for folder in ("solutions", "exercises"):
        (tmp_path / folder).mkdir()
    source = starters._CHECKOUT / "solutions" / "face_aligner.py"
    (tmp_path / "solutions" / "face_aligner.py").write_bytes(source.read_bytes())
    monkeypatch.setattr(starters, "_CHECKOUT", tmp_path)
    assert starters.main(["--check"]) == 1
    assert "face_aligner.py" in capsys.readouterr().out
    assert starters.main([]) == 0
    assert starters.main(["--check"]) == 0
    (tmp_path / "exercises" / "face_aligner.py").write_text("changed")
    assert starters.main(["--check"]) == 1


@pytest.mark.parametrize("name", EXERCISES)
def test_a_starter_passes_no_part_and_says_which_is_missing(name):
    source = (starters.directory() / f"{STEMS[name]}.py").read_text(encoding="utf-8")
    namespace = {"__name__": "starter"}
    exec(compile(source, "starter", "exec"), namespace)
    remote = LocalRemote(namespace[name])
    for criterion in EXERCISES[name].criteria:
        with pytest.raises((Mistake, SubmissionError), match="NotImplementedError: part"):
            criterion.check(remote, np.random.default_rng(0))


@pytest.mark.parametrize("name", EXERCISES)
def test_nothing_of_the_solution_is_left_in_its_starter(name):
    solution = importlib.import_module(f"solutions.{STEMS[name]}").__file__
    with open(solution, encoding="utf-8") as file:
        blocks = starters._BLOCK.finditer(file.read())
        hidden = {
            line.strip() for block in blocks for line in block[0].splitlines()[1:-1] if line.strip()
        }
    starter = (starters.directory() / f"{STEMS[name]}.py").read_text(encoding="utf-8")
    assert "solution:" not in starter
    assert not hidden & {line.strip() for line in starter.splitlines() if len(line.strip()) > 1}


@pytest.mark.parametrize("name", EXERCISES)
def test_the_notebook_is_the_starter_without_outputs(name):
    folder = starters.directory()
    notebook = json.loads((folder / f"{STEMS[name]}.ipynb").read_text(encoding="utf-8"))
    code = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    assert all(not c["outputs"] for c in notebook["cells"] if c["cell_type"] == "code")
    starter = ast.parse((folder / f"{STEMS[name]}.py").read_text(encoding="utf-8"))
    starter.body = starter.body[1:]  # the task, which is a Markdown cell of the notebook
    assert ast.dump(ast.parse("\n".join(code[:-1]))) == ast.dump(starter)
    assert code[-1] == f"from lessonlib.grading import check\n\ncheck({name})"


@pytest.mark.parametrize("name", EXERCISES)
def test_every_part_has_three_hints(name):
    ladder = starters.hints(name)
    assert list(ladder) == [criterion.id for criterion in EXERCISES[name].criteria]
    for part, hints in ladder.items():
        assert len(hints) == 3
        assert all(len(hint) > 20 for hint in hints)
        assert starters.hint(name, part, 2) == hints[1]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_chapter_exists_and_offers_starter_hints_and_solution(name):
    exercise = EXERCISES[name]
    chapter = starters._CHECKOUT / "book" / f"{exercise.chapter}.md"
    text = chapter.read_text(encoding="utf-8")
    for needed in (
        f"../exercises/{STEMS[name]}.py",
        f"../exercises/{STEMS[name]}.ipynb",
        f"../exercises/{STEMS[name]}.md",
        f"../solutions/{STEMS[name]}.py",
        f"lessonlib start {name}",
    ):
        assert needed in text


def test_start_copies_and_never_overwrites(tmp_path):
    path = starters.start("FaceAligner", tmp_path / "mine")
    assert path == tmp_path / "mine" / "face_aligner.py"
    path.write_text("my work")
    with pytest.raises(FileExistsError):
        starters.start("face-aligner", tmp_path / "mine")
    assert path.read_text() == "my work"
    assert starters.start("face_aligner.py", tmp_path, notebook=True).suffix == ".ipynb"


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: starters.start("NoSuchExercise"), "face_aligner"),
        (lambda: starters.hint("FaceAligner", "z"), "compute_alignment"),
        (lambda: starters.hint("FaceAligner", "apply_affine", 4), "1 to 3"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(call, named):
    with pytest.raises(ValueError, match=named):
        call()
