"""Runs live cells and checks exercises inside the reader's browser (or in any Python: no browser).

Beside the worker that calls it, this is all of the Python that a live cell has around it. What is
printed goes to a function; what a run leaves behind is a dict of plain data.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import linecache
import logging
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

os.environ["MPLBACKEND"] = "Agg"
logging.getLogger("matplotlib").setLevel(logging.ERROR)  # the first figure makes a list of fonts
_HINT = (
    "\nNot every package runs in the page: PyTorch and imbalanced-learn do not. "
    "They are there where the course is installed."
)


class Session:
    """One page's names, shared by its cells as in a notebook."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, code: str, name: str, write: Callable[[str], object]) -> dict[str, Any]:
        """Run a cell.

        Parameters
        ----------
        code : str
            The cell, as it stands.
        name : str
            What tracebacks call it.
        write : callable
            Takes what is printed, piece by piece.

        Returns
        -------
        dict
            ``error``, the end of a traceback or empty, and ``figures``, each with ``png`` in base64
            and ``alt``.
        """
        error = _execute(code, name, self.names, write, show=True)
        return {"error": error, "figures": _figures()}

    def check(self, code: str, name: str, write: Callable[[str], object]) -> dict[str, Any]:
        """Check the class called `name` that `code` defines, with the grader's own checks.

        The class lives in this process, as it does in a notebook: nothing is confined here, which
        is fit for one's own code and not for grading. Parameters and answer are as for `run`.
        """
        names: dict[str, Any] = {"__name__": "submission"}
        error = _execute(code, f"{name}.py", names, write, show=False)
        if not error and not isinstance(names.get(name), type):
            error = f"There is no class {name}; the checks need one of that name."
        if error:
            return {"error": error, "figures": []}
        from lessonlib.grading import check

        verdict = check(names[name])
        write(f"{verdict}\n")
        figures = [
            {"png": png, "alt": f"Part {part}: {what}"}
            for part, pictures in verdict.pictures.items()
            for what, png in pictures.items()
        ]
        return {"error": "", "figures": figures}


def _execute(
    code: str, name: str, names: dict[str, Any], write: Callable[[str], object], show: bool
) -> str:
    """Run code, write its last value as a notebook shows it; return the end of its traceback."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    try:
        tree = ast.parse(code, name)
        last = None
        if show and tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)
        with contextlib.redirect_stdout(_Out(write)), contextlib.redirect_stderr(_Out(write)):
            exec(compile(tree, name, "exec"), names)
            value = eval(compile(last, name, "eval"), names) if last else None
            if value is not None:
                # where a notebook shows a table, its text
                print(str(value) if hasattr(value, "_repr_html_") else repr(value))
    except BaseException as error:  # whatever a reader's code does, the page goes on
        return _end_of(error, name)
    return ""


class _Out(io.TextIOBase):
    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def write(self, text: str) -> int:
        self._write(text)
        return len(text)


def _end_of(error: BaseException, name: str) -> str:
    """The traceback without the frames that are not the reader's, but for the last one."""
    told = traceback.TracebackException.from_exception(error)
    mine = [frame for frame in told.stack if frame.filename == name]
    if mine and told.stack[-1].filename != name:
        mine.append(told.stack[-1])
    told.stack = traceback.StackSummary.from_list(
        [(frame.filename, frame.lineno, frame.name, frame.line) for frame in mine]
    )
    told.__cause__ = told.__context__ = None
    hint = _HINT if isinstance(error, ModuleNotFoundError) else ""
    return "".join(told.format()).rstrip() + hint


def _figures() -> list[dict[str, str]]:
    """Every open figure as PNG, described by the words that stand in it; closes them."""
    plt = sys.modules.get("matplotlib.pyplot")
    drawn = []
    for number in plt.get_fignums() if plt else ():
        figure, file = plt.figure(number), io.BytesIO()
        figure.savefig(file, format="png")
        words = [
            word
            for axes in figure.axes
            for word in (
                axes.get_title(),
                axes.get_xlabel() and f"horizontally {axes.get_xlabel()}",
                axes.get_ylabel() and f"vertically {axes.get_ylabel()}",
            )
            if word
        ]
        alt = "; ".join(["Figure drawn by your run", *words])
        drawn.append({"png": base64.b64encode(file.getvalue()).decode(), "alt": alt})
        plt.close(figure)
    return drawn
