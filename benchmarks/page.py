"""What the page *How fast is it beside its peers?* shows: stored results, and nothing timed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from benchmarks import report

COSTS = Path(__file__).parent / "results" / "notebooks.json"


@dataclass(frozen=True)
class Stored:
    """A table of stored results; a notebook shows it as HTML, a terminal as text.

    Parameters
    ----------
    caption : str
        What the table is about.
    headings : tuple of str
        Of the columns.
    rows : tuple of tuple of str
        The first cell names the row.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in self.headings)
        body = "".join(
            f'<tr><th scope="row">{escape(first)}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            + "</tr>"
            for first, *cells in self.rows
        )
        caption = f"<caption>{escape(self.caption)}</caption>"
        # The box scrolls on a narrow screen, so it must be reachable from the keyboard.
        return (
            f'<div role="region" aria-label="{escape(self.caption)}" tabindex="0" '
            f'style="overflow-x: auto"><table class="table">{caption}'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def __repr__(self) -> str:
        lines = [self.caption, " | ".join(self.headings)]
        return "\n".join([*lines, *(" | ".join(row) for row in self.rows)])


def targets(cases: Sequence[dict[str, Any]] | None = None) -> Stored:
    """Return every target beside what was measured."""
    cases = report.load() if cases is None else cases
    words = {True: "met", False: "missed", None: "not measured"}
    rows = []
    for case in cases:
        for target in case["targets"]:
            ours, theirs = report.figures(case, target)
            wanted, ratio = report.wanted(target), report.reached(target)
            rows.append((case["title"], wanted, ours, theirs, ratio, words[target["met"]]))
    headings = ("Operation", "Target", "Ours", "Peer", "ours / theirs", "Target is")
    return Stored("Targets, and what was measured", headings, tuple(rows))


def details(name: str, cases: Sequence[dict[str, Any]] | None = None) -> Stored:
    """Return everyone who took part in a case.

    Raises
    ------
    ValueError
        Where no results of that name are stored.
    """
    cases = report.load() if cases is None else cases
    case = next((case for case in cases if case["name"] == name), None)
    if case is None:
        raise ValueError(
            f"name must be one of {', '.join(case['name'] for case in cases)}, got {name!r}"
        )
    has_memory = any(row["memory"] is not None for row in case["rows"])
    rows = []
    for row in case["rows"]:
        ratio = "1" if row["ours"] else report.spread(row["ratio"])
        memory = (report.size(row["memory"]),) if has_memory else ()
        answer = report.answer(row) + (f" ({row['note']})" if row["note"] else "")
        who = f"{row['name']} {row['version']}".strip()
        rows.append((who, report.duration(row["median"]), ratio, *memory, answer))
    headings = ("Who", "Time", "ours / theirs", *(("Memory",) if has_memory else ()), "Answer")
    return Stored(f"{case['title']}. {case['same']}", headings, tuple(rows))


def notebooks(costs: dict[str, dict[str, float]] | None = None) -> Stored:
    """Return what running each chapter costs, as `notebooks.py run --all` noted it."""
    costs = json.loads(COSTS.read_text("utf-8")) if costs is None else costs
    dearest = sorted(costs, key=lambda name: -costs[name]["seconds"])
    rows = [
        (name, f"{costs[name]['seconds']:.0f} s", f"{costs[name]['mebibytes']:,.0f} MiB")
        for name in dearest
    ]
    total = sum(cost["seconds"] for cost in costs.values())
    most = max(cost["mebibytes"] for cost in costs.values())
    rows.append((f"all {len(costs)}", f"{total:.0f} s", f"{most:,.0f} MiB at most"))
    headings = ("Notebook", "Processor time", "Memory at most")
    return Stored("What running the notebooks costs, imports included", headings, tuple(rows))


def machines(cases: Sequence[dict[str, Any]] | None = None) -> str:
    """Say in words on what kind of machine the results were measured, and when."""
    cases = report.load() if cases is None else cases
    sentences = []
    for case in cases:
        machine = case["machine"]
        memory = f", {machine['memory_gib']} GiB of memory" if machine["memory_gib"] else ""
        sentences.append(
            f"{machine['cores']} cores ({machine['processor']}, {machine['architecture']})"
            f"{memory}, {machine['system']}, Python {machine['python']}, on {case['date']}"
        )
    return "; ".join(dict.fromkeys(sentences))


def chart(cases: Sequence[dict[str, Any]] | None = None) -> Any:
    """Draw how many times as long as the course's own code each peer takes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    from lessonlib.figures.style import PALETTE, course_style

    cases = report.load() if cases is None else cases
    shown = [case for case in cases if _longer(case)]
    with course_style():
        figure, axes = plt.subplots(figsize=(8, 1.2 + 0.62 * len(shown)))
        for y, case in enumerate(shown):
            peers = sorted(_longer(case))
            axes.plot([x for x, _ in peers], [y] * len(peers), "o", color=PALETTE["blue"], ms=7)
            axes.annotate(
                peers[0][1], (peers[0][0], y), (0, 8), textcoords="offset points", fontsize=9
            )
            for target in case["targets"]:
                if target["quantity"] == "time" and target["best"] and target["at_most"] < 1:
                    axes.plot([1 / target["at_most"]] * 2, [y - 0.15, y + 0.35], **_MARK)
        axes.axvline(1, color=PALETTE["black"], lw=1)
        axes.plot([], [], "o", color=PALETTE["blue"], label="a peer (the nearest is named)")
        axes.plot([], [], **_MARK, label="target for the nearest peer")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(_times)
        axes.set_yticks(range(len(shown)), [_short(case["title"]) for case in shown])
        axes.set_ylim(len(shown) - 0.4, -0.8)
        axes.set_xlabel("time of a peer / time of lessonlib (1 = as fast)")
        figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


_MARK: dict[str, Any] = {"color": "#D55E00", "lw": 2.5, "ls": "-"}


def _longer(case: dict[str, Any]) -> list[tuple[float, str]]:
    """Return, for each rival that was timed, how many times as long it takes, and its name."""
    return [
        (1 / row["ratio"][1], row["name"])
        for row in case["rows"][1:]
        if row["rival"] and row["status"] == "timed" and row["ratio"]
    ]


def _times(value: float, _: Callable | int) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _short(title: str, width: int = 34) -> str:
    """Break a title into two lines."""
    import textwrap

    lines = textwrap.wrap(title, width)
    return "\n".join(lines[:2]) + (" …" if len(lines) > 2 else "")
