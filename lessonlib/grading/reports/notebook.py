"""One result as a notebook shows it: every style stands in the element that it is for.

A style sheet would do nothing in a notebook that is not trusted, whose HTML is cleaned of it, and
elsewhere it would fight with the notebook program's own rules for tables. Colours are the theme's.
"""

from __future__ import annotations

from html import escape as escape_data
from typing import Any

from ..cleaning import page as escape
from ..cleaning import page_line as escape_line

_LINE = "1px solid rgba(127, 127, 127, 0.4)"
_CELL = f"text-align: left; vertical-align: top; padding: 0.35em 0.6em; border-bottom: {_LINE}"
_NARROW = f"{_CELL}; white-space: nowrap; width: 1%"
_TABLE = "table-layout: auto; width: 100%; border-collapse: collapse; margin: 0.5em 0"
_MESSAGE = (
    "margin: 0.25em 0; padding: 0.5em 0.7em; text-align: left; white-space: pre-wrap; "
    "word-break: normal; overflow-wrap: anywhere; color: inherit; "
    "background-color: rgba(127, 127, 127, 0.12)"
)
_PICTURE = "display: inline-block; width: 12em; max-width: 100%; margin: 0.5em 0.75em 0 0"


def _part(part: dict[str, Any], pictures: dict[str, str]) -> str:
    shown = escape_line(part["title"])
    if part["message"]:
        shown += f'<pre style="{_MESSAGE}">{escape(part["message"])}</pre>'
    for name, png in pictures.items():
        alternative = escape_line(f"{name}, part {part['id']}")
        shown += (
            f'<figure style="{_PICTURE}"><img alt="{alternative}" '
            f'src="data:image/png;base64,{escape_data(png)}" style="width: 100%; '
            f'image-rendering: pixelated"><figcaption>{escape_line(name)}</figcaption></figure>'
        )
    points = f"{part['points']:g} / {part['max_points']:g}"
    verdict = "passed" if part["passed"] else "<strong>failed</strong>"
    return (
        f'<tr><th scope="row" style="{_NARROW}">{escape_line(part["id"])}</th>'
        f'<td style="{_CELL}">{shown}</td>'
        f'<td style="{_NARROW}">{verdict}</td><td style="{_NARROW}">{points}</td></tr>'
    )


def fragment(result: dict[str, Any], pictures: dict[str, dict[str, str]]) -> str:
    """Write one result for a notebook's output.

    Parameters
    ----------
    result : dict
        As in the JSON report: exercise, points, and the parts.
    pictures : dict
        By part and name: PNG files in base64.

    Returns
    -------
    str
    """
    score = f"{result['score']:g} of {result['max_score']:g} points"
    title = f"<p><strong>{escape_line(result['exercise'])}: {score}</strong></p>"
    if result["message"]:
        body = f'<pre style="{_MESSAGE}">{escape(result["message"])}</pre>'
    else:
        heads = ("Part", "What is asked", "Result", "Points")
        styles = (_NARROW, _CELL, _NARROW, _NARROW)
        head = "".join(
            f'<th scope="col" style="{style}">{name}</th>'
            for name, style in zip(heads, styles, strict=True)
        )
        rows = "".join(_part(part, pictures.get(part["id"], {})) for part in result["criteria"])
        note = result.get("note")
        above = f'<pre style="{_MESSAGE}">{escape(note)}</pre>' if note else ""
        head = f"<thead><tr>{head}</tr></thead>"
        body = f'{above}<table style="{_TABLE}">{head}<tbody>{rows}</tbody></table>'
    return f"<div>{title}{body}</div>"
