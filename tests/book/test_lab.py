"""A learner's own folder: what is laid there, what stays theirs, and how JupyterLab opens it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from lessonlib.grading import starters
from tests.book import jupyter
from tests.book.conftest import ROOT

import lab  # isort: skip


def notebook(*cells: str, text: str = "# A page") -> bytes:
    """A plain notebook: a text, then code."""
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(text), *map(nbformat.v4.new_code_cell, cells)]
    )
    return nbformat.writes(made).encode()


@pytest.fixture
def copies(tmp_path):
    """Two copies, as the book's build writes them."""
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "index.ipynb").write_bytes(notebook(text="# All pages\n\n1. [Faces](faces.ipynb)"))
    (folder / "faces.ipynb").write_bytes(notebook("import lessonlib\n6 * 7"))
    return folder


def test_chapters_and_exercises_are_laid_out_and_both_kinds_of_starter(copies, tmp_path):
    work = tmp_path / "work"
    said = lab.lay_out(lab.offered(copies), work)
    names = {path.name for path in work.iterdir()}
    exercises = {p.stem for p in (ROOT / "solutions").glob("[!_]*.py")}
    assert len(exercises) == 6
    wanted = {"index.ipynb", "faces.ipynb", lab.RECORD}
    wanted |= {f"{stem}{suffix}" for stem in exercises for suffix in (".py", ".ipynb")}
    assert names == wanted
    assert said == ["work/ holds 14 files of the course: 14 new."]
    # as `lessonlib start` writes them: the text byte for byte, the notebook cell for cell
    for stem in exercises:
        text, paired = (starters.directory() / f"{stem}{s}" for s in (".py", ".ipynb"))
        assert (work / text.name).read_bytes() == text.read_bytes()
        here = json.loads((work / paired.name).read_text("utf-8"))
        assert here["cells"] == json.loads(paired.read_text("utf-8"))["cells"]
    # what is there already is no obstacle to the command itself
    with pytest.raises(FileExistsError):
        starters.start("FaceAligner", work)


def test_without_copies_it_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab, "COPIES", tmp_path)
    monkeypatch.setattr(lab, "build_is_old", lambda: False)
    assert lab.main(["--lay-out-only"]) == 1
    assert "_build/copies" in capsys.readouterr().err


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.name[0] != "."}


def test_a_second_time_nothing_changes(tmp_path):
    work, files = tmp_path / "work", {"a.py": b"1", "b.ipynb": b"2"}
    lab.lay_out(files, work)
    times = {p: p.stat().st_mtime_ns for p in work.iterdir() if p.name != lab.RECORD}
    assert lab.lay_out(files, work) == ["work/ holds 2 files of the course: nothing new."]
    assert {p: p.stat().st_mtime_ns for p in times} == times
    assert contents(work) == files


def test_an_untouched_file_is_renewed_and_a_changed_one_stays(tmp_path):
    work = tmp_path / "work"
    lab.lay_out({"same.py": b"1", "mine.py": b"1", "gone.py": b"1"}, work)
    (work / "mine.py").write_bytes(b"my work")
    (work / "gone.py").unlink()
    (work / "note.txt").write_bytes(b"a note")
    # the course is as it was: nothing to say of what the learner has changed
    again = lab.lay_out({"same.py": b"1", "mine.py": b"1", "gone.py": b"1"}, work)
    assert again == ["work/ holds 3 files of the course: 1 new."]
    new = {"same.py": b"2", "mine.py": b"2", "gone.py": b"2"}
    said = lab.lay_out(new, work)
    assert said == [
        "work/ holds 3 files of the course: 2 renewed.",
        "mine.py is yours now and stays; the course's new version is mine.new.py",
    ]
    assert contents(work) == {
        "same.py": b"2",
        "gone.py": b"2",
        "note.txt": b"a note",
        "mine.py": b"my work",
        "mine.new.py": b"2",
    }
    # a version is offered once, also to who has thrown it away
    (work / "mine.new.py").unlink()
    assert len(lab.lay_out(new, work)) == 1
    assert not (work / "mine.new.py").exists()


def test_newer_versions_take_the_place_of_offered_ones_unless_these_were_changed(tmp_path):
    work = tmp_path / "work"
    lab.lay_out({"a.py": b"1"}, work)
    (work / "a.py").write_bytes(b"mine")
    lab.lay_out({"a.py": b"2"}, work)
    lab.lay_out({"a.py": b"3"}, work)
    assert contents(work) == {"a.py": b"mine", "a.new.py": b"3"}
    (work / "a.new.py").write_bytes(b"mine too")
    assert lab.lay_out({"a.py": b"4"}, work)[-1].endswith("a.new-2.py")
    assert contents(work) == {"a.py": b"mine", "a.new.py": b"mine too", "a.new-2.py": b"4"}


