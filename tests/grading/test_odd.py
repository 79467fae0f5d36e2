"""What `check` says of a file is what `grade` says of it, however odd the file is."""

from __future__ import annotations

import sys

import odd_submissions
import pytest

from lessonlib.grading import checks, cluster, learner, ways
from lessonlib.grading.discover import Submission
from lessonlib.grading.libraries import preload

CASES = odd_submissions.all_cases()
MODULES = tuple(preload([content for content, _, _ in CASES.values()]))


@pytest.fixture(autouse=True)
def target(monkeypatch):
    monkeypatch.setattr(checks, "EXERCISES", {"Target": odd_submissions.EXERCISE})


def earned(result):
    fails = {part["id"] for part in result["criteria"] if not part["passed"]}
    return result["status"], result["score"], fails


def wanted(name):
    _, status, fails = CASES[name]
    return status, len(odd_submissions.PARTS) - len(fails) * 1.0, fails


def test_there_are_enough():
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("way", [*ways.WAYS, "own"])
def test_it_gets_what_it_earns(name, way, monkeypatch):
    if way == "own":  # as `check` runs it where nothing confines
        monkeypatch.setattr(ways, "lacking", lambda way: "it is out of order")
        if sys.platform != "linux":
            pytest.skip("another way of starting it, in test_elsewhere")
    elif ways.unavailable(way):
        pytest.skip(ways.unavailable(way))
    plan = cluster.Plan(1, way=way, modules=MODULES)
    entry = cluster.task(Submission(name, CASES[name][0]), plan)
    assert entry["way"] == ("none" if way == "own" else way)
    assert earned(entry["result"]) == wanted(name), entry["result"]


DATA = {"data.npy": b"x" * 8128, "own.npy": b"y" * 8128, "run.log": b"mine", "a": b"z"}
TOUCHING = ("saves_and_loads.py", "logs_to_a_file.py", "copies_and_touches.py", "own_data.py")


@pytest.mark.parametrize("confined", [True, False])
@pytest.mark.parametrize("name", [*TOUCHING, "too_large_a_file.py", "writes_csv.py"])
def test_check_leaves_a_learners_folder_as_it_was(name, confined, tmp_path, monkeypatch):
    if not confined:
        monkeypatch.setattr(ways, "lacking", lambda way: "it is out of order")
    monkeypatch.chdir(tmp_path)
    for file, content in {**DATA, name: CASES[name][0]}.items():
        (tmp_path / file).write_bytes(content)
    before = state(tmp_path)
    verdict = learner.check(tmp_path / name, seed=1)
    assert earned(verdict.result) == wanted(name), verdict.result
    assert state(tmp_path) == before


def state(folder):
    found = {path.name: (path.stat(), path.read_bytes()) for path in folder.iterdir()}
    return {n: (about.st_mtime_ns, about.st_mode, data) for n, (about, data) in found.items()}


def test_the_report_names_the_cells_that_were_left_behind():
    name = "fails_in_a_scratch_cell.ipynb"
    entry = cluster.task(Submission(name, CASES[name][0]), cluster.Plan(1, way="own"))
    lines = entry["result"]["note"].splitlines()
    assert [line.split(":")[1].strip() for line in lines] == [
        "cell 1, line 1",
        "cell 5, line 1",
        "cell 6, line 1",
    ]
    assert "NameError: name 'undefined_name' is not defined" in lines[0]
    assert "ZeroDivisionError" in lines[1]
    assert "SyntaxError" in lines[2]
    (message,) = {
        part["message"]
        for part in cluster.task(
            Submission("b.ipynb", CASES["no_base.ipynb"][0]), cluster.Plan(1, way="own")
        )["result"]["criteria"]
    }
    assert "name 'Gone' is not defined (cell 1, line 4: `" in message


def test_a_cell_that_says_that_it_raises_is_not_named():
    name = "raises_as_told.ipynb"
    entry = cluster.task(Submission(name, CASES[name][0]), cluster.Plan(1, way="own"))
    assert entry["result"]["note"] == ""
