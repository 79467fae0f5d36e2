"""What a command of this repository has not made itself survives every one of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.book.conftest import ROOT

import build  # isort: skip
import export  # isort: skip
import made_files  # isort: skip

#: Where a reader may have put something: every folder that a command writes to.
FOLDERS = (
    *(".venv", ".venv/bin", ".venv/lib/site-packages/package", ".venv/lib/site-packages/my"),
    *(".bench", ".bench/scores", ".bench/mine", "_build", "_build/html", "_build/html/_static"),
    *("_build/html/_static/live/pyodide", "_build/copies", "_build/.doctrees", "_build/pdf"),
    *("_build/jupyter_execute", "notebooks", "book", "book/_static", "book/quizzes", "work"),
    *("exercises", "benchmarks/results", "lessonlib", "lessonlib/sweeps/results", "tests"),
    *(".pytest_cache", ".pytest_cache/v/cache", ".ruff_cache", ".ruff_cache/0.15.0"),
    *(".hypothesis", ".hypothesis/examples", "."),
)
STRAY = "mine.txt"


def names(folder: Path) -> set[str]:
    return set(made_files.below(folder))


def write(path: Path, text: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def environment(folder: Path) -> None:
    """A Python environment with one package in it, which lists its files as pip does."""
    venv.create(folder, with_pip=False)
    site = folder / "lib" / "site-packages"
    for name in ("package/__init__.py", "package/__pycache__/__init__.cpython-311.pyc"):
        write(site / name)
    write(folder / "bin" / "tool")
    write(folder / "share" / "data.json")
    rows = ["package/__init__.py,,", "../../bin/tool,,", '"../../share/data.json",,']
    record = site / "package-1.dist-info" / "RECORD"
    write(record, "\n".join([*rows, "package-1.dist-info/RECORD,,", ""]))


def made(root: Path) -> None:
    """What the commands leave in a checkout, small."""
    environment(root / ".venv")
    write(root / ".venv" / ".ready")
    environment(root / ".bench" / "scores")
    write(root / ".bench" / "scores" / "ready.json", "{}")
    with made_files.recording(root / "_build"):
        for name in ("html/index.html", "html/_static/a.css", "copies/a.ipynb", "book.pdf"):
            write(root / "_build" / name)
        write(root / "_build" / ".doctrees" / "a.doctree")
        write(root / "_build" / "html/_static/live/pyodide/pyodide.js")
    for name in ("CACHEDIR.TAG", ".gitignore", "README.md", "v/cache/lastfailed"):
        write(root / ".pytest_cache" / name)
    for name in ("CACHEDIR.TAG", ".gitignore", "0.15.0/1234567890123"):
        write(root / ".ruff_cache" / name)
    write(root / ".hypothesis" / "examples" / "0123456789abcdef" / "fedcba9876543210")
    write(root / ".hypothesis" / "unicode_data" / "14.0.0" / "charmap.json.gz")
    (root / ".coverage").write_bytes(b"SQLite format 3\0 and so on")


@pytest.fixture
def tree(tmp_path):
    """A checkout after all commands."""
    made(tmp_path)
    return tmp_path


def test_clean_deletes_what_was_made(tree):
    left = made_files.clean(tree)
    assert left == {}
    assert names(tree) == set()
    assert made_files.clean(tree) == {}  # with nothing there


def test_make_clean_leaves_a_stray_in_every_folder(tree):
    for folder in FOLDERS:
        write(tree / folder / STRAY, folder)
    write(tree / ".coverage.py", "not what coverage writes")
    write(tree / ".venv" / "lib" / "site-packages" / "my" / "__pycache__" / "notes.txt")
    tools = tree / "book" / "_tools"
    tools.mkdir()
    shutil.copy(made_files.__file__, tools)
    shutil.copy(ROOT / "Makefile", tree)
    before = names(tree)
    strays = {n for n in before if Path(n).name in (STRAY, ".coverage.py", "notes.txt")}
    assert len(strays) == len(FOLDERS) + 2
    done = subprocess.run(
        ["make", "-s", "clean", f"PYTHON={sys.executable}"],
        cwd=tree, capture_output=True, text=True, check=True,
    )  # fmt: skip
    left = {n for n in names(tree) if "_tools" not in n}
    assert left == strays | {"Makefile", "_build/.made"}
    for folder in (".venv", ".bench/mine", "_build", ".hypothesis"):
        assert f"left in {folder}, for nothing says that it was made here" in done.stdout


def test_the_makefile_itself_deletes_nothing():
    lines = (ROOT / "Makefile").read_text("utf-8").splitlines()
    assert not [line for line in lines if " rm " in line.replace("\t", " ").replace("@", " ")]


def test_a_link_is_not_followed(tree, tmp_path_factory):
    """What a link leads to was not made here, whatever lists say."""
    outside = tmp_path_factory.mktemp("outside")
    write(outside / "a.css")
    write(outside / "html" / "index.html")
    shutil.rmtree(tree / "_build" / "html" / "_static")
    os.symlink(outside, tree / "_build" / "html" / "_static")
    made_files.clean(tree)
    assert names(outside) == {"a.css", "html/index.html"}
    made(tree / "second")
    shutil.rmtree(tree / "second" / "_build")
    os.symlink(outside, tree / "second" / "_build")
    made_files.clean(tree / "second")
    assert names(outside) == {"a.css", "html/index.html"}


def test_a_list_cannot_lead_out_of_its_folder(tree):
    write(tree / "precious.txt")
    with (tree / "_build" / made_files.LIST).open("a") as file:
        file.write("../precious.txt\n")
    made_files.clean(tree)
    assert (tree / "precious.txt").exists()


def test_only_what_appears_meanwhile_is_recorded(tmp_path):
    write(tmp_path / "before.txt")

    def fails():
        with made_files.recording(tmp_path):
            write(tmp_path / "before.txt", "written over")
            write(tmp_path / "new" / "a.txt")
            raise RuntimeError  # a build that fails has written files all the same

    with pytest.raises(RuntimeError):
        fails()
    with made_files.recording(tmp_path):
        write(tmp_path / "b.txt")
    assert made_files.listed(tmp_path) == {"new/a.txt", "b.txt"}


def test_an_environment_is_made_anew_beside_what_is_there(tree):
    write(tree / ".bench" / "scores" / STRAY)
    assert made_files.remove_environment(tree / ".bench" / "scores") == [STRAY]
    write(tree / "no-environment" / STRAY)
    assert made_files.remove_environment(tree / "no-environment") == [STRAY]
    assert (tree / "no-environment" / STRAY).exists()


def test_the_zip_takes_the_place_of_nothing(tmp_path):
    write(tmp_path / "html" / "index.html")
    target = tmp_path / "book.zip"
    write(tmp_path / "book.tmp", "mine")
    export.offline(tmp_path / "html", target)
    assert (tmp_path / "book.tmp").read_text() == "mine"
    assert names(tmp_path) == {"html/index.html", "book.tmp", "book.zip"}


def test_building_leaves_strays_and_lists_what_it_makes(tmp_path):
    """A book of one page, with a stray in every folder of what is built."""
    write(tmp_path / "_config.yml", "title: T\nonly_build_toc_files: true\n")
    write(tmp_path / "_toc.yml", "format: jb-book\nroot: index\n")
    write(tmp_path / "index.md", "# A page\n\nWith text.\n")
    write(tmp_path / "stray.md", "no heading, {wrong}`role`, in no table of contents")
    places = ["", "html", "html/_static", "html/_sources", ".doctrees", "jupyter_execute", "copies"]
    strays = {f"{place}/{STRAY}".lstrip("/") for place in places}
    for name in strays:
        write(tmp_path / "_build" / name, name)
    assert build.build(tmp_path) is None
    assert (tmp_path / "_build" / "html" / "index.html").exists()
    assert {n for n in names(tmp_path / "_build") if Path(n).name == STRAY} == strays
    assert made_files.clean(tmp_path) == {"_build": sorted({*strays, made_files.LIST})}
    assert all((tmp_path / "_build" / name).read_text() == name for name in strays)


def test_a_notebook_in_a_folder_with_a_dot_is_no_page(tmp_path):
    """Those that an editor or an environment of one's own keeps; a build would stop at one."""
    import yaml
    from sphinx.util.matching import get_matching_files

    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    for name in (".vscode", ".github/workflows", ".env/lib/site-packages", "book/.virtual", "work"):
        write(tmp_path / name / "mine.ipynb")
    write(tmp_path / "book" / "page.md")
    found = get_matching_files(tmp_path, exclude_patterns=config["exclude_patterns"])
    assert list(found) == ["book/page.md"]


def test_a_failed_build_says_why(tmp_path):
    write(tmp_path / "_config.yml", "title: T\nonly_build_toc_files: true\n")
    write(tmp_path / "_toc.yml", "format: jb-book\nroot: index\n")
    write(tmp_path / "index.md", "# A page\n\n{doc}`nowhere`\n")
    said = build.build(tmp_path)
    assert "WARNING: unknown document: 'nowhere'" in said
    assert said.count("\n") < 5
