"""One page's copy: its text as plain cells between the stored notebook's own code cells."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx import addnodes

from . import first_cell
from .blocks import Blocks
from .links import Course, Links

#: What the book does with a cell by its tags, in the words of Jupyter's own metadata.
FOLDED = {
    "source_hidden": {"hide-input", "hide-cell", "remove-input", "remove-cell"},
    "outputs_hidden": {"hide-output", "hide-cell", "remove-output", "remove-cell"},
}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def writes_labels(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell prints the book's own labels and links, which its page resolves.

    Its output stays as it is, folded; what the page makes of it follows as text.
    """
    written = [output.get("data", {}).get("text/markdown", "") for output in cell.outputs]
    return any("{#" in text or "](#" in text for text in written)


def plain(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A stored code cell without the book's labels, folded where the book folds it."""
    tags = set(cell.metadata.get("tags", []))
    copy = nbformat.from_dict(cell)
    hidden = {key: True for key, own in FOLDED.items() if tags & own}
    if writes_labels(cell):
        hidden["outputs_hidden"] = True
    copy.metadata = nbformat.from_dict({"jupyter": hidden} if hidden else {})
    return copy


class Copy:
    """The copy of a page, made by walking once through what Sphinx knows of it."""

    def __init__(self, course: Course, docname: str, stored: nbformat.NotebookNode | None):
        self.course, self.docname, self.stored = course, docname, stored
        self.links = Links(course, docname)
        self.blocks = Blocks(self.links)
        self.cells: list[nbformat.NotebookNode] = []
        self.waiting: list[str] = []  # blocks of the text cell that is being written
        self.listed = False
        self.given = 0  # how many cells of the stored notebook are dealt with

    def walk(self, children, level: int = 1) -> None:
        for node in children:
            if isinstance(node, nodes.section):
                self.flush()
                title, *rest = node.children
                names = self.links.wanted(node)
                self.waiting.append(self.blocks.heading(title, level, names))
                self.walk(rest, level + 1)
            elif isinstance(node, nodes.Element) and node.get("nb_element") == "cell_code":
                self.give(node["cell_index"] + 1)
                self.waiting += [self.blocks.caption(f) for f in node.findall(nodes.figure)]
                if writes_labels(self.stored.cells[node["cell_index"]]):
                    self.waiting.append(self.blocks(node[-1].children))
            elif isinstance(node, nodes.compound) and "toctree-wrapper" in node["classes"]:
                self.contents(node)
            else:
                self.waiting.append(self.blocks.one(node))

    def contents(self, wrapper: nodes.compound) -> None:
        """The pages of one part of the book in its order, in a section of their own."""
        env, caption = self.course.env, wrapper.get("caption")
        trees = env.get_doctree(self.docname).findall(addnodes.toctree)
        for tree in trees:
            if tree.get("caption") != caption:
                continue
            files = [(self.course.name(docname), docname) for _, docname in tree["entries"]]
            lines = [
                f"- [{self.blocks.inline(env.titles[docname].children)}]({file})"
                for file, docname in files
                if file
            ]
            if not self.listed:
                self.flush()
                self.waiting.append("## All pages, in their order")
            self.listed = True
            self.waiting += [f"**{caption}**"] * bool(caption) + ["\n".join(lines)]

    def flush(self) -> None:
        source = "\n\n".join(filter(None, self.waiting))
        self.waiting = []
        if source:
            cell = nbformat.v4.new_markdown_cell(source)
            if self.links.attachments:
                cell["attachments"] = self.links.attachments
                self.links.attachments = {}
            self.cells.append(cell)

    def give(self, until: int) -> None:
        """Hand on the stored code cells before a place, those that the page leaves out too."""
        self.flush()
        for cell in self.stored.cells[self.given : until]:
            if cell.cell_type == "code":
                self.cells.append(plain(cell))
        self.given = until

    def finish(self, page: str, origin: first_cell.Origin) -> nbformat.NotebookNode:
        """Return the notebook, with its first cell and ids that depend on nothing but place."""
        self.flush()
        if self.stored is None:
            first = first_cell.text_cell(page, self.docname, origin)
        else:
            self.give(len(self.stored.cells))
            first = first_cell.code_cell(self.stored, page, self.docname, origin)
        cells = [first, *self.cells]
        for i, cell in enumerate(cells):
            cell["id"] = hashlib.sha1(f"{self.docname} {i}".encode()).hexdigest()[:8]
        metadata = {
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "course": {"copy_of": self.docname},
        }
        return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def make(course: Course, docname: str, doctree: nodes.document, origin) -> nbformat.NotebookNode:
    """Return the copy of a page."""
    source = Path(course.env.doc2path(docname))
    stored = nbformat.read(source, 4) if source.suffix == ".ipynb" else None
    copy = Copy(course, docname, stored)
    copy.walk(doctree.children)
    return copy.finish(course.env.titles[docname].astext(), origin)


def write(notebook: nbformat.NotebookNode, target: Path) -> None:
    """Store a copy, whole or not at all."""
    nbformat.validate(notebook)
    temporary = target.with_suffix(".tmp")
    nbformat.write(notebook, temporary)
    os.replace(temporary, target)
