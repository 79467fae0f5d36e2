"""A notebook whose data are not here is passed over aloud, and compared where they are."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
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
    """A small book with one chapter that needs data; the tool, the data file, the notebook."""
    spec = importlib.util.spec_from_file_location(
        "notebooks_tool", ROOT / "book" / "_tools" / "notebooks.py"
    )
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.BOOK, tool.NOTEBOOKS = tmp_path / "book", tmp_path / "notebooks"
    for folder in (tool.BOOK, tool.NOTEBOOKS):
        folder.mkdir()
    (tool.BOOK / "page.md").write_text(PAGE, encoding="utf-8")
    shutil.copy(ROOT / "notebooks" / "conftest.py", tool.NOTEBOOKS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -ra\n")
    data = tmp_path / "data.txt"
    data.write_text("hello")
    monkeypatch.delenv(VARIABLE, raising=False)
    return tool, data, tool.NOTEBOOKS / "page.ipynb"


def stored(book, monkeypatch):
    """Run the chapter with its data, and leave the variable unset."""
    tool, data, notebook = book
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
    tool, _, notebook = book
    assert tool.command_run([], everything=False) == 1
    assert f"not run: {VARIABLE} is not set, and it is missing" in capsys.readouterr().out
    assert not notebook.exists()
    stored(book, monkeypatch)
    # what is stored is in step: nothing fails, also not where everything is to run
    assert tool.command_check() == 0
    assert tool.command_run([], everything=True) == 0
    assert f"not run: {VARIABLE} is not set\n" in capsys.readouterr().out


def test_the_fingerprint_holds_without_data(book, monkeypatch, capsys):
    tool, _, _ = book
    stored(book, monkeypatch)
    monkeypatch.setattr(tool, "digest", lambda files, page: "another")
    assert tool.command_check() == 1
    assert "is older than the code it ran" in capsys.readouterr().err


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
    assert f"its data are not here: set {VARIABLE}" in shown


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
