"""Results as a page to read: self-contained, pictures inside, found by search and filters."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import cleaning
from ..cleaning import page as escape
from ..cleaning import page_line as escape_line
from ..roster import Roster, Student
from . import tables

_DATA_CAP = 5000  # characters that a result is searched by


@functools.cache
def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _policy(script: str) -> str:
    """Return what a browser may do with the page: run this one script, and load nothing."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    allowed = f"img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return f"default-src 'none'; {allowed}"


def page(
    report: dict[str, Any],
    pictures: dict[str, dict[str, dict[str, str]]],
    roster: Roster | None = None,
    aside: Sequence[str] = (),
) -> str:
    """Write the whole report as one file.

    Parameters
    ----------
    report : dict
        As in the JSON file.
    pictures : dict
        By submission, part and name: PNG files in base64.
    roster : Roster, optional
        Whose submission is whose; names are shown and searched.
    aside : sequence of str
        What was passed over, to be said at the end.

    Returns
    -------
    str
    """
    results, roster = report["results"], roster or Roster()
    owners = roster.assign(result["submission"] for result in results).owners if roster else {}
    counts = Counter(result["status"] for result in results)
    about = [f"{len(results)} submission{'' if len(results) == 1 else 's'}"]
    about += [f"{number} {status}" for status, number in counts.most_common()]
    about += [f"seed {report['seed']}", f"confined by {report['confinement']}"]
    notes = [*aside, *(tables.left_out(results, roster) if roster else ())]
    body = [
        "<h1>Grading report</h1>",
        f'<p class="about">{escape_line(" · ".join(about))}</p>',
        _averages(results),
        _notes(notes),
        *([_filters(results)] if len(results) > 1 else []),
        *(
            _submission(
                result,
                pictures.get(result["submission"], {}),
                owners.get(result["submission"]),
                alone=len(results) == 1,
            )
            for result in results
        ),
    ]
    script = _beside("page.js") if len(results) > 1 else ""
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>Grading report</title>\n"
        f"<style>{_beside('results.css')}{_beside('page.css')}</style>\n"
        f'<main class="grading">\n{chr(10).join(filter(None, body))}\n</main>\n'
        + (f"<script>{script}</script>\n" if script else "")
        + "</html>\n"
    )


def _averages(results: list[dict[str, Any]]) -> str:
    """Say per exercise how many handed it in, the mean score, and how many passed each part."""
    rows = []
    for name in dict.fromkeys(r["exercise"] for r in results if r["exercise"]):
        own = [result for result in results if result["exercise"] == name]
        mean = sum(result["score"] for result in own) / len(own)
        parts = Counter(part["id"] for r in own for part in r["criteria"] if part["passed"])
        shares = ", ".join(
            f"{part['id']}\xa0{100 * parts[part['id']] / len(own):.0f}\xa0%"
            for part in own[0]["criteria"]
        )
        rows.append(
            f'<tr><th scope="row" class="name">{escape_line(name)}<td class="number">{len(own)}'
            f'<td class="number">{mean:.2f} / {own[0]["max_score"]:g}<td>{escape_line(shares)}'
        )
    head = _head("Exercise", "Files", "Mean score", "Parts passed", numbers=("Files", "Mean score"))
    return f"<table>{head}{''.join(rows)}</table>" if rows else ""


def _head(*titles: str, numbers: Sequence[str] = ()) -> str:
    kinds = [' class="number"' if title in numbers else "" for title in titles]
    cells = (f'<th scope="col"{k}>{title}' for k, title in zip(kinds, titles, strict=True))
    return f"<tr>{''.join(cells)}"


def _filters(results: list[dict[str, Any]]) -> str:
    """Write the form that the script filters by; it is shown where the script runs."""
    exercises = dict.fromkeys(result["exercise"] or "" for result in results)
    statuses = Counter(status for result in results for status in _statuses(result).split())
    parts = []
    for name in filter(None, exercises):
        criteria = next(r["criteria"] for r in results if r["exercise"] == name)
        options = "".join(
            _option(f"{name}/{part['id']}", f"{part['id']}: {part['title']}") for part in criteria
        )
        parts.append(f'<optgroup label="{escape_line(name)}">{options}</optgroup>')
    chosen = {
        "Exercise": "".join(_option(name or "–", name or "no exercise") for name in exercises),
        "Status": "".join(
            _option(name, f"{name.replace('-', ' ')} ({number})")
            for name, number in statuses.items()
        ),
        "Part not passed": "".join(parts),
    }
    selects = "".join(
        f'<label>{label}<select name="{label.split()[0].lower()}">{_option("", "all")}{options}'
        "</select></label>"
        for label, options in chosen.items()
    )
    return (
        '<form id="filters" hidden><label class="search">Search names and files'
        f'<input type="search" name="search" autocomplete="off"></label>{selects}'
        '<button type="reset">Clear</button>'
        '<button type="button" id="open">Open or close all shown</button></form>'
        '<p class="count" id="count" role="status"></p>'
    )