def test_files_that_were_there_before_are_the_learners(tmp_path):
    work = tmp_path / "work"
    (work / "c.py").mkdir(parents=True)
    (work / "a.py").write_bytes(b"older than the course")
    (tmp_path / "elsewhere.py").write_bytes(b"1")
    os.symlink(tmp_path / "elsewhere.py", work / "b.py")
    os.symlink(tmp_path / "nowhere.py", work / "d.py")
    for version in (b"1", b"2"):
        lab.lay_out({f"{name}.py": version for name in "abcd"}, work)
    assert (work / "a.py").read_bytes() == b"older than the course"
    assert (tmp_path / "elsewhere.py").read_bytes() == b"1"
    assert (work / "b.py").is_symlink()
    assert (work / "c.py").is_dir()
    assert not (tmp_path / "nowhere.py").exists()
    assert {p.name: p.read_bytes() for p in work.glob("*.new.py")} == {
        f"{name}.new.py": b"2" for name in "abcd"
    }


@pytest.mark.parametrize("record", [None, b"", b"[1]", b'{"a.py": 1}', b'{"a.py": null}'])
def test_without_its_record_whatever_differs_is_kept(tmp_path, record):
    work = tmp_path / "work"
    lab.lay_out({"a.py": b"1"}, work)
    (work / lab.RECORD).unlink() if record is None else (work / lab.RECORD).write_bytes(record)
    lab.lay_out({"a.py": b"2"}, work)
    assert contents(work) == {"a.py": b"1", "a.new.py": b"2"}


def test_the_book_is_built_when_something_of_it_is_younger(tmp_path, monkeypatch):
    for name in ("_build/copies/index.ipynb", "_build/.made", "_toc.yml", "_config.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(lab.stored, "chapters", lambda: [(tmp_path / "_toc.yml", tmp_path / "no")])
    os.utime(tmp_path / "_build/.made", (2e9, 2e9))
    assert not lab.build_is_old(tmp_path)
    os.utime(tmp_path / "_toc.yml", (2.1e9, 2.1e9))
    assert lab.build_is_old(tmp_path)
    os.utime(tmp_path / "_toc.yml", (1e9, 1e9))
    (tmp_path / "_build/copies/index.ipynb").unlink()
    assert lab.build_is_old(tmp_path)


def test_a_book_that_does_not_build_opens_the_last_copies(copies, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab, "COPIES", copies)
    monkeypatch.setattr(lab, "WORK", tmp_path / "work")
    monkeypatch.setattr(lab, "build_is_old", lambda: True)
    monkeypatch.setattr(lab.build, "build", lambda: "a WARNING")
    monkeypatch.setattr(lab, "trust", lambda files: None)
    assert lab.main(["--lay-out-only"]) == 0
    assert "a WARNING\nThe book did not build" in capsys.readouterr().out
    assert (tmp_path / "work" / "faces.ipynb").exists()


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    """A learner's folder, and the command that opens it, as lab.py starts it."""
    folder = tmp_path_factory.mktemp("laid")
    (folder / "copies").mkdir()
    (folder / "copies" / "index.ipynb").write_bytes(notebook(text="# All pages"))
    (folder / "copies" / "faces.ipynb").write_bytes(
        notebook("import shutil, os\nprint(shutil.which('lessonlib'), os.getcwd())")
    )
    work = folder / "work"
    lab.lay_out(lab.offered(folder / "copies"), work)
    lab.quiet(work)
    return folder, work


@pytest.mark.browser
def test_in_jupyterlab(browser, laid):
    """What opens, what is marked, what kernel and terminal find; saving changes nothing."""
    home, work = laid
    before = contents(work)
    command = [sys.executable, "-m", "jupyterlab", *lab.options(work), *jupyter.HEADLESS]
    extra = {name: lab.environment()[name] for name in ("PATH", "VIRTUAL_ENV")}
    with jupyter.running(command, home, work, **extra) as address:
        page = jupyter.visit(browser, address)
        page.wait_for_selector(".jp-NotebookPanel .jp-MarkdownOutput h1")
        state = page.evaluate(jupyter.STATE)
        assert state["name"] == "index.ipynb"  # first, and not the launcher
        assert page.locator(".jp-Launcher:visible").count() == 0
        assert page.get_by_text("Jupyter news").count() == 0
        listed = page.locator(".jp-DirListing-item:visible").all_inner_texts()
        assert any("face_aligner.py" in name for name in listed)
        for name in ("index.ipynb", "faces.ipynb", "face_aligner.ipynb"):
            page = jupyter.visit(browser, address, name)
            assert not jupyter.unsaved(page)
            save(page)
            page.context.close()
        assert contents(work) == before
        # a kernel, in the page that was opened last but one
        page = jupyter.visit(browser, address, "faces.ipynb")
        page.locator(".jp-CodeCell").first.click()
        page.keyboard.press("Shift+Enter")
        shown = page.locator(".jp-CodeCell .jp-OutputArea-output").first.inner_text()
        assert shown.split() == [str(Path(sys.executable).parent / "lessonlib"), str(work)]
        # a terminal, of a server that was started without one
        page.keyboard.press("Escape")
        run_in_terminal(page, "lessonlib list > listed.txt; pwd > where.txt")
        wait_for(page, work / "where.txt")
    assert (work / "where.txt").read_text().strip() == str(work)
    assert "FaceAligner" in (work / "listed.txt").read_text()


def save(page) -> None:
    """Save the notebook in front, as the keyboard does."""
    page.locator(".jp-NotebookPanel:visible .jp-Cell").first.click()
    page.keyboard.press("Escape")
    with page.expect_response(lambda r: r.request.method == "PUT" and "/api/contents/" in r.url):
        page.keyboard.press("Control+s")
    page.wait_for_timeout(500)


def run_in_terminal(page, command: str) -> None:
    """Open a terminal of JupyterLab and type a command into it."""
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text="New").first.hover()
    page.locator(".lm-Menu-itemLabel", has_text="Terminal").first.click()
    page.wait_for_selector(".jp-Terminal .xterm-screen")
    page.wait_for_timeout(2000)
    page.locator(".jp-Terminal .xterm-screen").first.click()
    page.keyboard.type(f"{command}\n")


