"""The book to carry away: the zip opens from disk, the PDF is tagged and its links work."""

from __future__ import annotations

import zipfile

import chromium
import export
import pytest

from tests.book.conftest import HTML

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><title>A book</title>
<h1 id="one">One</h1><p><a href="#two">see two</a></p>
<details class="sd-dropdown"><summary>Answer</summary><p>fortytwo</p></details>
<h1 id="two" style="break-before: page">Two</h1></html>"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The offline copy, unpacked in an empty folder."""
    if not (HTML / "index.html").exists():
        pytest.fail("the book is not built: run `make book` first")
    folder = tmp_path_factory.mktemp("offline")
    archive = export.offline(HTML, folder / "book.zip")
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        opened.extractall(folder)
    return folder / export.NAME


@pytest.mark.parametrize("page", ["index.html", "notebooks/evaluation.html", "book/glossary.html"])
def test_offline_copy_opens_from_disk(browser, unpacked, page):
    tab = browser.new_page()
    wrong, asked = [], []
    tab.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda e: wrong.append(str(e)))
    tab.on("request", lambda r: asked.append(r.url))
    tab.goto((unpacked / page).as_uri(), wait_until="load")
    if page == "index.html":  # it sends the reader on
        tab.wait_for_url("**/notebooks/index.html", wait_until="load")
    tab.evaluate(chromium.SETTLE)
    assert not wrong
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert tab.evaluate("[...document.images].every(i => i.naturalWidth)")
    assert tab.evaluate("document.querySelectorAll('.math:not(:has(mjx-container))').length") == 0
    tab.close()


def test_offline_copy_can_be_searched(browser, unpacked):
    tab = browser.new_page()
    tab.goto((unpacked / "search.html").as_uri() + "?q=DeLong", wait_until="load")
    tab.wait_for_selector("#search-results ul.search li a")
    assert tab.evaluate("document.querySelectorAll('#search-results ul.search li a').length") > 1
    tab.close()


def test_the_same_book_gives_the_same_zip(tmp_path):
    html = tmp_path / "html"
    html.mkdir()
    (html / "index.html").write_text("a page", "utf-8")
    first = export.offline(html, tmp_path / "a.zip").read_bytes()
    (html / "index.html").touch()
    assert export.offline(html, tmp_path / "b.zip").read_bytes() == first


def test_offline_without_a_book_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="make book"):
        export.offline(tmp_path)


def test_pdf_without_a_browser_says_what_to_do_before_it_builds(monkeypatch, capsys):
    monkeypatch.setattr(export.chromium, "find", lambda: None)
    monkeypatch.setattr(export, "one_page", lambda: pytest.fail("built in vain"))
    monkeypatch.setattr("sys.argv", ["export.py", "pdf"])
    assert export.main() == 1
    said = capsys.readouterr().err
    assert "install" in said
    assert "COURSE_BROWSER" in said


def test_pdf_is_tagged_and_has_an_outline_and_links(browser, tmp_path):
    # Playwright drives one browser a process, so the printing gets a process of its own.
    import subprocess
    import sys

    (tmp_path / "book.html").write_text(PAGE, "utf-8")
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); import export; "
        "export.pdf(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[2], 'book.pdf'))"
    )
    tools = str(export.ROOT / "book" / "_tools")
    subprocess.run([sys.executable, "-c", code, tools, str(tmp_path)], check=True)
    data = (tmp_path / "book.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    for part in (b"/StructTreeRoot", b"/Outlines", b"/Subtype /Link", b"/Lang"):
        assert part in data, part
    assert data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") >= 2
