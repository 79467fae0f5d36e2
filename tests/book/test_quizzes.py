"""The quizzes: their files say what is so, and in a browser they can be answered by anyone."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections import Counter
from itertools import pairwise

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from tests.book.conftest import HTML, ROOT, pages
from tests.book.test_pages import INSPECT, Visit

QUIZZES = sorted((ROOT / "book" / "quizzes").glob("*.yaml"))
PLACED = re.compile(r"^:::\{quiz\} (\S+)$", re.MULTILINE)
#: Where the quiz of each file stands.
PAGES = {
    name: page.stem
    for page in sorted((ROOT / "book").glob("*.md"))
    for name in PLACED.findall(page.read_text("utf-8"))
}
SCRIPTS = ("helpers.js", "multiple_choice.js", "numeric.js", "quiz.js")

#: Gives an answer, by its number or as text, and returns what is then said, and in which colour.
ANSWER = """([place, answer]) => {
  const form = document.querySelectorAll('.quiz-form')[place];
  if (typeof answer === 'number') form.querySelectorAll('input')[answer].checked = true;
  else form.querySelector('input').value = answer;
  form.requestSubmit();
  const said = form.querySelector('[role="status"][aria-live="polite"]');
  return [said.innerText, said.classList.contains('correct')];
}"""

_ALLOWED = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Mod: operator.mod,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.USub: operator.neg,
}
_NAMES = {"sqrt": math.sqrt, "erfc": math.erfc, "pi": math.pi}


def arithmetic(expression) -> float:
    """The value of an expression of numbers, the operators above and a few names."""

    def value(node):
        match node:
            case ast.Expression():
                return value(node.body)
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.BinOp():
                return _ALLOWED[type(node.op)](value(node.left), value(node.right))
            case ast.UnaryOp():
                return _ALLOWED[type(node.op)](value(node.operand))
            case ast.Name():
                return _NAMES[node.id]
            case ast.Call(func=ast.Name(id=name), keywords=[]):
                return _NAMES[name](*map(value, node.args))
        raise ValueError(f"{ast.dump(node)} is no arithmetic")

    return value(ast.parse(str(expression), mode="eval"))


def read(path) -> list[dict]:
    return yaml.safe_load(path.read_text("utf-8"))


def spoken(answer: dict) -> float:
    """The number that an answer shows, such as 15.5 of "15.5%"."""
    return float(re.match(r"-?[\d.]+", answer["answer"])[0])


EACH = pytest.mark.parametrize("path", QUIZZES, ids=lambda path: path.stem)


def test_each_chapter_has_a_quiz_and_each_quiz_a_chapter():
    assert {path.stem for path in QUIZZES} == set(PAGES)
    assert {PAGES[name] for name in PAGES if name != "ready"} == set(PAGES) - {"ready"}
    assert PAGES["ready"] == "index"
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    (chapters,) = (p["chapters"] for p in toc["parts"] if p["caption"] == "Chapters")
    numbered = {c["file"].split("/")[1] for c in chapters if c["file"].startswith("notebooks/")}
    assert numbered == set(PAGES) - {"ready"}


@EACH
def test_a_quiz_is_well_formed(path):
    questions = read(path)
    assert 4 <= len(questions) <= 6
    assert len({q["question"] for q in questions}) == len(questions)
    for question in questions:
        numeric = question["type"] == "numeric"
        assert question["type"] in ("multiple_choice", "numeric")
        assert set(question) <= {"question", "type", "answers"} | ({"unit"} if numeric else set())
        answers = question["answers"]
        assert [a["correct"] for a in answers].count(True) == 1
        assert all(isinstance(a["correct"], bool) for a in answers)
        assert len({a["feedback"] for a in answers}) == len(answers), "each has its own reason"
        assert all(len(a["feedback"].split()) >= 5 for a in answers)
        if numeric:
            *known, last = answers
            assert set(last) == {"type", "correct", "feedback"}
            assert last["type"] == "default"
            assert not last["correct"]
            assert answers[0]["correct"], "JupyterQuiz takes the first range that fits"
            keys = {"answer", "expression", "range", "correct", "feedback"}
            assert all(set(a) == keys for a in known)
        else:
            assert 3 <= len(answers) <= 5
            assert all(set(a) == {"answer", "correct", "feedback"} for a in answers)
            assert len({a["answer"].lower() for a in answers}) == len(answers)


@EACH
def test_each_number_is_computed(path):
    """Right and wrong numbers follow from what the question says, and no two can be confused."""
    for question in read(path):
        if question["type"] != "numeric":
            continue
        known = question["answers"][:-1]
        for answer in known:
            exact = arithmetic(answer["expression"])
            low, high = answer["range"]
            assert low <= exact < high
            assert low <= spoken(answer) < high
            decimals = len(re.match(r"-?\d+\.?(\d*)", answer["answer"])[1])
            assert round(exact, decimals) == pytest.approx(spoken(answer), abs=1e-12)
        edges = sorted(answer["range"] for answer in known)
        assert all(a[1] <= b[0] for a, b in pairwise(edges))


@pytest.mark.parametrize("bad", ["__import__('os')", "(1).real", "[1]", "'a'", "2 if 1 else 3"])
def test_an_expression_is_arithmetic_and_nothing_else(bad):
    with pytest.raises((ValueError, KeyError)):
        arithmetic(bad)
    assert arithmetic("100 * (1 - 0.5**2)") == 75


def test_the_place_of_an_answer_does_not_give_it_away():
    """Over all quizzes the right choice is about as often at each place, and seldom the longest."""
    places, longest, n = Counter(), 0, 0
    for path in QUIZZES:
        choices = [q["answers"] for q in read(path) if q["type"] == "multiple_choice"]
        right = [[a["correct"] for a in answers].index(True) for answers in choices]
        assert len(set(right)) >= 2, path.stem
        places.update(right)
        n += len(choices)
        for answers, k in zip(choices, right, strict=True):
            longest += len(answers[k]["answer"]) == max(len(a["answer"]) for a in answers)
    assert all(0.1 < places[k] / n < 0.45 for k in range(4))
    assert longest / n < 0.5


@EACH
def test_jupyterlab_can_show_it_too(path, monkeypatch):
    """The file keeps to JupyterQuiz's own format."""
    from jupyterquiz.dynamic import display

    shown = []
    monkeypatch.setattr(display, "display", lambda thing: shown.append(thing.data))
    display.display_quiz(read(path))
    assert read(path)[0]["question"][:30] in shown[-1]


