"""Every page of the built book, opened in a real browser."""

from __future__ import annotations

import re
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import chromium
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.book.conftest import HTML, pages

pytestmark = pytest.mark.browser

#: What a page holds once it has settled: links, images, headings.
INSPECT = """() => ({
  links: [...document.querySelectorAll('a[href]')].map(a => a.href),
  broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src),
  unnamed: [...document.images]
    .filter(i => !i.hasAttribute('alt') || (!i.alt.trim() && i.closest('.cell_output, figure')))
    .map(i => i.src),
  generic: [...document.images]
    .filter(i => i.alt.trim() && /^(_images|\\.\\.?\\/|[0-9a-f]{16,})/.test(i.alt)).map(i => i.src),
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  rawmath: document.querySelectorAll('.math:not(:has(mjx-container))').length,
  h1: document.querySelectorAll('main h1').length,
})"""


class Visit:
    """A page open at one width, with what went wrong while it loaded."""

    def __init__(self, browser, address: str, width: int):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        self.tab = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.tab.on("pageerror", lambda e: self.errors.append(str(e)))
        self.tab.on("request", lambda r: self.requests.append(r.url))
        self.tab.on(
            "response",
            lambda r: self.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None,
        )
        self.tab.goto(address, wait_until="load")
        self.tab.evaluate(chromium.SETTLE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


def anchors(path) -> set[str]:
    """Every id and anchor name on a built page."""
    return set(re.findall(r'\b(?:id|name)="([^"]+)"', path.read_text("utf-8")))


def dead_links(site: str, here: str, links: list[str]) -> list[str]:
    """Links within the book whose page or anchor does not exist."""
    dead = []
    for link in {urljoin(here, u) for u in links}:
        if urlparse(link).netloc != urlparse(site).netloc:
            continue
        url, fragment = urldefrag(link)
        path = HTML / unquote(urlparse(url).path).lstrip("/")
        path = path / "index.html" if path.is_dir() else path
        lost = fragment and path.suffix == ".html" and unquote(fragment) not in anchors(path)
        if not path.exists() or lost:
            dead.append(link)
    return sorted(dead)


def check_accessible(tab, within: str | None = None) -> None:
    """axe-core finds nothing in either theme, and nothing sticks out sideways.

    With `within`, a CSS selector, axe-core looks at those parts only, which is quicker.
    """
    for theme in ("light", "dark"):
        tab.evaluate("t => Object.assign(document.documentElement.dataset, {theme: t})", theme)
        results = Axe().run(tab, within)
        assert results.violations_count == 0, f"{theme} theme: {results.generate_report()}"
    assert tab.evaluate(INSPECT)["wide"] <= 0, "the page scrolls sideways"


@pytest.mark.parametrize("page", pages())
def test_page_on_a_desktop(browser, site, page):
    """The page is whole (see INSPECT), asks no other host for anything, and is accessible."""
    with Visit(browser, f"{site}/{page}", 1280) as visit:
        seen = visit.tab.evaluate(INSPECT)
        assert visit.errors == []
        assert [u for u in visit.requests if not u.startswith((site, "data:", "blob:"))] == []
        assert seen["broken"] == [], "images that did not load"
        assert seen["unnamed"] == [], "images without alternative text"
        assert seen["generic"] == [], "images whose alternative text is a file name"
        assert seen["rawmath"] == 0, "formulas that MathJax did not set"
        assert dead_links(site, visit.tab.url, seen["links"]) == [], "links that lead nowhere"
        check_accessible(visit.tab)


@pytest.mark.parametrize("page", pages())
def test_page_on_a_phone(browser, site, page):
    """The page is accessible and fits."""
    with Visit(browser, f"{site}/{page}", 390) as visit:
        assert visit.errors == []
        check_accessible(visit.tab)


def test_root_leads_to_the_book(browser, site):
    """The folder's own address opens the first page."""
    tab = browser.new_page()
    tab.goto(f"{site}/")
    tab.wait_for_url("**/notebooks/index.html")
    tab.close()


def test_search_finds_a_term(browser, site):
    """The search page answers without a server."""
    with Visit(browser, f"{site}/search.html?q=prevalence", 1280) as visit:
        visit.tab.wait_for_selector("ul.search li a", timeout=10_000)


def test_theme_can_be_chosen(browser, site):
    """A reader who asks for dark gets dark, and keeps it on the next page."""
    with Visit(browser, f"{site}/notebooks/index.html", 1280) as visit:
        button = visit.tab.locator(".theme-switch-button").first
        for _ in range(3):
            if visit.tab.evaluate("document.documentElement.dataset.theme") == "dark":
                break
            button.click()
        assert visit.tab.evaluate("document.documentElement.dataset.theme") == "dark"
        visit.tab.goto(f"{site}/book/glossary.html", wait_until="load")
        assert visit.tab.evaluate("document.documentElement.dataset.theme") == "dark"
