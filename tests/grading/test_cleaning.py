"""Whatever a student can name is text, and nothing but text, in every report."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
import unicodedata
from xml.etree import ElementTree

import pytest
from rich.console import Console

from lessonlib.grading import cleaning, cli, terminal
from lessonlib.grading.grade import Report
from lessonlib.grading.learner import Verdict
from lessonlib.grading.reports import files, tables, text
from lessonlib.grading.reports import html as pages
from lessonlib.grading.reports import notebook as in_notebook
from lessonlib.grading.roster import Roster, Student

#: A word of each kind that some reader obeys; ``x`` and ``y`` show that the rest came through.
NASTIES = {
    "escape": "x\x1b[2J\x1b]0;owned\x07y",
    "c1": "x\x9b31my",
    "delete": "x\x7f\x08y",
    "null": "x\x00y",
    "override": "x\u202egpj.yp\u202cy",
    "isolate": "x\u2066\u2067\u2069y",
    "marks": "x\u200e\u200f\u061cy",
    "zero width": "x\u200b\u200c\u200d\u2060\ufeffy",
    "soft hyphen": "x\xady",
    "separators": "x\u2028\u2029y",
    "tags": "x\U000e0041\U000e007fy",
    "surrogate": "x\udcff\ud800y",
    "no character": "x\ufffe\uffffy",
    "lines": "x\r\nb.py  FaceAligner  graded  2 / 2\ny",
    "return": "x\rgraded  y",
    "script": "x<script>alert(1)</script>\"'><img src=q onerror=alert(1)>&amp;y",
    "comment": "x--></pre></details><!--]]>y",
    "markup": "x[bold red]no[/] [link=file:///etc/passwd]y[/link]",
    "markdown": "x![q](http://example.org/q.png) `y`",
    "equals": "=1+1",
    "plus": "+1+1",
    "minus": "-1+1",
    "at": "@SUM(1)",
    "tab": "\t=1+1",
    "space": " \xa0\u3000=1+1",
    "semicolon": "x;=1+1;y",
    "semicolon quote": 'x;"=1+1";y',
    "after lines": "x\n=1+1\r\n@y",
    "quote": '"=1+1"',
    "two quotes": '"" =1+1',
    "full width": "＝1+1",
    "full width after": "x;＋1;－1;＠y",
    "small": "﹦1+1",
    "superscript": "⁼1+1",
    "dde": "=cmd|' /C calc'!A0",
    "hidden equals": "\u200b=1+1",
    "mark": "\ufeff=1+1",
}
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def part(name, message):
    return {
        "id": name,
        "title": f"part {name}",
        "points": 0.0,
        "max_points": 1.0,
        "passed": False,
        "message": message,
    }


def result(path, message, status="graded"):
    return {
        "submission": cleaning.unicode(path),
        "exercise": "FaceAligner",
        "status": status,
        "score": 0.0,
        "max_score": 1.0,
        "seconds": 0.25,
        "criteria": [part("a", message)],
        "message": message if status != "graded" else "",
        "note": f"left behind: {message}",
        "sha256": "",
    }


def report(word):
    name = word.replace("/", "")  # what a file's name can hold
    results = [
        result(f"{name}/{name}.py", word),
        result(f"{name}.py", word, "error"),
        result("no_one.py", "no"),
    ]
    return {"version": 1, "seed": 5, "confinement": "sandlock", "results": results}


def roster(word):
    file = cleaning.unicode(word.replace("/", ""))
    return Roster([Student(file, f"{word} 1", word, f"{word}@x.org", word, word, word)])


nasty = pytest.mark.parametrize("word", NASTIES.values(), ids=NASTIES.keys())


def seen(said, allowed="\n"):
    """Whether nothing in a text is unseen but what is allowed."""
    return [c for c in said if unicodedata.category(c) in UNSEEN and c not in allowed] == []


@nasty
def test_a_line_stays_a_line_and_a_message_a_message(word):
    assert seen(cleaning.line(word), "")
    assert seen(cleaning.text(word), "\n\t")
    assert cleaning.line(cleaning.line(word)) == cleaning.line(word)
    for letter in "xy":
        assert (letter in cleaning.line(word)) == (letter in word)


def test_what_writes_the_worlds_languages_stays():
    for name in ("Zoë", "Đặng Thị", "한글", "Владимир", "عمر", "שרה", "नेहा", "😀 ✔️", "a\tb\nc"):
        assert cleaning.text(name) == name
    assert len(cleaning.text("x" * 10_000)) < 5000
    assert len(cleaning.line("x" * 10_000)) < 500


@nasty
def test_a_terminal_shows_text(word, monkeypatch):
    given, page = report(word), io.StringIO()
    console = Console(file=page, width=400, force_terminal=True, color_system=None)
    terminal.show_results(console, given)
    rows = page.getvalue().split("\n")
    # A row more would be a student's own result in another's name.
    assert len(rows) == len(harmless_rows())
    assert seen(page.getvalue())
    for each in given["results"]:
        terminal.show(console, Verdict(each, 1))
        console.print(text.summary(each), markup=False)
    terminal.show_progress(console, [Verdict(each, 1) for each in given["results"]])
    assert seen(page.getvalue())
    monkeypatch.setattr(cli, "err", console)
    for note in (*tables.left_out(given["results"], roster("z")), word):
        cli.note(note)
    cli.wrong(ValueError(word))
    assert seen(page.getvalue())


def harmless_rows():
    """Return the rows of a table of three harmless results."""
    page = io.StringIO()
    console = Console(file=page, width=400, force_terminal=True, color_system=None)
    terminal.show_results(console, report("harmless"))
    return page.getvalue().split("\n")


class Page(html.parser.HTMLParser):
    """Collects tags, attributes and visible text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.inside = [], "", ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data):
        if self.inside not in ("script", "style"):
            self.text += data


