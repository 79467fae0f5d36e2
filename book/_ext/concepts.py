"""What the book makes of its table of concepts, `book/concepts.csv`, and of the overviews' times.

    ```{reading-times}             a table of chapters and exercises with the times they state
    ```{learning-path} clinician   a path of book/paths.csv: pages, times, what one can do then
    ```{concept-graph}             which chapter builds on which, as a picture and as a table
    ```{concept-index}             every concept: who introduces it, what it needs, who uses it

In the glossary, each term gets a link to the chapter that introduces it. A directive's content is
shown where there is no Sphinx (a notebook in JupyterLab) and replaced here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError

BOOK = Path(__file__).resolve().parents[1]
GLOSSARY = "book/glossary"
sys.path.insert(0, str(BOOK / "_tools"))  # the scripts there are no package

import concept_graph  # noqa: E402
import concept_table  # noqa: E402
import course_pages  # noqa: E402
import learning_paths  # noqa: E402
from made import Made  # noqa: E402


def link(page: course_pages.Page, words: str = "") -> str:
    return f"{{doc}}`{words or page.title} </{page.docname}>`"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Lines of a Markdown table."""
    head = list(head)
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def span(seconds: float | None) -> str:
    """A time in words short enough for a narrow column."""
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


class OfTheTables(Made):
    """Made from the tables of concepts and paths, and from the pages."""

    def sources(self):
        return [BOOK / "concepts.csv", BOOK / "paths.csv", *sorted(BOOK.glob("*.md"))]

    def run(self) -> list[nodes.Node]:
        self.concepts, self.pages = concept_table.read(), learning_paths.pages()
        taught = course_pages.load()
        self.taught = {n: p for n, p in self.pages.items() if n in taught}
        return super().run()


class ReadingTimes(OfTheTables):
    """Every page that is read in order, with the times that its overview states."""

    def markdown(self):
        tasks = [p for p in self.taught.values() if p.solve]
        texts = [p for p in self.taught.values() if not p.solve]
        hours = sum(p.read_minutes for p in texts) / 60
        rows = [(link(p), span(60 * p.read_minutes), span(p.run_seconds)) for p in texts]
        solved = [(link(p), p.solve, span(60 * p.read_minutes)) for p in tasks]
        return [
            *table(("chapter", "to read", "to run"), rows),
            "",
            f"That is {hours:.0f} hours for all of it, and the exercises:",
            "",
            *table(("exercise", "to solve", "to read afterwards"), solved),
        ]


class LearningPath(OfTheTables):
    """One path: its pages in order."""

    required_arguments = 1
    final_argument_whitespace = True

    def markdown(self):
        steps, minutes = [], 0
        for place, step in enumerate(learning_paths.read()[self.arguments[0]], 1):
            page = self.pages[step.page]
            minutes += page.read_minutes
            line = f"{place}. {link(page)}, {page.read_minutes} min"
            line += f" (and {page.solve} to solve)" if page.solve else ""
            line += f": you can {page.outcomes[step.outcome - 1]}." if step.outcome else "."
            if step.look_up:
                terms = ", ".join(f"{{term}}`{t}`" for t in step.look_up)
                line += f" *Look up first:* {terms}."
            steps.append(line)
        return [*steps, "", f"Together about {minutes / 60:.0f} hours of reading."]


class ConceptGraph(OfTheTables):
    """The chapters as a picture; the same in words for those who cannot see it."""

    def markdown(self):
        chapters = self.chapters()
        pages = {n: p for n, p in self.taught.items() if n in chapters}
        edges = concept_graph.edges(self.concepts, pages)
        rows = [
            (
                link(page, page.short),
                "; ".join(
                    f"{pages[source].short}: {', '.join(carried)}"
                    for (source, to), carried in edges.items()
                    if to == name
                )
                or "nothing before it",
            )
            for name, page in pages.items()
        ]
        return [
            "```{raw} html",
            concept_graph.svg(self.concepts, pages),
            "```",
            "",
            ":::{dropdown} The same as a table",
            *table(("chapter", "builds on"), rows),
            ":::",
        ]

    def chapters(self) -> set[str]:
        """Pages that introduce a concept."""
        return {c.chapter for c in self.concepts.values()}


class ConceptIndex(OfTheTables):
    """Every concept in alphabetical order."""

    def markdown(self):
        lines = []
        for concept in sorted(self.concepts.values(), key=lambda c: c.name.casefold()):
            users = [
                link(p, p.short)
                for p in self.taught.values()
                if p.name != concept.chapter and concept_table.uses(concept, p)
            ]
            needs = [f"{{term}}`{self.concepts[n].name}`" for n in concept.needs]
            home = self.taught[concept.chapter]
            said = [f"introduced in {link(home, home.short)}"]
            said += [f"needs {', '.join(needs)}"] if needs else []
            said += [f"used in {', '.join(users)}"] if users else []
            lines += [f"{{term}}`{concept.name}`", f": {'; '.join(said)}", ""]
        return lines


def say_where_introduced(app, doctree) -> None:
    """Add to each definition of the glossary a link to the chapter that introduces the term."""
    if app.env.docname != GLOSSARY:
        return
    app.env.note_dependency(str(BOOK / "concepts.csv"))
    concepts, pages = concept_table.read(), course_pages.load()
    for item in doctree.findall(nodes.definition_list_item):
        # The page is typeset: its apostrophes are curly, the table's are not.
        term = item[0].astext().lower().replace("’", "'")
        if term not in concepts:
            raise ExtensionError(f"the glossary's term {term!r} has no row in concepts.csv")
        concept = concepts[term]
        page = pages[concept.chapter]
        target = addnodes.pending_xref(
            refdomain="std", reftype="doc", reftarget=f"/{page.docname}", refexplicit=True
        )
        target["refdoc"], target["refwarn"] = GLOSSARY, True
        target += nodes.inline(text=page.title)
        said = nodes.paragraph(classes=["introduced"])
        said += [nodes.Text("Introduced in "), target, nodes.Text(".")]
        item[-1] += said


def setup(app):
    for kind in (ReadingTimes, LearningPath, ConceptGraph, ConceptIndex):
        name = "".join(f"-{c.lower()}" if c.isupper() else c for c in kind.__name__)
        app.add_directive(name.removeprefix("-"), kind)
    app.connect("doctree-read", say_where_introduced)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
