"""The skeleton of a chapter: it runs, finds its place, and never writes over anything."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.book.conftest import ROOT

import course_pages  # isort: skip
import new_chapter  # isort: skip
import notebooks  # isort: skip
import stored  # isort: skip

COPIED = ["_toc.yml", "pyproject.toml", "lessonlib/__init__.py", "tests/test_package.py"]


@pytest.fixture
def copy(tmp_path):
    """A copy of what the command reads and changes, with every page that the contents name."""
    for name in COPIED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "book", tmp_path / "book", ignore=shutil.ignore_patterns("_*", "api"))
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def files(root) -> dict:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def make(root, *arguments: str) -> int:
    return new_chapter.main(list(arguments), root)


def refused(root, *arguments: str) -> None:
    """The command ends with status 2 and leaves everything as it was."""
    before = files(root)
    with pytest.raises(SystemExit) as ended:
        make(root, *arguments)
    assert ended.value.code == 2
    assert files(root) == before


def test_a_page_is_made_and_takes_its_place(copy, capsys):
    order = list(course_pages.load(copy))
    before = files(copy)
    assert make(copy, "ultrasound", "Ultrasound, measured", "--after", "satellite") == 0
    said = capsys.readouterr().out
    after = files(copy)
    new = {"book/ultrasound.md", "book/quizzes/ultrasound.yaml"}
    assert set(after) - set(before) == new
    assert {name for name in before if before[name] != after[name]} == {"_toc.yml"}
    assert all(name in said for name in (*new, "_toc.yml", "make notebooks", "concepts.csv"))
    # the table of contents is what it was, with a line more
    old, now = (each["_toc.yml"].decode().splitlines() for each in (before, after))
    assert [line for line in now if line not in old] == ["      - file: notebooks/ultrasound"]
    assert len(now) == len(old) + 1
    pages = course_pages.load(copy)
    order.insert(order.index("satellite") + 1, "ultrasound")
    assert list(pages) == order
    page = pages["ultrasound"]
    assert page.title == "Ultrasound, measured"
    assert len(page.outcomes) == 2
    assert page.read_minutes == pytest.approx(page.estimate, abs=5)
    assert "{quiz} ultrasound" in page.text
    assert yaml.safe_load(after["book/quizzes/ultrasound.yaml"])[0]["answers"]


def test_without_a_place_it_comes_last_before_the_summary(copy):
    make(copy, "ultrasound", "Ultrasound")
    toc = yaml.safe_load((copy / "_toc.yml").read_text("utf-8"))
    (part,) = [p for p in toc["parts"] if p["caption"] == "Chapters"]
    assert [c["file"] for c in part["chapters"]][-2:] == ["notebooks/ultrasound", "book/summary"]


def test_the_page_runs_and_is_in_step(copy, monkeypatch):
    make(copy, "ultrasound", "Ultrasound")
    for page in (copy / "book").glob("*.md"):
        if page.stem != "ultrasound":
            page.unlink()
    monkeypatch.setattr(stored, "BOOK", copy / "book")
    monkeypatch.setattr(stored, "NOTEBOOKS", copy / "notebooks")
    assert notebooks.command_run([], everything=False) == 0
    assert (
        stored.fault(copy / "book" / "ultrasound.md", copy / "notebooks/ultrasound.ipynb") is None
    )
    cells = json.loads((copy / "notebooks" / "ultrasound.ipynb").read_text("utf-8"))["cells"]
    drawn = [o for c in cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    assert len(drawn) == 1
    figure = next(c["metadata"]["mystnb"] for c in cells if "mystnb" in c["metadata"])
    assert figure["figure"]["caption"]
    assert figure["image"]["alt"]


def test_with_a_topic_there_are_package_figures_tests_and_reference(copy):
    before = files(copy)
    make(copy, "ultrasound", "Ultrasound", "--topic", "speckle")
    made = set(files(copy)) - set(before)
    assert made == {
        "book/ultrasound.md",
        "book/quizzes/ultrasound.yaml",
        "book/api/speckle.md",
        "lessonlib/speckle/__init__.py",
        "lessonlib/figures/speckle.py",
        "tests/test_speckle.py",
    }
    assert "file: book/api/speckle\n          - file: book/api/grading" in (
        (copy / "_toc.yml").read_text("utf-8")
    )
    tree = ast.parse((copy / "lessonlib" / "__init__.py").read_text("utf-8"))
    topics = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "_TOPICS"
    )
    assert "speckle" in topics
    assert list(topics) == sorted(topics)
    # what is made is styled as the house is, and its tests pass, beside the package as it stands
    for name in ("figures", "images"):
        shutil.copytree(ROOT / "lessonlib" / name, copy / "lessonlib" / name, dirs_exist_ok=True)
    shutil.copytree(ROOT / "lessonlib" / "_validation", copy / "lessonlib" / "_validation")
    for name in ("lessonlib/speckle", "lessonlib/figures/speckle.py", "tests/test_speckle.py"):
        for command in (["check"], ["format", "--check"]):
            checked = subprocess.run(
                [sys.executable, "-m", "ruff", *command, "--no-cache", "-q", name],
                cwd=copy, capture_output=True, text=True,
            )  # fmt: skip
            assert checked.returncode == 0, checked.stdout + checked.stderr
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules",
         "tests/test_speckle.py", "lessonlib/speckle",
         "tests/test_package.py", "-k", "speckle or contrast or finite"],
        cwd=copy, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    # the page's own cells run with the package that was made
    page = stored.from_page(copy / "book" / "ultrasound.md")
    code = "\n".join(c.source for c in page.cells if c.cell_type == "code")
    code = "import matplotlib\nmatplotlib.use('Agg')\n" + code
    ran = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("Ultra Sound", "Ultrasound"),
        ("-ultrasound", "Ultrasound"),
        ("ultrasound.md", "Ultrasound"),
        ("../ultrasound", "Ultrasound"),
        ("ultrasound", "# Ultrasound"),
        ("ultrasound", " "),
        ("ultrasound", "Ultrasound", "--after", "nowhere"),
        ("ultrasound", "Ultrasound", "--topic", "class"),
        ("ultrasound", "Ultrasound", "--topic", "Speckle"),
        ("satellite", "Satellite again"),
        ("summary", "A page that is no notebook"),
        ("ultrasound", "Ultrasound", "--topic", "profiling"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_made(copy, arguments, capsys):
    (copy / "lessonlib" / "profiling.py").touch()
    refused(copy, *arguments)
    assert "error: " in capsys.readouterr().err


def test_a_second_call_changes_nothing(copy):
    make(copy, "ultrasound", "Ultrasound", "--topic", "speckle")
    refused(copy, "ultrasound", "Ultrasound", "--topic", "speckle")
    refused(copy, "echo", "Echo", "--topic", "speckle")


def test_a_table_of_contents_without_the_line_is_said(copy, capsys):
    toc = copy / "_toc.yml"
    toc.write_text(toc.read_text("utf-8").replace("book/api/grading", "book/api/graded"), "utf-8")
    refused(copy, "ultrasound", "Ultrasound", "--topic", "speckle")
    assert "book/api/grading" in capsys.readouterr().err


def test_help_teaches(capsys):
    with pytest.raises(SystemExit):
        new_chapter.main(["--help"])
    said = capsys.readouterr().out
    assert "make chapter NAME=ultrasound" in said
    assert "TODO" in said
