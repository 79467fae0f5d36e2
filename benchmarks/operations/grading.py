"""The grader beside two others, on the same twenty notebooks; and what it costs by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.cases import Agreement, Ask, Case, Contestant, Inputs, Target
from benchmarks.contestants.grading import PARTS

_SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
#: Mistakes that cost one part each: the part, what the solution says, what the submission says.
MISTAKES = (
    ("c", "(np.clip(values, low, high) - low) / (high - low)", "np.clip(values, low, high)"),
    ("d", "(nir - red) / (nir + red + 1e-8)", "(red - nir) / (nir + red + 1e-8)"),
    ("e", "pixels.std(axis=1), pixels.min(axis=1)", "pixels.min(axis=1), pixels.std(axis=1)"),
    ("f", "np.mean(ndvi > 0.3)", "np.sum(ndvi > 0.3)"),
    ("g", "return z @ z.T / z.shape[1]", "return np.abs(z @ z.T) / z.shape[1]"),
)


def _solution(name: str) -> str:
    return (_SOLUTIONS / f"{name}.py").read_text("utf-8")


def classroom(tiny: bool) -> Inputs:
    """Return submissions of exercise 3: half of them right, the others with one mistake each."""
    right = _solution("scientific_image_analyzer")
    wrong = []
    for _, before, after in MISTAKES:
        if right.count(before) != 1:
            raise ValueError(f"the worked solution must say {before!r} once: mend MISTAKES")
        wrong.append(right.replace(before, after))
    submissions = [right, wrong[0]] if tiny else [right, right, *wrong, right]
    submissions += [] if tiny else [right, right, *submissions, right, right]
    return {"submissions": np.array([f"# {i}\n{s}" for i, s in enumerate(submissions)])}


def expected_points(submissions: np.ndarray) -> np.ndarray:
    """Return the points ``(N, 7)`` that the submissions deserve."""
    points = np.ones((len(submissions), len(PARTS)))
    for row, submission in zip(points, submissions, strict=True):
        for part, before, _ in MISTAKES:
            if before not in str(submission):
                row[list(PARTS).index(part)] = 0
    return points


def same_points(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Compare points part by part with what the submissions deserve."""
    _, points = ask(inputs)
    wrong = int(np.sum(points != expected_points(inputs["submissions"])))
    text = "every part as deserved" if wrong == 0 else f"{wrong} parts judged otherwise"
    return Agreement(wrong == 0, text)


def full_marks(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Check that every submission was judged and gets all its points."""
    _, points = ask(inputs)
    full = (points[:, 0] == points[:, 1]) & (points[:, 1] > 0)
    return Agreement(bool(full.all()), f"full marks for {full.sum()} of {len(full)}")


def one_notebook(tiny: bool) -> Inputs:
    """Return ten copies of one right submission."""
    return {"submissions": np.array([_solution("scientific_image_analyzer")] * (2 if tiny else 10))}


def all_solutions(tiny: bool) -> Inputs:
    """Return the worked solution of every exercise, by the file's name."""
    names = sorted(path.stem for path in _SOLUTIONS.glob("[a-z]*.py"))
    names = names[:1] if tiny else names
    return {"names": np.array(names), "solutions": np.array([_solution(name) for name in names])}


def _contestant(name: str, function: str, group: str = "course", package: str = "", note: str = ""):
    packages = (package,) if package else ()
    make = f"benchmarks.contestants.grading:{function}"
    return Contestant(name, make, group, packages, note, rival=group != "course")


_CONFINED = "confined, fresh inputs for each run; every core, as the command does by itself"


CASES = (
    Case(
        name="grading",
        title="Grade 20 notebooks, seven parts each, from start to report",
        inputs=classroom,
        ours=_contestant("lessonlib", "ours", note=_CONFINED),
        peers=(
            _contestant("lessonlib, one core", "ours_on_one_core", note="--jobs 1"),
            _contestant("nbgrader", "nbgrader", "nbgrader", "nbgrader", "autograde, one command"),
            _contestant("otter-grader", "otter", "otter", "otter-grader", "its API, one process"),
        ),
        agreement=same_points,
        targets=(Target(1.0),),
        clock="own",
        rounds=3,
        same="The same notebooks; every grader has to give each of the 140 parts as deserved.",
    ),
    Case(
        name="grading-each",
        title="Grade one more notebook, with everything loaded",
        inputs=classroom,
        ours=_contestant("lessonlib", "ours_each", note=_CONFINED),
        peers=(
            _contestant("lessonlib, one core", "ours_each_on_one_core", note="one at a time"),
            _contestant("nbgrader", "nbgrader_each", "nbgrader", "nbgrader", "its API"),
            _contestant("otter-grader", "otter_each", "otter", "otter-grader", "its API"),
        ),
        agreement=same_points,
        targets=(Target(0.05),),
        clock="own",
        rounds=3,
        same="The same twenty, in a process that has graded before; seconds a notebook.",
    ),
    Case(
        name="grading-overhead",
        title="One submission graded with an empty check, after warming up",
        inputs=one_notebook,
        ours=_contestant("lessonlib", "empty_check"),
        peers=(),
        agreement=full_marks,
        targets=(Target(0.05, of=None),),
        clock="own",
        same="Reading, forking, confining, running the file and reporting; nothing is asked of it.",
    ),
    Case(
        name="grading-checks",
        title="The checks of all exercises on their worked solutions, after warming up",
        inputs=all_solutions,
        ours=_contestant("lessonlib", "all_checks"),
        peers=(),
        agreement=full_marks,
        targets=(Target(1.0, of=None),),
        clock="own",
        same="Each solution once, confined, with full marks.",
    ),
)
