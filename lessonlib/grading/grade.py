"""Grade one submission: its parts one after the other, each all or nothing, come what may."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import checks, cleaning, messages
from .discover import Submission
from .exercise import Criterion, Exercise, Mistake, SubmissionError
from .remote import ConfinedRemote
from .sandbox import Launcher, SandboxError


@dataclass
class Outcome:
    """A submission's result, and the pictures that go with it.

    Attributes
    ----------
    result : dict
        One entry of the report's ``results``, as plain JSON data.
    pictures : dict of str to dict of str to numpy.ndarray
        By criterion, arrays to show: what was expected, what came back.
    """

    result: dict[str, Any]
    pictures: dict[str, dict[str, np.ndarray]]


def generator(seed: int, criterion: Criterion) -> np.random.Generator:
    """Return the generator of a part's inputs: the run's seed and the part decide, nothing else."""
    return np.random.default_rng([seed, zlib.crc32(criterion.id.encode())])


def grade(
    submission: Submission,
    launcher: Callable[[], Launcher],
    seed: int,
    exercise: str | None = None,
) -> Outcome:
    """Grade one submission in a launcher's children.

    Parameters
    ----------
    submission : Submission
        A file's content, or why there is none.
    launcher : callable
        Returns a running launcher.
    seed : int
        Of the run.
    exercise : str, optional
        The class to grade it as; found in the file by default.

    Returns
    -------
    Outcome
    """
    started = time.monotonic()
    report = Report(submission.path, checks.EXERCISES.get(exercise or ""))
    if submission.status:
        report.fail(submission.status, submission.message)
    else:
        try:
            with ConfinedRemote(launcher, submission.data, submission.suffix) as remote:
                started = time.monotonic()  # starting a launcher is not the submission's time
                _grade(report, remote, submission, seed, exercise)
        except SandboxError as error:  # it did start before
            report.fail("crashed", f"{error}; grade it again")
    return report.outcome(time.monotonic() - started, submission.digest)


def set_aside(submission: Submission, exercise: str | None = None) -> Outcome:
    """Return the result of a submission whose grading has ended the whole run, twice."""
    name = exercise or _mentioned(submission.data)
    report = Report(submission.path, checks.EXERCISES.get(name))
    report.fail("crashed", "grading this file ended the grader itself, twice; it was set aside")
    return report.outcome(0.0, submission.digest)


def _grade(
    report: Report, remote: ConfinedRemote, submission: Submission, seed: int, name: str | None
) -> None:
    try:
        outline = remote.read(tuple(checks.EXERCISES))
    except SubmissionError as error:
        # A file with a syntax error still says, as text, which class it meant to define.
        report.exercise = report.exercise or checks.EXERCISES.get(_mentioned(submission.data))
        return report.fail(remote.status or "error", messages.described(error))
    found = outline.defines
    if name is None and len(found) == 1:
        name = found[0]
    report.exercise = checks.EXERCISES.get(name or "")
    if outline.forbidden:
        return report.fail("forbidden", outline.forbidden)
    if name not in found:
        if name is None and found:
            wanted = f"the file defines {', '.join(found)}; it takes one to a file"
            return report.fail("error", f"{wanted}, or --exercise NAME")
        if not found:
            report.exercise = None
        classes = _classes(submission.data)
        return report.fail("error", messages.misnamed(classes, checks.EXERCISES, name))
    try:
        remote.run(name)
    except SubmissionError as error:
        return report.fail(remote.status or "error", messages.described(error))
    report.note = "\n".join(f"left behind: {each}" for each in remote.left)
    for criterion in report.exercise.criteria:
        report.judge(criterion, remote, generator(seed, criterion))
        if remote.status == "forbidden":
            return report.fail("forbidden", "something other than an answer was sent to the grader")
    report.status = remote.status or "graded"
    return None


def _mentioned(data: bytes) -> str:
    found = set(_classes(data, rb"\b")) & set(checks.EXERCISES)
    return found.pop() if len(found) == 1 else ""


def _classes(data: bytes, then: bytes = rb"\s{0,4}[(:]") -> list[str]:
    """List the classes that a file seems to define, as far as its text shows."""
    names = re.findall(rb"\bclass\s{1,4}([A-Za-z_]\w{0,60})" + then, data)
    return [name.decode("ascii") for name in dict.fromkeys(names)][:100]


class Report:
    """One submission's result while it is being found out.

    Parameters
    ----------
    path : str
        What the report calls the submission.
    exercise : Exercise or None
        Whose parts are judged; ``None`` while it is not known.
    """

    def __init__(self, path: str, exercise: Exercise | None):
        self.path, self.exercise = cleaning.unicode(path), exercise
        self.status = self.message = self.note = ""
        self.verdicts: dict[str, str] = {}  # a part's message, empty where it passed
        self.pictures: dict[str, dict[str, np.ndarray]] = {}

    def fail(self, status: str, message: str) -> None:
        """Give no points at all."""
        self.status, self.message = status, message
        self.pictures = {}
        criteria = self.exercise.criteria if self.exercise else ()
        self.verdicts = dict.fromkeys((criterion.id for criterion in criteria), message)

    def judge(self, criterion: Criterion, remote: Any, rng: np.random.Generator) -> None:
        """Check one part and note the verdict."""
        verdict = ""
        try:
            criterion.check(messages.Narrated(remote, self.exercise.name), rng)
        except Mistake as mistake:
            verdict = str(mistake) or "not as asked"
            if mistake.picture:
                self.pictures[criterion.id] = mistake.picture
        except SubmissionError as error:
            verdict = messages.described(error)
        except Exception as error:  # an answer so odd that the check itself stumbled
            verdict = f"the answer could not be judged ({type(error).__name__}: {error})"
        self.verdicts[criterion.id] = verdict

    def outcome(self, seconds: float, digest: str = "") -> Outcome:
        """Put the result into the report's form."""
        criteria = [
            {
                "id": criterion.id,
                "title": criterion.title,
                "points": 0.0 if self.verdicts[criterion.id] else float(criterion.points),
                "max_points": float(criterion.points),
                "passed": not self.verdicts[criterion.id],
                "message": cleaning.text(self.verdicts[criterion.id]),
            }
            for criterion in (self.exercise.criteria if self.exercise else ())
        ]
        result = {
            "submission": self.path,
            "exercise": self.exercise.name if self.exercise else None,
            "status": self.status,
            "score": sum((part["points"] for part in criteria), 0.0),
            "max_score": sum((part["max_points"] for part in criteria), 0.0),
            "seconds": round(seconds, 3),
            "criteria": criteria,
            "message": cleaning.text(self.message),
            "note": cleaning.text(self.note),
            "sha256": digest,
        }
        return Outcome(result, self.pictures)
