"""Results in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import checks
from .grade import clean
from .journal import write_atomically
from .learner import Verdict
from .reports import html


def show(console: Console, verdict: Verdict) -> None:
    """Print a check part by part, and what to do next."""
    result = verdict.result
    name = result["exercise"] or "no exercise"
    if result["message"]:
        console.print(Text(f"{name}: {result['status']}", "bold red"))
        console.print(Text(result["message"]))
    else:
        table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
        for part in result["criteria"]:
            mark = Text("ok", "green") if part["passed"] else Text("not yet", "red")
            said = Text(part["title"])
            if part["message"]:
                said.append("\n" + part["message"], "dim")
            table.add_row(Text(part["id"], "bold"), mark, said)
        console.print(table)
        if result.get("note"):
            console.print(Text(result["note"], "dim"))
    style = "bold green" if verdict.passed else "bold"
    console.print(Text(f"{name}: {verdict.score:g} of {verdict.max_score:g} points", style))
    if not verdict.passed and result["exercise"]:
        missing = next(part["id"] for part in result["criteria"] if not part["passed"])
        console.print(Text(f"Stuck? lessonlib hint {name} {missing}", "dim"))
        console.print(Text(f"The same inputs again: --seed {verdict.seed}", "dim"))


def show_progress(console: Console, verdicts: list[Verdict]) -> None:
    """Print every exercise with the best of its files, those not begun included."""
    best: dict[str, Verdict] = {}
    for verdict in verdicts:
        name = verdict.result["exercise"]
        if name not in best or verdict.score > best[name].score:
            best[name] = verdict
    table = Table("Exercise", "File", "Points", "", "Next")
    for name, exercise in checks.EXERCISES.items():
        verdict = best.get(name)
        if verdict is None:
            whole = Text(name, overflow="fold")
            table.add_row(
                whole, Text("not begun", "dim"), f"0 / {exercise.max_score:g}", bar(0), ""
            )
            continue
        missing = [part["id"] for part in verdict.result["criteria"] if not part["passed"]]
        table.add_row(
            Text(name, overflow="fold"),
            Text(clean(verdict.result["submission"]), overflow="fold"),
            f"{verdict.score:g} / {verdict.max_score:g}",
            bar(verdict.score / verdict.max_score),
            Text(missing[0] if missing else "done", "" if missing else "green"),
        )
    console.print(table)


def bar(share: float, width: int = 12) -> Text:
    """Draw a share as a bar of text."""
    full = round(share * width)
    return Text.assemble(("█" * full, "green"), ("░" * (width - full), "dim"))


def show_results(console: Console, report: dict[str, Any]) -> None:
    """Print a line per submission."""
    table = Table("Submission", "Exercise", "Status", "Points", "")
    for result in report["results"]:
        share = result["score"] / result["max_score"] if result["max_score"] else 0.0
        graded = result["status"] == "graded"
        table.add_row(
            Text(clean(result["submission"]), overflow="fold"),
            Text(result["exercise"] or "–", overflow="fold"),
            Text(result["status"], "" if graded else "red"),
            f"{result['score']:g} / {result['max_score']:g}",
            bar(share),
        )
    console.print(table)
    console.print(Text(f"seed {report['seed']}, confined by {report['confinement']}", "dim"))


def write_page(verdict: Verdict, path: Path) -> None:
    """Write one check as a page."""
    report = {"seed": verdict.seed, "confinement": "none", "results": [verdict.result]}
    pictures = {verdict.result["submission"]: verdict.pictures}
    write_atomically(path, html.page(report, pictures))
