"""Markdown, with a little HTML, of what Sphinx knows of a page.

The nodes that come in are resolved: numbers stand in their sentences, references lead somewhere,
figures have their number. What goes out is shown alike by JupyterLab, VS Code, Colab, GitHub and
nbconvert: CommonMark, pipe tables, ``$…$``, and of HTML what JupyterLab's sanitizer lets through.
A node that is not known here stops the build, so that nothing is lost in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape

from docutils import nodes
from sphinx.errors import ExtensionError

from .inline import SILENT, Inline, anchor, raw, text, text_in_html
from .links import Links
from .tables import table

#: Jupyter's boxes, by what the book calls an admonition.
BOXES = {
    "overview": "success",
    "tip": "success",
    "caution": "warning",
    "warning": "warning",
    "danger": "danger",
    "error": "danger",
}
#: What tells the boxes apart. Words and links keep the theme's colours: JupyterLab's own coloured
#: boxes are as bright in its dark theme, where links are bright, too.
TINTS = {
    "info": "0, 150, 170",
    "success": "60, 160, 70",
    "warning": "240, 140, 0",
    "danger": "220, 50, 50",
}
_LINE_START = re.compile(r"^(\d+)([.)])(?=\s)|^([-+#>=~]|:::)")


def fenced(words: str, language: str = "") -> str:
    """Lines of code."""
    fence = "```"
    while fence in words:
        fence += "`"
    return f"{fence}{language}\n{words.rstrip()}\n{fence}"


def indent(block: str, by: str) -> str:
    """A block below the first line of a list's item."""
    first, *others = block.split("\n")
    return "\n".join([first, *(by + line if line.strip() else "" for line in others)])


def folded(summary: str, body: str) -> str:
    """Something to open: an answer, a hint, a solution."""
    # a margin, as Jupyter's own style sheets leave none below what can be opened
    start = '<details style="margin-bottom: 1em">'
    return f"{start}\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def box(kind: str, heading: str, body: str) -> str:
    """A box as Jupyter's own style sheets draw it, but for its colours."""
    tint = TINTS[kind]
    style = f"border-left: 4px solid rgb({tint}); background-color: rgba({tint}, 0.12)"
    start = f'<div class="alert" style="{style}">'
    return f"{start}\n\n<strong>{heading}</strong>\n\n{body}\n\n</div>"


