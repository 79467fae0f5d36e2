"""The cell that a copy begins with: where it comes from, what it needs, how to get that."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

CODE = Path(__file__).with_name("start.py")
#: What is imported by another name than people know it by.
KNOWN_AS = {"sklearn": "scikit-learn", "skimage": "scikit-image", "imblearn": "imbalanced-learn"}
UNKNOWN = (
    "This copy does not know the address of the course's repository: `repository.url` in its "
    "`_config.yml` is empty."
)


@dataclass(frozen=True)
class Origin:
    """The course as its copies name it; `address` is empty where nobody has set it."""

    title: str
    address: str
    version: str
    site: str


def version(folder: Path, branch: str) -> str:
    """Return the commit that is checked out, or the branch where Git does not know one."""
    command = ["git", "-C", str(folder), "rev-parse", "--verify", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return branch
    return done.stdout.strip() if done.returncode == 0 else branch


def imported(notebook: nbformat.NotebookNode) -> list[str]:
    """Packages that the code of a notebook imports, without Python's own."""
    found = set()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    own = {"lessonlib", "solutions", "benchmarks"}
    others = found - own - sys.stdlib_module_names - {"IPython"}
    return [name for name in sorted(own) if name in found] + sorted(others)


def comes_from(page: str, docname: str, origin: Origin) -> str:
    """Say what this is a copy of."""
    name = f"[{page}]({origin.site}/{docname}.html)" if origin.site else f"*{page}*"
    said = f"This notebook is a copy of the page {name} of the book *{origin.title}*"
    if not origin.address:
        return f"{said}. {UNKNOWN}"
    short = origin.version[:7] if len(origin.version) == 40 else origin.version
    return f"{said}, made from [{short}]({origin.address}/tree/{origin.version})."


def code_cell(
    notebook: nbformat.NotebookNode, page: str, docname: str, origin: Origin
) -> nbformat.NotebookNode:
    """Return the first cell of a notebook with code, its words stored as its output."""
    needed, course = imported(notebook), notebook.metadata.get("course", {})
    variable = course.get("needs", "")
    listed = ", ".join(f"`{KNOWN_AS.get(name, name)}`" for name in needed)
    about = f"{comes_from(page, docname, origin)} It needs Python 3.11 or newer and {listed}"
    about += f", and the file that the environment variable `{variable}` names" * bool(variable)
    about += ". Where links lead to other pages, their copies lie in the same folder."
    # without an address the commit says nothing, and every commit would make another copy
    commit = origin.version if origin.address else ""
    values = (about, needed, variable, course.get("file", ""), origin.address, commit)
    call = f"look_around(\n{''.join(f'    {value!r},{chr(10)}' for value in values)})"
    source = f"{CODE.read_text('utf-8').rstrip()}\n\n\n{call}\ndel look_around"
    told = f"{about}\n\n**Run this cell first:** it says whether all of that is here."
    cell = nbformat.v4.new_code_cell(source)
    data = {"text/markdown": told, "text/plain": "<IPython.core.display.Markdown object>"}
    cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    cell.metadata["jupyter"] = {"source_hidden": True}
    return cell


def text_cell(page: str, docname: str, origin: Origin) -> nbformat.NotebookNode:
    """Return the first cell of a page without code."""
    said = f"{comes_from(page, docname, origin)} It has no code."
    return nbformat.v4.new_markdown_cell(said)
