"""What the pages of the book say outside their code: citations, and numbers that somebody typed.

    python book/_tools/prose.py [PAGE ...]     list the typed numbers, and what vouches for each

A number in prose is computed beside it (glued, and so not typed), or something vouches for it:

- ``fact``: a citation stands in the same paragraph, and a row of ``book/claims.toml`` for that page
  and one of those keys states the number;
- ``set-up``: a code cell of the page holds it (0.05 vouches for "5%");
- ``question``: a question invents its case, and its answer takes the numbers up;
- ``listed``: ``book/typed_numbers.toml`` says why it may stand there.

Not numbers of this kind: names (``Sentinel-2``, ``16-bit``), 0 and 1, which bound a scale, numbers
of lists, sections and versions, the overview's reading time, and what stands in code or formulas.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"

#: A citation in a page, or in a row of the errata (a format string, so its braces are doubled).
CITE = re.compile(r"\{{1,2}cite:[\w:]+\}{1,2}`([^`]+)`")

# Replaced by nothing that could be taken for a number. The order matters.
_NO_PROSE = [
    re.compile(r"\$\$.*?\$\$", re.S),
    re.compile(r"(?<![\\`])\$[^$]+\$"),
    re.compile(r"\{[\w:,-]+\}`[^`]*`"),  # roles: glue, numref, doc, term
    re.compile(r"``?[^`]+``?"),  # inline code
    re.compile(r"\]\([^)]*\)"),  # where a link leads
    re.compile(r"https?://\S+|<[a-z/!][^>]*>"),
    re.compile(r"^\([\w-]+\)=$", re.M),  # labels
    re.compile(r"^#+ .*$", re.M),  # headings
    re.compile(r"^:{3,}.*$|^:\w+:.*$", re.M),  # the frame of admonitions
    re.compile(r"^\*\*Time\*\*:.*", re.S),  # an estimate; what a page costs is stored with it
    re.compile(r"\b510\(k\)"),
    re.compile(r"\b95%\s+(?:\w+\s+)?intervals?\b"),  # the level that the field agreed on
    re.compile(r"^\s*\d+\.(?=\s)|^\|\s*\d+\s*(?=\|)", re.M),  # the number of an item or row
]

_NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z][-‑–/])(?<!\d[,.])"  # within a word or a name: Sentinel-2
    r"\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][-+−]?\d+)?"
    r"(?![\w⁰¹²³⁴-⁹⁻]|-bit|[.,]\d)"  # nor a power of ten
)
# "Python 3.11", "Rule 11", "exercise 2": a name, as the word before it says
_NAMED = re.compile(
    r"(?:Python|version|release|Rule|Articles?|Annex|part|section|issue|[Ee]xercises?|Table|Figure|"
    r"Landsat|Collection|level|PNG|bands?|class|COVID|row|phase|Regulation \(EU\))"
    r"\s(?:[\w-]+ (?:and|to) )?$"
)


@dataclass(frozen=True)
class Typed:
    """A number typed in prose."""

    page: str
    line: int
    number: str
    around: str
    cited: tuple[str, ...]
    box: str  # "Question", "Answer", or nothing


def pages() -> list[Path]:
    """Every page written by hand."""
    return sorted(BOOK.glob("*.md"))


def blank(pattern: re.Pattern, text: str) -> str:
    """Replace what matches by spaces, so that line numbers stay true."""
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def parts(text: str) -> tuple[str, str]:
    """Split a page into its prose and its code, each with the line breaks of the page.

    The caption of a figure stands in a code cell's header and is prose.
    """
    prose, code = [], []
    state = "prose"
    indent = 0
    for number, line in enumerate(text.splitlines()):
        shown, source = "", ""
        if number == 0 and line == "---":
            state = "front"
        elif state == "front":
            state = "prose" if line == "---" else "front"
        elif state == "prose":
            if line.startswith("```"):
                state = "fence"
            else:
                shown = line
        elif line.startswith("```"):
            state = "prose"
        elif state == "fence" and line == "---":
            state = "header"
        elif state in ("header", "caption"):
            depth = len(line) - len(line.lstrip())
            if line == "---":
                state = "code"
            elif line.strip().startswith("caption:"):
                state, indent = "caption", depth
                shown = line.split("caption:", 1)[1].strip(" |>")
            elif state == "caption" and (depth > indent or not line.strip()):
                shown = line.strip()
            else:
                state = "header"
        elif line.startswith(":") and state == "fence":
            pass
        else:
            state = "code"
            source = line
        prose.append(shown)
        code.append(source)
    return "\n".join(prose), "\n".join(code)


def citations() -> dict[tuple[str, str], int]:
    """Count the citations of each (page, key); the errata's rows count for the page errata."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    sources = [(p.stem, p.read_text("utf-8")) for p in pages()]
    sources += [
        ("errata", p.read_text("utf-8")) for p in sorted((ROOT / "lessonlib/errata").glob("*.py"))
    ]
    for page, text in sources:
        for match in CITE.finditer(text):
            for key in match[1].split(","):
                found[page, key.strip()] += 1
    return dict(found)


