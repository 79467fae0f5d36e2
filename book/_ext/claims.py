"""The directive ``claims``: the notes of ``book/claims.toml`` to the sources of one page.

    ```{claims} governance
    ```

    ```{claims} credits
    ```

Each note says what the course takes from a source, and under it, smaller, what was found there,
where, and how it was seen. A source that several pages cite has one note, under one of them, which
names the others. The second form lists the sources that are credited and not noted. A list and not
a table, so that it can be read on a phone.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections import defaultdict
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "book" / "claims.toml"

#: How a source can have been seen, and what the page says for it.
SEEN = {
    "abstract": "abstract seen",
    "excerpt": "part of the text seen",
    "page": "page seen",
    "documentation": "documentation seen",
    "source code": "source code seen",
    "secondary": "not seen itself, but a copy or a report of it",
    "read before": "read before and not reached again",
    "title only": "title and address confirmed, text not reached",
}

#: The day on which a note was made that does not say so.
READ = datetime.date(2026, 11, 23)

#: A citation in a page, or in a row of the errata (a format string, so its braces are doubled).
CITE = re.compile(r"\{{1,2}cite:[\w:]+\}{1,2}`([^`]+)`")


def table() -> tuple[dict[str, dict], list[str]]:
    """Return the notes by key, each with its page and its day, and the keys that are credited."""
    with TABLE.open("rb") as file:
        data = tomllib.load(file)
    credited = data.pop("credits")
    notes = {}
    for page, sources in data.items():
        for key, note in sources.items():
            if key in notes:
                raise ExtensionError(f"claims.toml has two notes to {key}")
            notes[key] = {"page": page, "read": READ, **note}
    return notes, credited


def citations() -> dict[str, list[str]]:
    """Return the pages that cite each key; the errata's rows count for the page errata."""
    texts = [(path.stem, path) for path in sorted((ROOT / "book").glob("*.md"))]
    texts += [("errata", path) for path in sorted((ROOT / "lessonlib" / "errata").glob("*.py"))]
    found: dict[str, list[str]] = defaultdict(list)
    for page, path in texts:
        for match in CITE.finditer(path.read_text("utf-8")):
            for key in match[1].split(","):
                if page not in found[key.strip()]:
                    found[key.strip()].append(page)
    return dict(found)


def link(page: str) -> str:
    """Return a link to a page, wherever the book has it."""
    folder = "notebooks" if (ROOT / "notebooks" / f"{page}.ipynb").exists() else "book"
    return f"{{doc}}`/{folder}/{page}`"


def markdown(key: str, note: dict, pages: list[str]) -> list[str]:
    """Return the lines of MyST that show one note."""
    day = f"{note['read']:%d %B %Y}".lstrip("0")
    seen = SEEN[note["seen"]] + ("" if note["seen"] == "read before" else f" on {day}")
    where = note["where"].rstrip(".")
    if where != "the page" and where != note["seen"]:  # said already
        seen += f": {where}"
    others = [link(page) for page in pages if page != note["page"]]
    also = [f"  Also cited in {', '.join(others)}."] if others else []
    return [
        f"- {note['fact']}",
        "",
        "  :::{container} claim-source",
        f"  {{cite:p}}`{key}` {note['says']}",
        f"  *{seen[0].upper() + seen[1:]}.*",
        *also,
        "  :::",
        "",
    ]


class Claims(SphinxDirective):
    """The notes of one page, or the sources that are credited."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        page = self.arguments[0]
        self.env.note_dependency(str(TABLE))
        notes, credited = table()
        if page == "credits":
            lines = [f"{{cite:p}}`{','.join(credited)}`"]
        else:
            pages = citations()
            lines = [
                line
                for key, note in notes.items()
                if note["page"] == page
                for line in markdown(key, note, pages.get(key, []))
            ]
        if not lines:
            raise ExtensionError(f"{self.env.docname}: claims.toml has no note under {page!r}")
        box = nodes.container(classes=["claims"])
        self.state.nested_parse(StringList(lines, source=str(TABLE)), 0, box)
        return [box]


def setup(app):
    app.add_directive("claims", Claims)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
