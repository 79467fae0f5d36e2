"""Twenty submissions of exercise 3, graded from notebooks by three graders.

Each contestant returns the seconds that its whole run took and the points ``(N, 7)`` that it gave,
one column for each of the parts a to g. Making the assignment, which is done once a term, is not
timed. The other two graders run what a course would write for them, ``PARTS``: plain assertions
on inputs of their own. They need no confinement for these harmless submissions and have none.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CLASS = "ScientificImageAnalyzer"
_SETUP = f"""\
import numpy as np
student = {CLASS}()
image = np.random.default_rng(3).uniform(50, 900, (8, 12, 13))
image[5] = 0.1
flat = image.reshape(8, -1)
"""
#: What each part is tested with, in a course that uses another grader.
PARTS = {
    "a": """\
scene = student.generate()
assert scene.shape == (8, 128, 128)
ranges = [(0, 255)] * 3 + [(500, 3000)] * 2 + [(250, 320)] + [(-25, 5)] * 2
for channel, (low, high) in zip(scene, ranges):
    assert low <= channel.min() < channel.max() <= high
assert np.array_equal(scene, ScientificImageAnalyzer().generate())
""",
    "b": """\
z = student.per_channel_normalize(image)
varying = [0, 1, 2, 3, 4, 6, 7]
assert np.allclose(z[varying].mean(axis=(1, 2)), 0)
assert np.allclose(z[varying].std(axis=(1, 2)), 1, rtol=1e-6)
assert np.abs(z[5]).max() < 1e-3
""",
    "c": """\
for low_pct, high_pct in [(2, 98), (10, 80)]:
    clipped = student.percentile_clip(image, low_pct, high_pct)
    for x, y in zip(image, clipped):
        low, high = np.percentile(x, [low_pct, high_pct])
        expected = (np.clip(x, low, high) - low) / (high - low) if high > low else np.zeros(x.shape)
        assert np.allclose(y, expected)
""",
    "d": """\
expected = (image[3] - image[0]) / (image[3] + image[0] + 1e-8)
assert np.allclose(student.compute_ndvi(image), expected)
""",
    "e": """\
expected = np.stack([flat.mean(1), flat.std(1), flat.min(1), flat.max(1)], axis=1)
assert np.allclose(student.channel_statistics(image), expected)
""",
    "f": """\
ndvi = student.compute_ndvi(image)
row = student.ndvi_statistics(image)
assert np.isclose(row["mean"], ndvi.mean()) and np.isclose(row["std"], ndvi.std())
assert np.isclose(row["vegetation_fraction"], np.mean(ndvi > 0.3))
""",
    "g": """\
expected = np.corrcoef(np.delete(flat, 5, axis=0))
found = np.delete(np.delete(student.channel_correlation(image), 5, axis=0), 5, axis=1)
assert np.allclose(found, expected, atol=1e-6)
""",
}


def notebook(cells: list[dict]) -> str:
    """Return the JSON of a notebook."""
    return json.dumps(
        {
            "cells": cells,
            "metadata": {
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def code(source: str, number: int, **metadata) -> dict:
    """Return a code cell without outputs."""
    return {
        "cell_type": "code",
        "id": f"cell-{number}",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _folder() -> Path:
    """Return a new folder that is deleted when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="grading-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def ours(submissions, jobs: int = 0):
    """The course's own command, confined, on every core; the part verify is dropped."""
    folder = _folder()
    inbox = folder / "inbox"
    inbox.mkdir()
    for number, source in enumerate(submissions):
        text = notebook([code(str(source), 0)])
        (inbox / f"student-{number:02}.ipynb").write_text(text, "utf-8")
    report = folder / "report.json"
    command = [sys.executable, "-m", "lessonlib", "grade", str(inbox)]
    command += ["--jobs", str(jobs)] if jobs else []

    def grade():
        start = time.perf_counter()
        subprocess.run([*command, "--json", str(report)], check=True, capture_output=True)
        seconds = time.perf_counter() - start
        results = json.loads(report.read_text("utf-8"))["results"]
        results.sort(key=lambda result: result["submission"])
        points = [[c["points"] for c in r["criteria"] if c["id"] in PARTS] for r in results]
        return seconds, np.array(points)

    return grade


