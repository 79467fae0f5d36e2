"""What is stored of the chapters: their notebooks, whether these are right, and whether old.

Two things can be wrong, and they are told apart. A notebook has a *fault* where it is not what its
page says: other cells, a stored error, no notebook at all. It is *stale* where the code that it ran
has changed since; its outputs may still be right. A fault fails the tests. Staleness is told, and
refused at a release.

A notebook in notebooks/ that has no page is the reader's own, and nothing here looks at it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

# Two seconds less: without it a package that nbformat imports does not check web addresses, which
# no notebook's schema has, and so compiles no grammar for them.
sys.modules.setdefault("rfc3987_syntax", None)

import jupytext  # noqa: E402
import nbformat  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BOOK, NOTEBOOKS = ROOT / "book", ROOT / "notebooks"
COVER = "index"  # the chapter whose first picture README.md shows
STALE = "is older than the code it ran"

# As ipykernel calls itself. Where a stored notebook says the same, JupyterLab has nothing to add to
# it, and opens it unchanged.
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def chapters() -> list[tuple[Path, Path]]:
    """Pairs (page, notebook) of every page under book/ that has a jupytext header."""
    pages = [
        p for p in sorted(BOOK.glob("*.md")) if "format_name: myst" in p.read_text("utf-8")[:400]
    ]
    return [(p, NOTEBOOKS / f"{p.stem}.ipynb") for p in pages]


def relative(path: Path) -> str:
    """A path of the repository as messages put it."""
    return path.relative_to(BOOK.parent).as_posix()


def digest(files: list[str], notebook: nbformat.NotebookNode) -> str:
    """Fingerprint of a notebook's code and of repository files (as paths relative to the root)."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    h = hashlib.sha256(json.dumps(code).encode())
    for name in files:
        path = ROOT / name
        h.update(name.encode())
        h.update(path.read_bytes().replace(b"\r\n", b"\n") if path.is_file() else b"gone")
    return h.hexdigest()


def cells_digest(notebook: nbformat.NotebookNode) -> str:
    """Fingerprint of what somebody can write into a notebook: the kinds and texts of its cells."""
    cells = [[cell.cell_type, cell.source] for cell in notebook.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:16]


def from_page(page: Path) -> nbformat.NotebookNode:
    """The notebook of a page, not run yet, with cell ids that depend on nothing but the place."""
    notebook = jupytext.read(page)
    course = notebook.metadata.get("course", {})
    wanted = {key: course[key] for key in ("needs", "file") if key in course}
    # That the two are a pair stands in the page's header alone. In the notebook, Jupytext's part of
    # JupyterLab would take it for an order to write the page, in its own style, at every saving.
    notebook.metadata = nbformat.NotebookNode(
        {"kernelspec": dict(KERNEL)} | ({"course": wanted} if wanted else {})
    )
    for i, cell in enumerate(notebook.cells):
        cell["id"] = hashlib.sha1(f"{page.stem}-{i}".encode()).hexdigest()[:8]
    return notebook


def read(target: Path) -> nbformat.NotebookNode | None:
    """A stored notebook, not validated, or None where there is none that can be read."""
    try:
        return nbformat.reader.reads(target.read_text("utf-8"))
    except (OSError, ValueError, AttributeError, KeyError, nbformat.reader.NotJSONError):
        return None


def beside(target: Path, word: str) -> Path:
    """A name beside a file that nothing has yet: ``faces.yours.ipynb``, ``faces.yours-2.ipynb``."""
    names = (
        f"{target.stem}.{word}{f'-{i}' if i > 1 else ''}{target.suffix}" for i in range(1, 999)
    )
    return next(path for name in names if not os.path.lexists(path := target.with_name(name)))


def write_whole(target: Path, content: bytes) -> None:
    """Write a file, whole or not at all, by way of a name that nobody else can have."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(name, 0o644)
    os.replace(name, target)


def keep_edits(target: Path) -> Path | None:
    """Copy a notebook whose cells somebody has edited to a name beside it, and say so."""
    there = read(target)
    if there is None:
        if not target.exists() or not target.read_bytes().strip():
            return None
    else:
        made = there.metadata.get("course", {}).get("cells")
        if made in (None, cells_digest(there)):
            return None
    kept = beside(target, "yours")
    kept.write_bytes(target.read_bytes())
    print(f"{relative(target)} was edited: that is kept as {relative(kept)}")
    return kept


def store(notebook: nbformat.NotebookNode, target: Path) -> None:
    """Write a notebook in the place of the stored one; what somebody edited there is kept."""
    notebook.metadata["course"]["cells"] = cells_digest(notebook)
    nbformat.validate(notebook)
    keep_edits(target)
    write_whole(target, (nbformat.writes(notebook).rstrip("\n") + "\n").encode())


def renew_text(page: Path, target: Path) -> bool:
    """Store a page's text beside outputs whose code has not changed; False where it has."""
    stored = read(target)
    if stored is None:
        return False
    fresh, made = from_page(page), stored.metadata.get("course", {})
    wanted = fresh.metadata.get("course", {})
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    mine = [cell for cell in fresh.cells if cell.cell_type == "code"]
    if any(made.get(key) != wanted.get(key) for key in ("needs", "file")):
        return False
    if [cell.source for cell in code] != [cell.source for cell in mine]:
        return False
    fresh.metadata = stored.metadata
    for new, old in zip(mine, code, strict=True):
        new.outputs, new.execution_count = old.outputs, old.execution_count
    store(fresh, target)
    return True


def fault(page: Path, target: Path) -> str | None:
    """What is wrong with a stored notebook, or None."""
    if not target.exists():
        return "is missing"
    try:
        notebook = nbformat.read(target, 4)
    except (ValueError, nbformat.reader.NotJSONError) as error:
        return f"is no notebook ({error})"
    fresh = from_page(page)
    mine = [(c.cell_type, c.source, c.metadata) for c in fresh.cells]
    theirs = [(c.cell_type, c.source, c.metadata) for c in notebook.cells]
    if mine != theirs:
        return f"is out of step with {relative(page)}"
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return f"stores an error: {output.ename}: {output.evalue}"
            if output.output_type == "stream" and output.name == "stderr":
                return f"stores a warning: {output.text.strip().splitlines()[-1]}"
    return None


def stale(target: Path) -> str | None:
    """That the code which a stored notebook ran has changed since, or None."""
    notebook = read(target)
    if notebook is None:
        return None  # a fault, and not of age
    made = notebook.metadata.get("course", {})
    fresh = made.get("fingerprint") == digest(made.get("made_from", []), notebook)
    return None if fresh else STALE


def old_names() -> list[str]:
    """Names of the chapters whose notebooks are stale, in the order of the alphabet."""
    return [page.stem for page, target in chapters() if stale(target)]


def age_line(names: list[str]) -> str:
    """One line that says which notebooks are stale."""
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    one = len(names) == 1
    return (
        f"{len(names)} notebook{' is' if one else 's are'} older than the code "
        f"{'it' if one else 'they'} ran ({shown}): make notebooks runs {'it' if one else 'them'}"
    )


def cover(notebook: Path) -> bytes:
    """The first picture that a notebook stores, as PNG."""
    for cell in nbformat.read(notebook, 4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                return base64.b64decode(output.data["image/png"])
    raise ValueError(f"{relative(notebook)} stores no picture")


def cover_file() -> Path:
    """Where README.md finds that picture."""
    return BOOK / "_static" / "mosaic.png"
