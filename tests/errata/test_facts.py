"""The statements of fact: all are on the page, and what can be counted is counted."""

import re

import pytest

from lessonlib import errata

#: Claims of the episode that an audit of it numbered: how many in each section of code (E), in each
#: exercise (X), and of fact (F). E7, say, has E7.1 to E7.8. The course has added more of its own.
AUDIT = {
    "E1": 7, "E2": 4, "E3": 6, "E4": 3, "E5": 6, "E6": 10, "E7": 8, "E8": 6, "E9": 8, "E10": 7,
    "X1": 10, "X2": 8, "X3": 5,
    "F": 18,
}  # fmt: skip
IDS = [
    f"{section}{k}" if section == "F" else f"{section}.{k}"
    for section, count in AUDIT.items()
    for k in range(1, count + 1)
]
ROWS = {row.id: row for row in errata.rows()}


def test_every_claim_of_the_audit_has_a_row():
    assert len(IDS) == 106
    assert not sorted(set(IDS) - set(ROWS))


@pytest.mark.parametrize("row", [r for r in ROWS.values() if r.section == "F"], ids=lambda r: r.id)
def test_a_fact_has_a_source_or_a_run(row):
    if row.id not in ("F8", "F18"):  # these two tell two things apart, and state no fact
        assert row.measure or re.search(r"\{\{cite:[pt]\}\}`[^`]+`", row.finding)


def test_the_episodes_are_counted():
    subjects = {  # with the numbers that the episode's introduction gives each
        "image processing": 1, "detection": 2, "segmentation": 1, "poses": 1, "reading text": 1,
        "video": 1, "diffusion": 2, "editing": 1, "reconstruction": 1, "faces": 1,
    }  # fmt: skip
    assert ROWS["F17"].measured(1) == {"count": sum(subjects.values())}
    assert ROWS["F17"].statement(1) == "77 to 88 are 12."


def test_the_steps_that_the_course_leaves_out_are_named():
    """The scenes are neither corrected for the atmosphere nor registered: F20 has to say so."""
    assert "does not correct for the atmosphere" in ROWS["F20"].finding
    assert "does not register or reproject" in ROWS["F20"].finding
