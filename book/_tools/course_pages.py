"""What the pages of the course say about themselves: title, overview, length, the terms they use.

The order of `_toc.yml` is the order of reading. Times stand once, in a page's overview; every table
of times is made from them, and a test holds them against `Page.estimate`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
#: The parts of the table of contents that are read in order, from the first page to the last.
READ_IN_ORDER = ("Chapters", "Exercises")
#: How fast this prose is read: an assumption, which `book/paths.md` states.
WORDS_A_MINUTE = 130
#: The frame of what `concept_table.py write` puts into an overview.
MADE, END = "<!-- made from book/concepts.csv -->", "<!-- end of what was made -->"

TERM = re.compile(r"\{term\}`(?:[^`<]*<([^`>]+)>|([^`]+))`")
_MADE = re.compile(rf"\n{MADE}\n.*?{END}\n", re.S)
_CELL = re.compile(r"^```\{code-cell\}.*?^```$", re.S | re.M)
_LINK = re.compile(r"\[[^\]]*\]\([\w-]+\.ipynb\)|\{(?:doc|numref|ref|cite:\w)\}`[^`]*`")
_FORMULA = re.compile(r"\$\$.*?\$\$", re.S)
_OVERVIEW = re.compile(r"^:::+\{admonition\} Overview\n(.*?)^:::+\s*$", re.S | re.M)
_NUMBER_WORDS = {"a": 1, "half a": 0.5, "less than a": 1, "about a": 1}
_UNIT = {"second": 1, "minute": 60}


@dataclass(frozen=True)
class Page:
    """A page that is read in order: its name in the table of contents, and its text."""

    name: str
    text: str
    docname: str

    @cached_property
    def title(self) -> str:
        """The first heading."""
        return re.search(r"^# (.+)$", self.text, re.M)[1].strip()

    @property
    def short(self) -> str:
        """The page's name in words, for figures and narrow columns."""
        words = self.name.removeprefix("exercise-").replace("-", " ")
        return f"Exercise: {words}" if self.name.startswith("exercise-") else words.capitalize()

    @cached_property
    def body(self) -> str:
        """The text without header, code, and what was made for its overview."""
        text = self.text.split("\n---\n", 1)[1] if self.text.startswith("---\n") else self.text
        return _MADE.sub("\n", _CELL.sub("", text))

    @cached_property
    def words(self) -> str:
        """The body without links and references, whose words are another page's."""
        return without_links(self.body)

    @cached_property
    def overview(self) -> str:
        """What the overview at the page's head says, or nothing."""
        found = _OVERVIEW.search(self.body)
        return found[1] if found else ""

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """What a reader will be able to do: the items of the overview's list."""
        found = re.search(r"\*\*You will be able to\*\*:?(.*)", self.overview, re.S)
        if not found:
            return ()
        items = re.split(r"^- ", found[1], flags=re.M)
        return tuple(" ".join(i.split()).rstrip(";.") for i in items if i.strip())

    def _stated(self, purpose: str) -> float | None:
        """Seconds that the overview states for a purpose: to read, to run."""
        time = re.search(r"\*\*Time\*\*:(.*?)(?:\n\n|\Z)", self.overview, re.S)
        amount = rf"((?:less than |about )?[\w ]+?) (second|minute)s? to {purpose}"
        found = re.search(amount, " ".join(time[1].split())) if time else None
        if not found:
            return None
        number = found[1].strip()
        count = float(number) if number.isdigit() else _NUMBER_WORDS.get(number)
        return None if count is None else count * _UNIT[found[2]]

    @cached_property
    def read_minutes(self) -> int:
        """Minutes to read: as the overview states, or estimated where it states none."""
        stated = self._stated("(?:read|leaf)")
        return round(stated / 60) if stated else max(1, round(self.estimate))

    @cached_property
    def run_seconds(self) -> float | None:
        """Seconds to run that the overview states."""
        return self._stated("run")

    @cached_property
    def solve(self) -> str:
        """What an exercise's overview says of the time to solve it, or nothing."""
        found = re.search(r"\*\*Time\*\*:\s*([\w\s]+?) to solve", self.overview)
        return " ".join(found[1].split()) if found else ""

    @cached_property
    def estimate(self) -> float:
        """Minutes to read, from what the page holds.

        So many words a minute, half a minute for a figure or a formula, four seconds for a line of
        code that is shown, a minute for a question. An assumption that fits our own reading.
        """
        cells = _CELL.findall(self.text)
        shown = [c for c in cells if "hide-input" not in c and "remove-" not in c]
        lines = sum(
            bool(line.strip()) and line[0] not in "`:-" for c in shown for line in c.split("\n")
        )
        captions = " ".join(
            re.findall(r"caption: \|\n(.*?)^  image:", "\n".join(cells), re.S | re.M)
        )
        words = re.findall(r"[A-Za-z][\w'’-]*", _FORMULA.sub("", self.body) + captions)
        pictures = sum("figure:" in c for c in cells) + len(_FORMULA.findall(self.body))
        questions = self.body.count("{admonition} Question")
        return len(words) / WORDS_A_MINUTE + pictures / 2 + lines / 15 + questions

    @cached_property
    def terms(self) -> frozenset[str]:
        """The glossary terms that the page links to, in lower case."""
        return frozenset(" ".join((a or b).split()).lower() for a, b in TERM.findall(self.body))


def without_links(text: str) -> str:
    """Return a text without its links and references."""
    return _LINK.sub("", text)


def load(root: Path = ROOT, parts: tuple[str, ...] = READ_IN_ORDER) -> dict[str, Page]:
    """Pages of the named parts of the table of contents, in order, by name."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    pages = {}
    for part in toc["parts"]:
        if part["caption"] not in parts:
            continue
        for chapter in part["chapters"]:
            name = Path(chapter["file"]).name
            text = (root / "book" / f"{name}.md").read_text("utf-8").replace("\r\n", "\n")
            pages[name] = Page(name, text, chapter["file"])
    return pages
