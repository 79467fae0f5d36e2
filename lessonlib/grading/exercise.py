"""What an exercise is to the grader: parts with points, and a class to call, wherever it lives.

The checks in :mod:`lessonlib.grading.checks` see a submission only as a `Remote`. In a notebook
that is a `LocalRemote` around the learner's own class; while grading strangers it is a confined
process at the other end of a protocol. What comes back is plain data either way.
"""

from __future__ import annotations

import contextlib
import copy
import io
import linecache
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from . import asked, protocol
from . import given as stand_ins

#: The most characters of printed text that a reply keeps.
STDOUT_CAP = 100_000
#: How deep lists and dicts of a reply may be nested.
DEPTH_CAP = 20
_HERE = os.path.dirname(__file__)
_STANDARD_LIBRARY = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))


@dataclass(frozen=True)
class Reply:
    """What one call of a submission's method left behind.

    Attributes
    ----------
    value : object
        The answer as plain data: ``None``, ``bool``, ``int``, ``float``, ``str``, ``list``,
        ``tuple``, ``dict`` or :class:`numpy.ndarray`, of exactly these types.
    stdout : str
        What the call printed, capped.
    arguments : tuple
        The positional arguments as they stand after the call, so that a change shows.
    attributes : dict
        The attributes that the caller asked for, by name.
    calls : dict
        By replaced part, the arguments of each different call of it.
    """

    value: Any
    stdout: str = ""
    arguments: tuple = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    calls: dict[str, list[tuple]] = field(default_factory=dict)


