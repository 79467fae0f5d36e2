"""The form of the rows, and the page made from them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from lessonlib import errata
from lessonlib.errata.page import links

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "book" / "errata.md").read_text(encoding="utf-8")
ROWS = errata.rows()


def example(**changes):
    fields = {
        "id": "E4.2",
        "claim": "two is three",
        "verdict": "FALSE",
        "finding": "it is {number:.1f}",
        "lesson": "Count.",
        "where": "fig-count",
        "measure": lambda seeds: {"number": 2 * seeds / seeds},
    }
    return errata.Row(**(fields | changes))


def labels() -> set[str]:
    """Every label that the book defines: targets, figures, and anchors on the errata page."""
    found = {row.anchor for row in ROWS}
    for page in (ROOT / "book").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        found |= set(re.findall(r"^\(([\w-]+)\)=$", text, re.M))
        found |= set(re.findall(r"^ *:?name: ([\w-]+)$", text, re.M))
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_row_leads_somewhere(row):
    assert row.where.strip()
    for item in row.where.split():
        if not item.startswith("tests/"):
            assert item in labels(), f"{row.id}: no page has the label {item}"
            continue
        path, _, name = item.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert not name or name.split("[")[0] in defined, f"{row.id}: {item} does not exist"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_dollars_are_escaped(row):
    """A bare dollar sign would begin mathematics on the page."""
    text = " ".join((row.claim, row.finding, row.lesson))
    prices = re.findall(r"(?<!\\)\$(?=\d|\{)", text)
    assert not prices, f"{row.id}: write \\$ for a price"


def test_the_page_shows_every_section_once():
    shown = re.findall(r'^done\.part\("(\w+)"\)$', PAGE, re.M)
    assert sorted(shown) == sorted({row.section for row in ROWS})
    # without it the cell's links would not be resolved
    assert PAGE.count("markdown_format: myst") == len(shown) + 1


def test_rows_are_sorted_and_their_ids_unique():
    ids = [row.id for row in ROWS]
    assert len(set(ids)) == len(ids)
    assert [row.order for row in ROWS] == sorted(row.order for row in ROWS)
    keys = [example(id=i).order for i in ("E4.3", "E10.1", "X1.2", "X1.10", "F9")]
    assert keys == sorted(keys)


def test_two_rows_of_one_id_are_refused(monkeypatch):
    from lessonlib.errata import e4

    monkeypatch.setattr(e4, "ROWS", [*e4.ROWS, e4.ROWS[0]])
    with pytest.raises(ValueError, match=r"E4\.1"):
        errata.rows()


def test_a_finding_holds_the_measured_number():
    row = example()
    assert row.fields == ["number"]
    assert row.statement(5) == "it is 2.0"
    assert (row.section, row.anchor) == ("E4", "errata-e4-2")
    assert example(id="F11").section == "F"


@pytest.mark.parametrize(
    ("measured", "shown"),
    [(4e-15, "10⁻¹²"), (0.0, "10⁻¹²"), (2e-9, "10⁻⁸"), (1e-9, "10⁻⁹"), (9.7e-7, "10⁻⁶")],
)
def test_rounding_errors_are_shown_as_bounds(measured, shown):
    row = example(finding="off by {number:.1e}, 3e+04", measure=lambda seeds: {"number": measured})
    assert row.statement(1) == f"off by {shown}, 3e+04"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "4.2"}, "id must look like"),
        ({"verdict": "WRONG"}, "verdict must be one of"),
        ({"measure": None}, "measure is None"),
    ],
)
def test_rows_out_of_form_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        example(**changes)


def test_a_number_that_was_not_measured_is_named():
    with pytest.raises(KeyError, match="number"):
        example(measure=lambda seeds: {"other": 1}).statement(5)
    with pytest.raises(ValueError, match="seeds"):
        example().statement(0)


def test_table_parts_counts_and_markdown():
    rows = [example(), example(id="E4.3", verdict="TRUE"), example(id="X1.1", claim="a | b")]
    done = errata.table(rows, seeds=3)
    assert done.counts == {"TRUE": 1, "FALSE": 2}
    assert [row.id for row in done.part("E4").rows] == ["E4.2", "E4.3"]
    with pytest.raises(ValueError, match="E4, X1"):
        done.part("E5")
    lines = done.part("X1")._repr_markdown_().splitlines()
    assert len(lines) == 3
    assert "[**X1.1**]{#errata-x1-1} a \\| b" in lines[2]
    assert "**FALSE.** it is 2.0 *Count.* See [count](#fig-count)." in lines[2]
    assert "| FALSE | " in done.guide
    assert "it is 2.0" in str(done)


def test_links_keep_tests_as_code():
    assert links("sec-cost") == "[cost](#sec-cost)"
    both = links("fig-a-b tests/x.py::test_y")
    assert both.replace("<wbr>", "") == "[a b](#fig-a-b), <code>tests/x.py::test_y</code>"
    assert both.count("<wbr>") == 3
