"""The built book, served on this machine, and a browser to open it in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_tools"))  # the scripts there are no package

import chromium  # noqa: E402


def pages() -> list[str]:
    """Every page of the built book, as a path below its root."""
    left_out = ("_static", "_sources", "_modules", "_images", "_downloads")
    found = (p.relative_to(HTML) for p in sorted(HTML.rglob("*.html")))
    # index.html at the root only sends the reader on to the first page
    return [
        p.as_posix() for p in found if p.parts[0] not in left_out and p.as_posix() != "index.html"
    ]


@pytest.fixture(scope="session")
def site():
    """Address of the built book."""
    if not (HTML / "index.html").exists():
        pytest.fail("the book is not built: run `make book` first (or `make test`, which does)")
    with chromium.served(HTML) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; without one, skip, or fail if COURSE_REQUIRE_BROWSER is set."""
    path = chromium.find()
    if path is None:
        if os.environ.get("COURSE_REQUIRE_BROWSER"):
            pytest.fail(chromium.MISSING)
        pytest.skip(chromium.MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        yield opened
        opened.close()
