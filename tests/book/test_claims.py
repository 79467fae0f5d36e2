"""The outside facts, their sources, and the numbers that the pages type."""

from __future__ import annotations

import datetime
import importlib.util
import json
import re
from pathlib import Path

import prose  # book/_tools, on the path by conftest
import pytest
from pybtex.database import parse_file

from tests.book.conftest import ROOT

BOOK = ROOT / "book"
_spec = importlib.util.spec_from_file_location("claims", BOOK / "_ext" / "claims.py")
claims = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(claims)

ROWS = claims.rows()
CITED = prose.citations()
ENTRIES = parse_file(str(BOOK / "references.bib")).entries  # refuses what is malformed or double
QUOTED = re.compile(r'"([^"]+)"')
NUMBERS = prose.table("typed_numbers.toml", "number")
REASONS = {"set-up", "arithmetic", "count", "date", "example", "fact", "data", "convention"}


def addresses(entry) -> list[str]:
    """Return the DOI and the URL of an entry, as one writes them down."""
    fields = entry.fields
    found = [f"doi:{fields['doi'].lower()}"] if "doi" in fields else []
    url = fields.get("url", "") or "".join(re.findall(r"\\url\{([^}]+)\}", str(dict(fields))))
    return found + ([url] if url else [])


def test_every_cited_key_has_an_entry():
    lost = sorted({f"{page}: {key}" for page, key in CITED if key not in ENTRIES})
    assert not lost, "not in references.bib"


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_every_entry_is_cited_and_can_be_found(key):
    entry = ENTRIES[key]
    assert key in {k for _, k in CITED}, "nothing cites it: cite it or remove it"
    assert "title" in entry.fields
    assert entry.persons or "author" in entry.fields
    where = addresses(entry)
    assert where, "neither DOI nor URL"
    assert all(re.match(r"doi:10\.\d{4,9}/\S+$|https?://\S+$", a) for a in where), where


def test_no_source_has_two_entries():
    seen: dict[str, str] = {}
    for key, entry in ENTRIES.items():
        for address in addresses(entry):
            assert address not in seen, f"{key} and {seen[address]} are one source: {address}"
            seen[address] = key


def test_every_citation_has_a_row_and_every_row_a_citation():
    stated = {(row["page"], row["key"]) for row in ROWS}
    assert not sorted(set(CITED) - stated), (
        "add a row to book/claims.toml: what does the source say?"
    )
    assert not sorted(stated - set(CITED)), "the page no longer cites it: remove the row"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['page']}-{row['key']}")
def test_a_row_says_what_was_found_and_how(row):
    assert set(row) == {"page", "key", "fact", "says", "where", "seen", "read"}
    assert row["seen"] in claims.SEEN
    assert isinstance(row["read"], datetime.date)
    for name in ("fact", "says", "where"):
        assert len(row[name].strip()) > 5, name
    assert row["fact"].rstrip().endswith(".")
    for quotation in QUOTED.findall(row["says"]):
        assert len(quotation.split()) <= 20, "a quotation of more than twenty words"


def test_the_page_of_claims_shows_every_page_once():
    text = (BOOK / "claims.md").read_text("utf-8")
    shown = re.findall(r"^```\{claims\} (\S+)$", text, re.M)
    assert sorted(shown) == sorted({row["page"] for row in ROWS})
    assert re.findall(r"^Stated in \{doc\}`/(?:notebooks|book)/(\S+)`", text, re.M) == shown


