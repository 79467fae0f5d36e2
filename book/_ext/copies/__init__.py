"""Plain copies of the pages, for whoever opens them in a notebook program.

A page of the book is MyST, which JupyterLab, VS Code, Colab and GitHub show raw. While the book is
built, every page but those of the reference is also written as a notebook of plain Markdown, with
the code cells and outputs of the stored notebook unchanged.

What others can rely on, after ``jupyter-book build . --builder html`` (``make book``):

- ``_build/copies/`` holds one notebook for each of those pages, ``NAME.ipynb`` by the page's own
  name, and nothing that a copy needs lies beside it: pictures are inside.
- ``_build/copies/index.ipynb`` is the book's first page. It ends with the pages of the book, in its
  order, as links.
- The metadata of each, ``course.copy_of``, names its page. A notebook there that bears the name of
  the page that it names is removed once that page is gone; no other file there is touched.
- The built book has the same files in ``copies/``: its download buttons hand them out.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import shutil
from pathlib import Path

from . import notebook
from .first_cell import Origin, version
from .links import Course


def folder(app) -> Path:
    """Where the copies lie."""
    return Path(app.outdir).parent / "copies"


def own_code() -> str:
    """Fingerprint of this package: where it changes, every page is written again."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def start(app) -> None:
    """Ask once for a build what all copies say."""
    if app.builder.format != "html":
        return
    address, _, branch = app.config.course_repository.rpartition("@")
    app.course_origin = Origin(
        app.config.html_title or app.config.project,
        address,
        version(Path(app.srcdir), branch),
        (app.config.html_baseurl or "").rstrip("/"),
    )
    app.course_links = None


def lost(app, env, added, changed, removed) -> list[str]:
    """Pages whose copy is not there are read again."""
    if app.builder.format != "html":
        return []
    course = Course(app)
    names = {docname: course.name(docname) for docname in env.found_docs}
    return [doc for doc, name in names.items() if name and not (folder(app) / name).is_file()]


def copy_page(app, doctree, docname) -> None:
    """Write the copy of a page when all that it refers to is known."""
    if app.builder.format != "html":
        return
    app.course_links = course = app.course_links or Course(app)
    name = course.name(docname)
    if name:
        folder(app).mkdir(parents=True, exist_ok=True)
        made = notebook.make(course, docname, doctree, app.course_origin)
        notebook.write(made, folder(app) / name)


def hand_out(app, pagename, templatename, context, doctree) -> None:
    """Have the page's download button give the copy."""
    course = app.course_links or Course(app)
    name = course.name(pagename) if doctree is not None else None
    if name is None:
        return
    for button in context.get("header_buttons", []):
        for entry in button.get("buttons", []):
            if entry.get("text") == ".ipynb" and "_sources" in entry.get("url", ""):
                entry["url"] = context["pathto"](f"copies/{name}", 1)
                entry["tooltip"] = "Download this page as a notebook"


def page_of(path: Path) -> str:
    """The page that a notebook says it is a copy of."""
    try:
        stored = json.loads(path.read_text("utf-8"))
        return stored["metadata"]["course"].get("copy_of", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def publish(app, exception) -> None:
    """Put the copies into the built book; drop those whose page is gone."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir, "copies")
    target.mkdir(exist_ok=True)
    names = {Course(app).name(docname) for docname in app.env.found_docs}
    for place in (folder(app), target):
        for path in sorted(place.glob("*.ipynb")):
            # under another name it is somebody's own copy of a copy
            if path.name not in names and posixpath.basename(page_of(path)) == path.stem:
                path.unlink()
    for name in sorted(filter(None, names)):
        shutil.copyfile(folder(app) / name, target / name)


def setup(app):
    app.setup_extension("elsewhere")  # says where the course lives
    app.add_config_value("copies_code", own_code(), "env")
    app.connect("builder-inited", start)
    app.connect("env-get-outdated", lost)
    app.connect("doctree-resolved", copy_page, priority=900)
    app.connect("html-page-context", hand_out, priority=900)
    app.connect("build-finished", publish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