def value(number: str) -> float:
    """Return the number that a text means: ``value("1,016") == 1016``."""
    return float(number.replace(",", "").replace("−", "-"))


def paragraphs(prose: str) -> Iterator[tuple[int, str]]:
    """Yield paragraphs (and items of lists, rows of tables) with the lines on which they begin."""
    start, held = 0, []
    for number, line in enumerate([*prose.splitlines(), ""], 1):
        fresh = re.match(r"\s*([-*|]|\d+\.)\s", line)
        if held and (not line.strip() or fresh):
            yield start, "\n".join(held)
            held = []
        if line.strip():
            start = start if held else number
            held.append(line)


def boxes(prose: str) -> list[str]:
    """Say of each line whether it stands in a question, in an answer, or in neither."""
    found, inside = [], ""
    for line in prose.splitlines():
        opens = re.match(r":::+\{(?:admonition|dropdown)\} (.*)", line)
        if opens:
            inside = opens[1].strip() if opens[1].strip() in ("Question", "Answer") else ""
        elif re.match(r":::+\s*$", line):
            inside = ""
        found.append(inside)
    return found


def typed(page: str, text: str) -> Iterator[Typed]:
    """Yield every number typed in the prose of a page."""
    prose, _ = parts(text)
    box = boxes(prose)
    prose = blank(_NO_PROSE[0], prose)  # a formula may hold an empty line
    for start, paragraph in paragraphs(prose):
        cited = tuple(k.strip() for m in CITE.finditer(paragraph) for k in m[1].split(","))
        clean = paragraph
        for pattern in _NO_PROSE:
            clean = blank(pattern, clean)
        for m in _NUMBER.finditer(clean):
            if value(m[0]) in (0, 1) or _NAMED.search(" ".join(clean[: m.start()].split()) + " "):
                continue
            around = " ".join(paragraph[max(0, m.start() - 45) : m.end() + 35].split())
            line = start + clean.count("\n", 0, m.start())
            yield Typed(page, line, m[0], around, cited, box[line - 1])


def constants(code: str) -> set[float]:
    """Collect the numbers of a page's code cells, also those in its strings and as a percentage."""
    found = set()
    for m in re.finditer(r"(?<![\w.])\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?|(?<![\w.])\.\d+", code):
        try:
            number = float(ast.literal_eval(m[0].lstrip("0") or "0"))
        except (SyntaxError, ValueError):
            continue
        found |= {number, round(100 * number, 9)}
    return found


def table(name: str, entry: str) -> list[dict]:
    """Entries of a table of the book."""
    with (BOOK / name).open("rb") as file:
        return tomllib.load(file).get(entry, [])


def stated() -> dict[tuple[str, str], set[float]]:
    """Return the numbers that the rows of claims.toml state, by (page, key)."""
    found = defaultdict(set)
    for row in table("claims.toml", "claim"):
        for m in _NUMBER.finditer(row["fact"]):
            found[row["page"], row["key"]].add(value(m[0]))
    return found


def vouchers(name: str, text: str) -> Iterator[tuple[Typed, str]]:
    """Yield each typed number of a page with the word for what vouches for it, or nothing."""
    facts = stated()
    listed = [e for e in table("typed_numbers.toml", "number") if e["page"] == name]
    known = constants(parts(text)[1])
    asked: set[float] = set()
    for found in typed(name, text):
        number = value(found.number)
        if found.box == "Question":
            asked.add(number)
        elif found.box != "Answer":
            asked.clear()
        if any(number in facts[name, key] for key in found.cited):
            yield found, "fact"
        elif number in known:
            yield found, "set-up"
        elif number in asked:
            yield found, "question"
        elif any(stands(e["text"], found, text) for e in listed):
            yield found, "listed"
        else:
            yield found, ""


def stands(snippet: str, found: Typed, text: str) -> bool:
    """Say whether a snippet stands on the page, holds the number, and covers its line."""
    words = r"\s+".join(re.escape(w) for w in snippet.split())
    pattern = rf"(?<![\w.]){re.escape(found.number)}(?![\w]|[.,]\d)"
    if not re.search(pattern, snippet):
        return False
    return any(
        text.count("\n", 0, m.start()) + 1 <= found.line <= text.count("\n", 0, m.end()) + 1
        for m in re.finditer(words, text)
    )


def main(names: list[str]) -> None:
    """Print every typed number of the pages named, or of all."""
    for page in pages():
        if names and page.stem not in names:
            continue
        for found, why in vouchers(page.stem, page.read_text("utf-8")):
            print(f"{page.name}:{found.line}: {found.number} [{why or 'NOTHING'}] {found.around}")


if __name__ == "__main__":
    main(sys.argv[1:])