def glued(notebook: Path) -> set[str]:
    """Names that the outputs of a stored notebook hold."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return {
        output["metadata"]["scrapbook"]["name"]
        for output in outputs
        if "scrapbook" in output.get("metadata", {})
    }


@pytest.mark.parametrize("page", prose.pages(), ids=lambda page: page.stem)
def test_every_glued_number_exists_and_is_used(page):
    text = page.read_text("utf-8")
    used = set(re.findall(r"\{glue:[a-z:]*\}`([^`]+)`", text))
    notebook = ROOT / "notebooks" / f"{page.stem}.ipynb"
    stored = glued(notebook) if notebook.exists() else set()
    assert not sorted(used - stored), "glued by no cell of the stored notebook: run it again"
    assert not sorted(stored - used), "glued, and used nowhere on the page: remove the glue"


@pytest.mark.parametrize("page", prose.pages(), ids=lambda page: page.stem)
def test_every_typed_number_is_vouched_for(page):
    lost = [
        f"{page.name}:{found.line}: {found.number} in “{found.around}”"
        for found, why in prose.vouchers(page.stem, page.read_text("utf-8"))
        if not why
    ]
    assert not lost, (
        "numbers typed in prose. A measured one: glue it from its cell. A cited one: state it in "
        "the `fact` of its row in book/claims.toml. Any other: say in book/typed_numbers.toml why "
        "it stands there.\n" + "\n".join(lost)
    )


@pytest.mark.parametrize("entry", NUMBERS, ids=lambda e: f"{e['page']}-{e['text'][:30]}")
def test_every_listed_number_is_still_there(entry):
    assert set(entry) == {"page", "text", "kind", "why"}
    assert entry["kind"] in REASONS
    assert len(entry["why"].strip()) > 5
    path = BOOK / f"{entry['page']}.md"
    needed = [
        found
        for found, why in prose.vouchers(path.stem, path.read_text("utf-8"))
        if why == "listed" and prose.stands(entry["text"], found, path.read_text("utf-8"))
    ]
    assert needed, "the page no longer needs this entry: remove it"


PAGE = """---
kernelspec: x
---

# A page of 17 words

{intro}

```{{code-cell}} ipython3
---
mystnb:
  figure:
    name: fig-x
    caption: |
      Of {caption} films.
  image:
    alt: The 99 films.
---
level = 0.05  # and 250
```
"""


@pytest.mark.parametrize(
    ("intro", "caption", "found"),
    [
        ("We saw 41 films in 0.5 s.", "3", ["41", "0.5", "3"]),
        ("At the 5% level, of 250.", "1", []),  # both stand in the code
        ("Sentinel-2, 16-bit, 2D, Python 3.11 and [issue 80](x/77).", "1", []),
        ("Glued {glue:text}`n_12`, $x = 12$, `a[12]`, and 10⁻¹².", "1", []),
        ("Of 1,016 devices and 2.5 million.", "1", ["1,016", "2.5"]),
        ("12. a list\n13. of items\n\n| 14 | of 15 |", "1", ["15"]),
        ("With a 95% interval, or with 95%.", "1", ["95"]),
    ],
)
def test_the_scanner_finds_typed_numbers(intro, caption, found):
    text = PAGE.format(intro=intro, caption=caption)
    assert [f.number for f, why in prose.vouchers("x", text) if not why] == found


def test_the_scanner_knows_questions_citations_and_lines(monkeypatch):
    rows = {
        "claims.toml": [{"page": "x", "key": "a1", "fact": "Of 86 films."}],
        "typed_numbers.toml": [{"page": "x", "text": "on 7 days", "kind": "count", "why": "so"}],
    }
    monkeypatch.setattr(prose, "table", lambda name, entry: rows[name])
    text = (
        "Of 86 films {cite:p}`a1`.\n\nOf 86 films.\n\n:::{admonition} Question\nOf 33?\n:::\n\n"
        ":::{dropdown} Answer\nOf 33, or 34.\n:::\n\nNo 33 here, but on\n7 days, not 7.\n\nAnd 7."
    )
    why = [(f.line, f.number, why) for f, why in prose.vouchers("x", text)]
    assert why == [
        (1, "86", "fact"),
        (3, "86", ""),
        (6, "33", "question"),
        (10, "33", "question"),
        (10, "34", ""),
        (13, "33", ""),
        (14, "7", "listed"),
        (14, "7", "listed"),
        (16, "7", ""),
    ]
