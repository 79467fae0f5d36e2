"""A notebook whose data are not here is passed over aloud, and compared where they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.book.conftest import ROOT

import course_data  # isort: skip
import notebooks as tool  # isort: skip
import stored as shelf  # isort: skip

VARIABLE = "COURSE_TEST_DATA"
PAGE = f"""\
---
jupytext:
  formats: notebooks//ipynb,book//md:myst
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
course:
  needs: {VARIABLE}
---

# A page

```{{code-cell}} ipython3
import os
from pathlib import Path

text = Path(os.environ["{VARIABLE}"]).read_text()
```

```{{code-cell}} ipython3
print(text.upper())
assert text != "wrong"
```
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A small book with one chapter that needs data: its folder, the data file, the notebook."""
    monkeypatch.setattr(shelf, "BOOK", tmp_path / "book")
    monkeypatch.setattr(shelf, "NOTEBOOKS", tmp_path / "notebooks")
    for folder in ("book/_tools", "notebooks", "home"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "book" / "page.md").write_text(PAGE, encoding="utf-8")
    shutil.copy(ROOT / "notebooks" / "conftest.py", tmp_path / "notebooks")
    shutil.copy(course_data.__file__, tmp_path / "book" / "_tools")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -ra\n")
    data = tmp_path / "data.txt"
    data.write_text("hello")
    for variable in (VARIABLE, course_data.FOLDER):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    return tmp_path, data, tmp_path / "notebooks" / "page.ipynb"


def stored(book, monkeypatch):
    """Run the chapter with its data, and leave the variable unset."""
    _, data, notebook = book
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, str(data))
        assert tool.command_run([], everything=False) == 0
    return notebook


def nbval(notebook, data=None):
    """What nbval answers, with or without the variable."""
    environment = {k: v for k, v in os.environ.items() if k != VARIABLE}
    environment |= {} if data is None else {VARIABLE: str(data)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval"]
    command += ["--nbval-current-env", str(notebook.parent)]
    done = subprocess.run(
        command, cwd=notebook.parents[1], env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout


def test_without_data_a_chapter_is_not_run(book, monkeypatch, capsys):
    _, _, notebook = book
    assert tool.command_run([], everything=False) == 1
    assert f"not run: {VARIABLE} is not set; it is missing" in capsys.readouterr().out
    assert not notebook.exists()
    stored(book, monkeypatch)
    # what is stored is in step: nothing fails, also not where everything is to run
    assert tool.command_check() == 0
    assert tool.command_run([], everything=True) == 0
    assert f"not run: {VARIABLE} is not set\n" in capsys.readouterr().out


def test_the_fingerprint_holds_without_data(book, monkeypatch, capsys):
    page, target = book[0] / "book" / "page.md", stored(book, monkeypatch)
    monkeypatch.setattr(shelf, "digest", lambda files, page: "another")
    assert tool.command_check() == 0
    assert "is older than the code it ran" in capsys.readouterr().out
    # it cannot be renewed here: that is said, and is nobody's failure
    assert tool.command_run([], everything=False) == 0
    said = capsys.readouterr().out
    assert f"not run: {VARIABLE} is not set; it is older than the code it ran\n" in said
    assert shelf.fault(page, target) is None


def test_the_notebook_stores_what_it_was_made_from(book, monkeypatch):
    notebook = stored(book, monkeypatch)
    course = nbformat.read(notebook, 4).metadata["course"]
    assert course["needs"] == VARIABLE
    # sha256 of "hello"
    assert course["data_sha256"].startswith("2cf24dba5fb0a30e26e83b2ac5b9e29e")
    assert str(book[1].parent) not in notebook.read_text("utf-8")


def test_nbval_skips_with_the_reason(book, monkeypatch):
    code, shown = nbval(stored(book, monkeypatch))
    assert code == 0
    assert "2 skipped" in shown
    assert f"its data are not here: {VARIABLE} is not set" in shown


def change(notebook, old, new):
    text = notebook.read_text("utf-8")
    assert old in text
    notebook.write_text(text.replace(old, new), "utf-8")


def test_nbval_compares_with_the_data(book, monkeypatch):
    notebook = stored(book, monkeypatch)
    code, shown = nbval(notebook, Path(os.path.relpath(book[1], notebook.parents[1])))
    assert code == 0
    assert "2 passed" in shown
    change(notebook, "HELLO", "HELP")
    code, shown = nbval(notebook, book[1])
    assert code == 1
    assert "Cell outputs differ" in shown


def test_nbval_runs_but_does_not_compare_with_other_data(book, monkeypatch):
    notebook = stored(book, monkeypatch)
    book[1].write_text("other")
    code, shown = nbval(notebook, book[1])
    assert code == 0
    assert "2 passed, 1 warning" in shown
    assert "not compared" in shown
    book[1].write_text("wrong")  # a cell that fails is a failure with any data
    assert nbval(notebook, book[1])[0] == 1


def test_nbval_fails_where_the_variable_names_no_file(book, monkeypatch):
    notebook = stored(book, monkeypatch)
    assert nbval(notebook, book[1].with_name("gone.txt"))[0] == 1


def test_one_folder_may_hold_all_data(book, monkeypatch, capsys):
    """COURSE_DATA names a folder; the page's own variable, where it is set, comes first."""
    root, data, notebook = book
    page = root / "book" / "page.md"
    page.write_text(PAGE.replace("\n---\n\n", "\n  file: sets/data.txt\n---\n\n", 1), "utf-8")
    folder = root / "all"
    (folder / "sets").mkdir(parents=True)
    monkeypatch.setenv(course_data.FOLDER, str(folder))
    assert tool.command_run([], everything=False) == 1
    assert (
        "COURSE_DATA names no folder with sets/data.txt; it is missing" in capsys.readouterr().out
    )
    (folder / "sets" / "data.txt").write_text("hello")
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, "")
        assert tool.command_run([], everything=False) == 0
    assert nbformat.read(notebook, 4).metadata.course.data_sha256.startswith("2cf24dba5fb0a30e")
    course = {"needs": VARIABLE, "file": "sets/data.txt"}
    assert course_data.find(course) == (folder / "sets" / "data.txt").resolve()
    monkeypatch.setenv(VARIABLE, str(data))
    assert course_data.find(course) == data.resolve()
    code, shown = nbval(notebook)
    assert (code, "2 passed" in shown) == (0, True)


def test_a_folder_of_files_is_found_and_summed(tmp_path, monkeypatch):
    monkeypatch.delenv(course_data.FOLDER, raising=False)
    course = {"needs": course_data.FOLDER, "file": "films"}
    assert course_data.find(course) is None
    monkeypatch.setenv(course_data.FOLDER, str(tmp_path))
    assert course_data.find(course) is None
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "b").write_text("1")
    first = course_data.sha256(course_data.find(course))
    (tmp_path / "films" / "b").rename(tmp_path / "films" / "a")
    assert course_data.sha256(tmp_path / "films") != first
    assert course_data.missing(course) == "films is not below the folder that COURSE_DATA names"
