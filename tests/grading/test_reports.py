"""What other programs and people read: tables, XML, JSON, a page; strangers' text does no harm."""

from __future__ import annotations

import base64
import csv
import io
import json
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from lessonlib.grading import roster as rosters
from lessonlib.grading.reports import files, pictures, tables, text

EVIL = "=cmd|' /C calc'!A0 <script>alert(1)</script> &amp; \x1b[31m\ud800\u202e ]]> [bold]"


def part(name, passed, message="", points=1.0):
    return {
        "id": name,
        "title": f"part {name}",
        "points": points * passed,
        "max_points": points,
        "passed": passed,
        "message": message,
    }


def result(path, exercise="FaceAligner", status="graded", message="", parts=None):
    parts = [part("a", True), part("b", False, EVIL)] if parts is None else parts
    return {
        "submission": path,
        "exercise": exercise,
        "status": status,
        "score": sum(each["points"] for each in parts),
        "max_score": sum(each["max_points"] for each in parts),
        "seconds": 0.25,
        "criteria": parts,
        "message": message,
    }


RESULTS = [
    result("hw/ann/face.py"),
    result("hw/ben/face.py", parts=[part("a", True), part("b", True)]),
    result("hw/ben/older.py", parts=[part("a", False, "no"), part("b", False, "no")]),
    result("hw/ben/expr.py", "ExpressionAnalyzer", parts=[part("c", True, points=3.0)]),
    result("hw/eve/=1+1.py", None, "error", "defines nothing", []),
    result("hw/who/x.py", "FaceAligner", "timeout", "stopped", [part("a", False, "stopped")]),
]
REPORT = {"version": 1, "seed": 5, "confinement": "sandlock", "results": RESULTS}
ROSTER = """file,id,name,email,login,canvas_id,section
ann,s1,"Noether, Emmy",ann@example.org,ann1,901,S-1
ben,s2,"Faraday, Michael",ben@example.org,ben1,902,S-1
eve,s3,Eve,,,,
"""


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(ROSTER, encoding="utf-8-sig")
    return tables.read_roster(path)


NOBODY = rosters.Roster()


def rows(table):
    return list(csv.reader(io.StringIO(table)))


def test_plain_table_has_a_line_each_and_a_column_per_part(roster):
    head, *lines = rows(tables.plain(RESULTS, roster))
    assert head[:7] == [
        "submission",
        "student",
        "exercise",
        "status",
        "score",
        "max_score",
        "seconds",
    ]
    assert head[7:] == ["a", "b", "c", "message"]
    assert len(lines) == len(RESULTS)
    ann = dict(zip(head, lines[0], strict=True))
    assert (ann["student"], ann["score"], ann["a"], ann["b"], ann["c"]) == (
        "s1",
        "1.0",
        "1.0",
        "0.0",
        "",
    )
    assert lines[-1][1] == ""


def test_moodle_maps_students_by_number_and_has_grade_and_feedback(roster):
    head, *lines = rows(tables.moodle(RESULTS, roster))
    assert head == [
        "ID number",
        "Email address",
        "FaceAligner (Real)",
        "FaceAligner (Feedback)",
        "ExpressionAnalyzer (Real)",
        "ExpressionAnalyzer (Feedback)",
    ]
    by_id = {line[0]: line for line in lines}
    assert set(by_id) == {"s1", "s2"}  # Eve's file is no exercise; nobody's file is in no gradebook
    assert by_id["s2"] == ["s2", "ben@example.org", "2.0", "", "3.0", ""]  # the better of two
    assert by_id["s1"][2] == "1.0"
    assert by_id["s1"][3].startswith("b: ")


def test_canvas_has_its_importers_columns_and_points(roster):
    head, points, *lines = rows(tables.canvas(RESULTS, roster))
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert head[5:] == ["FaceAligner", "ExpressionAnalyzer"]
    assert "Points Possible" in points[0]
    assert points[5:] == ["1.0", "3.0"] or points[5:] == ["2.0", "3.0"]
    assert lines[0] == ["Noether, Emmy", "901", "s1", "ann1", "S-1", "1.0", ""]
    assert lines[1][5:] == ["2.0", "3.0"]


