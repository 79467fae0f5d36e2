"""Grade one submission: its parts one after the other, each all or nothing, come what may."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import checks
from .discover import Submission
from .exercise import Criterion, Exercise, Mistake, SubmissionError
from .remote import ConfinedRemote
from .sandbox import Launcher, SandboxError

_MESSAGE_CAP = 4000
# What a terminal or a spreadsheet might obey: control characters other than line ends, and marks
# that turn the direction of writing.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


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
        return report.fail(remote.status or "error", described(error))
    found = outline.defines
    if name is None and len(found) == 1:
        name = found[0]
    report.exercise = checks.EXERCISES.get(name or "")
    if outline.forbidden:
        return report.fail("forbidden", outline.forbidden)
    if name not in found:
        known = ", ".join(checks.EXERCISES)
        wanted = f"the file defines {', '.join(found) or 'none of the classes asked for'}"
        remedy = f"`class {name}` is asked for" if name else f"they are {known}"
        if name is None and found:
            remedy = "it takes one to a file, or --exercise NAME"
        if not found:
            report.exercise = None
        return report.fail("error", f"{wanted}; {remedy}")
    try:
        remote.run(name)
    except SubmissionError as error:
        return report.fail(remote.status or "error", described(error))
    report.note = "\n".join(f"left behind: {each}" for each in remote.left)
    for criterion in report.exercise.criteria:
        report.judge(criterion, remote, generator(seed, criterion))
        if remote.status == "forbidden":
            return report.fail("forbidden", "something other than an answer was sent to the grader")
    report.status = remote.status or "graded"
    return None


def _mentioned(data: bytes) -> str:
    names = "|".join(checks.EXERCISES).encode()
    found = set(re.findall(rb"\bclass\s+(" + names + rb")\b", data))
    return found.pop().decode() if len(found) == 1 else ""


def described(error: SubmissionError) -> str:
    """Say what a submission's exception was and where: ``NameError: ... (line 3)``."""
    place = ", ".join(getattr(error, "__notes__", ()))
    if not place and error.line:
        place = f"line {error.line}"
    text = f"{error.text} ({place})" if place else error.text
    if error.type_name == "NotImplementedError":
        task = re.sub(r"^part \w+: ", "", error.message)
        return f"still to be written: {task} ({place})"
    if error.type_name in ("PermissionError", "BlockingIOError"):
        return (
            f"{text}\nhint: while graded, a file can be written in the working directory only, and "
            "no network or other process is there"
        )
    return text


def clean(text: str) -> str:
    """Return a message that no terminal, page or spreadsheet takes for anything but text."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
    return text if len(text) <= _MESSAGE_CAP else text[:_MESSAGE_CAP] + " …"


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
        self.path, self.exercise = path, exercise
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
            criterion.check(remote, rng)
        except Mistake as mistake:
            verdict = str(mistake) or "not as asked"
            if mistake.picture:
                self.pictures[criterion.id] = mistake.picture
        except SubmissionError as error:
            verdict = described(error)
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
                "message": clean(self.verdicts[criterion.id]),
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
            "message": clean(self.message),
            "note": clean(self.note),
            "sha256": digest,
        }
        return Outcome(result, self.pictures)
