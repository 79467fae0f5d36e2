"""Starters and hints: made from the worked solutions, found wherever the package is installed.

A solution marks what a learner is to write::

    # solution:begin part a: draw the X-ray
    ...
    # solution:end

In the starter such a block becomes a line that raises ``NotImplementedError``; a block without a
part (an import, a helper) vanishes. ``python -m lessonlib.grading.starters`` writes all starters
of a checkout anew, ``--check`` only says which have drifted.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
from pathlib import Path

_CHECKOUT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"^(?P<indent> *)# solution:begin(?: part (?P<part>\w+): (?P<task>[^\n]*))?\n"
    r".*?^(?P=indent)# solution:end\n",
    re.M | re.S,
)
_PART = re.compile(
    r"^::::\{dropdown\} Hints for part `(\w+)`\n(.*?)^::::$", re.MULTILINE | re.DOTALL
)
_LEVEL = re.compile(r"^:::\{dropdown\} [^\n]*\n(.*?)^:::$", re.MULTILINE | re.DOTALL)


def directory() -> Path:
    """Return the folder of starters and hints: inside the installed package, or the checkout's."""
    installed = Path(__file__).parent / "exercises"
    return installed if installed.is_dir() else _CHECKOUT / "exercises"


def stem(name: str) -> str:
    """Return the file name, without suffix, of an exercise named by class, file or chapter.

    Parameters
    ----------
    name : str
        ``"FaceAligner"``, ``"face_aligner"``, ``"face_aligner.py"`` or ``"exercise-face-aligner"``.

    Returns
    -------
    str
        ``"face_aligner"``.

    Raises
    ------
    ValueError
        Where there is no such exercise; the message lists them.
    """
    wanted = name.removesuffix(".py").removesuffix(".ipynb").removeprefix("exercise-")
    wanted = wanted.replace("-", "").replace("_", "").lower()
    known = sorted(path.stem for path in directory().glob("*.py"))
    for candidate in known:
        if candidate.replace("_", "") == wanted:
            return candidate
    raise ValueError(f"name must be one of {', '.join(known)}, got {name!r}")


def start(name: str, into: str | Path = ".", *, notebook: bool = False) -> Path:
    """Copy a starter to where the learner wants it, never over a file that is there.

    Parameters
    ----------
    name : str
        The exercise, by class, file or chapter.
    into : str or Path
        The folder, made where it is missing.
    notebook : bool
        The notebook instead of the Python file.

    Returns
    -------
    pathlib.Path
        The copy.

    Raises
    ------
    ValueError
        Where there is no such exercise.
    FileExistsError
        Where the file is there already.
    """
    source = directory() / f"{stem(name)}{'.ipynb' if notebook else '.py'}"
    into = Path(into)
    into.mkdir(parents=True, exist_ok=True)
    target = into / source.name
    # "x" refuses an existing file in the same step that makes the new one.
    with source.open("rb") as original, target.open("xb") as copy:
        shutil.copyfileobj(original, copy)
    return target


def hints(name: str) -> dict[str, list[str]]:
    """Return all hints of an exercise: for each part the nudge, the method, almost the line.

    Parameters
    ----------
    name : str
        The exercise, by class, file or chapter.

    Returns
    -------
    dict of str to list of str
        Markdown texts, from the least to the most that they give away.
    """
    text = (directory() / f"{stem(name)}.md").read_text(encoding="utf-8")
    return {
        part: [hint.strip() for hint in _LEVEL.findall(body)] for part, body in _PART.findall(text)
    }


def hint(name: str, part: str, level: int = 1) -> str:
    """Return one hint of one part.

    Parameters
    ----------
    name : str
        The exercise, by class, file or chapter.
    part : str
        The part's id, ``"a"`` or ``"verify"`` or a method's name.
    level : int
        1 a nudge, 2 the method, 3 almost the line.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    ValueError
        Where there is no such exercise, part or level; the message lists what there is.
    """
    ladder = hints(name)
    if part not in ladder:
        raise ValueError(f"part must be one of {', '.join(ladder)}, got {part!r}")
    if not 1 <= level <= len(ladder[part]):
        raise ValueError(f"level must be 1 to {len(ladder[part])}, got {level!r}")
    return ladder[part][level - 1]


def strip(solution: str) -> str:
    """Make a starter of a solution's source.

    Parameters
    ----------
    solution : str
        The source with its marked blocks.

    Returns
    -------
    str
        The source with each block replaced by a line that raises, or by nothing.
    """
    (name,) = [node.name for node in ast.parse(solution).body if isinstance(node, ast.ClassDef)]

    def replace(block: re.Match) -> str:
        if block["part"] is None:
            return ""
        indent, part = block["indent"], block["part"]
        return (
            f"{indent}# Your code here. Stuck? lessonlib hint {name} {part}\n"
            f'{indent}raise NotImplementedError("part {part}: {block["task"]}")\n'
        )

    return re.sub(r"\n{4,}", "\n\n\n", _BLOCK.sub(replace, solution))


def as_notebook(starter: str) -> str:
    """Make the paired notebook of a starter, without outputs: the task, the class, a check.

    Parameters
    ----------
    starter : str
        A starter's source: docstring, imports, one class.

    Returns
    -------
    str
        The notebook's JSON.
    """
    module = ast.parse(starter)
    imports, (task, *_), cls = module.body[1:-1], module.body, module.body[-1]
    lines = starter.splitlines()
    code = "\n".join(lines[imports[0].lineno - 1 : imports[-1].end_lineno])
    body = "\n".join(lines[cls.lineno - 1 : cls.end_lineno])
    title, _, rest = task.value.value.strip().partition("\n")
    cells = [
        ("markdown", "task", f"# {title}\n{rest}"),
        ("code", "imports", code),
        ("code", "class", body),
        ("code", "check", f"from lessonlib.grading import check\n\ncheck({cls.name})"),
    ]
    notebook = {
        "cells": [_cell(kind, cell_id, source) for kind, cell_id, source in cells],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, cell_id: str, source: str) -> dict:
    cell = {"cell_type": kind, "id": cell_id, "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source.splitlines(keepends=True)}


def generated() -> dict[Path, str]:
    """Return the path and the text of every starter, as the checkout's solutions make them."""
    files = {}
    for solution in sorted((_CHECKOUT / "solutions").glob("[!_]*.py")):
        starter = strip(solution.read_text(encoding="utf-8"))
        files[_CHECKOUT / "exercises" / solution.name] = starter
        files[_CHECKOUT / "exercises" / f"{solution.stem}.ipynb"] = as_notebook(starter)
    return files


def main(arguments: list[str]) -> int:
    """Write the starters, or with ``--check`` only compare them; 1 where some have drifted."""
    drifted = [
        path
        for path, text in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in drifted:
        if "--check" not in arguments:
            path.write_text(generated()[path], encoding="utf-8", newline="\n")
        print(f"{'drifted' if '--check' in arguments else 'wrote'} {path.name}")
    return int(bool(drifted) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
