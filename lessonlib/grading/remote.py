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
from .sandbox import Child, Ending, Launcher, SandboxError
from .worker import OUT_OF_MEMORY


class Ended(SubmissionError):  # noqa: N818 - an outcome, not an error of this program
    """The submission's process did not live to answer.

    Attributes
    ----------
    type_name : str
        The status it leads to: ``"timeout"``, ``"memory"``, ``"crashed"`` or ``"forbidden"``.
    """


class ConfinedRemote:
    """One submission in launchers' children: a new one wherever the last one came to its end.

    One call may take half of the time that is left to the submission, so that a part that never
    ends leaves some to the others.

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
    """

    def __init__(self, launcher: Callable[[], Launcher], data: bytes, suffix: str):
        self.status = ""
        self.name = ""
        self._launcher, self._data, self._suffix = launcher, data, suffix
        self._child: Child | None = None
        self._memory = launcher().limits.memory  # starting it is not the submission's time
        self._end = time.monotonic() + launcher().limits.seconds

    def read(self, names: tuple[str, ...]) -> Outline:
        """Have the file read, not run; return which of the classes it defines.

        Raises
        ------
        SubmissionError
            Where it is no Python or no notebook; `Ended` where reading it was too much.
        """
        self._start()
        answer = self._ask(do="read", data=self._bytes(), suffix=self._suffix, names=list(names))
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
            self._ask(do="run")
        except SubmissionError:
            self.end()
            raise

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
        try:
            self._child = self._launcher().fork()
        except SandboxError as error:
            raise self._ended("crashed", str(error)) from None

    def _bytes(self) -> np.ndarray:
        return np.frombuffer(self._data, np.uint8)

    def _ask(self, **request: Any) -> dict[str, Any]:
        number = secrets.token_hex(16)
        frame = protocol.encode({"id": number, **request})
        now = time.monotonic()
        # Running the file is worth all the time there is: without it nothing else can be judged.
        share = 2 if request["do"] == "call" else 1
        try:
            reply = self._child.channel.ask(frame, now + max(self._end - now, 0) / share)
            answer = protocol.decode(*reply)
        except TimeoutError:
            spent = time.monotonic() - now
            raise self._ended("timeout", f"stopped after {spent:.1f} s without an answer") from None
        except EOFError:
            raise self._explained(self.end()) from None
        except protocol.ProtocolError:
            raise self._lied() from None
        if type(answer) is not dict or answer.get("id") != number:
            raise self._lied()
        if "error" in answer:
            raise self._failure(answer["error"])
        return answer

    def _failure(self, told: Any) -> Exception:
        """Turn an exception that the child reports into one of ours."""
        if type(told) is not list or len(told) != 5:
            return self._lied()
        name, message, line, text, place = told
        if not all(type(part) is str for part in (name, message, text, place)):
            return self._lied()
        if name == "MemoryError":
            return self._ended("memory", self._memory_message())
        error = SubmissionError(name, message, line if type(line) is int else None, text)
        if place:
            error.add_note(place)
        return error

    def _explained(self, ending: Ending | None) -> Ended:
        """Say why a process went away by itself."""
        if ending is None:
            return self._ended("crashed", "the launcher was stopped from outside; grade it again")
        code = ending.code
        full = ending.memory > 0.6 * 1024 * self._memory
        if code == OUT_OF_MEMORY or (code < 0 and full):
            return self._ended("memory", self._memory_message())
        how = f"ended itself with status {code}" if code >= 0 else f"died of signal {-code}"
        return self._ended("crashed", f"the process of the submission {how}")

    def _memory_message(self) -> str:
        return f"more than the {self._memory} MB of memory allowed were asked for"

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