class Blocks:
    """Paragraphs, lists, tables, boxes."""

    def __init__(self, links: Links):
        self.links = links
        self.inline, self.html = Inline(links), Inline(links, html=True)

    def __call__(self, children: Iterable[nodes.Node]) -> str:
        return "\n\n".join(filter(None, map(self.one, children)))

    def one(self, node: nodes.Node) -> str:
        name = type(node).__name__
        if name in SILENT:
            return ""
        write: Callable | None = getattr(self, f"on_{name.lower()}", None)
        if write is None:
            raise ExtensionError(f"copies: <{name}> is not known: {str(node)[:200]}")
        return write(node)

    def heading(self, title: nodes.title, level: int, names: Iterable[str] = ()) -> str:
        named = "".join(map(anchor, names))
        return f"{'#' * min(level, 6)} {named}{self.inline(title.children).strip()}"

    def on_paragraph(self, node):
        words = self.inline(node.children).strip()
        found = _LINE_START.match(words)
        if found and found[1]:
            return f"{found[1]}\\{words[len(found[1]) :]}"
        return "\\" + words if found else words

    def on_section(self, node):  # within a box; a page's own sections become cells
        title, *rest = node.children
        return "\n\n".join([f"**{self.inline(title.children)}**", self(rest)])

    def on_rubric(self, node):
        return f"**{self.inline(node.children).strip()}**"

    def on_transition(self, node):
        return "---"

    def on_raw(self, node):
        return raw(node)

    def on_math_block(self, node):
        tex = node.astext().strip()
        return tex if node.get("nowrap") else f"$$\n{tex}\n$$"

    def on_literal_block(self, node):
        language = node.get("language", "")
        plain = {"default", "none", "text", "myst-ansi", ""}
        lines = fenced(node.astext(), "" if language in plain else language)
        if "live-exercise" in node["classes"]:  # on the page one writes and checks it in place
            lines += f"\n\n{self.links.to_check(node.astext())}"
        return lines

    def on_doctest_block(self, node):
        return fenced(node.astext(), "python")

    def on_block_quote(self, node):
        return "\n".join(f"> {line}".rstrip() for line in self(node.children).split("\n"))

    # --- lists ---

    def items(self, node, marks: Iterable[str]) -> str:
        written = []
        for item, mark in zip(node.children, marks, strict=False):
            blocks = [block for block in map(self.one, item.children) if block]
            written.append(mark + indent("\n\n".join(blocks), " " * len(mark)))
        loose = any("\n\n" in item for item in written)
        return ("\n\n" if loose else "\n").join(written)

    def on_bullet_list(self, node):
        return self.items(node, ["- "] * len(node.children))

    def on_enumerated_list(self, node):
        start = node.get("start", 1)
        return self.items(node, [f"{k}. " for k in range(start, start + len(node.children))])

    def on_definition_list(self, node):
        written = []
        for item in node.children:
            terms = [child for child in item.children if isinstance(child, nodes.term)]
            words = ", ".join(self.inline(term.children).strip() for term in terms)
            said = [self(child.children) for child in item.children if child not in terms]
            written.append("- " + indent(f"**{words}**\n\n" + "\n\n".join(said), "  "))
        return "\n\n".join(written)

    def on_glossary(self, node):
        """A heading a term, which links can lead to."""
        written = []
        for item in node.findall(nodes.definition_list_item):
            for child in item.children:
                if isinstance(child, nodes.term):
                    written.append(self.heading(child, 3, child["ids"]))
                else:
                    written.append(self(child.children))
        return "\n\n".join(written)

    def on_citation(self, node):
        label, *rest = node.children
        named = "".join(map(anchor, node["ids"]))
        return f"{label.astext()}. {named}{indent(self(rest), '   ')}"

    def on_field_list(self, node):
        return "\n".join(
            f"- **{self.inline(field[0].children)}** {self(field[1].children)}"
            for field in node.children
        )

    # --- boxes ---

    def on_admonition(self, node):
        title, *rest = node.children
        heading, body = self.html(title.children), self(rest)
        if "dropdown" in node["classes"]:
            return folded(heading, body)
        kinds = [BOXES[name] for name in node["classes"] if name in BOXES]
        return box(kinds[0] if kinds else "info", heading, body)

    def plain_box(self, node):
        name = type(node).__name__
        return box(BOXES.get(name, "info"), name.capitalize(), self(node.children))

    on_note = on_tip = on_important = on_warning = on_caution = on_hint = plain_box
    on_danger = on_attention = on_error = plain_box

    def on_seealso(self, node):
        return box("info", "See also", self(node.children))

    def on_dropdown_main(self, node):
        title, *rest = node.children
        return folded(self.html(title.children).strip(), self(rest))

    def on_container(self, node):
        if "claim-source" in node["classes"]:
            return f"<small>\n\n{self(node.children)}\n\n</small>"
        if node.get("design_component") == "card":
            title, *rest = node[0].children
            words = "".join(self.inline(child.children) for child in title.children)
            more = [self.inline([child]) for child in node.children[1:]]
            return "\n\n".join([f"**{words}**", self(rest), *(f"→ {link}" for link in more)])
        return self(node.children)

    def on_compound(self, node):
        return self(node.children)

    on_topic = on_compound

    def on_caption(self, node):
        return self.inline(node.children)

    def on_part(self, node):  # of the quizzes
        css = node["classes"]
        if "quiz-choices" in css:
            return "\n".join(
                f"- **{letter}** {indent(self(choice.children), '  ')}"
                for letter, choice in zip("ABCDEFGH", node.children, strict=False)
            )
        if "quiz-answer" in css:
            summary, reasons = node.children
            told = [
                f"- **{self.inline(label.children)}**: {indent(self(said.children), '  ')}"
                for label, said in (reason.children for reason in reasons.children)
            ]
            return folded(self.html(summary.children), "\n".join(told))
        if "quiz-number" in css:
            return f"**{self.inline(node.children)}**"
        unit = node["attributes"].get("data-unit")
        blocks = self(node.children)
        if unit:  # what is asked for, before the answer
            question, answer = blocks.rsplit("<details", 1)
            return f"{question}*Answer in {text(unit)}.*\n\n<details{answer}"
        return blocks

    # --- tables and figures ---

    def on_table(self, node):
        return table(self, node)

    def on_figure(self, node):
        picture = "".join(self.inline([child]) for child in node.findall(nodes.image))
        return "\n\n".join([picture, self.caption(node)])

    def on_image(self, node):
        return self.links.picture(node)

    def caption(self, node) -> str:
        """Number, caption, and the picture in words, below a figure."""
        said = [self.inline(part.children).strip() for part in node.findall(nodes.caption)]
        number = self.links.number(node)
        named = "".join(anchor(name) for name in self.links.wanted(node))
        words = " ".join(filter(None, [f"**{number}**" if number else "", *said]))
        blocks = [named + words]
        for image in node.findall(nodes.image):
            if image.get("alt", "").strip():
                alt = escape(" ".join(image["alt"].split()), quote=False)
                blocks.append(folded("The figure in words", text_in_html(alt)))
        return "\n\n".join(blocks)
