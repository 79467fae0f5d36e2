"""The tool that runs chapters: same bytes twice, and every kind of fault is named."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import nbformat
import pytest

TOOL = Path(__file__).resolve().parents[2] / "book" / "_tools" / "notebooks.py"

PAGE = """\
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
---

# A page

```{code-cell} ipython3
import lessonlib._validation
1 + 1
```
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A small book whose one chapter has been run, twice; and the bytes of both runs."""
    spec = importlib.util.spec_from_file_location("notebooks_tool", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    root = tmp_path_factory.mktemp("book")
    for folder in ("book", "notebooks"):
        (root / folder).mkdir()
    (root / "book" / "page.md").write_text(PAGE, encoding="utf-8")
    tool.BOOK, tool.NOTEBOOKS = root / "book", root / "notebooks"
    target = root / "notebooks" / "page.ipynb"
    assert tool.command_run([], everything=True) == 0
    first = target.read_bytes()
    assert tool.command_run(["page"], everything=False) == 0
    return tool, root, first


@pytest.fixture
def book(ran):
    """The small book as it was after its run, whatever another test did to it."""
    tool, root, first = ran
    (root / "book" / "page.md").write_text(PAGE, encoding="utf-8")
    (root / "notebooks" / "page.ipynb").write_bytes(first)
    return tool, root


def test_two_runs_store_the_same_bytes(ran):
    _, root, first = ran
    assert (root / "notebooks" / "page.ipynb").read_bytes() == first


def test_what_a_chapter_used_is_remembered(book):
    _, root = book
    made = nbformat.read(root / "notebooks" / "page.ipynb", 4).metadata["course"]
    assert made["made_from"] == [
        "lessonlib/__init__.py",
        "lessonlib/_validation/__init__.py",
        "lessonlib/_validation/arguments.py",
    ]


def test_a_fresh_notebook_is_not_run_again(book, capsys):
    tool, _ = book
    assert tool.command_run([], everything=False) == 0
    assert capsys.readouterr().out == "1 notebooks, all fresh\n"
    assert tool.command_check() == 0


def test_an_edit_of_the_text_keeps_the_outputs(book, monkeypatch, capsys):
    tool, root = book
    page, target = root / "book" / "page.md", root / "notebooks" / "page.ipynb"
    before = nbformat.read(target, 4)
    page.write_text(PAGE.replace("# A page", "# A page\n\nWith text."), encoding="utf-8")
    assert tool.command_check() == 1
    run = tool.run
    monkeypatch.setattr(tool, "run", lambda *_: pytest.fail("a kernel was started"))
    assert tool.command_run([], everything=False) == 0
    assert capsys.readouterr().out == "[1/1] book/page.md … text alone\n"
    assert tool.command_check() == 0
    after = nbformat.read(target, 4)
    assert "With text." in after.cells[0].source
    assert after.cells[-1] == before.cells[-1]
    # The same bytes as a run of the edited page.
    renewed = target.read_bytes()
    run(page, target)
    assert target.read_bytes() == renewed


def test_an_edit_of_a_cell_runs_the_page(book, capsys):
    tool, root = book
    page, target = root / "book" / "page.md", root / "notebooks" / "page.ipynb"
    page.write_text(PAGE.replace("1 + 1", "1 + 2"), encoding="utf-8")
    assert tool.command_run([], everything=False) == 0
    assert "text alone" not in capsys.readouterr().out
    assert nbformat.read(target, 4).cells[-1].outputs[0]["data"]["text/plain"] == "3"


def change_output(root, **output):
    path = root / "notebooks" / "page.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells[-1].outputs = [nbformat.v4.new_output(**output)]
    nbformat.write(notebook, path)


FAULTS = {
    "is out of step with book/page.md": lambda tool, root: (root / "book" / "page.md").write_text(
        PAGE.replace("1 + 1", "1 + 2"), encoding="utf-8"
    ),
    "is missing": lambda tool, root: (root / "notebooks" / "page.ipynb").unlink(),
    "is no notebook": lambda tool, root: (root / "notebooks" / "page.ipynb").write_text("{"),
    "stores an error: E: v": lambda tool, root: change_output(
        root, output_type="error", ename="E", evalue="v", traceback=[]
    ),
    "stores a warning: careful": lambda tool, root: change_output(
        root, output_type="stream", name="stderr", text="x\ncareful\n"
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named_with_the_command_that_mends_them(book, capsys, fault):
    tool, root = book
    FAULTS[fault](tool, root)
    assert tool.command_check() == 1
    message = capsys.readouterr().err
    assert message.startswith("notebooks/page.ipynb " + fault)
    assert message.endswith("Mend it with: make notebooks\n")


def test_changed_code_makes_a_notebook_old(book, monkeypatch):
    tool, root = book
    monkeypatch.setattr(tool, "digest", lambda files, page: "another")
    wrong = tool.fault(root / "book" / "page.md", root / "notebooks" / "page.ipynb")
    assert wrong == "is older than the code it ran"


def test_a_failing_chapter_leaves_the_stored_notebook(book, capsys):
    tool, root = book
    (root / "book" / "page.md").write_text(PAGE.replace("1 + 1", "1 / 0"), encoding="utf-8")
    before = (root / "notebooks" / "page.ipynb").read_bytes()
    assert tool.command_run([], everything=False) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert (root / "notebooks" / "page.ipynb").read_bytes() == before
