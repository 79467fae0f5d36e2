"""Whose file is whose: one rule, and no file that ever touches another student's row."""

from __future__ import annotations

import itertools
import unicodedata

import pytest

from lessonlib.grading import roster as rosters
from lessonlib.grading.roster import Roster, Student

ANNA, BEN, CARL = Student("Anna", "s1", "Anna A"), Student("Ben", "s2"), Student("carl.py", "s3")
CLASS = Roster([ANNA, BEN, CARL])


def owners(*submissions, roster=CLASS):
    return {path: who.id for path, who in roster.assign(submissions).owners.items()}


def reason(*submissions, roster=CLASS):
    return roster.assign(submissions).reasons.get(submissions[0], "")


def test_a_roster_finds_by_path_folder_and_file():
    assert owners("hw/Anna.py") == {"hw/Anna.py": "s1"}
    assert owners("hw/Anna.ipynb") == {"hw/Anna.ipynb": "s1"}
    assert owners("hw/carl.py") == {"hw/carl.py": "s3"}
    assert owners("hw/carl.ipynb") == {}
    assert owners("hw/Ben/week 1/face.py") == {"hw/Ben/week 1/face.py": "s2"}
    assert owners("hw/Be.py", "hw/Benn/x.py") == {}
    assert reason("hw/Be.py") == "not in the roster"


def test_a_folder_comes_before_the_files_name():
    assert owners("sub/Ben/Anna.py") == {"sub/Ben/Anna.py": "s2"}
    assert owners("sub/Ben/carl.py", "sub/Anna/Ben.py") == {
        "sub/Ben/carl.py": "s2",
        "sub/Anna/Ben.py": "s1",
    }


def test_a_path_in_the_roster_comes_before_all():
    roster = Roster([ANNA, BEN, Student("sub/Ben/Anna.py", "s4"), Student("sub/group", "s5")])
    assert owners("sub/Ben/Anna.py", "./sub/group/Ben/x.py", roster=roster) == {
        "sub/Ben/Anna.py": "s4",
        "./sub/group/Ben/x.py": "s5",
    }
    # ... but for that path alone, not for one that ends like it.
    assert owners("x/sub/group/Ben/x.py", roster=roster) == {"x/sub/group/Ben/x.py": "s2"}


def test_what_could_be_two_students_is_nobodys_and_said():
    assert owners("sub/Anna/Ben/x.py") == {}
    said = reason("sub/Anna/Ben/x.py")
    assert (
        said
        == "a folder of its path could be that of Anna A (s1) or s2; give its path in the roster"
    )
    both = Roster([Student("anna.py", "s1"), Student("anna", "s2")])
    assert owners("hw/anna.py", roster=both) == {}
    assert "its name could be that of s1 or s2" in reason("hw/anna.py", roster=both)


def test_a_folder_beside_the_students_is_not_read_by_its_files_names():
    """Eve is not on the roster, and calls her file Anna's, her folder's folder Ben's."""
    assert owners("sub/eve/Anna.py", "sub/Ben/x.py") == {"sub/Ben/x.py": "s2"}
    assert owners("sub/eve/Ben/x.py", "sub/Ben/x.py") == {"sub/Ben/x.py": "s2"}
    assert "its folder eve is nobody's" in reason("sub/eve/Anna.py", "sub/Ben/x.py")
    # Folders that are weeks, not students, hide nobody.
    assert owners("sub/week1/Anna.py", "sub/week2/Ben.py") == {
        "sub/week1/Anna.py": "s1",
        "sub/week2/Ben.py": "s2",
    }
    assert owners("sub/week1/Anna/x.py", "sub/week2/Ben/y.py") == {
        "sub/week1/Anna/x.py": "s1",
        "sub/week2/Ben/y.py": "s2",
    }


def test_whatever_students_call_their_files_a_row_gets_its_own_only():
    """Brute force: each student's folder holds every tree of names, and stays that student's."""
    names = ("Anna", "Ben", "carl", "x")
    inner = ["/".join(way) for n in (0, 1, 2) for way in itertools.product(names, repeat=n)]
    paths = {
        f"sub/{mine}/{way}/{file}.py".replace("//", "/"): mine
        for mine in ("Anna", "Ben", "eve")
        for way in inner
        for file in names
    }
    own = {"Anna": "s1", "Ben": "s2"}
    assigned = CLASS.assign(paths)
    for path, who in assigned.owners.items():
        assert who.id == own[paths[path]], path
    assert set(assigned.owners) | set(assigned.reasons) == set(paths)
    assert all(f"sub/{mine}/x.py" in assigned.owners for mine in own)


