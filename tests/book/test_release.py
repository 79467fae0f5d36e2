"""What is stale is told on its page and by the build, and refuses a release."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import pytest

from lessonlib import sweeps
from tests.book.conftest import ROOT

import build  # isort: skip
import release  # isort: skip
import stored  # isort: skip

_SPEC = importlib.util.spec_from_file_location("age", ROOT / "book" / "_ext" / "age.py")
age = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(age)

PAGES = ["faces", "satellite", "pneumonia"]


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Three chapters and four sweeps of which nothing is stale; what is stale is set by a test."""
    state = {"stale": set(), "fault": set(), "sweeps": {}}
    pairs = [(tmp_path / "book" / f"{n}.md", tmp_path / f"{n}.ipynb") for n in PAGES]
    course = {"needs": "NO_SUCH_VARIABLE", "file": "films"}
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    monkeypatch.setattr(stored, "BOOK", tmp_path / "book")
    monkeypatch.setattr(stored, "chapters", lambda: pairs)
    monkeypatch.setattr(
        stored, "stale", lambda t: stored.STALE if t.stem in state["stale"] else None
    )
    monkeypatch.setattr(
        stored, "fault", lambda p, t: "is missing" if p.stem in state["fault"] else None
    )
    monkeypatch.setattr(
        stored,
        "from_page",
        lambda p: SimpleNamespace(metadata={"course": course} if p.stem == "pneumonia" else {}),
    )
    monkeypatch.setattr(
        sweeps, "load", lambda name: SimpleNamespace(outdated=state["sweeps"].get(name, ()))
    )
    return state


def test_a_release_of_fresh_things_passes(shelf, capsys):
    assert release.main() == 0
    assert capsys.readouterr().out == "release check: passed\n"
    assert build.ages() == []


def test_each_stale_thing_is_named_and_refuses_a_release(shelf, capsys):
    shelf["stale"], shelf["fault"] = {"satellite", "pneumonia"}, {"faces"}
    shelf["sweeps"] = {"transfer": (1, 2), "tile": (1,)}
    assert release.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "faces.ipynb is missing: make notebooks",
        "satellite.ipynb is older than the code it ran: make notebooks",
        "pneumonia.ipynb is older than the code it ran: make notebooks, where its data are (here "
        "NO_SUCH_VARIABLE is not set, and COURSE_DATA names no folder with films: see "
        "CONTRIBUTING.md)",
        "sweep tile: 1 entry older than the code or data: python -m lessonlib.sweeps tile",
        "sweep transfer: 2 entries older than the code or data: "
        "python -m lessonlib.sweeps transfer",
        "RELEASE REFUSED: 5 things are stale",
    ]
    assert build.ages() == [
        "not what their pages say: faces (make notebooks mends that)",
        "2 notebooks are older than the code they ran (satellite, pneumonia): "
        "make notebooks runs them",
    ]


def test_pages_whose_state_changed_are_written_again_and_only_those(shelf):
    env = SimpleNamespace(found_docs={f"notebooks/{name}" for name in PAGES} | {"book/paths"})
    assert age.rewrite(None, env) == []
    shelf["stale"] = {"faces", "satellite"}
    assert age.rewrite(None, env) == ["notebooks/faces", "notebooks/satellite"]
    assert age.rewrite(None, env) == []
    shelf["stale"] = {"satellite"}
    assert age.rewrite(None, env) == ["notebooks/faces"]


def test_the_line_stands_below_the_title_of_a_stale_page(shelf):
    shelf["stale"] = {"faces"}
    env = SimpleNamespace(found_docs={"notebooks/faces"})
    age.rewrite(None, env)
    app, body = SimpleNamespace(env=env), "<h1>Title</h1><p>Text.</p><h1>Another</h1>"
    for name in PAGES:
        context = {"body": body}
        age.tell(app, f"notebooks/{name}", "page.html", context, None)
        lines = f"<h1>Title</h1>\n{age.LINE}<p>Text.</p><h1>Another</h1>"
        assert context["body"] == (lines if name == "faces" else body)
    age.tell(app, "genindex", "page.html", {}, None)


def test_what_fails_and_what_only_tells():
    """Neither a build, nor a test, nor a printed book begins with a check of age."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    runs = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "release-check:" in makefile
    for target in ("book", "pdf", "offline", "lab", "lint", "test-notebooks"):
        recipe = makefile.split(f"\n{target}: ", 1)[1].split("\n\n", 1)[0]
        assert "release" not in recipe
    assert "make release-check ||" in runs
