"""The chapters and what they build on, drawn as arcs: inline SVG in the colours of the page.

One chapter a line, in the order of reading, so that the picture is as legible on a phone as on a
desk; an arc leads from the chapter that introduces concepts down to one that builds on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from concept_table import Concept, prerequisites
from course_pages import Page

_WIDTH, _PITCH, _TOP, _SPINE = 350, 34, 20, 168  # the spine is the line of the chapters' dots


def edges(
    concepts: Mapping[str, Concept], pages: Mapping[str, Page]
) -> dict[tuple[str, str], list[str]]:
    """Return the concepts that lead from one chapter to a later one."""
    return {
        (source, name): carried
        for name in pages
        for source, carried in prerequisites(concepts, pages, name).items()
    }


def svg(concepts: Mapping[str, Concept], pages: Mapping[str, Page]) -> str:
    """Draw the graph; its description names every arc."""
    line = {name: _TOP + i * _PITCH for i, name in enumerate(pages)}
    links = edges(concepts, pages)
    longest = max(line[b] - line[a] for a, b in links)
    arcs = []
    for (a, b), carried in links.items():
        # half an ellipse to the left of the spine; the wider, the further the chapters are apart
        height = line[b] - line[a]
        radius = 12 + (_SPINE - 26) * height / longest
        path = f"M{_SPINE},{line[a]} A{radius:.0f},{height / 2} 0 0 0 {_SPINE},{line[b]}"
        arcs.append(f'<path d="{path}" stroke-width="{1 + 0.6 * len(carried):.1f}"/>')
    dots, names = [], []
    for name, page in pages.items():
        own = sum(c.chapter == name for c in concepts.values())
        dots.append(f'<circle cx="{_SPINE}" cy="{line[name]}" r="5"/>')
        label = f"{escape(page.short)} ({own})" if own else escape(page.short)
        names.append(f'<text x="{_SPINE + 14}" y="{line[name] + 5}">{label}</text>')
    said = "; ".join(
        f"{page.short} on " + ", ".join(pages[a].short for a, b in links if b == name)
        for name, page in pages.items()
        if any(b == name for _, b in links)
    )
    return (
        f'<svg class="concept-graph" viewBox="0 0 {_WIDTH} {_TOP + _PITCH * len(pages) - 10}" '
        'role="img" aria-labelledby="concept-graph-title concept-graph-said" '
        'xmlns="http://www.w3.org/2000/svg">'
        '<title id="concept-graph-title">Which chapter builds on which</title>'
        f'<desc id="concept-graph-said">{escape(said)}.</desc>'
        f"<g>{''.join(arcs)}</g>{''.join(dots)}{''.join(names)}</svg>"
    )