def wait_for(page, path: Path) -> None:
    """Wait until a program has written a file."""
    for _ in range(300):
        if path.exists() and path.read_text():
            return
        page.wait_for_timeout(200)
    pytest.fail(f"{path.name} was not written")


@pytest.mark.browser
@pytest.mark.parametrize("root", ["", "notebooks", "book"])
def test_saving_an_untouched_chapter_changes_nothing(browser, tmp_path, root):
    """In a copy of the tree, with Jupytext's part of JupyterLab as anybody's JupyterLab has it."""
    tree = tmp_path / "tree"
    tree.mkdir()
    listed = ["pyproject.toml", "book/*.md", "book/jupytext.toml", "notebooks/governance.ipynb"]
    done = subprocess.run(
        ["git", "ls-files", *listed], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in done.stdout.split():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes((ROOT / name).read_bytes())
    before = {p: p.read_bytes() for p in tree.rglob("*.*") if p.is_file()}
    home, folder = tmp_path / "home", tree / root
    with jupyter.running(jupyter.lab(f"--ServerApp.root_dir={folder}"), home, folder) as address:
        assert "jupyterlab_jupytext | extension was successfully loaded" in (
            (home / "log.txt").read_text("utf-8")
        )
        if root == "book":  # a page opens as a text, also where one asks for a notebook
            page = browser.new_context().new_page()
            page.goto(address.replace("?", "lab/tree/governance.md?factory=Notebook&"))
            page.wait_for_timeout(8000)
            assert page.locator(".jp-NotebookPanel .jp-Cell").count() == 0
            page.keyboard.press("Control+s")
            page.wait_for_timeout(2000)
        else:
            name = (Path("notebooks") / "governance.ipynb").relative_to(root).as_posix()
            page = jupyter.visit(browser, address, name)
            assert not jupyter.unsaved(page)
            save(page)
    after = {p: p.read_bytes() for p in tree.rglob("*.*") if p.is_file()}
    stored = {p for p in after if p.suffix == ".ipynb"}
    ours = {p: b for p, b in after.items() if ".ipynb_checkpoints" not in p.parts}
    if sys.version.split()[0] not in (tree / "notebooks/governance.ipynb").read_text("utf-8"):
        ours = {p: b for p, b in ours.items() if p not in stored}  # it tells another Python
        before = {p: b for p, b in before.items() if p not in stored}
    assert ours == before