def _option(value: str, shown: str) -> str:
    shown = shown if len(shown) <= 60 else shown[:60] + "…"
    return f'<option value="{escape_line(value)}">{escape_line(shown)}</option>'


def _statuses(result: dict[str, Any]) -> str:
    """Return the words that the filter of status finds a result by."""
    if result["status"] != "graded":
        return result["status"]
    return f"graded {'full-marks' if _full(result) else 'points-missing'}"


def _full(result: dict[str, Any]) -> bool:
    return result["score"] == result["max_score"] > 0


def _submission(
    result: dict[str, Any],
    pictures: dict[str, dict[str, str]],
    who: Student | None,
    *,
    alone: bool,
) -> str:
    exercise = result["exercise"] or "no exercise"
    name = cleaning.line(result["submission"])
    anchor = "r" + hashlib.sha256(result["submission"].encode("utf-8", "replace")).hexdigest()[:12]
    title = [f"<bdi>{escape_line(who.shown if who else name)}</bdi>"]
    more = [*([name] if who else []), exercise]
    if result["status"] != "graded":
        more.append(result["status"])
    title.append(
        f'<span class="about">{"".join(f" · <bdi>{escape_line(m)}</bdi>" for m in more)}</span>'
    )
    failed = [f"{exercise}/{part['id']}" for part in result["criteria"] if not part["passed"]]
    words = [name, exercise, *((who.name, who.id, who.email, who.login) if who else ())]
    data = {
        "words": " ".join(filter(None, words)),
        "exercise": result["exercise"] or "–",
        "status": _statuses(result),
        "failed": " ".join(failed),
    }
    attributes = "".join(
        f' data-{key}="{escape_line(value, _DATA_CAP)}"' for key, value in data.items()
    )
    link = "" if alone else f'<p><a href="#{anchor}">Link to this result</a></p>'
    return (
        f'<details class="result" id="{anchor}"{attributes}{" open" if alone else ""}><summary>'
        f'<span class="number {"passed" if _full(result) else "failed"}">'
        f"{result['score']:g} / {result['max_score']:g}</span>"
        f"{''.join(title)}</summary>{link}{table(result, pictures)}</details>"
    )


def _notes(notes: Sequence[str]) -> str:
    rows = "".join(f"<li>{escape_line(note, _DATA_CAP)}" for note in notes)
    title = f"Passed over, or in no gradebook: {len(notes)}"
    return f"<details><summary>{title}</summary><ul>{rows}</ul></details>" if rows else ""


def table(result: dict[str, Any], pictures: dict[str, dict[str, str]]) -> str:
    """Write one result's parts as a table, its pictures with the parts that they belong to."""
    if result["message"]:
        return f"<pre>{escape(result['message'])}</pre>"
    rows = []
    for part in result["criteria"]:
        word = "passed" if part["passed"] else "failed"
        shown = f"<pre>{escape(part['message'])}</pre>" if part["message"] else ""
        for name, png in pictures.get(part["id"], {}).items():
            alternative = f"{name}, part {part['id']}"
            shown += (
                f'<figure><img alt="{escape_line(alternative)}" loading="lazy" '
                f'src="data:image/png;base64,{html.escape(png)}">'
                f"<figcaption>{escape_line(name)}</figcaption></figure>"
            )
        rows.append(
            f'<tr><th scope="row">{escape_line(part["id"])}<td class="wide">'
            f"{escape_line(part['title'])}{shown}"
            f'<td class="number {word}">{word}'
            f'<td class="number">{part["points"]:g} / {part["max_points"]:g}'
        )
    note = f"<pre>{escape(result['note'])}</pre>" if result.get("note") else ""
    head = _head("Part", "What is asked", "Result", "Points", numbers=("Result", "Points"))
    return f"{note}<table>{head}{''.join(rows)}</table>"
