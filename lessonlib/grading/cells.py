"""A notebook's code cell as IPython reads it: help, magics and shell lines become Python.

What IPython itself can say is asked of it; where it is not installed, the few forms that matter are
known here. What they become is a call on the stand-in for IPython's shell, which does nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

#: Cell magics that run their cell in the notebook's own names. All others hand it elsewhere: to
#: another language, to a file, to a function of its own.
_RUN = ("time", "capture", "prun", "debug")
_CELL_MAGIC = re.compile(r"((?:[ \t]*\n)*)%%(\w+)([^\n]*)(?:\n|\Z)")
#: A statement that starts with a magic or shell line, and one that is given what such a line gives.
_MAGIC = re.compile(r"[ \t]*[%!]")
_GIVEN = re.compile(r"([ \t]*[A-Za-z_][\w.,\[\]'\" \t]*?=[ \t]*)([%!])(?!=)")
#: ``%time``, which runs the rest of its line.
_TIMED = re.compile(r"([ \t]*(?:[A-Za-z_][\w.,\[\]'\" \t]*?=[ \t]*)?)%time[ \t]+(?=\S)")
_HELP = re.compile(r"[ \t]*(?:\?{1,2}[ \t]*%{0,2}[\w.*]+|%{0,2}[\w.*\[\]]+\?{1,2})[ \t]*\Z")
_BLANK = re.compile(r"(?:[ \t]*\n)*")
_INDENT = re.compile(r"(?:[ \t]*\n)*([ \t]*)")
_REST_OF_LINE = re.compile(r"(?:\\\n|[^\n])*")

# What a scan of Python needs to know to find where statements start: strings, comments, brackets,
# and lines that go on.
_TOKENS = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)|' + r"'''(?:\\.|[^\\])*?(?:'''|\Z)|"
    r'"(?:\\.|[^"\\\n])*"?|' + r"'(?:\\.|[^'\\\n])*'?|"
    r"#[^\n]*|[(\[{]|[)\]}]|\\\n|\n",
    re.DOTALL,
)


def python(cell: str) -> str:
    """Return the Python that a code cell means, on as many lines.

    ``%%time`` and ``%%capture`` leave what they hold, other cell magics nothing; ``%time`` leaves
    the rest of its line; other magics, shell lines and help become calls on ``get_ipython()``, or
    nothing.

    Parameters
    ----------
    cell : str
        A code cell's text.

    Returns
    -------
    str
    """
    magic = _CELL_MAGIC.match(cell)
    if magic:
        before, name, words = magic.groups()
        if name not in _RUN:
            return "\n" * cell.count("\n")
        kept = next((word for word in words.split() if word.isidentifier()), "")
        line = f"{kept} = get_ipython().captured()" if kept and name == "capture" else ""
        end = "\n" if magic[0].endswith("\n") else ""
        return before + line + end + python(cell[magic.end() :])
    plain = _statements(cell, _without_time)
    transform = _ipython()
    if transform is None:
        indent = _INDENT.match(plain)  # of the first line that is not empty
        if indent and indent[1]:
            plain = re.sub(f"^{indent[1]}", "", plain, flags=re.MULTILINE)
        return _statements(plain, _without_magic)
    blank = plain[: _BLANK.match(plain).end()]  # IPython drops these lines, and errors name lines
    try:
        text = blank + transform(plain[len(blank) :])
    except (SyntaxError, RuntimeError, ValueError):  # no Python, which running it will say
        return plain
    lines = text.count("\n") - plain.count("\n")
    return text[:-lines] if lines > 0 and text.endswith("\n" * lines) else text


@functools.cache
def _ipython() -> Callable[[str], str] | None:
    """Return IPython's own transformation of a cell, None where it is not installed."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return None
    return TransformerManager().transform_cell


def _statements(cell: str, change: Callable[[str], str]) -> str:
    """Pass each logical line of a cell through `change`; none starts inside a string."""
    pieces = []
    position = 0
    while position < len(cell):
        if _MAGIC.match(cell, position):  # to the end of its line, or where backslashes lead
            end = _REST_OF_LINE.match(cell, position).end()
        else:
            end = _statement_end(cell, position)
        pieces.append(change(cell[position:end]))
        if end < len(cell):
            pieces.append("\n")
        position = end + 1
    return "".join(pieces)


def _statement_end(cell: str, position: int) -> int:
    """Return where the logical line that starts at `position` ends: at a newline, or at the end."""
    depth = 0
    for token in _TOKENS.finditer(cell, position):
        if token[0] == "\n" and depth <= 0:
            return token.start()
        if token[0] in "([{":
            depth += 1
        elif token[0] in ")]}":
            depth -= 1
    return len(cell)


def _without_time(statement: str) -> str:
    """Unwrap ``%time``, and put a magic that backslashes continue on one line, others below it."""
    timed = _TIMED.match(statement)
    if timed:
        return timed[1] + statement[timed.end() :]
    if _MAGIC.match(statement) and "\\\n" in statement:
        lines = statement.count("\\\n")
        return statement.replace("\\\n", " ") + "\n" * lines
    return statement


def _without_magic(statement: str) -> str:
    """Do what IPython would do to one logical line, as far as it matters here."""
    lines = "\n" * statement.count("\n")
    if _MAGIC.match(statement) or _HELP.match(statement):
        return statement[: len(statement) - len(statement.lstrip())] + "pass" + lines
    given = _GIVEN.match(statement)
    return f"{given[1]}[]{lines}" if given else statement