def quiz_pages() -> dict[str, list[dict]]:
    """Questions by page of the built book."""
    return {f"notebooks/{PAGES[path.stem]}.html": read(path) for path in QUIZZES}


def opened(browser, site, page, width=1280) -> Visit:
    visit = Visit(browser, f"{site}/{page}", width)
    visit.tab.wait_for_selector(".quiz-question.answerable")
    return visit


def words(markdown: str) -> str:
    """The first plain words of a piece of Markdown."""
    return re.split(r"[*$`\[{'\"]", markdown)[0][:40].strip()


@pytest.mark.browser
@pytest.mark.parametrize("page", sorted(quiz_pages()))
def test_each_answer_gets_its_reason(browser, site, page):
    with opened(browser, site, page) as visit:
        assert visit.tab.locator(".quiz-form").count() == len(quiz_pages()[page])
        for place, question in enumerate(quiz_pages()[page]):
            for i, answer in enumerate(question["answers"]):
                numeric = question["type"] == "numeric"
                default = numeric and i == len(question["answers"]) - 1
                typed = "123456.5" if default else f"{spoken(answer)}" if numeric else i
                said, green = visit.tab.evaluate(ANSWER, [place, typed])
                assert green == answer["correct"]
                assert said.startswith("Right." if answer["correct"] else "No.")
                assert words(answer["feedback"]) in said
        assert visit.errors == []
        assert [u for u in visit.requests if not u.startswith((site, "data:", "blob:"))] == []


