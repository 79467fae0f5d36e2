"""The whole book to carry away.

    python book/_tools/export.py offline    one zip of the built book, which opens from disk
    python book/_tools/export.py pdf        one tagged PDF, printed by Chromium

`make offline` and `make pdf` build what these need first.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import build
import chromium
import made_files

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build"
NAME = "medical-and-scientific-imaging"
_STAMP = (2026, 1, 1, 0, 0, 0)  # one date for all: the same book gives the same bytes

# Printed, a page has no buttons, its answers are open, and long code is broken and not cut.
PRINT = """
.toggle-details__summary, details.hide > summary, .headerlink, .prev-next-footer, .bd-footer,
  .bd-header-article, .bd-sidebar-primary, .bd-sidebar-secondary { display: none !important; }
pre { white-space: pre-wrap !important; overflow-wrap: anywhere; font-size: 8.5pt !important; }
figure, table, .admonition, .cell_input, div.highlight, .cell_output img { break-inside: avoid; }
h1, h2, h3 { break-after: avoid; }
section > section > h1 { break-before: page; }
"""
_OPEN = "document.querySelectorAll('details.sd-dropdown').forEach(d => d.open = true)"


def offline(html: Path = BUILD / "html", target: Path = BUILD / f"{NAME}.zip") -> Path:
    """Zip the built book.

    Raises
    ------
    FileNotFoundError
        Where the book is not built.
    """
    if not (html / "index.html").exists():
        raise FileNotFoundError("the book is not built: run `make book` first")
    left_out = ("objects.inv", ".buildinfo")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(html.rglob("*")):
            if path.is_file() and path.name not in left_out:
                entry = zipfile.ZipInfo(f"{NAME}/{path.relative_to(html).as_posix()}", _STAMP)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    temporary.chmod(0o644)
    temporary.replace(target)
    return target


def one_page() -> Path:
    """Build the book as one page; return its folder, in which it is `book.html`."""
    command = build.jupyter_book("build", str(ROOT), "-q")
    command += ["--path-output", str(BUILD / "pdf"), "--builder", "custom"]
    done = subprocess.run(
        [*command, "--custom-builder", "singlehtml"], capture_output=True, text=True
    )
    folder = BUILD / "pdf" / "_build" / "singlehtml"
    page = folder / "notebooks" / "index.html"
    if done.returncode or not page.exists():
        raise RuntimeError(f"the book did not build as one page:\n{done.stderr[-2000:]}")
    shutil.copy(page, folder / "book.html")  # its links count from the folder's root
    return folder


def pdf(folder: Path, target: Path = BUILD / f"{NAME}.pdf") -> Path:
    """Print `book.html` of a folder as a tagged PDF with an outline.

    Raises
    ------
    FileNotFoundError
        Where there is no Chromium.
    """
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    if path is None:
        raise FileNotFoundError(chromium.MISSING)
    with chromium.served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        context = browser.new_context(color_scheme="light")
        context.add_init_script(
            "localStorage.setItem('mode', 'light'); localStorage.setItem('theme', 'light')"
        )
        tab = context.new_page()
        tab.set_default_timeout(300_000)
        tab.goto(f"{address}/book.html", wait_until="load")
        tab.evaluate(chromium.SETTLE)
        tab.evaluate(_OPEN)
        tab.add_style_tag(content=PRINT)
        margin = {"top": "16mm", "bottom": "16mm", "left": "14mm", "right": "14mm"}
        tab.pdf(
            path=target,
            format="A4",
            scale=0.75,
            tagged=True,
            outline=True,
            print_background=True,
            margin=margin,
        )
        browser.close()
    return target


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("offline", "pdf"))
    try:
        what = parser.parse_args().what
        if what == "pdf" and chromium.find() is None:  # said before the minutes of building
            raise FileNotFoundError(chromium.MISSING)
        with made_files.recording(BUILD):
            if what == "offline":
                made = offline()
            else:
                print("building the book as one page …", flush=True)
                folder = one_page()
                print("printing it …", flush=True)
                made = pdf(folder)
    except (FileNotFoundError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{made} ({made.stat().st_size / 2**20:.0f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