@nasty
def test_a_page_shows_text_and_keeps_its_shape(word):
    plain = Page(pages.page(report("harmless"), {}, roster("harmless"), ["harmless"]))
    page = Page(pages.page(report(word), {}, roster(word), [word]))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert seen(page.text, "\n\t")
    for (tag, mine), (_, theirs) in zip(page.tags, plain.tags, strict=True):
        assert mine.keys() == theirs.keys(), tag
        assert not any(name.startswith("on") for name in mine)
        assert all(seen(value or "") for value in mine.values())


@nasty
def test_a_notebooks_output_shows_text_and_keeps_its_shape(word):
    given, harmless = report(word)["results"], report("harmless")["results"]
    for mine, theirs in zip(given, harmless, strict=True):
        pictures = {"a": {word: "iVBORw0"}}, {"a": {"harmless": "iVBORw0"}}
        mine, theirs = (
            Page(in_notebook.fragment(each, shown))
            for each, shown in zip((mine, theirs), pictures, strict=True)
        )
        assert [(tag, [*values]) for tag, values in mine.tags] == [
            (tag, [*values]) for tag, values in theirs.tags
        ]
        assert seen(mine.text, "\n\t")
        assert all(seen(value or "") for _, values in mine.tags for value in values.values())


def test_a_page_runs_one_script_of_ours_and_loads_nothing():
    page = pages.page(report("x"), {"no_one.py": {"a": {"expected": "iVBORw0"}}})
    parsed = Page(page)
    assert {tag for tag, _ in parsed.tags}.isdisjoint({"link", "iframe", "object", "base"})
    for tag, attributes in parsed.tags:
        for name in ("src", "href", "action"):
            assert attributes.get(name, "#")[:5] in ("#", "data:") or attributes[name][0] == "#"
        assert tag != "img" or attributes["alt"]
    (policy,) = [each["content"] for _, each in parsed.tags if "http-equiv" in each]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script")
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    import base64
    import hashlib

    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert (
        script
        == re.findall(r"<script>(.*?)</script>", pages.page(report("</script>"), {}), re.DOTALL)[0]
    )


def cells(table, separator):
    """Read a table as a spreadsheet does, and as one that does not know quotes."""
    reader = csv.reader(io.StringIO(table, newline=""), delimiter=separator)
    yield from (cell for row in reader for cell in row)
    yield from (cell for row in re.split("[\r\n]", table) for cell in row.split(separator))


def formula(cell):
    start = unicodedata.normalize("NFKC", cell.strip(' \t\r\n\xa0\u3000"\N{REPLACEMENT CHARACTER}'))
    return start[:1] in ("=", "+", "-", "@", "\u2212")


@nasty
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_a_formula_whatever_separates_them(word, separator):
    given = report(word)["results"]
    people = Roster([*roster(word).lines, Student("no_one", "7", word)])
    for write in (tables.plain, tables.moodle, tables.canvas):
        for who in (people, Roster()):
            table = write(given, who)
            assert seen(table, "\r\n\t")
            read = list(csv.reader(io.StringIO(table, newline="")))
            assert len({len(row) for row in read}) == 1
            if separator == ",":  # a comma in a quoted cell begins none in any reader of commas
                assert not any(formula(cell) for row in read for cell in row)
            else:
                assert not any(formula(cell) for cell in cells(table, separator))


def test_a_cell_that_is_no_formula_stays():
    for cell in ("a-b", "a = b", "x, -1.5", "1e-3", "ann@example.org", "Müller; Anna", 3.5, ""):
        assert cleaning.cell(cell) == cell
    assert cleaning.cell("\tx")[0] == "'"


@nasty
def test_xml_is_well_formed_and_has_no_cases_more(word):
    root = ElementTree.fromstring(files.junit(report(word)).encode())
    assert len(root.findall("testsuite/testcase")) == 3
    for element in root.iter():
        assert all(seen(value, "\n\t") for value in element.attrib.values())
        assert seen(element.text or "", "\n\t")


@nasty
def test_json_is_read_by_the_strictest(word, tmp_path):
    for written in files.write_gradescope(report(word)["results"], tmp_path):
        data = written.read_bytes()
        assert json.loads(data)["tests"][0]["status"] == "failed"
        json.dumps(json.loads(data), ensure_ascii=False).encode()  # no half of a pair is left
    outcome = Report(f"{word}.py", None)
    outcome.fail("error", word)
    json.dumps(outcome.outcome(0.0).result, ensure_ascii=False).encode()


def test_two_names_stay_two():
    names = ["a\udcff", "a\udcfe", "a\\xff", "a", "ä"]
    assert len({cleaning.unicode(name) for name in names}) == len(names)