@pytest.mark.browser
def test_keys_are_enough(browser, site):
    """Tab reaches the choices, arrows choose without answering, Enter answers, the focus stays."""
    with opened(browser, site, "notebooks/evaluation.html") as visit:
        tab = visit.tab
        forms = tab.locator(".quiz-form")
        status = [forms.nth(k).locator('[role="status"]') for k in range(2)]
        focused = "document.activeElement.closest('.quiz-form') === document.forms[{}]"
        index = tab.evaluate("[...document.forms].indexOf(document.querySelector('.quiz-form'))")
        tab.locator(".quiz-introduction").click()  # the keys go on from where one reads
        tab.keyboard.press("Tab")
        assert tab.evaluate(focused.format(index))
        outline = "getComputedStyle(document.activeElement.closest('label')).outlineStyle"
        assert tab.evaluate(outline) == "solid"
        tab.keyboard.press("Space")
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("ArrowDown")
        assert status[0].inner_text() == "", "to choose is not to answer"
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.textContent") == "Check"
        tab.keyboard.press("Enter")
        assert status[0].inner_text().startswith("Right.")
        assert tab.evaluate("document.activeElement.textContent") == "Check"

        tab.keyboard.press("Tab")
        assert tab.evaluate(focused.format(index + 1))
        tab.keyboard.press("Enter")
        assert status[1].inner_text() == "Type a number first."
        tab.keyboard.type("15,5 %")
        tab.keyboard.press("Enter")
        assert status[1].inner_text().startswith("Right.")
        assert tab.evaluate("document.activeElement.tagName") == "INPUT"
        tab.keyboard.press("Control+A")
        tab.keyboard.type("18/116")
        tab.keyboard.press("Enter")
        assert status[1].inner_text().startswith("No."), "a share where per cent was asked for"


@pytest.mark.browser
def test_every_control_has_a_name(browser, site):
    with opened(browser, site, "notebooks/evaluation.html") as visit:
        tab = visit.tab
        question = quiz_pages()["notebooks/evaluation.html"]
        group = tab.get_by_role("radiogroup", name=words(question[0]["question"])).first
        assert group.get_by_role("radio").count() == len(question[0]["answers"])
        assert group.get_by_role("radio", name=question[0]["answers"][1]["answer"]).count() == 1
        assert tab.get_by_role("textbox", name="Your answer, in %").count() == 1
        for control in tab.locator(".quiz-form label, .quiz-form button").all():
            if control.get_attribute("class") != "InpLabel":
                assert control.bounding_box()["height"] >= 44


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_answered_it_is_as_accessible(browser, site, width):
    with opened(browser, site, "notebooks/evaluation.html", width) as visit:
        tab = visit.tab
        forms = tab.locator(".quiz-form")
        for k, answer in enumerate((2, "90", 1, 2, 0)):  # right and wrong, by hand
            field = forms.nth(k).locator("input")
            field.fill(answer) if isinstance(answer, str) else field.nth(answer).check()
            forms.nth(k).get_by_role("button", name="Check").click()
            assert forms.nth(k).get_by_role("status").is_visible()
        for theme in ("light", "dark"):
            tab.evaluate("t => Object.assign(document.documentElement.dataset, {theme: t})", theme)
            results = Axe().run(tab, context=".quiz")
            assert results.violations_count == 0, f"{theme} theme: {results.generate_report()}"
        assert tab.evaluate(INSPECT)["wide"] <= 0


@pytest.mark.browser
def test_without_its_script_the_answers_can_be_opened(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site}/notebooks/evaluation.html")
    box = tab.locator(".quiz-question").first
    assert box.locator(".quiz-choices li").first.is_visible()
    assert not box.locator(".quiz-reasons").is_visible()
    box.locator("summary").click()
    assert box.locator(".quiz-reasons .right").inner_text().split()[:2] == ["C", "Right."]
    context.close()


@pytest.mark.browser
def test_on_paper_the_answers_are_open(browser, site):
    with opened(browser, site, "notebooks/evaluation.html") as visit:
        visit.tab.emulate_media(media="print")
        visit.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        box = visit.tab.locator(".quiz-question").first
        assert box.locator(".quiz-choices li").first.is_visible()
        assert box.locator(".quiz-reasons .right").is_visible()
        assert not box.locator(".quiz-form").is_visible()


@pytest.mark.browser
def test_its_scripts_are_on_its_pages_only_and_come_from_here():
    for page in pages():
        text = (HTML / page).read_text("utf-8")
        times = 1 if page in quiz_pages() else 0
        for script in SCRIPTS:
            assert len(re.findall(rf'src="[^"]*_static/quiz/{script}', text)) == times, page
    shipped = HTML / "_static" / "quiz"
    assert (shipped / "LICENSE").read_text("utf-8").startswith("MIT License")
    assert not any("cdn" in f.read_text("utf-8").lower() for f in shipped.glob("*.js"))
