"""A directive that writes Markdown made from files, and is made anew when one of them changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


class Made(SphinxDirective, ABC):
    """What `markdown` returns stands in place of the directive's own content."""

    has_content = True

    @abstractmethod
    def sources(self) -> Iterable[Path]:
        """Files that the text is made from."""

    @abstractmethod
    def markdown(self) -> list[str]:
        """Lines of Markdown."""

    def run(self) -> list[nodes.Node]:
        for path in self.sources():
            self.env.note_dependency(str(path))
        holder = nodes.container(classes=[self.name])
        made = StringList(self.markdown(), source=self.get_source_info()[0])
        self.state.nested_parse(made, self.content_offset, holder)
        return [holder]