def test_students_without_a_number_are_kept_apart(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("file,id,canvas_id,email\nann,,901,\nben,,902,\neve,,,e@x\n")
    lines = tables.read_roster(path)
    given = [result("ann/f.py"), result("ben/f.py"), result("eve/f.py")]
    assert [row[1] for row in rows(tables.canvas(given, lines))[2:]] == ["901", "902", ""]
    assert [row[1] for row in rows(tables.moodle(given, lines))[1:]] == ["", "", "e@x"]


def test_what_a_gradebook_leaves_out_is_said(roster):
    absent = rosters.Roster([*roster.lines, tables.Student("zoe", "s9", "Zoë")])
    assert tables.left_out(RESULTS, absent) == [
        "in no gradebook: hw/who/x.py (its folder who is nobody's in the roster)",
        "in no gradebook: hw/eve/=1+1.py (no exercise found in it)",
        "in the roster, with no file here: Zoë (s9)",
    ]
    assert tables.left_out(RESULTS[:1], NOBODY) == []


def test_without_a_roster_one_name_in_two_folders_is_nobodys():
    given = [result("ben/anna.py"), result("anna/anna.py"), result("anna/carl.py")]
    assert tables.left_out(given, NOBODY) == [
        f"in no gradebook: {name} (anna hands in the same exercise in another folder; "
        "a roster tells them apart)"
        for name in ("ben/anna.py", "anna/anna.py")
    ]
    assert [row[0] for row in rows(tables.moodle(given, NOBODY))[1:]] == ["carl"]


def test_gradescope_gets_its_fields_and_writes_nowhere_else(tmp_path):
    names = ("../../escape.py", "/abs/a.py", "abs_a.py", "..", "long/" * 100 + "é\n.py")
    odd = [*RESULTS, *map(result, names)]
    written = files.write_gradescope(odd, tmp_path / "out")
    assert len(set(written)) == len(odd)
    assert all(path.resolve().is_relative_to(tmp_path / "out") for path in written)
    content = json.loads(written[0].read_text())
    assert content["score"] == 1.0
    assert content["execution_time"] == 0.25
    assert [test["status"] for test in content["tests"]] == ["passed", "failed"]
    assert content["tests"][0] == {
        "number": "a",
        "name": "part a",
        "score": 1.0,
        "max_score": 1.0,
        "status": "passed",
        "output": "",
    }
    noted = files.gradescope({**RESULTS[0], "note": "left behind: cell 1: \x1b[2J"})
    assert noted["output"] == "left behind: cell 1: \N{REPLACEMENT CHARACTER}[2J"


def test_junit_is_xml_with_honest_counts():
    report = {**REPORT, "results": [*RESULTS, result("e\x00vil.py", message=EVIL)]}
    root = ElementTree.fromstring(files.junit(report).encode())
    suites = root.findall("testsuite")
    assert len(suites) == len(report["results"])
    for suite, each in zip(suites, report["results"], strict=True):
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases) == max(1, len(each["criteria"]))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
    assert suites[0].get("failures") == "1"
    assert suites[4].get("errors") == suites[5].get("errors") == "1"


def image(png):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))


def test_pictures_show_both_on_one_scale_and_where_they_differ():
    expected = np.zeros((6, 9))
    returned = expected.copy()
    returned[2, 3], returned[4, 5], expected[0, 0] = 1.0, np.nan, 1.0
    drawn = {
        name: image(png)
        for name, png in pictures.draw({"expected": expected, "returned": returned}).items()
    }
    *names, difference = drawn
    assert names == ["expected", "returned"]
    drawn["difference"] = drawn[difference]
    assert drawn["expected"][0, 0].tolist() == [255, 255, 255]
    assert drawn["returned"][2, 3].tolist() == [255, 255, 255]
    assert drawn["returned"][0, 0].tolist() == [0, 0, 0]
    assert drawn["returned"][4, 5].tolist() == drawn["difference"][4, 5].tolist()  # a hole
    difference = drawn["difference"].astype(int)
    assert difference[1, 1].tolist() == [255, 255, 255]
    assert difference[2, 3, 0] > difference[2, 3, 2]  # too much: orange
    assert difference[0, 0, 2] > difference[0, 0, 0]  # too little: blue


@pytest.mark.parametrize(
    "arrays",
    [
        {"expected": np.zeros((3, 8, 8)), "returned": np.ones((3, 8, 8))},
        {"expected": np.zeros((8, 8)), "returned": np.zeros((4, 4))},
        {"expected": np.full((8, 8), np.inf), "returned": np.full((8, 8), np.nan)},
        {"expected": np.full((8, 8), 1e308), "returned": np.full((8, 8), -1e308)},
        {"returned": np.zeros((2000, 3000), bool)},
    ],
)
def test_odd_arrays_are_drawn_too(arrays):
    for png in pictures.draw(arrays).values():
        assert max(image(png).shape[:2]) <= 256


def test_what_is_no_picture_is_left_out():
    assert pictures.draw({"expected": np.zeros(5), "returned": np.zeros((2, 0))}) == {}


def test_text_says_each_part():
    lines = text.summary(RESULTS[0]).split("\n")
    assert lines[0] == "FaceAligner: 1 of 2 points"
    assert lines[1].startswith("ok   a")
    assert lines[2].startswith("not  b")
    assert "stopped" in text.summary(RESULTS[5])
