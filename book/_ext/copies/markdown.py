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

from .links import Links

#: Jupyter's boxes, by what the book calls an admonition.
BOXES = {
    "overview": "success",
    "tip": "success",
    "caution": "warning",
    "warning": "warning",
    "danger": "danger",
    "error": "danger",
}
#: Nodes that show nothing.
SILENT = {"comment", "target", "index", "substitution_definition", "tabular_col_spec", "wbr"}
_SPECIAL = re.compile(r"([\\`*\[\]$])|(?<![^\W_])(_)|(_)(?![^\W_])")
_LINE_START = re.compile(r"^(\d+)([.)])(?=\s)|^([-+#>=~]|:::)")


def text(words: str) -> str:
    """Plain words, so that Markdown shows them as they are."""
    words = words.replace("\x00", "").replace("\n", " ")
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace("~~", "\\~\\~")
    return _SPECIAL.sub(lambda found: "\\" + found[0], words)


def code(words: str) -> str:
    """A piece of code within a sentence."""
    words = words.replace("\n", " ")
    fence = "`"
    while fence in words:
        fence += "`"
    space = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{space}{words}{space}{fence}"


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
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def anchor(name: str) -> str:
    return f'<a id="{escape(name)}"></a>'


class Inline:
    """Words of a sentence: as Markdown, or as HTML where Markdown is not read (a summary)."""

    def __init__(self, links: Links, html: bool = False):
        self.links, self.html = links, html

    def __call__(self, children: Iterable[nodes.Node]) -> str:
        return "".join(self.one(child) for child in children)

    def one(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.Text):
            return escape(node.astext(), quote=False) if self.html else text(node.astext())
        name = type(node).__name__
        if name in SILENT:
            return ""
        write = getattr(self, f"on_{name}", None)
        if write is None:
            raise ExtensionError(f"copies: <{name}> within a sentence is not known: {node}")
        return write(node)

    def styled(self, node, mark: str, tag: str) -> str:
        inner = self(node.children)
        bare = inner.strip()
        if not bare:
            return inner
        before, after = inner.split(bare, 1) if bare in inner else ("", "")
        # Markdown closes emphasis at a letter's edge only, HTML anywhere
        plain = not self.html and bare[0].isalnum() and bare[-1].isalnum()
        inside = f"{mark}{bare}{mark}" if plain else f"<{tag}>{bare}</{tag}>"
        return f"{before}{inside}{after}"

    def on_emphasis(self, node):
        return self.styled(node, "*", "em")

    def on_strong(self, node):
        return self.styled(node, "**", "strong")

    def on_subscript(self, node):
        return f"<sub>{self(node.children)}</sub>"

    def on_superscript(self, node):
        return f"<sup>{self(node.children)}</sup>"

    def on_literal(self, node):
        if self.html:
            return f"<code>{escape(node.astext(), quote=False)}</code>"
        return code(node.astext())

    on_literal_strong = on_literal_emphasis = on_literal

    def on_math(self, node):
        return f"${' '.join(node.astext().split())}$"

    def on_inline(self, node):
        if any(name.startswith("sd-summary-state") for name in node["classes"]):
            return ""  # the book's own arrow
        named = "".join(anchor(name) for name in self.links.wanted(node))
        return named + self(node.children)

    def on_reference(self, node):
        words, title = self(node.children), node.get("reftitle", "")
        if node.children and isinstance(node[0], nodes.image):
            return words
        address, title = self.links.follow(node, title)
        if not address:
            return words
        if self.html:
            shown = f' title="{escape(title)}"' if title else ""
            return f'<a href="{escape(address)}"{shown}>{words}</a>'
        title = title.replace("\\", "\\\\").replace('"', "&quot;")
        shown = f' "{title}"' if title else ""
        return f"[{words}]({address}{shown})"

    on_number_reference = on_reference

    def on_download_reference(self, node):
        address = self.links.file(node["reftarget"])
        words = self(node.children)
        return f"[{words}]({address})" if address else words

    def on_image(self, node):
        return self.links.picture(node)

    def on_raw(self, node):
        return _raw(node)

    def on_PassthroughTextElement(self, node):
        return self(node.children)

    on_abbreviation = on_title_reference = on_PassthroughTextElement


def _raw(node) -> str:
    """Comments show nothing; a drawing that a sanitizer would take away is named instead."""
    markup = re.sub(r"<!--.*?-->", "", node.astext(), flags=re.DOTALL).strip()
    if node.get("format") != "html" or not markup or "octicon" in markup or "thebe" in markup:
        return ""
    if markup.startswith("<script>kernelName"):
        return ""
    if "<svg" in markup:
        return "The book's page shows this as a drawing; the table says the same."
    raise ExtensionError(f"copies: raw HTML that no notebook program shows: {markup[:80]}")


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
        write: Callable | None = getattr(self, f"on_{name}", None)
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
        return _raw(node)

    def on_math_block(self, node):
        tex = node.astext().strip()
        return tex if node.get("nowrap") else f"$$\n{tex}\n$$"

    def on_literal_block(self, node):
        language = node.get("language", "")
        plain = {"default", "none", "text", "myst-ansi", ""}
        return fenced(node.astext(), "" if language in plain else language)

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

    def on_Part(self, node):  # of the quizzes
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
            question, answer = blocks.rsplit("<details>", 1)
            return f"{question}*Answer in {text(unit)}.*\n\n<details>{answer}"
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


def text_in_html(escaped: str) -> str:
    """Words that are escaped for HTML, where Markdown is read as well."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], escaped)


def box(kind: str, heading: str, body: str) -> str:
    """A box as Jupyter's own style sheets draw it."""
    return f'<div class="alert alert-{kind}">\n\n<strong>{heading}</strong>\n\n{body}\n\n</div>'


def table(blocks: Blocks, node: nodes.table) -> str:
    """A pipe table; every cell of this book's tables is a sentence or a list of short lines."""
    group = next(iter(node.findall(nodes.tgroup)))
    rows = [
        [_cell(blocks, entry) for entry in row.children] for row in group.findall(nodes.row)
    ]
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
