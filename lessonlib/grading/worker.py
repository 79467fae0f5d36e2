"""The child's side: reads a submission, runs it and answers calls on its class.

Everything here shares an interpreter with a stranger's code and can be altered by it. Nothing the
grader relies on may therefore live here: it only saves an honest submission from its own mistakes.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import errno
import functools
import inspect
import linecache
import os
import random
import sys
import types
from typing import Any

import numpy as np

from . import asked, limits, notebook, protocol, standins
from .exercise import plain, submission_error
from .given import replaced
from .notebook import FILENAME
from .standins import Printed, Shell, hide, let_metadata_be, nothing

#: How a process ends that had no memory left to say so.
OUT_OF_MEMORY = 86
#: How many of the cells that raised are told of.
LEFT_CAP = 5
_FUTURE = functools.reduce(
    int.__or__, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)


class Worker:
    """Answers requests about one submission; `disk` is as for `serve`."""

    def __init__(self, disk: int):
        self.disk = disk
        self.source = notebook.Source("")
        self.trees: list[ast.Module | SyntaxError] = []
        self.printed = Printed()
        sys.stdout, sys.stderr = self.printed, Printed()
        self.folder = os.getcwd()
        self.make("submission", ".py")

    def make(self, name: str, suffix: str) -> None:
        """Make the module that the submission becomes."""
        self.module = types.ModuleType(name)
        self.module.__file__ = os.path.join(self.folder, f"submission{suffix}")
        self.shell = Shell(self.module.__dict__, self.printed)
        self.module.display = nothing  # what a notebook may lean on
        self.module.get_ipython = lambda: self.shell
        if "IPython" in sys.modules:
            sys.modules["IPython"].get_ipython = self.module.get_ipython

    def read(self, data: np.ndarray, suffix: str, names: list[str], start: int) -> dict[str, Any]:
        """Read the file and say what it defines, without running it.

        `start` counts the submission's processes. It seeds the global generators, so that a
        submission that (wrongly) draws from them answers the same when a run is repeated, but not
        when it is asked again in another process.
        """
        random.seed(start)
        np.random.seed(start)  # noqa: NPY002 - the state that a submission may use
        if "torch" in sys.modules:
            sys.modules["torch"].manual_seed(start)
        self.source = notebook.read(data.tobytes(), suffix)
        self.trees = notebook.parse(self.source)
        outline = notebook.outline(self.source, self.trees, tuple(names))
        return {"defines": list(outline.defines), "forbidden": outline.forbidden}

    def run(self, name: str) -> dict[str, Any]:
        """Run the submission as a module; of a notebook, go on past a cell that raises.

        Returns which cells did that, as `described` describes an exception. Where the class `name`
        is not there at the end, what its own cell or the first of them raised is raised.
        """
        lines = self.source.text.splitlines(keepends=True)
        if self.source.is_notebook:  # as in Jupyter
            self.make("__main__", ".ipynb")
        for file in (FILENAME, self.module.__file__):
            linecache.cache[file] = (len(self.source.text), None, lines, file)
        sys.modules[self.module.__name__] = self.module
        if not self.source.is_notebook:
            code = compile(self.trees[0], FILENAME, "exec", dont_inherit=True)
            exec(code, self.module.__dict__)
            return {"left": []}
        left, blamed, flags = [], None, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        for (number, _), tree in zip(self.source.cells, self.trees, strict=True):
            try:
                flags |= self._run_cell(tree, flags)
            except BaseException as error:
                if number not in self.source.expected:
                    left.append(self.described(error))
                if blamed is None or _defines(tree, name):
                    blamed = error
            self.shell.cell_ends()
        if name and blamed is not None and name not in self.module.__dict__:
            raise blamed
        return {"left": left[:LEFT_CAP]}

    def _run_cell(self, tree: ast.Module | SyntaxError, flags: int) -> int:
        """Run one cell; return the flags of its ``from __future__``, which hold from then on."""
        if isinstance(tree, SyntaxError):
            raise tree
        code = compile(tree, FILENAME, "exec", flags, dont_inherit=True)
        if code.co_flags & inspect.CO_COROUTINE:
            _loop().run_until_complete(eval(code, self.module.__dict__))
        else:
            exec(code, self.module.__dict__)
        return code.co_flags & _FUTURE

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
            return protocol.encode_reply({"id": number, **do(**request)})
        except BaseException as error:
            return protocol.encode({"id": number, "error": self.described(error)})

    def described(self, error: BaseException) -> list:
        """Describe an exception: class, text, line, the traceback's last line, and the place."""
        try:
            told = submission_error(error)
            message, text = told.message[:2000], told.text[:2000].replace(self.folder + os.sep, "")
        except Exception:  # an exception whose own __str__ raises
            return [type(error).__name__, "", None, type(error).__name__, ""]
        if isinstance(error, OSError) and error.errno in (errno.EFBIG, errno.ENOSPC):
            text += f" (the limit of disk is {self.disk / 2**20:.0f} MB)"
        line = told.line
        if isinstance(error, SyntaxError) and error.filename == FILENAME:
            line = error.lineno
        place = self.source.quoted(line) if isinstance(line, int) else ""
        return [told.type_name, message, line, text, place]


def _defines(tree: ast.Module | SyntaxError, name: str) -> bool:
    if isinstance(tree, SyntaxError):
        return False
    return any(isinstance(node, ast.ClassDef) and node.name == name for node in tree.body)


@functools.cache
def _loop() -> Any:
    """Return the event loop of all cells that await."""
    import asyncio  # few notebooks do

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def serve(reader: int, writer: int, disk: int) -> None:
    """Answer requests until there are no more; never return.

    The working directory is the submission's own folder.

    Parameters
    ----------
    reader, writer : int
        Descriptors of the two pipes to the grader.
    disk : int
        The most bytes of a file, for messages: what limits them is the caller's.
    """
    inlet = os.fdopen(reader, "rb", buffering=0, closefd=False)
    let_metadata_be()
    worker = Worker(disk)
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
        limits.limit_files(settings["disk"])
        limits.limit_memory(limits.mapped() + settings["memory"])
    hide()
    if settings["guard"]:
        standins.guard(None)
    serve(reader, writer, settings["disk"])
