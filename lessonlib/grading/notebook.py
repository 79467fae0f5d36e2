"""A submission as text: a module or a notebook read into source, and what that source defines.

Nothing here runs a submission. It is called inside the confined process all the same, since
reading a hostile file can itself take all memory or time.
"""

from __future__ import annotations

import ast
import importlib.util
import json
from dataclasses import dataclass

from . import cells
from .exercise import quoted

#: What a submission's source is called in its tracebacks.
FILENAME = "<submission>"
#: The most characters of source text.
SOURCE_CAP = 2_000_000
#: The most JSON values of a notebook, counted by the marks between them.
MARKS_CAP = 3_000_000

_OURS = ("solutions", "lessonlib")


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
    is_notebook : bool
        Whether its cells run one by one, in a module that is called ``__main__``.
    expected : frozenset of int
        The numbers of the cells that say themselves that they raise.
    """

    text: str
    cells: tuple[tuple[int, int], ...] = ()
    is_notebook: bool = False
    expected: frozenset[int] = frozenset()

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
        if "worksheets" in content:  # format 3, which Jupyter still opens
            listed = [cell for sheet in content["worksheets"] for cell in sheet["cells"]]
        else:
            listed = content["cells"]
        code = [(n, cell) for n, cell in enumerate(listed, 1) if cell["cell_type"] == "code"]
        name = "input" if "worksheets" in content else "source"
        texts = [(number, _text(cell[name])) for number, cell in code]
        expected = {number for number, cell in code if "raises-exception" in _tags(cell)}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"the file is no notebook: {type(error).__name__}: {error}") from None
    lines: list[str] = []
    places = []
    for number, text in texts:
        places.append((number, len(lines) + 1))
        lines += cells.python(text).split("\n")
    return Source("\n".join(lines) + "\n", tuple(places), True, frozenset(expected))


def _tags(cell: dict) -> list:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tags if isinstance(tags, list) else []


def _text(source: object) -> str:
    text = "".join(source) if isinstance(source, list) else source
    if not isinstance(text, str):
        raise TypeError("a cell without text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


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


def parse(source: Source) -> list[ast.Module | SyntaxError]:
    """Parse a module, or a notebook cell by cell.

    Returns
    -------
    list of ast.Module or SyntaxError
        One tree of a module; of a notebook one per code cell, or what is wrong with that cell.
        Lines are those of `source`.

    Raises
    ------
    SyntaxError
        Of a module.
    """
    if not source.is_notebook:
        return [ast.parse(source.text, FILENAME)]
    lines = source.text.split("\n")
    starts = [start for _, start in source.cells]
    trees: list[ast.Module | SyntaxError] = []
    for start, end in zip(starts, [*starts, len(lines)][1:], strict=True):
        try:
            tree = ast.parse("\n".join(lines[start - 1 : end - 1]), FILENAME)
            trees.append(ast.increment_lineno(tree, start - 1))
        except SyntaxError as error:
            error.lineno = (error.lineno or 1) + start - 1
            trees.append(error)
    return trees


def outline(
    source: Source, trees: list[ast.Module | SyntaxError], names: tuple[str, ...]
) -> Outline:
    """Find which of the classes a source defines, and whether it imports an answer.

    Parameters
    ----------
    source : Source
        The submission.
    trees : list of ast.Module or SyntaxError
        Parsed from it.
    names : tuple of str
        The classes that the exercises ask for.

    Returns
    -------
    Outline

    Raises
    ------
    SyntaxError
        Of a notebook's cell, where no other cell defines one of the classes.
    """
    classes, bound, forbidden = set(), set(), ""
    # Only a text with one of the names can import them as a whole; few have to be searched deep.
    suspect = any(word in source.text for word in _OURS)
    bodies = [tree.body for tree in trees if isinstance(tree, ast.Module)]
    pending = [(node, True) for body in reversed(bodies) for node in reversed(body)]
    while pending:  # a loop, not a recursion: a hostile tree may be deep
        node, top = pending.pop()
        inner = top and not isinstance(node, _SCOPES)
        if inner or suspect:
            children = list(ast.iter_child_nodes(node))
            if not source.is_notebook and _is_main_guard(node):
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
    broken = [tree for tree in trees if isinstance(tree, SyntaxError)]
    if names and broken and not found and not forbidden:
        raise broken[0]
    return Outline(tuple(found), forbidden)


def _is_main_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__main__" in ast.dump(node.test)[:500]


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
