"""A submission as text: a module or a notebook read into source, and what that source defines.

Nothing here runs a submission. It is called inside the confined process all the same, since
reading a hostile file can itself take all memory or time.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from dataclasses import dataclass

from .exercise import quoted

#: What a submission's source is called in its tracebacks.
FILENAME = "<submission>"
#: The most characters of source text.
SOURCE_CAP = 2_000_000
#: The most JSON values of a notebook, counted by the marks between them.
MARKS_CAP = 3_000_000

_OURS = ("solutions", "lessonlib")
# Cell magics whose cell IPython hands to another language or to a file.
_FOREIGN = re.compile(
    r"\s*%%(bash|cmd|file|html|javascript|js|latex|markdown|perl|pypy|python2|ruby|script|sh|svg"
    r"|writefile)\b"
)


@dataclass(frozen=True)
class Source:
    """A submission's source and where its lines come from.

    Attributes
    ----------
    text : str
        Python source.
    cells : tuple of (int, int)
        For a notebook, per code cell, its number in the notebook (from 1, all cells counted) and
        the line of `text` that it starts at; empty for a module.
    """

    text: str
    cells: tuple[tuple[int, int], ...] = ()

    def place(self, line: int) -> str:
        """Name a line as its author sees it: ``line 12`` or ``cell 3, line 2``."""
        for number, start in reversed(self.cells):
            if line >= start:
                return f"cell {number}, line {line - start + 1}"
        return f"line {line}"

    def quoted(self, line: int) -> str:
        """Name a line, and say what stands there."""
        lines = self.text.split("\n")
        return quoted(self.place(line), lines[line - 1] if 0 < line <= len(lines) else "")


def read(data: bytes, suffix: str) -> Source:
    """Read a file's bytes into Python source.

    Parameters
    ----------
    data : bytes
        The file.
    suffix : str
        ``".py"`` or ``".ipynb"``.

    Returns
    -------
    Source

    Raises
    ------
    ValueError
        Where the file is no text, no notebook, or too large; the message says what it is.
    """
    if suffix == ".ipynb":
        source = _notebook(data)
    else:
        try:
            source = Source(importlib.util.decode_source(data))
        except (SyntaxError, UnicodeDecodeError) as error:
            raise ValueError(f"the file is no Python text: {error}") from None
    if len(source.text) > SOURCE_CAP:
        raise ValueError(f"{len(source.text):,} characters of source; {SOURCE_CAP:,} are allowed")
    if "\0" in source.text:
        raise ValueError("the file is no Python text: it holds null characters")
    return source


def _notebook(data: bytes) -> Source:
    if sum(map(data.count, (b",", b"[", b"{"))) > MARKS_CAP:
        raise ValueError("the notebook is too large; clear its outputs and save it again")
    try:
        content = json.loads(data.decode("utf-8-sig"))
        cells = content["cells"]
        texts = [
            (number, _text(cell["source"]))
            for number, cell in enumerate(cells, 1)
            if cell["cell_type"] == "code"
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"the file is no notebook of format 4: {error}") from None
    lines: list[str] = []
    places = []
    for number, text in texts:
        places.append((number, len(lines) + 1))
        lines += without_magics(text).split("\n")
    return Source("\n".join(lines) + "\n", tuple(places))


def _text(source: object) -> str:
    text = "".join(source) if isinstance(source, list) else source
    if not isinstance(text, str):
        raise TypeError("a cell without text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


# What a scan of Python needs to know to find where statements start: strings, comments, brackets,
# and lines that go on.
_TOKENS = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)|' + r"'''(?:\\.|[^\\])*?(?:'''|\Z)|"
    r'"(?:\\.|[^"\\\n])*"?|' + r"'(?:\\.|[^'\\\n])*'?|"
    r"#[^\n]*|[(\[{]|[)\]}]|\\\n|\n",
    re.DOTALL,
)
_MAGIC = re.compile(r"[ \t]*[%!]")


def without_magics(cell: str) -> str:
    """Replace each statement of a cell that starts with ``%`` or ``!`` by ``pass``.

    A line that goes on from the one before it, such as ``% (a, b)``, stays, as does text inside a
    string. The number of lines is kept. A cell that belongs to another language, such as one that
    starts with ``%%bash``, becomes empty lines.

    Parameters
    ----------
    cell : str
        A code cell's text.

    Returns
    -------
    str
    """
    if _FOREIGN.match(cell):
        return "\n" * cell.count("\n")
    pieces = []
    position = 0
    while position < len(cell):
        magic = _MAGIC.match(cell, position)
        if magic:  # up to the end of its line, or of the line that a backslash leads to
            end = re.compile(r"(?:\\\n|[^\n])*").match(cell, position).end()
            indent = magic[0][:-1]
            pieces.append(indent + "pass" + "\n" * cell.count("\n", position, end))
        else:
            end = _statement_end(cell, position)
            pieces.append(cell[position:end])
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


@dataclass(frozen=True)
class Outline:
    """What a source says at a glance, before it runs.

    Attributes
    ----------
    defines : tuple of str
        Names that the module binds: its classes where there are any of the asked ones, else
        those of assignments and imports.
    forbidden : str
        Why the source earns nothing, empty where it may run.
    """

    defines: tuple[str, ...]
    forbidden: str = ""


def parse(source: Source) -> ast.Module:
    """Parse a source; a `SyntaxError` names the line."""
    return ast.parse(source.text, FILENAME)


def outline(source: Source, tree: ast.Module, names: tuple[str, ...]) -> Outline:
    """Find which of the classes a source defines, and whether it imports an answer.

    Parameters
    ----------
    source : Source
        The submission.
    tree : ast.Module
        Parsed from it.
    names : tuple of str
        The classes that the exercises ask for.

    Returns
    -------
    Outline
    """
    classes, bound, forbidden = set(), set(), ""
    # Only a text with one of the names can import them as a whole; few have to be searched deep.
    suspect = any(word in source.text for word in _OURS)
    pending = [(node, True) for node in reversed(tree.body)]
    while pending:  # a loop, not a recursion: a hostile tree may be deep
        node, top = pending.pop()
        inner = top and not isinstance(node, _SCOPES)
        if inner or suspect:
            children = list(ast.iter_child_nodes(node))
            if isinstance(node, ast.If) and "__main__" in ast.dump(node.test)[:500]:
                children = node.orelse  # the rest is a script's own part, which does not run here
            pending += [(child, inner) for child in reversed(children)]
        module = _forbidden_import(node) if suspect else ""
        if module and not forbidden:
            forbidden = (
                f"{source.place(node.lineno)} imports `{module}`: an answer must be your own, so "
                "solutions and lessonlib (but for lessonlib.grading.check) are not there to import"
            )
        if not top:
            continue
        if isinstance(node, ast.ClassDef):
            classes.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.alias):
            bound.add(node.asname or node.name)
    found = [name for name in names if name in classes] or [n for n in names if n in bound]
    return Outline(tuple(found), forbidden)


_SCOPES = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _forbidden_import(node: ast.AST) -> str:
    """Return the module of ours that `node` imports, or an empty string."""
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        modules = [f"{node.module}.{alias.name}" for alias in node.names]
        if node.level:
            modules = []
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        called = node.func.id if isinstance(node.func, ast.Name) else called
        modules = [str(node.args[0].value)] if called in ("__import__", "import_module") else []
    else:
        return ""
    allowed = ("lessonlib", "lessonlib.grading", "lessonlib.grading.check", "lessonlib.grading.*")
    for module in modules:
        if module.split(".")[0] in _OURS and module not in allowed:
            return module
    return ""
