"""The tool that runs chapters: same bytes twice, and every kind of fault is named."""

from __future__ import annotations

import shutil
import subprocess
import sys

import nbformat
import pytest

from tests.book.conftest import ROOT

import notebooks as tool  # isort: skip
import stored  # isort: skip

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
    root = tmp_path_factory.mktemp("book")
    for folder in ("book", "notebooks"):
        (root / folder).mkdir()
    (root / "book" / "page.md").write_text(PAGE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored, "BOOK", root / "book")
        patch.setattr(stored, "NOTEBOOKS", root / "notebooks")
        target = root / "notebooks" / "page.ipynb"
        assert tool.command_run([], everything=True) == 0
        first = target.read_bytes()
        assert tool.command_run(["page"], everything=False) == 0
        yield root, first


@pytest.fixture
def book(ran):
    """The small book as it was after its run, whatever another test did to it."""
    root, first = ran
    for path in (root / "notebooks").iterdir():
        path.unlink()
    (root / "book" / "page.md").write_text(PAGE, encoding="utf-8")
    (root / "notebooks" / "page.ipynb").write_bytes(first)
    return root


def test_two_runs_store_the_same_bytes(ran):
    root, first = ran
    assert (root / "notebooks" / "page.ipynb").read_bytes() == first


def test_what_a_chapter_used_is_remembered(book):
    made = nbformat.read(book / "notebooks" / "page.ipynb", 4).metadata["course"]
    first, *rest = made["made_from"]
    assert first == "lessonlib/__init__.py"
    assert "lessonlib/_validation/arguments.py" in rest
    assert all(name.startswith("lessonlib/_validation/") for name in rest)


def test_a_fresh_notebook_is_not_run_again(book, capsys):
    assert tool.command_run([], everything=False) == 0
    assert capsys.readouterr().out == "1 notebooks, all fresh\n"
    assert tool.command_check() == 0


def test_an_edit_of_the_text_keeps_the_outputs(book, monkeypatch, capsys):
    root = book
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
    root = book
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
    "is out of step with book/page.md": lambda root: (root / "book" / "page.md").write_text(
        PAGE.replace("1 + 1", "1 + 2"), encoding="utf-8"
    ),
    "is missing": lambda root: (root / "notebooks" / "page.ipynb").unlink(),
    "is no notebook": lambda root: (root / "notebooks" / "page.ipynb").write_text("{"),
    "stores an error: E: v": lambda root: change_output(
        root, output_type="error", ename="E", evalue="v", traceback=[]
    ),
    "stores a warning: careful": lambda root: change_output(
        root, output_type="stream", name="stderr", text="x\ncareful\n"
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named_with_the_command_that_mends_them(book, capsys, fault):
    root = book
    FAULTS[fault](root)
    assert tool.command_check() == 1
    message = capsys.readouterr().err
    assert message.startswith("notebooks/page.ipynb " + fault)
    assert message.endswith("Mend it with: make notebooks\n")


def test_changed_code_makes_a_notebook_old_and_not_wrong(book, monkeypatch, capsys):
    page, target = book / "book" / "page.md", book / "notebooks" / "page.ipynb"
    assert stored.stale(target) is None
    monkeypatch.setattr(stored, "digest", lambda files, page: "another")
    assert stored.stale(target) == "is older than the code it ran"
    assert stored.fault(page, target) is None
    assert tool.command_check() == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "1 notebooks in step with their chapters",
        "1 notebook is older than the code it ran (page): make notebooks runs it",
    ]


def test_a_line_names_four_and_counts_the_rest():
    assert stored.age_line(list("abcdef")) == (
        "6 notebooks are older than the code they ran (a, b, c, d and 2 more): "
        "make notebooks runs them"
    )


def test_text_alone_is_stored_also_where_the_code_is_old(book, monkeypatch, capsys):
    page, target = book / "book" / "page.md", book / "notebooks" / "page.ipynb"
    before = nbformat.read(target, 4)
    monkeypatch.setattr(tool, "run", lambda *_: pytest.fail("a kernel was started"))
    monkeypatch.setattr(stored, "digest", lambda files, page: "another")
    page.write_text(PAGE.replace("# A page", "# A page\n\nWith text."), encoding="utf-8")
    assert tool.command_text(["page"]) == 0
    assert capsys.readouterr().out == "notebooks/page.ipynb: text stored anew\n"
    after = nbformat.read(target, 4)
    assert stored.fault(page, target) is None
    assert after.cells[-1] == before.cells[-1]
    assert after.metadata.course.fingerprint == before.metadata.course.fingerprint
    page.write_text(PAGE.replace("1 + 1", "1 + 2"), encoding="utf-8")
    assert tool.command_text([]) == 0
    assert "is out of step with book/page.md. Mend it with: make" in capsys.readouterr().out


def edit(target, source="my own work"):
    notebook = nbformat.read(target, 4)
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    nbformat.write(notebook, target)
    return target.read_bytes()


@pytest.mark.parametrize("page", [PAGE, PAGE.replace("1 + 1", "1 + 3")], ids=["old", "new"])
def test_what_somebody_wrote_into_a_stored_notebook_is_kept(book, capsys, page):
    (book / "book" / "page.md").write_text(page, encoding="utf-8")
    target = book / "notebooks" / "page.ipynb"
    first = edit(target)
    assert tool.command_run([], everything=False) == 0
    assert "is kept as notebooks/page.yours.ipynb" in capsys.readouterr().out
    second = edit(target, "more")
    assert tool.command_run(["page"], everything=False) == 0
    assert tool.command_check() == 0
    # what was renewed is not mistaken for somebody's work
    assert tool.command_run(["page"], everything=False) == 0
    kept = {p.name: p.read_bytes() for p in target.parent.iterdir() if p != target}
    assert kept == {"page.yours.ipynb": first, "page.yours-2.ipynb": second}


def test_strays_disturb_nothing_and_stay(book, capsys):
    folder = book / "notebooks"
    strays = {"mine.ipynb": b"{", "page.tmp": b"1", "page.part": b"2", "notes.txt": b"3"}
    for name, content in strays.items():
        (folder / name).write_bytes(content)
    assert tool.command_check() == 0
    assert tool.command_run([], everything=True) == 0
    assert tool.command_check() == 0
    assert "mine" not in capsys.readouterr().out
    assert {n: (folder / n).read_bytes() for n in strays} == strays
    # nor does nbval collect it
    (book / "book" / "_tools").mkdir()
    shutil.copy(ROOT / "book" / "_tools" / "course_data.py", book / "book" / "_tools")
    shutil.copy(ROOT / "notebooks" / "conftest.py", folder)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval"]
    command += ["--nbval-current-env", "--rootdir", str(book), str(folder)]
    done = subprocess.run(command, cwd=book, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_no_pairing_is_stored_and_lab_has_nothing_to_add(book):
    """What a kernel says of itself is what JupyterLab would write into the notebook."""
    from ipykernel.ipkernel import IPythonKernel

    metadata = nbformat.read(book / "notebooks" / "page.ipynb", 4).metadata
    assert "jupytext" not in metadata
    assert metadata.language_info == IPythonKernel.language_info
    assert metadata.kernelspec == {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }


def test_a_failing_chapter_leaves_the_stored_notebook(book, capsys):
    root = book
    (root / "book" / "page.md").write_text(PAGE.replace("1 + 1", "1 / 0"), encoding="utf-8")
    before = (root / "notebooks" / "page.ipynb").read_bytes()
    assert tool.command_run([], everything=False) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert (root / "notebooks" / "page.ipynb").read_bytes() == before
