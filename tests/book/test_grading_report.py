"""The grader's page as an instructor uses it, in a browser; and a check's table in JupyterLab."""

from __future__ import annotations

import random

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from lessonlib.grading.checks import EXERCISES
from lessonlib.grading.reports import html, notebook, pictures
from lessonlib.grading.roster import Roster, Student

pytestmark = pytest.mark.browser

NAMES = ("Zoë Müller", "Łukasz Noether", "עמר Cohen", "<b>Ann</b> O'Neil")
DRAWN = pictures.draw({"expected": np.eye(16), "returned": np.ones((16, 16))})


def made(count):
    """Return a report of `count` results, its pictures and its roster."""
    draw = random.Random(1)
    results, shown, students = [], {}, []
    for i in range(count):
        name = list(EXERCISES)[i % len(EXERCISES)]
        path = f"hw/s{i}/{name}.py"
        if i % 10:
            who = f"{NAMES[i % len(NAMES)]} {i}"
            students.append(Student(f"s{i}", f"10{i}", who, f"s{i}@example.org"))
        status = "timeout" if i % 7 == 3 else "graded"
        parts = [
            {
                "id": criterion.id,
                "title": criterion.title,
                "points": float(passed) * criterion.points,
                "max_points": criterion.points,
                "passed": passed,
                "message": "" if passed else "called: f(x)\nreturned: 3\nexpected: 4 " + "z" * 300,
            }
            for criterion in EXERCISES[name].criteria
            for passed in [status == "graded" and draw.random() < 0.7]
        ]
        results.append(
            {
                "submission": path,
                "exercise": name,
                "status": status,
                "score": sum(part["points"] for part in parts),
                "max_score": sum(part["max_points"] for part in parts),
                "seconds": 0.5,
                "criteria": parts,
                "message": "" if status == "graded" else "stopped after 5.0 s",
            }
        )
        shown[path] = {part["id"]: DRAWN for part in parts if not part["passed"]}
    report = {"version": 1, "seed": 5, "confinement": "sandlock", "results": results}
    return report, shown, Roster([*students, Student("zoe", "9999", "Zoe Absent")])


@pytest.fixture
def opened(browser, tmp_path):
    """Open a page of so many results; return it and them."""
    pages, errors = [], []

    def run(count, width=1280, theme="light"):
        report, shown, roster = made(count)
        file = tmp_path / "report.html"
        file.write_text(html.page(report, shown, roster), "utf-8")
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
        page.on("console", lambda said: errors.append(said.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda request: request.url[:5] in ("file:", "data:") or errors.append(request.url),
        )
        page.goto(file.as_uri())
        pages.append(page)
        return page, report["results"]

    yield run
    for page in pages:
        page.close()
    assert errors == []


def visible(page):
    return page.locator("details.result:visible").count()


def test_search_and_filters_find_a_student_among_a_thousand(opened):
    page, results = opened(1000)
    assert visible(page) == 1000
    assert page.inner_text("#count") == "1000 of 1000 shown"
    # By name without its accents, by number, by file.
    for words, file in (
        ("zoe mul 108", "s8"),
        ("1011 neil", "s11"),
        ("S999/", "s999"),
        ("lukasz 1061", "s61"),
    ):
        page.get_by_label("Search names and files").fill(words)
        found = page.locator("details.result:visible").all_inner_texts()
        assert any(f"hw/{file}/" in text for text in found), words
        assert len(found) < 25
    page.get_by_label("Search names and files").fill("nobody at all")
    assert page.inner_text("#count") == "Nothing fits: clear a filter"
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#count")).to_have_text("1000 of 1000 shown")
    page.get_by_label("Exercise").select_option("FaceAligner")
    own = [each for each in results if each["exercise"] == "FaceAligner"]
    assert visible(page) == len(own)
    page.get_by_label("Status").select_option("timeout")
    assert visible(page) == sum(each["status"] == "timeout" for each in own)
    page.get_by_label("Status").select_option("full-marks")
    assert visible(page) == sum(each["score"] == each["max_score"] for each in own)
    page.get_by_label("Status").select_option("graded")
    page.get_by_label("Part not passed").select_option("FaceAligner/apply_affine")
    missed = [
        each for each in own if each["status"] == "graded" and not each["criteria"][1]["passed"]
    ]
    assert 0 < len(missed) == visible(page)


def test_each_result_has_a_link_that_opens_it(opened):
    page, results = opened(60)
    links = page.eval_on_selector_all(
        "details.result a", "all => all.map(a => a.getAttribute('href'))"
    )
    assert len(set(links)) == len(results)
    page.get_by_label("Search names and files").fill("nobody")
    page.goto(f"{page.url.partition('#')[0]}{links[-1]}")
    last = page.locator("details.result").last
    assert last.get_attribute("open") is not None
    assert last.is_visible()
    page.reload()
    assert last.get_attribute("open") is not None
    assert page.evaluate("scrollY") > 0


def test_everything_works_from_the_keyboard(opened):
    page, _ = opened(12)
    page.keyboard.press("Tab")
    notes = page.evaluate("document.activeElement.textContent")
    assert notes == "Passed over, or in no gradebook: 3"  # two files nobody's, a student absent
    for name in ("search", "exercise", "status", "part"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == name
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    assert page.locator("details.result").first.get_attribute("open") is not None
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Link to this result"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_accessible_and_fits(opened, width, theme):
    page, _ = opened(30, width, theme)
    page.get_by_role("button", name="Open or close all shown").click()
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:100]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, back[4:-1].split(","))) > 384) == (theme == "light")


def test_closed_results_cost_no_height(opened):
    """1,000 open ones were 242,000 pixels."""
    page, _ = opened(1000)
    assert page.evaluate("document.documentElement.scrollHeight") < 80 * 1000


# What JupyterLab 4 says of tables in an output, word for word.
JUPYTERLAB = """
.jp-ThemedContainer .jp-RenderedHTMLCommon table { border-collapse: collapse; border-spacing: 0;
  border: none; font-size: 13px; table-layout: fixed; margin-left: auto; margin-right: auto; }
.jp-ThemedContainer .jp-RenderedHTMLCommon td, .jp-ThemedContainer .jp-RenderedHTMLCommon th,
.jp-ThemedContainer .jp-RenderedHTMLCommon tr { vertical-align: middle; padding: 0.5em;
  line-height: normal; white-space: normal; max-width: none; border: none; }
.jp-ThemedContainer :not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon td,
.jp-ThemedContainer :not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon th { text-align: right; }
.jp-ThemedContainer .jp-RenderedHTMLCommon tbody tr:nth-child(even) { background: rgb(9, 9, 9); }
"""


def test_a_check_in_jupyterlab_gives_the_text_the_room(browser):
    report, shown, _ = made(2)
    (result, *_) = report["results"]
    output = notebook.fragment(result, shown[result["submission"]])
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    page.set_content(
        f'<style>{JUPYTERLAB}</style><body class="jp-ThemedContainer">'
        f'<div class="jp-RenderedHTMLCommon">{output}</div>'
    )
    first = page.locator("tbody tr").first
    cells = [first.locator(f":scope > :nth-child({n})").bounding_box() for n in (1, 2, 3, 4)]
    named, asked, passed, points = (cell["width"] for cell in cells)
    assert asked > 2 * (named + passed + points)
    assert page.evaluate("getComputedStyle(document.querySelector('td')).textAlign") == "left"
    page.close()
