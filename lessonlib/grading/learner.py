"""What one learner asks for: a check of a class or a file, and names that may be mistyped."""

from __future__ import annotations

import dataclasses
import difflib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import checks, cluster, discover, forked, grade, libraries
from .exercise import Exercise
from .reports import notebook as in_notebook
from .reports import text
from .reports.pictures import draw
from .sandbox import Limits


@dataclasses.dataclass(frozen=True, repr=False)
class Verdict:
    """A checked exercise.

    Attributes
    ----------
    result : dict
        What the grader's report says of it: score, status, and a message per part.
    seed : int
        Repeats the check.
    pictures : dict
        PNG files in base64, by part and name.
    """

    result: dict[str, Any]
    seed: int
    pictures: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)

    @property
    def score(self) -> float:
        """The points of the parts that are right."""
        return self.result["score"]

    @property
    def max_score(self) -> float:
        """The points of all parts."""
        return self.result["max_score"]

    @property
    def passed(self) -> bool:
        """Whether all parts are right."""
        return self.result["status"] == "graded" and self.score == self.max_score

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Go through the parts, each a dict with its id, points and message."""
        return iter(self.result["criteria"])

    def __str__(self) -> str:
        return text.summary(self.result)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return in_notebook.fragment(self.result, self.pictures)


def resolve(name: str) -> Exercise:
    """Find an exercise by its class, its file or its chapter, however that is written.

    Parameters
    ----------
    name : str
        ``"FaceAligner"``, ``"face_aligner"``, ``"face-aligner.py"``.

    Returns
    -------
    Exercise

    Raises
    ------
    ValueError
        Where there is none; the message says which name is meant perhaps.
    """

    def bare(word: str) -> str:
        return word.lower().replace("_", "").replace("-", "").removeprefix("exercise")

    known = {bare(each): exercise for each, exercise in checks.EXERCISES.items()}
    known |= {bare(exercise.chapter): exercise for exercise in checks.EXERCISES.values()}
    asked = bare(Path(name).name.removesuffix(".py").removesuffix(".ipynb"))
    if asked in known:
        return known[asked]
    close = difflib.get_close_matches(asked, known, n=1, cutoff=0.5)
    remedy = f"there are {', '.join(checks.EXERCISES)}"
    if close:
        remedy = f"did you mean {known[close[0]].name}?"
    raise ValueError(f"no exercise is called {name!r}; {remedy}")


def check(target: Any, seed: int | None = None) -> Verdict:
    """See `lessonlib.grading.check`."""
    seed = secrets.randbelow(2**31) if seed is None else seed
    if isinstance(target, str | os.PathLike):
        return check_file(target, cluster.Plan(seed, way="own", pictures=True))
    if not isinstance(target, type):
        raise TypeError(f"target must be a class or a path, got {type(target).__name__}")
    if target.__name__ not in checks.EXERCISES:
        resolve(target.__name__)  # raises, unless only the writing differs
        raise ValueError(f"the class must be called {resolve(target.__name__).name}")
    started = time.monotonic()
    report = grade.Report(target.__name__, checks.EXERCISES[target.__name__])
    forked.judge(report, target, seed, Limits())
    outcome = report.outcome(time.monotonic() - started)
    drawn = {part: draw(arrays) for part, arrays in outcome.pictures.items()}
    return Verdict(outcome.result, seed, drawn)


def check_file(path: str | os.PathLike, plan: cluster.Plan) -> Verdict:
    """Check one's own file in another process; see `cluster.Plan` for its limits.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        Where it is a folder, or neither a module nor a notebook.
    """
    if os.path.isdir(path):
        raise ValueError(f"a file is checked, and {os.fspath(path)!r} is a folder")
    ((found, _),) = discover.find([path])
    submission = discover.read(found, in_folder=False)
    plan = dataclasses.replace(plan, modules=tuple(libraries.preload([submission.data])))
    entry = cluster.task(submission, plan)
    return Verdict(entry["result"], plan.seed, entry["pictures"])
