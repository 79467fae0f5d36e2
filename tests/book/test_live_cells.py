"""Python in the page: what a live cell does in Chromium.

A stub in place of Python shows what the page does with whatever a worker says. With a release of
Pyodide in the folder that COURSE_PYODIDE names, every live cell is clicked and its output compared
with the stored one; without, `test_live_code` has compared what the same code prints in CPython.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.book.conftest import HTML
from tests.book.test_live_code import EXERCISES, PAGES, live_cells, solution
from tests.book.test_pages import Visit, check_accessible

pytestmark = pytest.mark.browser
CHAPTERS = [f"notebooks/{name}.html" for name in PAGES]
SHEETS = [f"notebooks/exercise-{name.replace('_', '-')}.html" for name in EXERCISES]
#: One pixel.
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg=="
)
#: Speaks as book/_ext/live/worker.js does; what a cell says decides what comes back.
STUB = """
let runs = 0;
onmessage = ({ data: { settings, id, code, name, checked } }) => {
  if (settings) { postMessage({ stage: "Loading a stub" }); postMessage({ ready: true }); return; }
  postMessage({ id, started: true });
  if (code.includes("forever")) return;
  if (code.includes("unreachable")) { postMessage({ failed: "numpy did not arrive" }); return; }
  postMessage({ id, text: `run ${++runs} of ${name}${checked ? ", checked" : ""}\\n` });
  if (code.includes("wide")) postMessage({ id, text: "x".repeat(3000) });
  const figure = { png: "PICTURE", alt: "Figure drawn by your run" };
  const figures = code.includes("draw") ? [figure] : [];
  const error = code.includes("raise") ? "Traceback\\nValueError: so it is" : "";
  postMessage({ id, done: true, error, figures, seconds: 0.25 });
};
""".replace("PICTURE", PICTURE)
NEVER = "https://cdn.example/"


def stubbed(visit) -> None:
    """Have the page load the stub when it asks for Python."""
    settings = {"worker": STUB, "core": NEVER, "packages": NEVER, "integrity": {}, "local": None}
    visit.tab.route(
        "**/_static/live/python.js",
        lambda route: route.fulfill(
            body=f"window.courseLive = {json.dumps(settings)};", content_type="text/javascript"
        ),
    )


class Cell:
    """One live cell of a page, by its number."""

    def __init__(self, tab, number: int):
        self.tab = tab
        self.box = tab.locator(".live").nth(number)
        self.code = self.box.locator("textarea")

    def button(self, name: str):
        return self.box.locator("button", has_text=name)

    def write(self, text: str) -> None:
        if self.button("Edit").is_visible():
            self.button("Edit").click()
        self.code.fill(text)

    @property
    def status(self) -> str:
        return self.box.locator("[role=status]").inner_text()

    @property
    def output(self) -> str:
        return self.box.locator(".live-output").inner_text()

    def ends(self, start: str, seconds: int = 10) -> str:
        """Wait until the status begins so; return all of it."""
        handle = self.box.locator("[role=status]").element_handle()
        self.tab.wait_for_function(
            "([status, start]) => status.textContent.startsWith(start)",
            arg=[handle, start],
            timeout=1000 * seconds,
        )
        return self.status


@pytest.fixture
def visit(browser, site):
    with Visit(browser, f"{site}/{CHAPTERS[2]}", 1280) as visit:
        stubbed(visit)
        yield visit


@pytest.mark.parametrize("page", [*CHAPTERS, *SHEETS])
def test_nothing_is_loaded_before_a_click(browser, site, page):
    with Visit(browser, f"{site}/{page}", 1280) as visit:
        cells = visit.tab.locator(".live")
        assert cells.count() == PAGES.get(Path(page).stem, 1)
        assert visit.tab.workers == []
        elsewhere = [u for u in visit.requests if not u.startswith((site, "data:", "blob:"))]
        assert elsewhere == []
        assert not [url for url in visit.requests if "/live/" in url]
        assert (
            cells.locator("button", has_text="Run in this page")
            .or_(cells.locator("button", has_text="Check in this page"))
            .count()
            == cells.count()
        )


def test_without_scripts_the_page_is_whole(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site}/{CHAPTERS[0]}")
    assert tab.locator(".tag_live .cell_output").first.is_visible()
    assert tab.locator(".live").count() == 0
    context.close()


def test_a_run_shows_its_output_and_runs_the_cells_above_once(visit):
    first, second, third = (Cell(visit.tab, i) for i in range(3))
    second.button("Run").click()
    # the code is the stored one and the stub's words are not
    assert second.ends("Done") == "Done in 0.3 s: the output differs from the stored one."
    assert second.output.split("\n\n") == ["Your run", "run 2 of live cell 2\n"]
    third.button("Run").click()
    third.ends("Done")
    assert "run 3 of live cell 3" in third.output
    first.write("draw(1)")
    first.button("Run").click()
    assert first.ends("Done") == "Done in 0.3 s."
    assert first.box.locator("img").get_attribute("alt") == "Figure drawn by your run"
    stored = visit.tab.locator(".tag_live .cell_output")
    assert all(stored.nth(i).is_visible() for i in range(3))
    assert len(visit.tab.workers) == 1
    assert visit.errors == []


def test_an_error_is_shown_and_stops_the_cells_below(visit):
    first, second = Cell(visit.tab, 0), Cell(visit.tab, 1)
    first.write("raise")
    second.button("Run").click()
    assert "live cell 1" in second.ends("live cell 1, above")
    assert "ValueError: so it is" in first.output
    first.button("Run").click()
    assert first.ends("Ended") == "Ended with an error."


def test_stop_ends_the_worker_and_the_next_run_starts_anew(visit):
    first = Cell(visit.tab, 0)
    first.write("forever")
    first.button("Run").click()
    first.ends("Running")
    assert first.box.locator("progress").is_visible()
    first.button("Stop").click()
    first.ends("Stopped")
    assert visit.tab.workers == []
    assert not first.button("Stop").is_visible()
    first.write("1")
    first.button("Run").click()
    first.ends("Done")
    assert "run 1 of" in first.output


def test_a_failed_load_is_said_and_can_be_tried_again(visit):
    first = Cell(visit.tab, 0)
    first.write("unreachable")
    first.button("Run").click()
    said = first.ends("Python could not be loaded: numpy did not arrive")
    assert "check the connection" in said
    assert "stored outputs" in said
    first.write("1")
    first.button("Try again").click()
    first.ends("Done")
    assert first.button("Run in this page").is_visible()


def test_a_network_without_the_cdn_is_a_failed_load(browser, site):
    with Visit(browser, f"{site}/{CHAPTERS[0]}", 1280) as visit:
        cell = Cell(visit.tab, 0)
        visit.context.route("**/live/**", lambda route: route.abort())
        cell.button("Run").click()
        cell.ends("Python could not be loaded: a file of the book")
        visit.context.unroute("**/live/**")
        visit.context.route("https://cdn.jsdelivr.net/**", lambda route: route.abort())
        visit.context.route("**/live/pyodide/**", lambda route: route.abort())
        cell.button("Try again").click()
        assert "pyodide.asm.js did not arrive" in cell.ends("Python could not be loaded: pyodide")
        assert cell.button("Try again").is_visible()
        assert visit.tab.locator(".tag_live .cell_output").first.is_visible()


def test_a_page_opened_from_disk_starts_the_worker_too(browser, site):
    """The offline copy: no file beside the page can be read, and Pyodide is sought elsewhere."""
    with Visit(browser, (HTML / CHAPTERS[0]).as_uri(), 1280) as visit:
        asked = []
        visit.context.route(
            "https://cdn.jsdelivr.net/**", lambda route: (asked.append(route), route.abort())
        )
        cell = Cell(visit.tab, 0)
        cell.button("Run").click()
        assert "pyodide.asm.js did not arrive" in cell.ends("Python could not be loaded: pyodide")
        assert [route.request.url for route in asked] == [f"{live_cells.CORE}pyodide.asm.js"]


def test_keys_run_leave_and_indent(visit):
    tab, cell = visit.tab, Cell(visit.tab, 0)
    cell.button("Edit").focus()
    tab.keyboard.press("Enter")
    assert cell.code.evaluate("area => area === document.activeElement")
    stored = cell.code.input_value()
    assert "np.full(" in stored
    cell.code.fill("")
    tab.keyboard.type("for i in x:")
    tab.keyboard.press("Enter")
    tab.keyboard.type("f(i)")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Backspace")
    tab.keyboard.type("g")
    assert cell.code.input_value() == "for i in x:\n    f(i)\ng"
    tab.keyboard.press("Control+Enter")
    cell.ends("Done")
    tab.keyboard.press("Shift+Enter")
    cell.ends("Done")
    assert cell.code.input_value() == "for i in x:\n    f(i)\ng"
    tab.keyboard.press("Escape")
    assert cell.button("Run").evaluate("b => b === document.activeElement")
    for leave in ("Tab", "Shift+Tab"):
        cell.code.focus()
        tab.keyboard.press(leave)
        assert not cell.code.evaluate("area => area === document.activeElement")
    cell.button("Reset").click()
    assert not cell.code.is_visible()
    assert cell.button("Edit").evaluate("b => b === document.activeElement")
    cell.button("Edit").click()
    assert cell.code.input_value() == stored


@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_accessible_with_code_output_picture_and_error(browser, site, width):
    with Visit(browser, f"{site}/{CHAPTERS[2]}", width) as visit:
        stubbed(visit)
        for number, code in enumerate(("draw wide", "wide raise", "forever")):
            cell = Cell(visit.tab, number)
            cell.write(code)
            if number == 2:
                Cell(visit.tab, 1).write("1")
            cell.button("Run").click()
            cell.ends(("Done", "Ended", "Running")[number])
        check_accessible(visit.tab, within=".cell.tag_live")
        height = visit.tab.locator(".live-button:visible").evaluate_all(
            "all => Math.min(...all.map(b => b.getBoundingClientRect().height))"
        )
        assert height >= 44


def test_an_exercise_is_checked_and_its_draft_kept(browser, site):
    with Visit(browser, f"{site}/{SHEETS[0]}", 390) as visit:
        stubbed(visit)
        visit.tab.locator("details:has(.live)").evaluate("box => { box.open = true; }")
        cell = Cell(visit.tab, 0)
        assert "class AugmentationValidator" in cell.box.locator("..").inner_text()
        cell.write("class AugmentationValidator: ...")
        cell.button("Check").click()
        cell.ends("Done")
        assert "AugmentationValidator, checked" in cell.output
        check_accessible(visit.tab, within=".live-exercise")
        visit.tab.reload()
        assert cell.code.input_value() == "class AugmentationValidator: ..."
        visit.tab.locator("details:has(.live)").evaluate("box => { box.open = true; }")
        cell.button("Reset").click()
        visit.tab.reload()
        assert cell.code.input_value() == ""


@pytest.fixture
def pyodide():
    """Answer what a page asks the CDN for from the folder that COURSE_PYODIDE names."""
    if not os.environ.get("COURSE_PYODIDE"):
        pytest.skip("COURSE_PYODIDE names no folder with a release of Pyodide")
    folder = Path(os.environ["COURSE_PYODIDE"])
    types = {".js": "text/javascript", ".wasm": "application/wasm", ".json": "application/json"}

    def answer(route):
        file = folder / route.request.url.rsplit("/", 1)[-1]
        route.fulfill(
            body=file.read_bytes(),
            content_type=types.get(file.suffix, "application/octet-stream"),
            headers={"access-control-allow-origin": "*"},
        )

    return lambda visit: visit.context.route("https://cdn.jsdelivr.net/**", answer)


@pytest.mark.parametrize("page", CHAPTERS)
def test_in_pyodide_every_cell_prints_what_is_stored(browser, site, pyodide, page):
    with Visit(browser, f"{site}/{page}", 1280) as visit:
        pyodide(visit)
        for number in range(PAGES[Path(page).stem]):
            cell = Cell(visit.tab, number)
            cell.button("Run").click()
            said = cell.ends("Done", 180)
            if cell.box.locator("img").count():
                assert "PPV" in cell.box.locator("img").get_attribute("alt")
            else:
                assert said.endswith("the same output as the stored one.")
        cell.write("import torch")
        cell.button("Run").click()
        cell.ends("Ended")
        assert "PyTorch" in cell.output
        cell.write("while True: pass")
        cell.button("Run").click()
        cell.ends("Running", 30)
        cell.button("Stop").click()
        cell.ends("Stopped")


@pytest.mark.parametrize("name", EXERCISES)
def test_in_pyodide_an_exercise_is_checked(browser, site, pyodide, name):
    with Visit(browser, f"{site}/{SHEETS[list(EXERCISES).index(name)]}", 1280) as visit:
        pyodide(visit)
        visit.tab.locator("details:has(.live)").evaluate("box => { box.open = true; }")
        cell = Cell(visit.tab, 0)
        cell.button("Check").click()
        cell.ends("Done", 180)
        assert f"{EXERCISES[name]}: 0 of" in cell.output
        cell.write(solution(name))
        cell.button("Check").click()
        cell.box.locator("pre", has_text="ok verify:").wait_for(timeout=180_000)
        assert "not " not in cell.output
