"""Results on disk: whole at any moment, and taken up again after any kind of end."""

from __future__ import annotations

import json
import os

import pytest

from lessonlib.grading import journal


def entry(name, way="sandlock"):
    result = {"submission": name, "score": 1.0, "message": "\udcff"}
    return {"result": result, "pictures": {"a": {"expected": "png"}}, "way": way}


def test_the_report_is_whole_after_every_result_and_in_order(tmp_path):
    path = tmp_path / "r.json"
    notes = journal.Journal(path, 3, ["a", "b", "c"])
    for count, name in enumerate(["c", "a"], 1):
        notes.add(entry(name))
        notes.write()
        assert len(json.loads(path.read_text())["results"]) == count
    notes.add(entry("b", "bubblewrap"))
    notes.close()
    report = json.loads(path.read_text())
    assert [each["submission"] for each in report["results"]] == ["a", "b", "c"]
    assert (report["version"], report["seed"]) == (1, 3)
    assert report["confinement"] == "bubblewrap, sandlock"
    assert report == notes.report()
    assert os.listdir(tmp_path) == ["r.json"]


def test_what_was_cut_short_is_left_out_and_gone_on_from(tmp_path):
    path = tmp_path / "r.json"
    notes = journal.Journal(path, 3, ["a", "b", "c"])
    notes.add(entry("a"))
    notes.add(entry("b"))
    notes._lines.close()
    lines = journal.beside(path)
    lines.write_bytes(lines.read_bytes()[:-20])  # as a power cut would leave it
    path.write_text(json.dumps({"seed": 3, "results": []}))
    seed, known = journal.earlier(path)
    assert seed == 3
    assert known == {"a": entry("a")}
    again = journal.Journal(path, seed, ["a", "b", "c"], known)
    again.add(entry("c"))
    again.close()
    assert sorted(journal.earlier(path)[1]) == ["a", "c"]
    assert journal.earlier(path)[1]["a"]["pictures"] == {"a": {"expected": "png"}}
    assert lines.exists()  # one is still missing


def test_a_new_run_forgets_the_old_journal(tmp_path):
    path = tmp_path / "r.json"
    journal.Journal(path, 1, ["a", "b"]).add(entry("a"))
    notes = journal.Journal(path, 2, ["a", "b"])
    notes.add(entry("b"))
    notes.close()
    assert journal.earlier(path) == (2, {"b": entry("b")})


def test_how_often_a_submission_was_begun_without_a_result(tmp_path):
    path = tmp_path / "r.json"
    notes = journal.Journal(path, 3, ["a", "b", "c"])
    for name in "abc":
        notes.begin(name, "0")
    notes.add(entry("a"))
    notes._lines.close()
    assert journal.deaths(path) == {("a", "0"): 1, ("b", "0"): 1, ("c", "0"): 1}  # another content
    notes = journal.Journal(path, 3, ["a", "b", "c"], goes_on=True)
    done = entry("a")
    done["result"]["sha256"] = "0"
    notes.add(done)
    notes.begin("b", "0")
    notes._lines.close()
    assert journal.deaths(path) == {("b", "0"): 2, ("c", "0"): 1}
    assert journal.earlier(path)[0] == 3
    assert journal.deaths(tmp_path / "gone.json") == {}


def test_nothing_there_is_nothing_known(tmp_path):
    assert journal.earlier(tmp_path / "r.json") == (None, {})


@pytest.mark.parametrize("text", ["[]", "{", "{}", '{"seed": "x", "results": []}', '{"seed": 1}'])
def test_another_file_is_not_gone_on_from(tmp_path, text):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="no report to go on from"):
        journal.earlier(path)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "f.txt"
    journal.write_atomically(path, "old")
    with pytest.raises(TypeError):
        journal.write_atomically(path, 3)
    assert path.read_text() == "old"

    def interrupted(source, target):
        replace(source, target)
        raise KeyboardInterrupt

    replace = os.replace
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.write_atomically(path, "whole")
    monkeypatch.undo()
    assert path.read_text() == "whole"
    journal.write_atomically(path, "new \udcff")
    assert path.read_text("utf-8") == "new \\udcff"
    assert os.listdir(tmp_path) == ["f.txt"]


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_report_has_the_rights_of_any_new_file(tmp_path):
    journal.write_atomically(tmp_path / "f.txt", "x")
    (tmp_path / "g.txt").write_text("x")
    assert (tmp_path / "f.txt").stat().st_mode == (tmp_path / "g.txt").stat().st_mode
