"""What stock Jupyter Book 1 lacks: math without a CDN, and pages free of unused remote scripts."""

from __future__ import annotations

from importlib.metadata import files
from pathlib import Path

from sphinx.util.fileutil import copy_asset

# The parts of MathJax that a page can ask for: the component, its fonts, extensions loaded on
# demand, and the speech rules that assistive technology uses.
_MATHJAX_PARTS = ("tex-mml-chtml.js", "output/chtml/fonts/woff-v2", "input/tex/extensions", "a11y")
_SPEECH = ("sre/mathmaps/base.json", "sre/mathmaps/en.json")


def mathjax_folder() -> Path:
    """Folder of MathJax inside the installed package sphinx-mathjax-offline."""
    for file in files("sphinx-mathjax-offline") or ():
        if file.name == "tex-mml-chtml.js":
            return Path(str(file.locate())).parent
    raise FileNotFoundError("sphinx-mathjax-offline has no tex-mml-chtml.js: reinstall it")


def copy_mathjax(app, exception) -> None:
    if exception or app.builder.format != "html":
        return
    source, target = mathjax_folder(), Path(app.outdir, "_static", "mathjax")
    for part in (*_MATHJAX_PARTS, *_SPEECH):
        parent = target / Path(part).parent if (source / part).is_file() else target / part
        copy_asset(str(source / part), str(parent))


def keep_own_scripts(app, pagename, templatename, context, doctree) -> None:
    """Drop the live-code scripts, which load from elsewhere, and bodies that Sphinx adds twice."""
    kept, seen = [], set()
    for script in context.get("script_files", []):
        body = getattr(script, "attributes", {}).get("body") or ""
        if "thebe" in (str(getattr(script, "filename", script) or "") + body).lower():
            continue
        if body and body in seen:
            continue
        seen.add(body)
        kept.append(script)
    context["script_files"] = kept
    context["css_files"] = [
        c for c in context.get("css_files", []) if "thebe" not in str(getattr(c, "filename", c))
    ]


def setup(app):
    app.connect("build-finished", copy_mathjax)
    app.connect("html-page-context", keep_own_scripts, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
