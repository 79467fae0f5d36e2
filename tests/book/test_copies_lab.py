"""Five copies in a real JupyterLab: what one sees, and that they run through."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.book import lab as jupyter
from tests.book.conftest import ROOT

pytestmark = pytest.mark.browser
COPIES = ROOT / "_build" / "copies"
#: Quick to run; with a quiz, hints, a solution, tables, figures and the report of a check.
QUICK = ["data-cards", "evaluation", "exercise-expression-analyzer", "exercise-face-aligner"]
QUICK += ["grading"]
RAW = [r"\{glue", r"\{term", r"\{cite", r"\{doc", r":::", r"^\([\w-]+\)=", r"\]\(", r"\*\*", r"```"]
#: What went wrong in cells that were run.
FAULTS = """() => ['error', 'stderr'].flatMap(kind => [...document.querySelectorAll(
  `[data-mime-type="application/vnd.jupyter.${kind}"]`)]).map(e => e.textContent)"""
#: How often each code cell was run, as the open notebook counts.
COUNTS = """() => [...window.jupyterapp.shell.currentWidget.content.widgets]
  .filter(cell => cell.model.type === 'code').map(cell => cell.model.executionCount)"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on the copies alone, in a folder that has nothing else."""
    if not (COPIES / "index.ipynb").exists():
        pytest.fail("the book is not built: run `make book` first (or `make test`, which does)")
    home = tmp_path_factory.mktemp("home")
    folder = Path(shutil.copytree(COPIES, tmp_path_factory.mktemp("lab") / "work"))
    with jupyter.served(folder, home) as running:
        yield running


@pytest.mark.parametrize("name", QUICK)
def test_it_reads_well_and_runs_through(browser, lab, name):
    tab = lab.open(browser, f"{name}.ipynb")
    tab.wait_for_function(
        "() => document.querySelectorAll('.jp-MarkdownCell:not(.jp-mod-rendered)').length === 0"
    )
    seen = "\n".join(tab.locator(".jp-MarkdownOutput").all_inner_texts())
    for pattern in RAW:
        assert not re.search(pattern, seen, re.MULTILINE), pattern
    folded = tab.locator(".jp-MarkdownOutput details")
    assert folded.count() > 0
    assert not any(folded.evaluate_all("all => all.map(d => d.open)"))
    hidden = tab.locator(".jp-CodeCell.jp-mod-noCode, .jp-CodeCell:has(.jp-InputPlaceholder)")
    stored = (COPIES / f"{name}.ipynb").read_text("utf-8").count('"source_hidden": true')
    assert hidden.count() == stored > 0
    lab.run_all(tab, 300)
    assert tab.evaluate(FAULTS) == []
    first = tab.locator(".jp-CodeCell").first.inner_text()
    assert "Everything that it needs is here." in first
    counts = tab.evaluate(COUNTS)
    assert counts == list(range(1, len(counts) + 1))
    tab.close()


def test_an_answer_opens_and_a_term_leads_to_the_glossary(browser, lab):
    tab = lab.open(browser, "evaluation.ipynb")
    box = tab.locator(".jp-MarkdownOutput details", has_text="probably healthy").first
    assert not box.locator("p").first.is_visible()
    box.locator("summary").click()
    assert "probably healthy" in box.inner_text()
    term = tab.locator('.jp-MarkdownOutput a[href*="glossary"]', has_text="prevalence").first
    assert "share of cases in a population" in term.get_attribute("title")
    term.click()
    # the copy of the glossary, beside the one that was left
    tab.locator("h3", has_text="prevalence").first.wait_for(timeout=120_000)
    tab.close()


def test_a_slider_moves_in_a_notebook(browser, lab):
    tab = lab.open(browser, "evaluation.ipynb")
    lab.run_all(tab, 300)
    box = tab.locator(".threshold-slider")
    assert not box.locator('[data-part="fallback"]').is_visible()
    value, called = (box.locator(f'[data-part="{name}"]') for name in ("threshold-value", "fp"))
    before = value.inner_text(), int(called.inner_text())
    box.locator("#slider-threshold").focus()
    tab.keyboard.press("End")
    assert float(value.inner_text()) != float(before[0])
    assert int(called.inner_text()) != before[1]
    tab.close()


#: Contrast of a box's words, and of its link, with what is behind them: a tint above the page.
BOX = """() => {
  const parts = css => css.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => (v / 255 <= 0.04045
      ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const page = parts(getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor);
  const box = [...document.querySelectorAll('.alert')].find(b => b.querySelector('a'));
  const tint = parts(getComputedStyle(box).backgroundColor);
  const share = tint.length > 3 ? tint[3] : 1;
  const behind = [0, 1, 2].map(i => share * tint[i] + (1 - share) * page[i]);
  return ['p', 'a'].map(name => {
    const ink = parts(getComputedStyle(box.querySelector(name)).color);
    const [dark, bright] = [light(behind), light(ink)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  });
}"""


def test_a_box_and_its_links_can_be_read_in_both_themes(browser, lab):
    tab = lab.open(browser, "grading.ipynb")
    for theme in jupyter.THEMES.values():
        tab.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        wanted = str("Light" in theme).lower()
        tab.wait_for_selector(f'body[data-jp-theme-light="{wanted}"]', state="attached")
        # WCAG asks for 4.5, JupyterLab's own box gives a link in the dark 1.7
        tab.wait_for_function(f"() => Math.min(...({BOX})()) > 4.5", timeout=10_000)
    tab.close()


#: Of the report's table: widths of its columns, alignment of its heads, and its contrast.
REPORT = """() => {
  const table = [...document.querySelectorAll('.jp-OutputArea-output table')]
    .find(t => t.textContent.includes('What is asked'));
  const heads = [...table.querySelectorAll('thead th')];
  const light = (css) => {
    const [r, g, b] = css.match(/[\\d.]+/g).map(v => (v / 255 <= 0.04045
      ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor;
  const ink = getComputedStyle(table.querySelector('td pre')).color;
  const [dark, bright] = [light(page), light(ink)].sort((a, b) => a - b);
  return {
    widths: heads.map(h => h.getBoundingClientRect().width),
    aligned: [...table.querySelectorAll('th, td')].map(e => getComputedStyle(e).textAlign),
    contrast: (bright + 0.05) / (dark + 0.05),
    sticks: table.getBoundingClientRect().right
      > document.querySelector('.jp-Notebook').getBoundingClientRect().right,
    broken: table.querySelector('td pre').innerText,
  };
}"""


def test_the_report_of_a_check_reads_well_in_both_themes(browser, lab):
    """Trusted, as it is once run. Untrusted it keeps its styles, as no style sheet is needed."""
    tab = lab.open(browser, "grading.ipynb")
    lab.run_all(tab)
    for theme in jupyter.THEMES.values():
        tab.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        wanted = str("Light" in theme).lower()
        tab.wait_for_selector(f'body[data-jp-theme-light="{wanted}"]', state="attached")
        seen = tab.evaluate(REPORT)
        part, asked, result, points = seen["widths"]
        assert asked > 4 * max(part, result, points), "columns of one width"
        assert set(seen["aligned"]) == {"left"}
        assert seen["contrast"] > 7
        assert not seen["sticks"]
    tab.close()
