"""Results as a page to read: self-contained, no script, pictures inside."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --good: #0a7d4b;
  --bad: #b3261e; --muted: #57606a; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #1a2028; --good: #4cc38a;
  --bad: #ff8f86; --muted: #9aa4af; } }
.grading { font: 16px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 0 auto; }
.grading h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
.grading .about { color: var(--muted); margin: 0 0 1.5rem; }
.grading table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
.grading th, .grading td { text-align: left; padding: .35rem .6rem; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.grading th { font-weight: 600; white-space: nowrap; }
.grading .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.grading .name { white-space: nowrap; }
.grading .passed { color: var(--good); } .grading .failed { color: var(--bad); }
.grading pre { margin: .25rem 0; white-space: pre-wrap; font: .875rem/1.45 ui-monospace, monospace;
  background: var(--soft); padding: .5rem .7rem; border-radius: .3rem; }
.grading details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0;
  padding: .4rem .8rem; }
.grading summary { cursor: pointer; font-weight: 600; overflow-wrap: anywhere; }
.grading summary .number { float: right; margin-left: 1rem; }
.grading figure { display: inline-block; width: 12rem; max-width: 100%; vertical-align: top;
  margin: .5rem .75rem .25rem 0; }
.grading figcaption { font-size: .875rem; color: var(--muted); }
.grading img { width: 100%; image-rendering: pixelated; border: 1px solid var(--line); }
@media (max-width: 40rem) {
  .grading tr:has(th:not(:first-child)) { position: absolute; left: -999rem; }
  .grading tr, .grading th, .grading td { display: block; border: 0; padding: .1rem 0;
    white-space: normal; }
  .grading tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  .grading td.number { display: inline-block; margin-right: 1rem; text-align: left; }
}
"""

# A notebook's background is its theme's, light or dark, whatever the system prefers.
_IN_NOTEBOOK = """
.grading { color-scheme: inherit; --line: rgb(127 127 127 / 40%); --soft: rgb(127 127 127 / 12%);
  --good: inherit; --bad: inherit; --muted: inherit; }
.grading .failed { font-weight: 700; }
"""

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(report: dict[str, Any], pictures: dict[str, dict[str, dict[str, str]]]) -> str:
    """Write the whole report as one file.

    Parameters
    ----------
    report : dict
        As in the JSON file.
    pictures : dict
        By submission, part and name: PNG files in base64.

    Returns
    -------
    str
    """
    results = report["results"]
    counts = Counter(result["status"] for result in results)
    about = [f"{len(results)} submissions"]
    about += [f"{number} {status}" for status, number in counts.most_common()]
    about += [f"seed {report['seed']}", f"confined by {report['confinement']}"]
    body = [
        "<h1>Grading report</h1>",
        f'<p class="about">{escape(" · ".join(about))}</p>',
        _averages(results),
        *(_submission(result, pictures.get(result["submission"], {})) for result in results),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>Grading report</title>\n"
        f"<style>{_STYLE}body {{ margin: 1.5rem }}</style>\n"
        f'<main class="grading">\n{chr(10).join(body)}\n</main>\n</html>\n'
    )


def _averages(results: list[dict[str, Any]]) -> str:
    """Say per exercise how many handed it in, the mean score, and how many passed each part."""
    rows = []
    for name in dict.fromkeys(r["exercise"] for r in results if r["exercise"]):
        own = [result for result in results if result["exercise"] == name]
        mean = sum(result["score"] for result in own) / len(own)
        parts = Counter(part["id"] for r in own for part in r["criteria"] if part["passed"])
        shares = ", ".join(
            f"{part['id']} {100 * parts[part['id']] / len(own):.0f} %"
            for part in own[0]["criteria"]
        )
        rows.append(
            f'<tr><td class="name">{escape(name)}<td class="number">{len(own)}'
            f'<td class="number">{mean:.2f} / {own[0]["max_score"]:g}<td>{escape(shares)}'
        )
    head = '<tr><th>Exercise<th class="number">Files<th class="number">Mean score<th>Parts passed'
    return f"<table>{head}{''.join(rows)}</table>" if rows else ""


def _submission(result: dict[str, Any], pictures: dict[str, dict[str, str]]) -> str:
    full = result["score"] == result["max_score"] > 0
    score = f"{result['score']:g} / {result['max_score']:g}"
    title = f"{result['submission']} · {result['exercise'] or 'no exercise'}"
    if result["status"] != "graded":
        title += f" · {result['status']}"
    return (
        f"<details{'' if full else ' open'}><summary>"
        f'<span class="number {"passed" if full else "failed"}">{score}</span>'
        f"{escape(title)}</summary>{table(result, pictures)}</details>"
    )


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
                f'<figure><img alt="{escape(alternative)}" src="data:image/png;base64,'
                f'{escape(png)}"><figcaption>{escape(name)}</figcaption></figure>'
            )
        rows.append(
            f"<tr><th>{escape(part['id'])}<td>{escape(part['title'])}{shown}"
            f'<td class="number {word}">{word}'
            f'<td class="number">{part["points"]:g} / {part["max_points"]:g}'
        )
    note = f"<pre>{escape(result['note'])}</pre>" if result.get("note") else ""
    head = '<tr><th>Part<th>What is asked<th class="number">Result<th class="number">Points'
    return f"{note}<table>{head}{''.join(rows)}</table>"


def fragment(result: dict[str, Any], pictures: dict[str, dict[str, str]]) -> str:
    """Write one result for a notebook's output cell."""
    score = f"{result['score']:g} of {result['max_score']:g} points"
    title = escape(f"{result['exercise']}: {score}")
    return (
        f'<style>{_STYLE}{_IN_NOTEBOOK}</style><div class="grading"><strong>{title}</strong>'
        f"{table(result, pictures)}</div>"
    )
