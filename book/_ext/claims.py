"""The directive ``claims``: the rows of ``book/claims.toml`` that belong to one page, as a list.

    ```{claims} governance
    ```

Each row says what the book states, and under it, smaller, where it was looked up and what was found
there. A list and not a table, so that it can be read on a phone.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

TABLE = Path(__file__).resolve().parents[1] / "claims.toml"

#: How a source can have been seen, and what the page says for it.
SEEN = {
    "full text": "full text read",
    "abstract": "abstract read",
    "excerpt": "part of the text read",
    "web page": "page read",
    "docs page": "documentation read",
    "source code": "source code read",
    "secondary": "not read itself, but reported or reproduced by others",
    "title only": "title and address confirmed, text not reached",
}


def rows() -> list[dict]:
    """Every row of the table."""
    with TABLE.open("rb") as file:
        return tomllib.load(file)["claim"]


def markdown(row: dict) -> list[str]:
    """Return the lines of MyST that show one row."""
    says = f"{SEEN[row['seen']]} on {row['read']:%d %B %Y}".replace(" 0", " ")
    where = row["where"].rstrip(".")
    if where not in (row["seen"], "the page"):  # said already
        says += f": {where}"
    return [
        f"- {row['fact']}",
        "",
        "  :::{container} claim-source",
        f"  {{cite:p}}`{row['key']}` {row['says']}",
        f"  *{says}.*",
        "  :::",
        "",
    ]


class Claims(SphinxDirective):
    """The rows of one page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        page = self.arguments[0]
        self.env.note_dependency(str(TABLE))
        chosen = [row for row in rows() if row["page"] == page]
        if not chosen:
            raise ExtensionError(f"{self.env.docname}: claims.toml has no row with page = {page!r}")
        lines = [line for row in chosen for line in markdown(row)]
        box = nodes.container(classes=["claims"])
        self.state.nested_parse(StringList(lines, source=str(TABLE)), 0, box)
        return [box]


def setup(app):
    app.add_directive("claims", Claims)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
