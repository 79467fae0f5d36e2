"""A learner's way through: list, start, check, hint, watch, progress, and a check in a notebook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from lessonlib.grading import check, checks, cli, learner, starters
from lessonlib.grading.exercise import Criterion, Exercise, Mistake

SOLUTION = Path(__file__).parents[2] / "solutions" / "face_aligner.py"
NAMES = list(checks.EXERCISES)


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setattr(cli, "out", Console(width=200))


def command(*arguments):
    result = CliRunner().invoke(cli.app, list(map(str, arguments)))
    return result.exit_code, result.output


def load(path):
    space = {"__name__": "solution"}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), space)
    return space["FaceAligner"]


def test_from_start_to_full_marks(tmp_path):
    status, said = command("start", "face-aligner", "--into", tmp_path)
    path = tmp_path / "face_aligner.py"
    assert status == 0
    assert path.exists()
    assert "lessonlib check" in said
    status, said = command("check", path)
    assert status == 1
    assert "not written yet" in said
    assert "0 of" in said
    assert "lessonlib hint FaceAligner" in said
    path.write_bytes(SOLUTION.read_bytes())
    status, said = command("check", path, "--html", tmp_path / "page.html")
    assert status == 0, said
    assert "not yet" not in said
    assert "FaceAligner" in (tmp_path / "page.html").read_text("utf-8")


def test_start_never_writes_over_work(tmp_path):
    (tmp_path / "face_aligner.py").write_text("mine")
    status, said = command("start", "FaceAligner", "--into", tmp_path)
    assert status == 1
    assert "stays as it is" in said
    assert (tmp_path / "face_aligner.py").read_text() == "mine"
    assert command("start", "FaceAligner", "--into", tmp_path, "--notebook")[0] == 0
    assert json.loads((tmp_path / "face_aligner.ipynb").read_text())["nbformat"] == 4


def test_list_names_every_exercise():
    status, said = command("list")
    assert status == 0
    for name, exercise in checks.EXERCISES.items():
        assert name in said
        assert exercise.title in said


@pytest.mark.parametrize("name", NAMES)
def test_names_are_found_however_written(name):
    stem = starters.stem(name)
    for written in (
        name,
        name.lower(),
        stem,
        stem.replace("_", "-"),
        f"{stem}.py",
        f"x/{stem}.ipynb",
    ):
        assert learner.resolve(written).name == name
    assert learner.resolve(checks.EXERCISES[name].chapter).name == name


def test_a_mistyped_name_is_asked_back():
    for typed in ("FaceAlinger", "face_aligners", "aligner"):
        status, said = command("start", typed)
        assert status == 2
        assert "did you mean FaceAligner?" in said
    status, said = command("hint", "xyzzy", "a")
    assert status == 2
    assert all(name in said for name in NAMES)


@pytest.mark.parametrize(
    "arguments",
    [["check", "gone.py"], ["check", "."], ["check"], ["hint", "FaceAligner"], ["nothing"]],
)
def test_wrong_calls_have_status_2(arguments):
    assert command(*arguments)[0] == 2


def test_check_of_a_class_shows_itself(monkeypatch):
    verdict = check(load(SOLUTION))
    assert verdict.passed
    assert verdict.score == verdict.max_score > 0
    assert f"{verdict.score:g} of {verdict.max_score:g} points" in str(verdict)

    class FaceAligner(load(SOLUTION)):
        def apply_affine(self, points, M):
            return "<b>no</b>"

    verdict = check(FaceAligner, seed=3)
    assert not verdict.passed
    assert 0 < verdict.score < verdict.max_score
    assert verdict.seed == 3
    shown = verdict._repr_html_()
    assert "apply_affine" in shown
    assert "<b>no</b>" not in shown
    assert str(check(FaceAligner, seed=3)) == str(verdict)


def test_check_shows_pictures(monkeypatch):
    import numpy as np

    def wrong(remote, rng):
        raise Mistake("f()", "a", "b", picture={"expected": np.eye(4), "returned": np.ones((4, 4))})

    exercise = Exercise("Seen", "t", "c", (Criterion("a", "looks", 1.0, wrong),))
    monkeypatch.setattr(checks, "EXERCISES", {"Seen": exercise})
    verdict = check(type("Seen", (), {}))
    assert verdict._repr_html_().count("data:image/png;base64,") == 3


def test_check_refuses_what_is_no_exercise():
    with pytest.raises(ValueError, match="did you mean FaceAligner"):
        check(type("FaceAlignr", (), {}))
    with pytest.raises(ValueError, match="must be called FaceAligner"):
        check(type("face_aligner", (), {}))
    with pytest.raises(TypeError, match="a class or a path, got int"):
        check(3)
    with pytest.raises(FileNotFoundError):
        check("gone.py")


def test_check_of_a_path_gives_the_same_verdict():
    by_path, by_class = check(SOLUTION, seed=1), check(load(SOLUTION), seed=1)
    assert by_path.result["criteria"] == by_class.result["criteria"]


def test_a_file_that_never_ends_is_stopped(tmp_path):
    path = tmp_path / "loop.py"
    path.write_text("class FaceAligner: pass\nwhile True: pass\n")
    status, said = command("check", path, "--timeout", 0.5)
    assert status == 1
    assert "timeout" in said
    assert "the limit of time is 0.5 s" in said


def test_progress_shows_what_is_begun_and_what_not(tmp_path):
    (tmp_path / "mine.py").write_bytes(SOLUTION.read_bytes())
    (tmp_path / "notes.py").write_text("x = 1")
    starters.start("ExpressionAnalyzer", tmp_path)
    status, said = command("progress", tmp_path)
    assert status == 0
    assert "mine.py" in said
    assert "done" in said
    assert "expression_analyzer.py" in said
    assert said.count("not begun") == len(NAMES) - 2
    assert "notes.py" not in said


@pytest.mark.skipif(os.name != "posix", reason="ended by a signal")
def test_watch_checks_again_on_save(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("class FaceAligner: pass\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "lessonlib", "watch", str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    try:
        assert until(process, " points\n").startswith("FaceAligner: 0 of")
        time.sleep(1.0)  # for the watch to begin
        path.write_bytes(SOLUTION.read_bytes())
        line = until(process, " points\n")
        score, most = line.split()[1], line.split()[3]
        assert score == most
    finally:
        process.terminate()
        process.communicate()


def until(process, word):
    for line in process.stdout:
        if word in line:
            return line
    raise AssertionError(f"ended before it said {word!r}")


def test_help_and_the_command_line_load_nothing_heavy():
    program = (
        "import sys; sys.argv = ['lessonlib', 'grade', '--help']\n"
        "from lessonlib.grading import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print('LOADED', sorted(sys.modules.keys() & {'torch', 'numpy', 'scipy', 'distributed'}))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
    assert "LOADED []" in said
    assert "Status 0" in said


def test_the_grader_never_loads_torch():
    program = (
        "import sys\nfrom lessonlib.grading import learner, terminal, cli_grade, ways\n"
        "print('torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
    assert said.strip() == "False"
