"""A small line on each page whose notebook is older than the code it ran.

The book is built all the same. What is on such a page may still be right; the line says that it has
not been run again. It comes and goes with the code, also where the notebook is as it was: then the
page is written again, and not read again.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_tools"))  # scripts, no package

import stored

LINE = (
    '<p class="course-age">The code behind this page has changed since the page was run. '
    "<code>make notebooks</code> runs it again.</p>"
)


def old_pages() -> set[str]:
    """Names of the documents that are stale, as Sphinx calls them."""
    return {f"notebooks/{name}" for name in stored.old_names()}


def rewrite(app, env) -> list[str]:
    """Have those pages written again whose state has changed since the last build."""
    before, now = getattr(env, "course_old_pages", set()), old_pages()
    env.course_old_pages = now
    return sorted((before ^ now) & env.found_docs)


def tell(app, pagename, templatename, context, doctree) -> None:
    """Put the line below the title of a stale page."""
    if pagename in getattr(app.env, "course_old_pages", ()) and "body" in context:
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{LINE}", 1)


def setup(app):
    app.connect("env-updated", rewrite)
    app.connect("html-page-context", tell)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
