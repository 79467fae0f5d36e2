"""Judge a part that puts others together on values that come from the grader.

The parts that it calls are replaced (`lessonlib.grading.given`) by ones that return fresh random
values. What a part is asked about must be what it was given, and its values must come through. A
part that is never called is done by the method itself, which is allowed: its own answer is then
compared with the right one, where that is known from the values given, or else the method may do
it only in a class where that part works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lessonlib.grading.compare import same
from lessonlib.grading.exercise import Mistake, Remote, SubmissionError, plain


def part(names: Sequence[str], *answers: Any, cut: int | None = None) -> dict[str, Any]:
    """Describe a replaced method: its arguments' names and what its calls return.

    Parameters
    ----------
    names : sequence of str
        What its arguments are called.
    *answers : object
        One for each different call, in turn.
    cut : int, optional
        Position of the argument to whose length arrays in the answer are cut.

    Returns
    -------
    dict
    """
    return {"names": tuple(names), "answers": [plain(each) for each in answers], "cut": cut}


def alike(passed: Any, wanted: Any) -> bool:
    """Whether what a part was passed is this array, as an array or nested lists."""
    try:
        return same(passed, wanted)
    except ValueError:
        return False


def is_default(passed: Any, default: float) -> bool:
    """Whether a part was passed nothing, or its default."""
    return passed is None or (isinstance(passed, int | float) and passed == default)


def answered(calls: Sequence[tuple], answers: Sequence[Any], *wanted: Any) -> Any:
    """Return what the call with these arguments returned, or None where there was none."""
    for number, passed in enumerate(calls):
        if all(alike(a, b) for a, b in zip(passed, wanted, strict=False)):
            return answers[number % len(answers)]
    return None


def expect_passed(calls: Sequence[tuple], wanted: np.ndarray, called: str, where: str) -> None:
    """Raise `Mistake` where a part was asked about another picture than the one that was given."""
    for passed in calls:
        if not alike(passed[0], wanted):
            raise Mistake(
                called,
                f"{where} was called with another picture",
                "it is asked about the picture that was passed",
                "Pass on the picture that you get, as it is.",
            )


Parts = Mapping[str, Callable[[Remote, np.random.Generator], None]]


def follows_from(remote: Remote, rng: np.random.Generator, parts: Parts) -> str:
    """Say which part an outcome follows from that does not hold; empty where all are right.

    Parameters
    ----------
    remote : Remote
        The submission.
    rng : numpy.random.Generator
        For the parts' inputs.
    parts : mapping of str to callable
        The checks of the parts that the outcome rests on, in order.

    Returns
    -------
    str
    """
    for name, check in parts.items():
        try:
            check(remote, rng)
        except Mistake as mistake:
            return f"It follows from part {name}, which is not right yet ({mistake.called})."
        except SubmissionError as error:
            return f"It follows from part {name}, which raises {error.type_name}."
    return ""


def expect_done(remote: Remote, rng: np.random.Generator, parts: Parts, called: str) -> None:
    """Raise `Mistake` where a method does without parts that do not work in this class."""
    for name, check in parts.items():
        said = follows_from(remote, rng, {name: check})
        if said:
            raise Mistake(
                called,
                f"{name}() was not called",
                f"the answer that {name}() leads to",
                f"Call self.{name}(): while the parts are judged one by one, it returns values "
                f"that are to come through. {said}",
            )
