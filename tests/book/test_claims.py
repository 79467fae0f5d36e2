"""Citations, the notes to their sources, and the numbers that the pages take from their cells."""

from __future__ import annotations

import datetime
import importlib.util
import json
import re
from pathlib import Path

import pytest
from pybtex.database import parse_file

from tests.book.conftest import ROOT

BOOK = ROOT / "book"
PAGES = sorted(BOOK.glob("*.md"))
_spec = importlib.util.spec_from_file_location("claims", BOOK / "_ext" / "claims.py")
claims = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(claims)

NOTES, CREDITED = claims.table()
CITED = claims.citations()
ENTRIES = parse_file(str(BOOK / "references.bib")).entries  # refuses what is malformed or double
QUOTED = re.compile(r'"([^"]+)"')


def addresses(entry) -> list[str]:
    """Return the DOI and the URL of an entry, as one writes them down."""
    fields = entry.fields
    found = [f"doi:{fields['doi'].lower()}"] if "doi" in fields else []
    url = fields.get("url", "") or "".join(re.findall(r"\\url\{([^}]+)\}", str(dict(fields))))
    return found + ([url] if url else [])


def test_every_cited_key_has_an_entry():
    assert not sorted(set(CITED) - set(ENTRIES)), "not in references.bib"


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_every_entry_is_cited_and_can_be_found(key):
    entry = ENTRIES[key]
    assert key in CITED, "nothing cites it: cite it or remove it"
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


def test_every_source_is_noted_or_credited_once():
    assert not set(NOTES) & set(CREDITED)
    assert len(set(CREDITED)) == len(CREDITED)
    known = set(NOTES) | set(CREDITED)
    assert not sorted(set(CITED) - known), "add a note to book/claims.toml: what does it say?"
    assert not sorted(known - set(CITED)), "nothing cites it any more: remove it"


@pytest.mark.parametrize("key", NOTES)
def test_a_note_says_what_was_found_and_how(key):
    note = NOTES[key]
    assert set(note) == {"page", "fact", "says", "where", "seen", "read"}
    assert note["seen"] in claims.SEEN
    assert isinstance(note["read"], datetime.date)
    for name in ("fact", "says", "where"):
        assert len(note[name].strip()) > 5, name
    assert note["fact"].endswith(".")
    for quotation in QUOTED.findall(note["says"]):
        assert len(quotation.split()) <= 20, "a quotation of more than twenty words"
    assert note["page"] in CITED[key], "its page does not cite it: move the note"


def test_the_list_of_references_claims_no_more_than_the_notes():
    """A text that a note says was not reached must not be called read in its entry."""
    for key, note in NOTES.items():
        entry = ENTRIES[key].fields.get("note", "")
        if note["seen"] == "title only":
            assert "read" not in entry, key
        if note["seen"] == "read before":
            assert "before" in entry, key
    assert "full text" not in claims.SEEN


def test_the_page_of_claims_shows_every_note_once():
    text = (BOOK / "claims.md").read_text("utf-8")
    shown = re.findall(r"^```\{claims\} (\S+)$", text, re.M)
    assert shown == [*dict.fromkeys(note["page"] for note in NOTES.values()), "credits"]
    named = re.findall(r"^First cited in \{doc\}`/(?:notebooks|book)/(\S+)`", text, re.M)
    assert named == shown[:-1]


def test_a_note_is_shown_with_its_source_its_day_and_the_other_pages():
    note = {
        "page": "faces",
        "fact": "Two is three.",
        "says": "It says so.",
        "where": "page 4",
        "seen": "abstract",
        "read": datetime.date(2026, 11, 3),
    }
    text = "\n".join(claims.markdown("a1", note, ["faces", "claims"]))
    assert text.startswith("- Two is three.\n")
    assert "{cite:p}`a1` It says so." in text
    assert "*Abstract seen on 3 November 2026: page 4.*" in text
    assert "Also cited in {doc}`/book/claims`." in text
    text = "\n".join(claims.markdown("a1", note | {"seen": "read before"}, ["faces"]))
    assert "*Read before and not reached again: page 4.*" in text
    assert "Also cited" not in text


def glued(notebook: Path) -> set[str]:
    """Names that the outputs of a stored notebook hold."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return {
        output["metadata"]["scrapbook"]["name"]
        for output in outputs
        if "scrapbook" in output.get("metadata", {})
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_glued_number_exists_and_is_used(page):
    text = page.read_text("utf-8")
    used = set(re.findall(r"\{glue:[a-z:]*\}`([^`]+)`", text))
    notebook = ROOT / "notebooks" / f"{page.stem}.ipynb"
    stored = glued(notebook) if notebook.exists() else set()
    assert not sorted(used - stored), "glued by no cell of the stored notebook: run it again"
    assert not sorted(stored - used), "glued, and used nowhere on the page: remove the glue"
