"""The words of a sentence, as Markdown or as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from posixpath import basename

from docutils import nodes
from sphinx.errors import ExtensionError

from .links import Links

#: Nodes that show nothing.
SILENT = {"comment", "target", "index", "substitution_definition", "tabular_col_spec", "wbr"}
_SPECIAL = re.compile(r"([\\`*\[\]$])|(?<![^\W_])(_)|(_)(?![^\W_])")


def text(words: str) -> str:
    """Plain words, so that Markdown shows them as they are."""
    words = words.replace("\x00", "").replace("\n", " ")
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return _SPECIAL.sub(lambda found: "\\" + found[0], words).replace("~~", "\\~\\~")


def code(words: str) -> str:
    """A piece of code within a sentence."""
    words = words.replace("\n", " ")
    fence = "`"
    while fence in words:
        fence += "`"
    space = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{space}{words}{space}{fence}"


def text_in_html(escaped: str) -> str:
    """Words that are escaped for HTML, where Markdown is read as well."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], escaped)


def anchor(name: str) -> str:
    return f'<a id="{escape(name)}"></a>'


def _letter(sign: str) -> bool:
    return bool(sign) and (sign.isalnum() or sign == "_")


def _beside(node: nodes.Element, step: int) -> str:
    """The words before (-1) or after (1) a node, in its sentence."""
    place = node.parent.index(node) + step
    return node.parent[place].astext() if 0 <= place < len(node.parent) else ""


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
        write = getattr(self, f"on_{name.lower()}", None)
        if write is None:
            raise ExtensionError(f"copies: <{name}> within a sentence is not known: {node}")
        return write(node)

    def styled(self, node, mark: str, tag: str) -> str:
        inner = self(node.children)
        bare = inner.strip()
        if not bare:
            return inner
        before, after = inner.split(bare, 1) if bare in inner else ("", "")
        # beside a letter, Markdown takes a mark as one only where its other side is a letter too
        glued = (_letter(_beside(node, -1)[-1:]) and not _letter(bare[0])) or (
            _letter(_beside(node, 1)[:1]) and not _letter(bare[-1])
        )
        inside = f"<{tag}>{bare}</{tag}>" if self.html or glued else f"{mark}{bare}{mark}"
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
        path, address = self.links.file(node["reftarget"])
        words = text(node.astext())
        if address:
            return f"[{words}]({address})"
        if path.startswith("exercises/"):  # a starter
            return f"{words} ({code(basename(path))}, which `make lab` puts beside this notebook)"
        return f"{words} ({code(path)})"

    def on_image(self, node):
        return self.links.picture(node)

    def on_raw(self, node):
        return raw(node)

    def on_passthroughtextelement(self, node):
        return self(node.children)

    on_abbreviation = on_title_reference = on_passthroughtextelement


def raw(node) -> str:
    """Comments show nothing; a drawing that a sanitizer would take away is named instead."""
    markup = re.sub(r"<!--.*?-->", "", node.astext(), flags=re.DOTALL).strip()
    if node.get("format") != "html" or not markup or "octicon" in markup or "thebe" in markup:
        return ""
    if re.fullmatch("</?code>", markup):
        return markup
    if markup == "<wbr>" or markup.startswith("<script>kernelName"):
        return ""
    if "<svg" in markup:
        return "The book's page shows this as a drawing; the table says the same."
    raise ExtensionError(f"copies: raw HTML that no notebook program shows: {markup[:80]}")
