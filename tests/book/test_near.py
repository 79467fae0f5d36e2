"""The neighbourhood of a module: the tests of its name, or those that mention what it defines."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.book.conftest import ROOT

import near  # isort: skip


@pytest.fixture
def tree(tmp_path):
    """A package and its tests in the mirrored places."""
    files = {
        "lessonlib/__init__.py": "",
        "lessonlib/solo.py": "LIMIT = 1\n",
        "lessonlib/_checks/__init__.py": "",
        "lessonlib/_checks/arguments.py": "def check(x): ...\n",
        "lessonlib/topic/__init__.py": "",
        "lessonlib/topic/curve.py": "def area(x): ...\n",
        "lessonlib/topic/_other.py": "class Other: ...\nCONSTANT = 1\n",
        "lessonlib/lonely/thing.py": "",
        "tests/topic/test_curve.py": "area",
        "tests/topic/test_more.py": "Other()",
        "tests/topic/test_rest.py": "CONSTANT",
        "tests/topic/test_no.py": "Otherwise",
        "tests/test_topic_curve.py": "area",
        "tests/test_solo.py": "LIMIT",
        "tests/test_checks.py": "nothing by name",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "tests"),
    [
        ("topic/curve.py", ["test_topic_curve.py", "topic/test_curve.py"]),
        ("topic/_other.py", ["topic/test_more.py", "topic/test_rest.py"]),
        ("solo.py", ["test_solo.py"]),
        ("_checks/arguments.py", ["test_checks.py"]),
    ],
)
def test_neighbours(tree, file, tests):
    found = near.neighbours(tree / "lessonlib" / file, tree)
    assert sorted(p.relative_to(tree / "tests").as_posix() for p in found) == tests


@pytest.mark.parametrize("file", ["tests/test_solo.py", "lessonlib/gone.py", "lessonlib", ""])
def test_what_is_no_module_is_refused(tree, file):
    with pytest.raises(ValueError, match="FILE must be a Python file of lessonlib"):
        near.neighbours(tree / file, tree)


def test_a_module_without_tests_is_said(tree):
    with pytest.raises(ValueError, match="no tests of lonely"):
        near.neighbours(tree / "lessonlib" / "lonely" / "thing.py", tree)


def test_every_module_that_has_tests_finds_some():
    package = ROOT / "lessonlib"
    topics = {p.name for p in (ROOT / "tests").iterdir()}
    for path in package.rglob("*.py"):
        topic = path.relative_to(package).parts[0].removesuffix(".py").lstrip("_")
        if topic in topics or f"test_{topic}.py" in topics:
            assert near.neighbours(path)


def test_make_near_runs_them(tmp_path):
    ready = tmp_path / "ready"  # newer than every requirement: nothing is installed
    ready.touch()
    command = ["make", "-s", "near", "FILE=lessonlib/_validation/arguments.py"]
    command += [f"PY={sys.executable}", f"READY={ready}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("tests/test_validation.py\n")
    done = subprocess.run([*command, "FILE="], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "make near FILE=lessonlib/" in done.stderr
