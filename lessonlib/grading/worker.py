"""The child's side: reads a submission, runs it and answers calls on its class.

Everything here shares an interpreter with a stranger's code and can be altered by it. Nothing the
grader relies on may therefore live here: it only saves an honest submission from its own mistakes.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.abc
import io
import linecache
import mmap
import os
import random
import sys
import types
from typing import Any

import numpy as np

from . import asked, notebook, protocol
from .exercise import STDOUT_CAP, plain, submission_error
from .given import replaced
from .notebook import FILENAME

#: How a process ends that had no memory left to say so.
OUT_OF_MEMORY = 86


class _Printed(io.TextIOBase):
    """Standard output: keeps the first characters of what is printed and lets the rest go."""

    def __init__(self):
        self.start()

    def start(self) -> None:
        self.parts, self.room = [], STDOUT_CAP

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.room > 0:
            self.parts.append(text[: self.room])
            self.room -= len(self.parts[-1]) + 1  # an empty text takes memory too
        return len(text)

    def getvalue(self) -> str:
        return "".join(self.parts)


class _Absent(importlib.abc.MetaPathFinder):
    """Says plainly that our own packages are not there while a submission is graded."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.split(".")[0] in ("lessonlib", "solutions"):
            raise ModuleNotFoundError(
                f"{name!r} is not there while a submission is graded: an answer must be your own",
                name=name,
            )


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Stands in for what does nothing while a submission is graded."""


class _Shell:
    """Stands in for IPython's shell."""

    def __getattr__(self, name: str) -> Any:
        return _nothing


def hide() -> None:
    """Take our own modules out of sight, and leave a `lessonlib.grading.check` that does nothing.

    For a launcher this is to be done before it forks: a look at all loaded modules costs each
    child milliseconds, since it copies the memory that it touches.
    """
    stub, grading = types.ModuleType("lessonlib"), types.ModuleType("lessonlib.grading")
    grading.check = _nothing
    stub.grading, stub.__path__ = grading, []
    for name in [name for name in sys.modules if name.split(".")[0] == "lessonlib"]:
        del sys.modules[name]
    sys.modules |= {"lessonlib": stub, "lessonlib.grading": grading}
    sys.meta_path.insert(0, _Absent())


class Worker:
    """Answers requests about one submission.

    Parameters
    ----------
    seed : int
        Seeds the global generators, so that a submission that (wrongly) draws from them still
        answers the same in a run that is repeated.
    """

    def __init__(self, seed: int):
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002 - the state that a submission may use
        self.source = notebook.Source("")
        self.tree = ast.Module([], [])
        self.module = types.ModuleType("submission")
        self.module.display = _nothing  # what a notebook may lean on
        self.module.get_ipython = _Shell
        self.printed = _Printed()
        sys.stdout = sys.stderr = self.printed

    def read(self, data: np.ndarray, suffix: str, names: list[str]) -> dict[str, Any]:
        """Read the file and say what it defines, without running it."""
        self.source = notebook.read(data.tobytes(), suffix)
        self.tree = notebook.parse(self.source)
        outline = notebook.outline(self.source, self.tree, tuple(names))
        return {"defines": list(outline.defines), "forbidden": outline.forbidden}

    def run(self) -> dict[str, Any]:
        """Run the submission as a module."""
        lines = self.source.text.splitlines(keepends=True)
        linecache.cache[FILENAME] = (len(self.source.text), None, lines, FILENAME)
        code = compile(self.tree, FILENAME, "exec", dont_inherit=True)
        sys.modules["submission"] = self.module
        exec(code, self.module.__dict__)
        return {}

    def call(
        self,
        name: str,
        method: str,
        args: tuple,
        init: dict,
        assign: dict,
        read: tuple,
        kwargs: dict,
        given: dict,
    ) -> dict[str, Any]:
        """Make an object of the class, set attributes, call a method, read attributes."""
        self.printed.start()
        cls = getattr(self.module, name)
        with replaced(cls, given, plain) as parts:
            instance = asked.make(cls, init)
            parts.on(instance)
            for attribute, value in assign.items():
                setattr(instance, attribute, value)
            value = asked.method(instance, method)(*args, **kwargs) if method else None
            attributes = {key: plain(asked.attribute(instance, key)) for key in read}
            value = plain(value)
        return {
            "value": value,
            "stdout": self.printed.getvalue(),
            "arguments": plain(args),
            "attributes": attributes,
            "calls": parts.calls(),
        }

    def answer(self, request: dict[str, Any]) -> bytes:
        """Do what a request asks and put the answer, or the exception, into a frame."""
        number = request.pop("id")
        do = {"read": self.read, "run": self.run, "call": self.call}[request.pop("do")]
        try:
            return protocol.encode({"id": number, **do(**request)})
        except BaseException as error:
            try:
                described = self.described(error)
            except Exception:  # an exception whose own __str__ raises
                described = [type(error).__name__, "", None, type(error).__name__, ""]
            return protocol.encode({"id": number, "error": described})

    def described(self, error: BaseException) -> list:
        """Describe an exception: class, text, line, the traceback's last line, and the place."""
        told = submission_error(error)
        line = told.line
        if isinstance(error, SyntaxError) and error.filename == FILENAME:
            line = error.lineno
        place = self.source.quoted(line) if isinstance(line, int) else ""
        return [told.type_name, told.message[:2000], line, told.text[:2000], place]


def serve(reader: int, writer: int, seed: int) -> None:
    """Answer requests until there are no more; never return.

    Parameters
    ----------
    reader, writer : int
        Descriptors of the two pipes to the grader.
    seed : int
        See `Worker`.
    """
    inlet = os.fdopen(reader, "rb", buffering=0, closefd=False)
    worker = Worker(seed)
    try:
        while header := _exactly(inlet, protocol.HEADER_SIZE):
            request = protocol.decode(header, _exactly(inlet, protocol.frame_size(header)))
            answer = memoryview(worker.answer(request))
            while answer:
                answer = answer[os.write(writer, answer) :]
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    finally:
        os._exit(1)


def _exactly(inlet: Any, size: int) -> bytes:
    """Read `size` bytes, or nothing where the other end has gone."""
    data = bytearray()
    while len(data) < size:
        piece = inlet.read(min(size - len(data), 2**20))
        if not piece:
            return b""
        data += piece
    return bytes(data)


def start(settings: dict[str, Any]) -> None:
    """Serve on standard input and output, as the bootstrap does in an interpreter of its own."""
    reader, writer = os.dup(0), os.dup(1)
    silent = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silent, descriptor)
    with contextlib.suppress(ImportError, ValueError, OSError):  # not to be had on this system
        limit_memory(mapped() + settings["memory"])
    hide()
    serve(reader, writer, settings["seed"])


def mapped() -> int:
    """Return the bytes of this process's address space, libraries and all.

    A confined process cannot look that up: it tries which limit just lets one page more be mapped.
    """
    import resource

    limits = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 2**40
    while high - low > 2**20:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, limits[1]))
        try:
            mmap.mmap(-1, mmap.PAGESIZE).close()
            high = middle
        except OSError:
            low = middle
    resource.setrlimit(resource.RLIMIT_AS, limits)
    return high


def limit_memory(most: int) -> None:
    """Limit this process's address space, for good."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (most, most))
