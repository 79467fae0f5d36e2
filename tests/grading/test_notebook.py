"""Submissions as text: which lines of a notebook run, and what a source says before it runs."""

from __future__ import annotations

import json

import pytest

from lessonlib.grading import notebook

NAMES = ("FaceAligner", "ExpressionAnalyzer")


def cells(*sources, kind="code"):
    made = [{"cell_type": kind, "source": text, "metadata": {}, "outputs": []} for text in sources]
    return json.dumps({"cells": made, "nbformat": 4, "metadata": {}}).encode()


def outline(text):
    source = notebook.Source(text)
    return notebook.outline(source, notebook.parse(source), NAMES)


def test_notebook_is_read_in_order_and_places_are_named():
    data = cells("%load_ext x\nimport math", ["class A:\n", "    x = 1\n"])
    source = notebook.read(data, ".ipynb")
    trees = notebook.parse(source)
    assert [type(node).__name__ for tree in trees for node in tree.body] == [
        "Expr",
        "Import",
        "ClassDef",
    ]
    assert trees[1].body[0].lineno == 3
    line = source.text.split("\n").index("    x = 1") + 1
    assert source.place(line) == "cell 2, line 2"
    assert notebook.Source("x").place(3) == "line 3"


def test_a_notebook_without_code_defines_nothing():
    for data in (cells(), cells("# Notes", kind="markdown")):
        source = notebook.read(data, ".ipynb")
        assert notebook.parse(source) == []
        assert notebook.outline(source, [], NAMES).defines == ()


def test_markdown_cells_are_no_code():
    assert notebook.read(cells("class FaceAligner: pass", kind="markdown"), ".ipynb").text == "\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe\x00",
        b'{"cells": 3}',
        b'{"cells": [{"cell_type": "code"}]}',
        b'{"cells": [{"cell_type": "code", "source": 3}]}',
        b'{"cells": [{"cell_type": "code", "source": [3]}]}',
        b"[" * 200_000,
        b"9" * 10_000,
    ],
)
def test_what_is_no_notebook_is_refused(data):
    with pytest.raises(ValueError, match="no notebook"):
        notebook.read(data, ".ipynb")


def test_a_notebook_of_pictures_is_read_and_a_bomb_is_not():
    big = json.loads(cells("x = 1"))
    big["cells"][0]["outputs"] = [{"data": {"image/png": "A" * 30_000_000}}]
    assert notebook.read(json.dumps(big).encode(), ".ipynb").text.strip() == "x = 1"
    with pytest.raises(ValueError, match="too large"):
        notebook.read(b"[" + b"[]," * 4_000_000 + b"[]]", ".ipynb")
    with pytest.raises(ValueError, match="characters"):
        notebook.read(b"x = 1\n" * 400_000, ".py")


def test_modules_may_declare_an_encoding():
    data = "# coding: latin-1\nx = 'é'\n".encode("latin-1")
    assert "é" in notebook.read(data, ".py").text
    for junk in (b"\xff\xfe", b"x = 1\0", b"# coding: no-such\n"):
        with pytest.raises(ValueError, match="no Python text"):
            notebook.read(junk, ".py")


@pytest.mark.parametrize(
    ("text", "defines"),
    [
        ("class FaceAligner: pass", ("FaceAligner",)),
        ("if True:\n  class FaceAligner: pass", ("FaceAligner",)),
        ("try:\n  class FaceAligner: pass\nfinally:\n  pass", ("FaceAligner",)),
        ("class A: pass\nFaceAligner = A", ("FaceAligner",)),
        ("class FaceAligner: pass\nclass ExpressionAnalyzer: pass", NAMES),
        ("class FaceAligner: pass\nExpressionAnalyzer = None", ("FaceAligner",)),
        ("def f():\n  class FaceAligner: pass", ()),
        ("x = 'class FaceAligner: pass'", ()),
        ("class Other:\n  class FaceAligner: pass", ()),
        ("from elsewhere import FaceAligner", ("FaceAligner",)),
        ("FaceAligner", ()),
    ],
)
def test_classes_are_found_without_running(text, defines):
    assert outline(text).defines == defines


@pytest.mark.parametrize(
    "text",
    [
        "import solutions",
        "import solutions.face_aligner as f",
        "from solutions import face_aligner",
        "from lessonlib.faces import FaceAligner",
        "import numpy, lessonlib.faces",
        "from lessonlib import *",
        "from lessonlib import faces",
        "import lessonlib.grading.checks",
        "from lessonlib.grading import checks",
        "def f():\n  from lessonlib import augmentation",
        "try:\n  import solutions\nexcept ImportError:\n  pass",
        "__import__('solutions.face_aligner')",
        "import importlib\nimportlib.import_module('lessonlib.faces')",
    ],
)
def test_importing_an_answer_is_forbidden(text):
    found = outline(f"class FaceAligner: pass\n{text}")
    assert "must be your own" in found.forbidden
    assert found.defines == ("FaceAligner",)


@pytest.mark.parametrize(
    "text",
    [
        "from lessonlib.grading import check\ncheck(3)",
        "import lessonlib",
        "import lessonlib.grading as g",
        "from lessonlib import grading",
        "import my_solutions, solutionsx",
        "from . import solutions",
        "if __name__ == '__main__':\n  from lessonlib.images import chest",
        "x = 'import solutions'",
    ],
)
def test_the_check_cell_and_the_scripts_own_part_are_allowed(text):
    assert outline(f"class FaceAligner: pass\n{text}").forbidden == ""
