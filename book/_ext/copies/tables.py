"""Tables as Markdown knows them, with bars."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes

from .inline import anchor

if TYPE_CHECKING:
    from .blocks import Blocks


def table(blocks: Blocks, node: nodes.table) -> str:
    """A pipe table; every cell of this book's tables is a sentence or a list of short lines."""
    group = next(iter(node.findall(nodes.tgroup)))
    rows = [[_cell(blocks, entry) for entry in row.children] for row in group.findall(nodes.row)]
    heads = sum(len(list(head.findall(nodes.row))) for head in group.findall(nodes.thead))
    if heads == 0:
        rows.insert(0, [""] * len(rows[0]))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, f"|{' --- |' * len(rows[0])}")
    titles = [child for child in node.children if isinstance(child, nodes.title)]
    number = blocks.links.number(node)
    named = "".join(anchor(name) for name in blocks.links.wanted(node))
    said = [f"**{number}**"] * bool(number) + [blocks.inline(t.children) for t in titles]
    above = named + " ".join(said)
    return "\n\n".join(filter(None, [above, "\n".join(lines)]))


def _cell(blocks: Blocks, entry: nodes.entry) -> str:
    lines = []
    for child in entry.children:
        if isinstance(child, nodes.bullet_list):
            lines += [f"• {blocks(item.children)}" for item in child.children]
        else:
            lines.append(blocks.one(child))
    words = "<br>".join(filter(None, lines)).replace("\n", " ")
    # a bar within a formula or a piece of code would end the cell
    return re.sub(r"(?<!\\)\|", r"\\|", words)
