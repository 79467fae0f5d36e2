"""A submission in another process as a `Remote`: requests go out, untrusted data comes back."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import protocol
from .exercise import Reply, SubmissionError
from .given import CALL_CAP
from .notebook import Outline
from .sandbox import Child, Ending, Launcher, Limits, SandboxError
from .worker import LEFT_CAP, OUT_OF_MEMORY

#: Seconds between two looks at what a submission takes: at first, and after a while.
_LOOKS = (0.01, 0.1)


class Ended(SubmissionError):  # noqa: N818 - an outcome, not an error of this program
    """The submission's process did not live to answer.

    Attributes
    ----------
    type_name : str
        The status it leads to: ``"timeout"``, ``"memory"``, ``"crashed"`` or ``"forbidden"``.
    """


class _Exceeded(Exception):  # noqa: N818 - an outcome
    """A limit was hit; the message names it."""

    def __init__(self, status: str, message: str):
        self.status = status
        super().__init__(message)


class _Watch:
    """Looks at what a child takes while its answer is waited for; `taken` is its time so far."""

    def __init__(self, child: Child, limits: Limits, shared: bool, seconds: float, end: float):
        self.taken = 0.0
        self._child, self._limits = child, limits
        self._begun, self._started = child.seconds(), time.monotonic()
        share = 2 if shared else 1
        self._most = max(seconds, 0) / share
        self._end = self._started + max(end - self._started, 0) / share
        self._next = _LOOKS[0]

    def __call__(self) -> float:
        """Return the seconds until the next look, or raise `_Exceeded`."""
        self.look()
        waited = time.monotonic() - self._started
        if self.taken > self._most:
            text = f"stopped after {self.taken:.1f} s of processor time without an answer"
            raise _Exceeded("timeout", f"{text}; the limit of time is {self._limits.seconds:g} s")
        if time.monotonic() > self._end:
            text = f"stopped after {waited:.1f} s, {self.taken:.1f} s of them of processor time"
            raise _Exceeded("timeout", f"{text}; the limit of waiting is {self._limits.wall:g} s")
        self._next = min(1.5 * self._next, _LOOKS[1])
        return self._next

    def look(self) -> None:
        """Note the time taken, and raise where too much is on disk."""
        self.taken = self._child.seconds() - self._begun
        if self._child.disk() > self._limits.disk * 2**20:
            most = f"the limit of disk is {self._limits.disk} MB"
            raise _Exceeded("crashed", f"stopped: too much was written; {most}")


class ConfinedRemote:
    """One submission in launchers' children: a new one wherever the last one came to its end.

    One call may take half of the time that is left to the submission, so that a part that never
    ends leaves some to the others. Time is the process's own on the processor; the limit of wall
    time behind it is for what waits.

    Parameters
    ----------
    launcher : callable
        Returns a running `Launcher`, a new one where the last has gone.
    data : bytes
        The file.
    suffix : str
        ``".py"`` or ``".ipynb"``.

    Attributes
    ----------
    status : str
        Empty, or how the first process that did not live to answer ended.
    left : tuple of str
        The cells of a notebook that raised and were left behind, with what they raised.
    """

    def __init__(self, launcher: Callable[[], Launcher], data: bytes, suffix: str):
        self.status = ""
        self.name = ""
        self.left: tuple[str, ...] = ()
        self._launcher, self._data, self._suffix = launcher, data, suffix
        self._child: Child | None = None
        self._limits = launcher().limits  # starting it is not the submission's time
        self._seconds = self._limits.seconds
        self._end = time.monotonic() + self._limits.wall
        self._starts = 0

    def read(self, names: tuple[str, ...]) -> Outline:
        """Have the file read, not run; return which of the classes it defines.

        Raises
        ------
        SubmissionError
            Where it is no Python or no notebook; `Ended` where reading it was too much.
        """
        self._start()
        answer = self._ask(
            do="read",
            data=self._bytes(),
            suffix=self._suffix,
            names=list(names),
            start=self._starts,
        )
        defines, forbidden = answer.get("defines"), answer.get("forbidden")
        if type(defines) is not list or type(forbidden) is not str:
            raise self._lied()
        return Outline(tuple(name for name in defines if name in names), forbidden)

    def run(self, name: str) -> None:
        """Run the submission as a module; calls are then made on its class `name`."""
        self.name = name
        if self._child is None:
            self.read(())
        try:
            left = self._ask(do="run", name=name).get("left")
        except SubmissionError:
            self.end()
            raise
        if type(left) is not list:
            raise self._lied()
        self.left = tuple(map(self._left, left[:LEFT_CAP]))

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
        """See `lessonlib.grading.exercise.Remote.call`.

        Raises
        ------
        SubmissionError
            Where the submission's own code raised; `Ended` where its process did not live to
            answer.
        """
        if fresh:
            self.end()
        if self._child is None:
            self.run(self.name)
        given = {part: dict(each) for part, each in (given or {}).items()}
        answer = self._ask(
            do="call",
            name=self.name,
            method=method,
            args=args,
            init=dict(init or {}),
            assign=dict(assign or {}),
            read=tuple(read),
            kwargs=dict(kwargs or {}),
            given=given,
        )
        printed, arguments = answer.get("stdout"), answer.get("arguments")
        attributes = answer.get("attributes")
        if (
            "value" not in answer
            or type(printed) is not str
            or type(arguments) is not tuple
            or len(arguments) != len(args)
            or type(attributes) is not dict
            or set(attributes) != set(read)
            or not _fits(calls := answer.get("calls"), given)
        ):
            raise self._lied()
        return Reply(answer["value"], printed, arguments, attributes, calls)

    def _start(self) -> None:
        self._starts += 1
        try:
            self._child = self._launcher().fork()
        except SandboxError as error:
            raise self._ended("crashed", str(error)) from None

    def _bytes(self) -> np.ndarray:
        return np.frombuffer(self._data, np.uint8)

    def _ask(self, **request: Any) -> dict[str, Any]:
        number = secrets.token_hex(16)
        frame = protocol.encode({"id": number, **request})
        # Running the file is worth all the time there is: without it nothing else can be judged.
        watch = _Watch(self._child, self._limits, request["do"] == "call", self._seconds, self._end)
        try:
            reply = self._child.channel.ask(frame, watch)
            answer = protocol.decode_reply(*reply)
            watch.look()
        except _Exceeded as limit:
            raise self._ended(limit.status, str(limit)) from None
        except EOFError:
            raise self._explained(self.end()) from None
        except protocol.ProtocolError:
            raise self._lied() from None
        finally:
            self._seconds -= watch.taken
        if type(answer) is not dict or answer.get("id") != number:
            raise self._lied()
        if "error" in answer:
            raise self._failure(answer["error"])
        return answer

    def _failure(self, told: Any) -> Exception:
        """Turn an exception that the child reports into one of ours."""
        error = _told(told)
        if error is None:
            return self._lied()
        if error.type_name == "MemoryError":
            return self._ended("memory", self._memory_message())
        return error

    def _left(self, told: Any) -> str:
        """Say in a line which cell was left behind and why: ``cell 3, line 2: ValueError: ...``."""
        error = _told(told)
        if error is None:
            raise self._lied()
        place = ", ".join(getattr(error, "__notes__", ())) or "a cell"
        what = self._memory_message() if error.type_name == "MemoryError" else error.text
        return f"{place}: {what}".split("\n")[0][:300]

    def _explained(self, ending: Ending | None) -> Ended:
        """Say why a process went away by itself."""
        if ending is None:
            return self._ended("crashed", "the launcher was stopped from outside; grade it again")
        code = ending.code
        full = ending.memory > 0.6 * 1024 * self._limits.memory
        if code == OUT_OF_MEMORY or (code < 0 and full):
            return self._ended("memory", self._memory_message())
        how = f"ended itself with status {code}" if code >= 0 else f"died of signal {-code}"
        return self._ended("crashed", f"the process of the submission {how}")

    def _memory_message(self) -> str:
        return f"more than the {self._limits.memory} MB of memory allowed were asked for"

    def _lied(self) -> Ended:
        return self._ended("forbidden", "something other than an answer was sent to the grader")

    def _ended(self, status: str, message: str) -> Ended:
        self.end()
        self.status = status if status == "forbidden" else self.status or status
        return Ended(status, message, text=message)

    def end(self) -> Ending | None:
        """Kill the process; return how it ended, or ``None`` where nobody can tell any more."""
        child, self._child = self._child, None
        if child is None:
            return None
        try:
            return child.end()
        except SandboxError:
            return None

    def __enter__(self) -> ConfinedRemote:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()


def _fits(calls: Any, given: Mapping[str, Mapping]) -> bool:
    """Whether what a child says of its replaced parts has the form that it must have."""
    return (
        type(calls) is dict
        and set(calls) == set(given)
        and all(
            type(each) is list
            and len(each) <= CALL_CAP
            and all(type(call) is tuple and len(call) == len(given[part]["names"]) for call in each)
            for part, each in calls.items()
        )
    )


def _told(told: Any) -> SubmissionError | None:
    """Read what a child says of an exception; None where that is nothing `described` writes."""
    if type(told) is not list or len(told) != 5:
        return None
    name, message, line, text, place = told
    if not all(type(part) is str for part in (name, message, text, place)):
        return None
    error = SubmissionError(name, message, line if type(line) is int else None, text)
    if place:
        error.add_note(place)
    return error