def ours_on_one_core(submissions):
    """The same, one submission at a time."""
    return ours(submissions, jobs=1)


def _nbgrader_course(submissions) -> Path:
    """Make a course of one assignment, released and handed in."""
    root = _folder()
    (root / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(root)!r}\n", "utf-8"
    )

    def made_from(solution: str) -> str:
        def graded(name: str, **kind) -> dict:
            return {"schema_version": 3, "grade_id": name, "task": False, **kind}

        cells = [
            code(solution, 0, nbgrader=graded("task", grade=False, solution=True, locked=False)),
            code(_SETUP, 1, nbgrader=graded("setup", grade=False, solution=False, locked=True)),
        ]
        for number, (part, test) in enumerate(PARTS.items(), 2):
            kind = graded(f"part-{part}", grade=True, solution=False, locked=True, points=1)
            cells.append(code(test, number, nbgrader=kind))
        return notebook(cells)

    def write(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")

    write(root / "source" / "scene" / "scene.ipynb", made_from(str(submissions[0])))
    _run("nbgrader", "generate_assignment", "scene", "--create", cwd=root)
    for number, source in enumerate(submissions):
        name = f"student-{number:02}"
        write(root / "submitted" / name / "scene" / "scene.ipynb", made_from(str(source)))
    return root


def _nbgrader_points(root: Path, count: int) -> np.ndarray:
    from nbgrader.api import Gradebook

    points = np.zeros((count, len(PARTS)))
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        for number, row in enumerate(points):
            found = book.find_submission("scene", f"student-{number:02}").notebooks[0].grades
            scores = {grade.name: grade.score for grade in found}
            row[:] = [scores[f"part-{part}"] for part in PARTS]
    return points


def nbgrader(submissions):
    """``nbgrader autograde`` on one assignment, the notebooks executed with their test cells."""
    root = _nbgrader_course(submissions)

    def grade():
        start = time.perf_counter()
        _run("nbgrader", "autograde", "scene", "--force", cwd=root)
        seconds = time.perf_counter() - start
        return seconds, _nbgrader_points(root, len(submissions))

    return grade


def nbgrader_each(submissions):
    """The same through its API, which spares it a start for every submission."""
    import logging

    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    root = _nbgrader_course(submissions)
    config = Config()
    config.CourseDirectory.root = str(root)
    api = NbGraderAPI(config=config)
    logging.disable(logging.CRITICAL)

    def grade():
        start = time.perf_counter()
        for number in range(len(submissions)):
            done = api.autograde("scene", f"student-{number:02}", force=True)
            if not done["success"]:
                raise RuntimeError(done["error"])
        seconds = (time.perf_counter() - start) / len(submissions)
        return seconds, _nbgrader_points(root, len(submissions))

    return grade


def _otter_assignment(submissions) -> tuple[str, list[str]]:
    """Make an autograder and the notebooks that it is to grade."""
    root = _folder()
    tests = root / "tests"
    tests.mkdir()
    for part, test in PARTS.items():
        body = "".join(f"    {line}\n" for line in (_SETUP + test).splitlines())
        (tests / f"{part}.py").write_text(
            f"from otter.test_files import test_case\nOK_FORMAT = False\nname = {part!r}\n"
            f"points = 1\n\n@test_case(points=1)\ndef test_{part}({CLASS}):\n{body}",
            "utf-8",
        )
    archive = root / "autograder.zip"
    options = ["--no-config", "--no-requirements", "--no-environment"]
    _run("otter", "generate", "-t", str(tests), "-o", str(archive), *options, cwd=root)
    paths = []
    for number, source in enumerate(submissions):
        paths.append(root / f"student-{number:02}.ipynb")
        paths[-1].write_text(notebook([code(str(source), 0)]), "utf-8")
    return str(archive), [str(path) for path in paths]


_OTTER = """\
import json, sys
from otter.api import grade_submission
parts, archive, *paths = sys.argv[1:]
graded = [grade_submission(path, archive, quiet=True) for path in paths]
print(json.dumps([[results.get_score(part) for part in parts] for results in graded]))
"""


def otter(submissions):
    """A script that calls ``otter.api.grade_submission``: one start for all of them."""
    archive, paths = _otter_assignment(submissions)
    command = [sys.executable, "-c", _OTTER, "".join(PARTS), archive, *paths]

    def grade():
        start = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        return seconds, np.array(json.loads(done.stdout.splitlines()[-1]))

    return grade


def otter_each(submissions):
    """The same in a process that has everything loaded."""
    from otter.api import grade_submission

    archive, paths = _otter_assignment(submissions)

    def grade():
        start = time.perf_counter()
        graded = [grade_submission(path, archive, quiet=True) for path in paths]
        seconds = (time.perf_counter() - start) / len(paths)
        return seconds, np.array([[r.get_score(part) for part in PARTS] for r in graded])

    return grade


def _run(tool: str, *arguments: str, cwd: Path) -> None:
    command = [sys.executable, "-m", tool, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{tool} {arguments[0]}: {done.stderr.strip().splitlines()[-1]}")


def _warm(submissions: list[tuple[str, str]], exercises=None, jobs: int = 1):
    """Return what grades (file name, text) pairs in launchers that have graded them before."""
    from concurrent.futures import ThreadPoolExecutor

    from lessonlib.grading import checks, cluster, grade
    from lessonlib.grading.discover import Submission
    from lessonlib.grading.libraries import preload

    every = checks.EXERCISES
    inbox = [Submission(name, text.encode()) for name, text in submissions]
    plan = cluster.Plan(seed=0, modules=tuple(preload([each.data for each in inbox])))
    threads = ThreadPoolExecutor(jobs)
    atexit.register(threads.shutdown)

    def judge(submission):
        with cluster.slot(plan) as slot:
            return grade.grade(submission, slot, plan.seed).result

    def run():
        checks.EXERCISES = exercises or every
        start = time.perf_counter()
        results = list(threads.map(judge, inbox))
        seconds = (time.perf_counter() - start) / len(inbox)
        checks.EXERCISES = every  # what is graded next in this process has its checks again
        return seconds, results

    run()
    return run


def ours_each(submissions, jobs: int = 0):
    """The same in launchers that are running, as in the middle of a class."""
    files = [(f"{i}.ipynb", notebook([code(str(s), 0)])) for i, s in enumerate(submissions)]
    run = _warm(files, jobs=jobs or os.cpu_count() or 1)

    def grade():
        seconds, results = run()
        points = [[c["points"] for c in r["criteria"] if c["id"] in PARTS] for r in results]
        return seconds, np.array(points)

    return grade


def ours_each_on_one_core(submissions):
    """The same, one submission at a time."""
    return ours_each(submissions, jobs=1)


def empty_check(submissions):
    """The course's own cost of one submission: the same files, and a check that asks nothing."""
    from lessonlib.grading.exercise import Criterion, Exercise

    nothing = Criterion("a", "nothing is asked", 1.0, lambda remote, rng: None)
    exercise = Exercise(CLASS, "nothing", "none", (nothing,))
    run = _warm([(f"{i}.py", str(s)) for i, s in enumerate(submissions)], {CLASS: exercise})
    return lambda: _scores(*run())


def all_checks(names, solutions):
    """The checks of every exercise, each on its worked solution; seconds for all together."""
    run = _warm([(f"{name}.py", str(text)) for name, text in zip(names, solutions, strict=True)])

    def together():
        seconds, results = run()
        return _scores(seconds * len(names), results)

    return together


def _scores(seconds: float, results: list[dict]) -> tuple[float, np.ndarray]:
    return seconds, np.array([(r["score"], r["max_score"]) for r in results])