@pytest.mark.parametrize("name", ["Zoë", "Ångström", "한글", "Đặng", "  Ann  Lee "])
def test_one_unicode_form_and_no_spaces_at_the_ends_on_both_sides(name):
    for listed, there in itertools.product(("NFC", "NFD"), repeat=2):
        roster = Roster([Student(unicodedata.normalize(listed, name), "7")])
        folder = unicodedata.normalize(there, name)
        for path in (f"hw/{folder}/x.py", f"hw/{folder.strip()}.py"):
            assert owners(path, roster=roster) == {path: "7"}


def test_case_is_one_where_nobody_is_written_so():
    assert owners("hw/ANNA/x.py", "hw/ben.PY") == {"hw/ANNA/x.py": "s1", "hw/ben.PY": "s2"}
    near = Roster([Student("Weiß", "1"), Student("Weiss", "2"), Student("weber", "3")])
    assert owners("hw/Weiß.py", "hw/Weiss.py", roster=near) == {
        "hw/Weiß.py": "1",
        "hw/Weiss.py": "2",
    }
    assert owners("hw/WEISS.py", roster=near) == {}  # either of them
    assert "1 or 2" in reason("hw/WEISS.py", roster=near)


def test_without_a_roster_the_files_name_is_the_number():
    decomposed = unicodedata.normalize("NFD", "Zoë")
    assert owners("hw/1234567.py", f"hw/{decomposed}.py", roster=Roster()) == {
        "hw/1234567.py": "1234567",
        f"hw/{decomposed}.py": "Zoë",
    }


def test_who_handed_in_nothing_is_known():
    assert [who.id for who in CLASS.assign(["hw/Ben.py"]).absent] == ["s1", "s3"]


def test_numbers_of_different_kinds_are_different_students():
    lines = [Student("ann", "", canvas_id="901"), Student("bob", "901")]
    assert len({line.key for line in lines}) == 2
    assert [who.file for who in Roster(lines).assign(["hw/bob.py"]).owners.values()] == ["bob"]


@pytest.mark.parametrize("head", ["file,name", "id,name", "file,id,age", "file,id,id", ""])
def test_a_roster_without_its_columns_is_refused(tmp_path, head):
    with pytest.raises(ValueError, match="file and id"):
        read(tmp_path, f"{head}\n1,2,3\n")


def read(tmp_path, data):
    path = tmp_path / "roster.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return rosters.read(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,id\nann,s1\nann,s2\n", "line 3 .*file ann to a second student"),
        ("file,id\nZoe\u0308,s1\nZo\u00eb,s2\n", "line 3 .*to a second student"),
        ("file,id\nhw/ann,s1\n./hw/ann/ ,s2\n", "line 3 .*to a second student"),
        ("file,id,email\nann,s1,a@x.org\nbo,s2,A@x.org\n", "line 3 .*email A@x.org to a second"),
        ("file,id,canvas_id\nann,s1,9\nbo,s2,9\n", "line 3 .*canvas_id 9 to a second"),
        ("file,id,login\nann,s1,al\nbo,,al\n", "line 3 .*login al to a second"),
        ("file,id,name\nann,s1,Noether, Emmy\n", "line 2 .*too many cells; quote"),
        ("file,id\nann,\n", "line 2 .*whose ann is"),
        ("file,id\nann,s1\n".encode("utf-16"), "not in UTF-8; save"),
        ("file,id\n", "lists nobody"),
        ("file;id;name\r\n", "lists nobody"),
        ("file,id\n,\n , \n", "lists nobody"),
    ],
)
def test_a_roster_that_would_lose_or_mix_grades_is_refused(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        read(tmp_path, text)


def test_a_roster_as_a_spreadsheet_saves_it(tmp_path):
    plain = read(tmp_path, "file,id\nann,s1\nbo,s2\nbo,s2\n").lines
    assert read(tmp_path, "file; id\r\nann;s1\r\nbo;s2\r\nbo;s2\r\n;\r\n").lines == plain
    assert [line.id for line in plain] == ["s1", "s2", "s2"]
    assert read(tmp_path, 'file,id,name\nann,s1,"Noether; E"\n').lines[0].name == "Noether; E"


def test_a_student_of_several_lines_is_one(tmp_path):
    roster = read(tmp_path, "file,id,name\nann,s1,\nann_b,s1,Ann\n")
    assert [who.shown for who in roster.students.values()] == ["Ann (s1)"]
