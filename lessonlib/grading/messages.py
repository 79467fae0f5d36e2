"""What went wrong in words: what was called, what it raised and where, and what to look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from .asked import meant
from .compare import shown
from .exercise import Reply, SubmissionError

_LOOP = (
    "does a loop in it never end? Look at each `while`: what makes its condition false, and does "
    "every round come closer to that? A loop over every pixel may also be too slow: let NumPy "
    "work on the whole array"
)
_OUTSIDE = (
    "does a loop outside of the class never end, or does a line there compute for long? Such "
    'lines belong under `if __name__ == "__main__":`'
)


class Narrated:
    """A `Remote` whose exceptions say which call they came from.

    Parameters
    ----------
    remote : Remote
        Whose calls are passed on.
    name : str
        The class.
    tell : callable, optional
        Gets every call, as the learner would write it, before it is made.
    """

    def __init__(self, remote: Any, name: str, tell: Callable[[str], object] | None = None):
        self._remote, self._name, self._tell = remote, name, tell

    def call(self, method: str, *args: Any, **options: Any) -> Reply:
        """See `Remote.call`."""
        if self._tell:
            self._tell(written(self._name, method, args, **options))
        try:
            return self._remote.call(method, *args, **options)
        except SubmissionError as error:
            error.called = error.called or written(self._name, method, args, **options)
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._remote, name)


def written(
    name: str,
    method: str,
    args: Iterable[Any] = (),
    init: Mapping[str, Any] | None = None,
    assign: Mapping[str, Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    **_: Any,
) -> str:
    """Write a call as the learner would, with its arguments in brief.

    Examples
    --------
    >>> written("FaceAligner", "apply_affine", (np.zeros((5, 2)),), {"target_eye_dist": 70})
    'FaceAligner(target_eye_dist=70).apply_affine(array (5, 2))'
    """
    made = f"{name}({_named(init)})"
    given = ", ".join(filter(None, (*map(_brief, args), _named(kwargs))))
    call = f"{made}.{method}({given})" if method else made
    return f"{call}, with {', '.join(assign)} set" if assign else call


def _named(arguments: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{name}={_brief(value)}" for name, value in (arguments or {}).items())


def _brief(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size > 8:
        return f"array {value.shape}"
    if isinstance(value, tuple | list | dict) and len(value) > 6:
        return f"{type(value).__name__} of {len(value)}"
    said = shown(value, 60)
    return said if len(said) <= 100 else f"{said[:100]}…"


def described(error: SubmissionError) -> str:
    """Say what a submission's exception was, which call raised it, where, and what may help.

    Parameters
    ----------
    error : SubmissionError
        With `called` where a call raised it; without, the file itself did.

    Returns
    -------
    str
        Lines of ``word: text``, as those of `lessonlib.grading.exercise.Mistake`.
    """
    place = ", ".join(getattr(error, "__notes__", ()))
    if not place and error.line:
        place = f"line {error.line}"
    where = f" ({place})" if place else ""
    if error.type_name == "NotImplementedError":
        task = re.sub(r"^part \w+: ", "", error.message)
        return f"not written yet: {task or error.called}{where}"
    text, _, rest = error.text.partition("\n")
    rows = [("called", error.called)] if error.called else []
    if error.type_name in ("timeout", "memory", "crashed", "forbidden"):
        rows.append(("ended", text))
    else:
        rows.append(("raised" if error.called else "", f"{text}{where}"))
    hint = _hint(error)
    if not error.called and error.type_name != "SyntaxError":
        rows.append(("in", "the file itself, before any part was called") if hint else ("", ""))
    rows += [("", rest), ("hint", hint if "hint:" not in rest else "")]
    return "\n".join(f"{word}: {said}" if word else said for word, said in rows if said)


def _hint(error: SubmissionError) -> str:
    kind, text = error.type_name, error.text
    if kind == "timeout":
        return _LOOP if error.called else _OUTSIDE
    if kind in ("memory", "MemoryError"):
        return "is an array larger than it should be, or does a list grow without end?"
    if kind == "RecursionError":
        return "does a function call itself without an end to it?"
    if kind == "NameError" and "'self'" in text:
        return "`self` is the first parameter of every method: `def name(self, ...)`"
    if kind in ("PermissionError", "BlockingIOError"):
        return (
            "while graded, a file can be written in the working directory only, and no network or "
            "other process is there"
        )
    if kind == "TypeError" and "positional argument" in text:
        return "compare the names after `def` with those that the exercise states"
    if kind == "TypeError" and "unexpected keyword argument" in text:
        return "the names of the arguments are part of the exercise: write them as it does"
    return ""


def misnamed(found: Iterable[str], known: Iterable[str], asked: str | None = None) -> str:
    """Say that a file defines no exercise's class, and which of its classes is meant perhaps.

    Parameters
    ----------
    found : iterable of str
        The classes that the file defines.
    known : iterable of str
        Those of the exercises.
    asked : str, optional
        The one that it is to be graded as.
    """
    found, known = list(found), [asked] if asked else list(known)
    said = (
        f"the file defines no `class {asked}`"
        if asked
        else ("the file defines none of the classes asked for")
    )
    for name in found:
        if close := meant(name, known):
            return f"{said}, but `class {name}`: did you mean `class {close}`?"
    has = f"; it has {', '.join(found[:10])}" if found else "; it has no class at all"
    return f"{said}{has}" + ("" if asked else f", and they are {', '.join(known)}")
