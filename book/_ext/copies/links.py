"""Where the links of a page lead in its copy: other copies, sources, the published book."""

from __future__ import annotations

import ast
import base64
import mimetypes
import posixpath
import re
import unicodedata
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError

GLOSSARY, REFERENCES = "book/glossary", "book/references"


class Course:
    """What the links of all pages share."""

    def __init__(self, app):
        self.env, self.builder, self.source = app.env, app.builder, Path(app.srcdir)
        self.numbers_of = app.config.numfig_format
        self.site = (app.config.html_baseurl or "").rstrip("/")
        address, _, branch = app.config.course_repository.rpartition("@")
        self.files = f"{address}/raw/{branch}" if address else ""
        self.labels: dict[str, set[str]] = {}
        for docname, name in app.env.get_domain("std").anonlabels.values():
            self.labels.setdefault(docname, set()).add(name)
        self._sources: dict[str, str] | None = None
        self._definitions: dict[str, str] | None = None

    def name(self, docname: str) -> str | None:
        """The file of a page's copy; None where a page has none."""
        if docname not in self.env.found_docs or docname.startswith("book/api/"):
            return None
        return f"{posixpath.basename(docname)}.ipynb"

    @property
    def sources(self) -> dict[str, str]:
        """Web addresses of what is cited, by the name of its place in the list of references."""
        if self._sources is None:
            self._sources = {}
            for citation in self.env.get_domain("cite").citations:
                fields = citation.entry.fields
                address = fields.get("url", "")
                if not address and "doi" in fields:
                    address = f"https://doi.org/{quote(fields['doi'])}"
                if not address and "eprint" in fields:
                    address = f"https://arxiv.org/abs/{fields['eprint']}"
                self._sources[citation.citation_id] = address
        return self._sources

    @property
    def definitions(self) -> dict[str, str]:
        """What the glossary says, by the name of a term's place in it."""
        if self._definitions is None:
            self._definitions = {}
            glossary = self.env.get_doctree(GLOSSARY)
            for item in glossary.findall(nodes.definition_list_item):
                said = next(iter(item.findall(nodes.paragraph)))
                for term in item.findall(nodes.term):
                    for name in term["ids"]:
                        self._definitions[name] = " ".join(self.in_words(said).split())
        return self._definitions

    def in_words(self, node: nodes.Node) -> str:
        """A paragraph as a tooltip can show it: no links, and formulas in Unicode."""
        if isinstance(node, nodes.math):
            return without_tex(node.astext())
        if isinstance(node, nodes.Text):
            return node.astext()
        if isinstance(node, addnodes.pending_xref) and node["reftype"] == "doc":
            docname = node["reftarget"].lstrip("/")
            return node.astext() if node["refexplicit"] else self.env.titles[docname].astext()
        return "".join(map(self.in_words, node.children))


def without_tex(formula: str) -> str:
    """A short formula in Unicode: Greek letters for their names, no braces."""

    def sign(found: re.Match) -> str:
        name = found[1]
        if name.lower() == "lambda":  # which Unicode spells otherwise
            return "λ" if name[0] == "l" else "Λ"
        try:
            kind = "CAPITAL" if name[0].isupper() else "SMALL"
            return unicodedata.lookup(f"GREEK {kind} LETTER {name.upper()}")
        except KeyError:
            return name

    return re.sub(r"\\([A-Za-z]+)", sign, formula).replace("{", "").replace("}", "")


class Links:
    """Links of one page."""

    def __init__(self, course: Course, docname: str):
        self.course, self.docname = course, docname
        self.attachments: dict[str, dict[str, str]] = {}  # of the text cell that is being written

    def wanted(self, node: nodes.Element) -> list[str]:
        """Names of a node that the book has a label for, and so perhaps a link to."""
        labels = self.course.labels.get(self.docname, set())
        return [name for name in node.get("ids", []) if name in labels]

    def number(self, node: nodes.Element) -> str:
        """``Fig. 3`` or ``Table 1``, as the book counts."""
        kind = "table" if isinstance(node, nodes.table) else "figure"
        numbers = self.course.env.toc_fignumbers.get(self.docname, {}).get(kind, {})
        for name in node["ids"]:
            if name in numbers:
                return self.course.numbers_of[kind] % ".".join(map(str, numbers[name]))
        return ""

    def follow(self, node: nodes.Element, title: str) -> tuple[str, str]:
        """Where a reference leads in the copy, and what is shown when one points at it."""
        if "refid" in node:
            return f"#{node['refid']}", title
        address = node.get("refuri", "")
        if not node.get("internal"):
            return address, title
        path, _, name = address.partition("#")
        here = posixpath.dirname(self.docname)
        docname = posixpath.normpath(posixpath.join(here, path)).removesuffix(".html")
        docname = docname if path else self.docname
        if docname == REFERENCES and self.course.sources.get(name):
            return self.course.sources[name], title
        if docname == GLOSSARY and name:
            if name not in self.course.definitions:
                raise ExtensionError(f"copies: the glossary has no term {name}")
            title = self.course.definitions[name]
        file = self.course.name(docname)
        if file is None:
            site = self.course.site
            return (f"{site}/{docname}.html" + f"#{name}" * bool(name) if site else ""), ""
        if docname == self.docname:
            return f"#{name}", title
        return file + f"#{name}" * bool(name), title

    def to_check(self, starter: str) -> str:
        """How an exercise is checked in a notebook: its class, written in a cell."""
        name = next(n.name for n in ast.parse(starter).body if isinstance(n, ast.ClassDef))
        code = f"from lessonlib import grading\n\ngrading.check({name})"
        return (
            "In this notebook, copy it into a new cell, write your solution there, and check it in "
            f"the next one:\n\n```python\n{code}\n```"
        )

    def file(self, target: str) -> tuple[str, str]:
        """A file's path in the repository, and its address; nothing where that is not known."""
        here = posixpath.dirname(self.docname)
        path = posixpath.normpath(posixpath.join(here, target))
        return path, f"{self.course.files}/{path}" if self.course.files else ""

    def picture(self, node: nodes.image) -> str:
        """A picture of the text, carried inside its cell."""
        path = self.course.source / node["uri"]
        kind = mimetypes.guess_type(path.name)[0] or "image/png"
        self.attachments[path.name] = {kind: base64.b64encode(path.read_bytes()).decode()}
        alt = " ".join(node.get("alt", "").split()).replace("[", "(").replace("]", ")")
        return f"![{alt}](attachment:{quote(path.name)})"
