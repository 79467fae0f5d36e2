"""From results to what is kept and shown: the JSON file, and the table on the terminal."""

from __future__ import annotations

import json
import os
import platform
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.runner import Result, Verdict
from lessonlib.grading.journal import write_atomically

STORE = Path(__file__).parent / "results" / "latest.json"


def machine() -> dict[str, Any]:
    """Describe this machine in words that tell no name and no path."""
    processor = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text("utf-8").splitlines()
        named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        processor = named[0] if named else processor
    memory = None
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "python": platform.python_version(),
    }


def as_dict(result: Result) -> dict[str, Any]:
    """Return a result as plain data, rounded to what a clock can tell."""
    case = result.case
    rows = []
    for row in result.rows:
        ratio = result.ratio(row)
        rows.append(
            {
                "name": row.contestant.name,
                "ours": row is result.ours,
                "rival": row.contestant.rival,
                "version": row.version,
                "note": row.contestant.note,
                "status": row.status,
                "text": row.text,
                "median": _round(row.median) if row.seconds else None,
                "seconds": [_round(s) for s in row.seconds],
                "ratio": [_round(r) for r in ratio] if ratio else None,
                "memory": row.memory,
            }
        )
    return {
        "name": case.name,
        "title": case.title,
        "same": case.same,
        "clock": case.clock,
        "date": date.today().isoformat(),
        "machine": machine(),
        "rows": rows,
        "targets": [_verdict(result.verdict(target)) for target in case.targets],
    }


def store(results: list[dict[str, Any]], order: list[str], path: Path = STORE) -> None:
    """Put results beside those of other cases that are stored already, in the given order."""
    known = {case["name"]: case for case in load(path)}
    known.update({case["name"]: case for case in results})
    kept = [known[name] for name in order if name in known]
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, json.dumps({"cases": kept}, indent=1, ensure_ascii=False) + "\n")


def load(path: Path = STORE) -> list[dict[str, Any]]:
    """Return the stored results, case by case."""
    return json.loads(path.read_text("utf-8"))["cases"] if path.exists() else []


def duration(seconds: float | None) -> str:
    """Write seconds in the unit that suits them."""
    if seconds is None:
        return "–"
    unit, factor = next(
        (u, f)
        for u, f, least in (("s", 1, 1), ("ms", 1e3, 1e-3), ("µs", 1e6, 0))
        if seconds >= least
    )
    return f"{seconds * factor:.3g} {unit}" if seconds * factor < 1000 else f"{seconds:,.0f} s"


def size(number: int | None) -> str:
    """Write bytes in MiB."""
    if number is None:
        return "–"
    return f"{number / 2**20:,.0f} MiB" if number >= 10 * 2**20 else f"{number / 2**20:.1f} MiB"


def spread(ratio: list[float] | None) -> str:
    """Write a ratio as median (smallest to largest)."""
    return "–" if ratio is None else f"{ratio[1]:.3g} ({ratio[0]:.2g}–{ratio[2]:.2g})"


def wanted(target: dict[str, Any]) -> str:
    """Say what a target asks for."""
    what = "memory" if target["quantity"] == "memory" else "time"
    if target["of"] is None:
        limit = size(int(target["at_most"])) if what == "memory" else duration(target["at_most"])
        return f"{what} at most {limit}"
    whom = target["of"]
    if target["best"]:
        whom = "the best peer" + (f" ({whom})" if target["measured"] is not None else "")
    factor = "" if target["at_most"] == 1 else f"{target['at_most']:g} × "
    return f"{what} at most {factor}{whom}"


def reached(target: dict[str, Any]) -> str:
    """Write the ratio that was measured, with its spread where there are rounds."""
    if target["measured"] is None or target["of"] is None:
        return "–"
    if target["low"] is None:
        return f"{target['measured']:.3g}"
    return spread([target["low"], target["measured"], target["high"]])


def show(cases: list[dict[str, Any]], console: Console) -> None:
    """Print a table for each case, and one of all targets."""
    for case in cases:
        console.print(_details(case))
    summary = Table(title="Targets", title_justify="left", header_style="bold")
    summary.add_column("Operation", overflow="fold")
    for heading in ("Ours", "ours / theirs", "Best peer"):
        summary.add_column(heading, justify="right")
    summary.add_column("Target", overflow="fold")
    summary.add_column("")
    for case in cases:
        for target in case["targets"]:
            met = {True: "[green]met[/]", False: "[red]missed[/]", None: "[yellow]not measured[/]"}
            ours, theirs = figures(case, target)
            summary.add_row(
                case["title"], ours, reached(target), theirs, wanted(target), met[target["met"]]
            )
    console.print(summary)


def _details(case: dict[str, Any]) -> Table:
    table = Table(title=case["title"], title_justify="left", header_style="bold")
    table.add_column("Who", overflow="fold", ratio=3)
    for heading in ("Time", "ours / theirs", "Memory"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Answer", overflow="fold", ratio=4)
    for row in case["rows"]:
        timed = row["status"] == "timed"
        ratio = "1" if row["ours"] and timed else spread(row["ratio"])
        table.add_row(
            Text(f"{row['name']} {row['version']}".strip(), style="bold" if row["ours"] else ""),
            duration(row["median"]),
            ratio,
            size(row["memory"]),
            Text(answer(row), style="" if timed else "yellow"),
        )
    return table


def answer(row: dict[str, Any]) -> str:
    """Say how near a contestant's answer is, or why it has none."""
    word = {"timed": "", "differs": "another answer: ", "missing": "not installed: "}
    return word.get(row["status"], "failed: ") + row["text"]


def figures(case: dict[str, Any], target: dict[str, Any]) -> tuple[str, str]:
    """Return the course's own figure and that of the peer it is measured against."""
    write, what = (size, "memory") if target["quantity"] == "memory" else (duration, "median")
    ours = write(case["rows"][0][what])
    peers = [row for row in case["rows"] if row["name"] == target["of"]]
    return ours, f"{peers[0]['name']}, {write(peers[0][what])}" if peers else "–"


def failures(cases: list[dict[str, Any]]) -> list[str]:
    """Return the names of cases in which the course's own answer is wrong or missing."""
    return [case["name"] for case in cases if case["rows"][0]["status"] != "timed"]


def _verdict(verdict: Verdict) -> dict[str, Any]:
    numbers = {"measured": verdict.measured, "low": verdict.low, "high": verdict.high}
    return {
        "quantity": verdict.target.quantity,
        "at_most": verdict.target.at_most,
        "of": verdict.of,
        "best": verdict.target.of == "best",
        **{name: None if x is None else _round(x) for name, x in numbers.items()},
        "met": verdict.met,
    }


def _round(number: float) -> float:
    return float(f"{number:.4g}") if abs(number) < 1e6 else int(number)
