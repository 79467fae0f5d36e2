"""README and CONTRIBUTING name commands that exist, and times that `make test` has measured."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.book.conftest import ROOT

import timed  # isort: skip

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
_TIMED = r"^([a-z-]+):.*\n\t@\$\(PY\) book/_tools/timed\.py \"([^\"]+)\""
LABELS = re.findall(_TIMED, MAKEFILE, re.M)
GUIDES = ["README.md", "CONTRIBUTING.md"]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("name", GUIDES)
def test_every_make_command_that_is_named_exists(name):
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", read(name), re.M))
    assert len(named) >= 4
    assert named <= TARGETS


@pytest.mark.parametrize("name", GUIDES)
def test_every_file_that_is_named_exists(name):
    paths = re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", read(name))
    paths = [p for p in paths if "/" in p and "NAME" not in p and "THAT" not in p]
    made_by_set_up = (".venv/", "work/")
    lost = [p for p in paths if not p.startswith(made_by_set_up) and not (ROOT / p).exists()]
    assert len(paths) > 4
    assert not lost


def test_every_timed_part_of_make_test_has_its_row():
    parts = re.search(r"^test: ([\w -]+?) +##", MAKEFILE, re.M)[1].split()
    assert [target for target, _ in LABELS] == parts
    for target, label in LABELS:
        row = rf"^\| {re.escape(label)} \| `make {target}` \| \d+ (s|min) \|$"
        assert len(re.findall(row, read("CONTRIBUTING.md"), re.M)) == 1


def test_a_time_is_kept_in_its_row_and_nowhere_else(tmp_path):
    copy = tmp_path / "CONTRIBUTING.md"
    shutil.copy(ROOT / "CONTRIBUTING.md", copy)
    before = copy.read_text("utf-8").splitlines()
    timed.keep("tests of the code", 1234.0, copy)
    after = copy.read_text("utf-8").splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert changed == ["| tests of the code | `make test-code` | 21 min |"]
    with pytest.raises(ValueError, match="no such check"):
        timed.keep("no such check", 1.0, copy)


@pytest.mark.parametrize(("seconds", "said"), [(7.7, "8 s"), (61, "1 min"), (575, "10 min")])
def test_times_are_short(seconds, said):
    assert timed.short(seconds) == said
