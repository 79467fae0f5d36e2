"""The table of concepts, `book/concepts.csv`: who introduces each, what it needs, who uses it.

    python book/_tools/concept_table.py write    put "From earlier chapters" into every overview
    python book/_tools/concept_table.py check    name what is wrong with the table or the pages

The overviews get Markdown rather than a directive, because most pages are notebooks, too: who opens
one in JupyterLab, on Colab or on Binder has no Sphinx and needs to know the same. What stands on
pages of the book alone is made from the table by the extension `book/_ext/concepts.py`.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from course_pages import END, MADE, ROOT, Page, load, without_links

MEND = "python book/_tools/concept_table.py write"
_YOU_NEED = re.compile(r"^\*\*You need\*\*:.*?\n\n", re.S | re.M)
_BOX = re.compile(rf"{MADE}\n.*?{END}\n\n", re.S)


@dataclass(frozen=True)
class Concept:
    """A row of the table; `needs` are names of other rows."""

    name: str
    chapter: str
    needs: tuple[str, ...] = ()

    @cached_property
    def plain(self) -> re.Pattern | None:
        """What finds the concept in running text, or None where its name is an everyday word."""
        if " " not in self.name and self.name == self.name.lower():
            return None
        words = r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]", self.name))
        return re.compile(rf"(?<![\w`-]){words}s?(?![\w`-])", 0 if self.name.isupper() else re.I)


def read(path: Path = ROOT / "book" / "concepts.csv") -> dict[str, Concept]:
    """Read the table; rows by name in lower case, in the order of the file."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [row["concept"].lower() for row in rows]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(f"{path.name} has rows of the same name: {', '.join(twice)}")
    return {
        name: Concept(
            row["concept"],
            row["chapter"],
            tuple(n.strip().lower() for n in row["needs"].split(";") if n.strip()),
        )
        for name, row in zip(names, rows, strict=True)
    }


def glossary(root: Path = ROOT) -> set[str]:
    """The terms of the glossary, in lower case."""
    text = (root / "book" / "glossary.md").read_text("utf-8")
    return {m[1].strip().lower() for m in re.finditer(r"^(\S.*)\n  \S", text, re.M)}


def closure(concepts: Mapping[str, Concept], names: set[str]) -> set[str]:
    """Return the named concepts and all that they need, directly or not."""
    found, ahead = set(), set(names)
    while ahead:
        found |= ahead
        ahead = {need for name in ahead for need in concepts[name].needs} - found
    return found


def unmarked(page: Page, concept: Concept, home: Page) -> bool:
    """Say whether a page first names a concept in a paragraph without a link to its chapter."""
    if not concept.plain.search(page.words):
        return False
    links = (f"]({home.name}.ipynb)", f"/{home.name}`", f"/{home.name}>`")
    for paragraph in re.split(r"\n\s*\n", page.body):
        if concept.plain.search(without_links(paragraph)):
            return not any(link in paragraph for link in links)
    return False


@cache
def uses(concept: Concept, page: Page) -> bool:
    """Say whether a page links a concept to the glossary, or names it more than in passing."""
    if concept.name.lower() in page.terms:
        return True
    return bool(concept.plain) and len(concept.plain.findall(page.words)) > 1


def prerequisites(
    concepts: Mapping[str, Concept], pages: Mapping[str, Page], name: str
) -> dict[str, list[str]]:
    """Return, by chapter, the concepts of earlier chapters that a page uses or builds on."""
    built_on = {need for c in concepts.values() if c.chapter == name for need in c.needs}
    wanted = built_on | {key for key, c in concepts.items() if uses(c, pages[name])}
    earlier = list(pages)[: list(pages).index(name)]
    return {
        page: found
        for page in earlier
        if (found := [c.name for k, c in concepts.items() if k in wanted and c.chapter == page])
    }


def box(concepts: Mapping[str, Concept], pages: Mapping[str, Page], name: str) -> str:
    """Markdown for the overview of a page: what earlier chapters have introduced; or nothing."""
    needed = prerequisites(concepts, pages, name)
    if not needed:
        return ""
    listed = [
        f"- [{pages[page].title}]({page}.ipynb): " + ", ".join(f"{{term}}`{c}`" for c in found)
        for page, found in needed.items()
    ]
    return "\n".join([MADE, "**From earlier chapters**", "", *listed, "", END, "", ""])


def boxed(page: Page, made: str) -> str:
    """Return a page's text with its box renewed, below what it says one needs."""
    text = _BOX.sub("", page.text)
    return _YOU_NEED.sub(lambda m: m[0] + made, text, count=1) if page.overview else text


def faults(
    concepts: Mapping[str, Concept], pages: Mapping[str, Page], terms: set[str]
) -> list[str]:
    """Name what is wrong with the table, or with pages that use a concept before its chapter."""
    place = {name: i for i, name in enumerate(pages)}
    found = [f"glossary: {t!r} has no row in concepts.csv" for t in sorted(terms - set(concepts))]
    sound = {}
    for key, concept in concepts.items():
        if concept.chapter not in pages:
            found.append(f"{concept.name}: no chapter is called {concept.chapter!r}")
            continue
        if key not in terms:
            found.append(f"{concept.name}: the glossary has no such term")
        elif key not in pages[concept.chapter].terms:
            found.append(f"{concept.name}: {concept.chapter} does not link it to the glossary")
        found += [
            f"{concept.name}: needs {n!r}, no concept" for n in concept.needs if n not in concepts
        ]
        sound[key] = concept
    for key, concept in sound.items():
        needs = [n for n in concept.needs if n in sound]
        late = [n for n in needs if place[sound[n].chapter] > place[concept.chapter]]
        found += [f"{concept.name}: needs {n!r}, which {sound[n].chapter} introduces" for n in late]
        if not set(concept.needs) <= set(concepts):
            continue
        if any(key in closure(sound, {n}) for n in needs if closes(sound, n)):
            found.append(f"{concept.name}: needs itself, by way of {', '.join(needs)}")
        for page in list(pages.values())[: place[concept.chapter]]:
            home = pages[concept.chapter]
            if key in page.terms or (concept.plain and unmarked(page, concept, home)):
                found.append(f"{page.name}: uses {concept.name!r}, which {home.name} introduces")
    return found


def closes(concepts: Mapping[str, Concept], name: str) -> bool:
    """Say whether everything that a concept needs is in the table."""
    try:
        closure(concepts, {name})
    except KeyError:
        return False
    return True


def main(command: str) -> int:
    """Write the overviews, or check them and the table; return the exit status."""
    concepts, pages = read(), load()
    wrong = faults(concepts, pages, glossary())
    for page in pages.values():
        new = boxed(page, box(concepts, pages, page.name))
        if new == page.text:
            continue
        if command == "write":
            (ROOT / "book" / f"{page.name}.md").write_text(new, encoding="utf-8", newline="\n")
            print(f"book/{page.name}.md: its overview was renewed")
        else:
            wrong.append(f"book/{page.name}.md: its overview is out of step; run {MEND}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    if sys.argv[1:] not in (["write"], ["check"]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