class Remote(Protocol):
    """The submission's class, wherever it lives; every call is made on a fresh object."""

    def call(
        self,
        method: str,
        *args: Any,
        init: Mapping[str, Any] | None = None,
        assign: Mapping[str, Any] | None = None,
        read: tuple[str, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        given: Mapping[str, Mapping] | None = None,
        fresh: bool = False,
    ) -> Reply:
        """Make an object, set attributes on it, call a method and read attributes.

        Parameters
        ----------
        method : str
            The method's name; ``""`` makes the object and reads its attributes only.
        *args : object
            Positional arguments, plain data.
        init : mapping, optional
            Arguments of the constructor.
        assign : mapping, optional
            Attributes to set before the call.
        read : tuple of str
            Attributes to read after it.
        kwargs : mapping, optional
            Keyword arguments of the method.
        given : mapping of str to mapping, optional
            Methods to replace for this call, and what they return (`lessonlib.grading.given`).
        fresh : bool
            Ask in a new process, which remembers nothing of earlier calls. A class of this
            process is asked in this one.

        Returns
        -------
        Reply

        Raises
        ------
        SubmissionError
            Where the submission's own code raised.
        """
        ...


@dataclass(frozen=True)
class Criterion:
    """One part of an exercise, worth its points wholly or not at all.

    Attributes
    ----------
    id : str
        The part's name in the exercise: ``"a"`` … ``"verify"``, or a method's name.
    title : str
        One line that says what is asked.
    points : float
        What the part is worth.
    check : callable
        ``check(remote, rng)`` returns ``None`` where the part is right and raises `Mistake` where
        it is not; `rng` is a :class:`numpy.random.Generator` for fresh inputs.
    """

    id: str
    title: str
    points: float
    check: Callable[[Remote, np.random.Generator], None]


@dataclass(frozen=True)
class Exercise:
    """An exercise: the class it asks for and the parts that are judged.

    Attributes
    ----------
    name : str
        The name of the class that a submission defines.
    title : str
        One line for lists.
    chapter : str
        The page of the book that sets the exercise, without suffix.
    criteria : tuple of Criterion
        The parts, in order.
    """

    name: str
    title: str
    chapter: str
    criteria: tuple[Criterion, ...]

    @property
    def max_score(self) -> float:
        """The sum of all parts' points."""
        return sum(criterion.points for criterion in self.criteria)


class SubmissionError(Exception):
    """The submission's own code raised inside a call.

    Attributes
    ----------
    type_name, message : str
        The exception's class and text.
    line : int or None
        The line of the submission that it came from.
    text : str
        The traceback's last line, ``"ValueError: ..."``, and the exception's notes below it.
    called : str
        The call that raised it, as the learner would write it; empty where it was none.
    """

    called = ""

    def __init__(self, type_name: str, message: str, line: int | None = None, text: str = ""):
        self.type_name = type_name
        self.message = message
        self.line = line
        self.text = text or (f"{type_name}: {message}" if message else type_name)
        super().__init__(self.text)


class Mistake(Exception):  # noqa: N818 - the learner's mistake is no error of the program
    """A part's demand that is not met; its text is what the learner reads.

    Parameters
    ----------
    called : str
        The call, as the learner would write it.
    got : str
        What came back.
    expected : str
        What should have.
    hint : str
        A nudge towards the step, not the answer; a common mistake is named.
    picture : dict of str to numpy.ndarray, optional
        Arrays for the report: ``{"expected": a, "returned": b}``.
    """

    def __init__(
        self,
        called: str = "",
        got: str = "",
        expected: str = "",
        hint: str = "",
        picture: dict[str, np.ndarray] | None = None,
    ):
        self.called = called
        self.got = got
        self.expected = expected
        self.hint = hint
        self.picture = picture
        rows = [("called", called), ("returned", got), ("expected", expected), ("hint", hint)]
        super().__init__("\n".join(f"{name}: {text}" for name, text in rows if text))


class LocalRemote:
    """A class of this process as a `Remote`: for notebooks, and for one's own files.

    Parameters
    ----------
    cls : type
        The learner's class.
    """

    def __init__(self, cls: type):
        self.cls = cls

    def call(
        self,
        method: str,
        *args: Any,
        init: Mapping[str, Any] | None = None,
        assign: Mapping[str, Any] | None = None,
        read: tuple[str, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        given: Mapping[str, Mapping] | None = None,
        fresh: bool = False,
    ) -> Reply:
        """See `Remote.call`."""
        args, init, assign, kwargs = copy.deepcopy(
            (args, dict(init or {}), dict(assign or {}), dict(kwargs or {}))
        )
        printed = io.StringIO()
        try:
            with (
                contextlib.redirect_stdout(printed),
                stand_ins.replaced(self.cls, given or {}, plain) as parts,
            ):
                instance = asked.make(self.cls, init)
                parts.on(instance)
                for name, value in assign.items():
                    setattr(instance, name, value)
                value = asked.method(instance, method)(*args, **kwargs) if method else None
                value = plain(value)
                attributes = {name: plain(asked.attribute(instance, name)) for name in read}
            # What could not be sent by a file's process is no answer here either.
            value, args, attributes, calls = protocol.copy(
                (value, plain(args), attributes, parts.calls())
            )
        except (Exception, SystemExit) as error:
            raise submission_error(error) from error
        return Reply(value, printed.getvalue()[:STDOUT_CAP], args, attributes, calls)


def submission_error(error: BaseException) -> SubmissionError:
    """Describe an exception of a submission, with the line of its own code that it came from.

    The line is the innermost one outside installed libraries, since that is the one a learner
    can mend.
    """
    # The first frame is the caller's `try`; whatever lies below it and outside libraries is
    # the submission's.
    frames = traceback.extract_tb(error.__traceback__)[1:]
    own = [frame for frame in frames if _is_own(frame.filename)]
    line = own[-1].lineno if own else None
    notes = getattr(error, "__notes__", [])
    notes = [str(note) for note in notes[:5]] if type(notes) is list else []
    last = traceback.TracebackException.from_exception(error, limit=0, compact=True)
    last.__notes__ = None
    text = "\n".join([[*last.format_exception_only()][-1].strip(), *notes])
    told = SubmissionError(type(error).__name__, str(error), line, text)
    if own and (cell := _cell(own[-1].filename)):
        told.add_note(quoted(f"{cell}, line {line}", own[-1].line or ""))
    elif own:
        told.add_note(quoted(f"line {line}", own[-1].line or ""))
    return told


def quoted(place: str, line: str) -> str:
    """Name a line of the submission, and say what stands there."""
    line = line.strip()
    return f"{place}: `{line if len(line) <= 80 else line[:80] + '…'}`" if line else place


def _cell(filename: str) -> str:
    """Name the cell that a notebook's code comes from, as Jupyter does: ``cell [5]``."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    known = getattr(getattr(shell, "compile", None), "_filename_map", {})
    return f"cell [{known[filename]}]" if filename in known else ""


def _is_own(filename: str) -> bool:
    """Whether a frame is the learner's: there is source to show, outside of any library."""
    library = {"site-packages", "dist-packages"} & {*Path(filename).parts} or any(
        filename.startswith(folder) for folder in _STANDARD_LIBRARY
    )
    ours = filename != os.path.basename(filename) and os.path.dirname(filename) == _HERE
    return bool(linecache.getlines(filename)) and not library and not ours


#: What makes the base type's own value of a subclass, whatever the subclass overrides.
_EXACT = ((int, int.__int__), (float, float.__float__), (str, str.__str__))


def plain(value: Any, depth: int = 0) -> Any:
    """Turn an answer into plain data of exact types.

    NumPy scalars become ``bool``, ``int``, ``float`` or ``str``; subclasses of these, of lists,
    tuples, dicts and arrays become what they derive from. A name that is ``(str, Enum)`` is its
    value, not ``"Class.NAME"``: what a subclass makes of `str` or `int` is not asked.

    Parameters
    ----------
    value : object
        What a method returned.
    depth : int
        How deep inside the answer this value stands.

    Returns
    -------
    object
        The same as plain data.

    Raises
    ------
    TypeError
        For anything that is no plain data, or is nested too deeply.
    """
    if depth > DEPTH_CAP:
        raise TypeError(f"the answer is nested more than {DEPTH_CAP} deep")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if value is NotImplemented or value is ...:
        raise NotImplementedError(f"it returns {value}")
    if isinstance(value, np.ndarray):
        array = np.asarray(value)
        if array.dtype.kind == "T":  # strings of any length
            array = np.array(array.tolist(), str)
        if array.dtype.kind not in "biufU":
            raise TypeError(f"an array of dtype {array.dtype} is no array of numbers")
        return np.array(array, np.float64 if array.dtype.char == "g" else None)
    if isinstance(value, np.longdouble):
        return float(value)
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return value.item()
    for kind, exact in _EXACT:
        if isinstance(value, kind):
            return exact(value)
    if isinstance(value, tuple):
        return tuple(plain(item, depth + 1) for item in value)
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {plain(k, depth + 1): plain(v, depth + 1) for k, v in value.items()}
    raise TypeError(
        f"an object of type {type(value).__name__} is no plain data: return a number, a string, an "
        "array, a list, a tuple or a dict (np.asarray(...) makes an array of tensors and tables, "
        "list(...) a list of sets and generators)"
    )
