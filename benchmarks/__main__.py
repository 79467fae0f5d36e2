"""The command line: ``python -m benchmarks``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import report
from benchmarks.cases import Case, all_cases
from benchmarks.runner import ROUNDS, Runner

HELP = """
Time the course's own code beside other libraries, in one run, and print one table.

Each library lives in an environment of its own under .bench/, made the first time it is needed
(a few minutes); what cannot be installed is named in the table and left out. Answers are compared
before anything is timed. Then everyone takes turns, A B C, A B C, on one thread, and the table
shows medians, and the ratio ours / theirs with its smallest and largest value over the rounds.

A target is met where the median ratio is within it. The exit status is 1 where an answer of the
course's own is wrong, whatever the times are.

Examples:

  python -m benchmarks                  everything, about half an hour

  python -m benchmarks elastic          the cases whose names begin with elastic

  python -m benchmarks moments --rounds 3 --no-store

Results are stored in benchmarks/results/latest.json, which the page book/benchmarks.md shows.
How to add a case: benchmarks/README.md.
"""


def _chosen(names: list[str], cases: dict[str, Case]) -> list[Case]:
    chosen = []
    for name in names:
        found = [c for c in cases.values() if c.name == name or c.name.startswith(f"{name}-")]
        if not found:
            raise typer.BadParameter(f"no benchmark is named {name}; there are: {', '.join(cases)}")
        chosen += [case for case in found if case not in chosen]
    return chosen if names else list(cases.values())


def main(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Benchmarks to run; all if none."),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Name them all, run nothing.")] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print what is stored, run nothing.")
    ] = False,
    rounds: Annotated[
        int | None,
        typer.Option(min=1, help=f"Turns that everyone gets ({ROUNDS} unless a case says else)."),
    ] = None,
    store: Annotated[bool, typer.Option(help="Put the results into results/latest.json.")] = True,
) -> None:
    """Run, list or show benchmarks."""
    console, cases = Console(), all_cases()
    if listing:
        for case in cases.values():
            console.print(f"[bold]{case.name}[/]  {case.title}", highlight=False)
            console.print(f"    {', '.join(c.name for c in case.peers)}", highlight=False)
        return
    if show:
        report.show(report.load(), console)
        return
    chosen = _chosen(names or [], cases)
    columns = (
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("")
        runner = Runner(
            rounds,
            say=lambda text: progress.update(task, description=text),
            step=lambda: progress.advance(task),
        )
        progress.update(task, total=sum(runner.turns(case) for case in chosen))
        results = []
        with runner:
            for case in chosen:
                results.append(report.as_dict(runner.run(case)))
                if store:  # case by case: an interrupted run keeps what it has
                    report.store(results, list(cases))
    report.show(results, console)
    if store:
        console.print(
            "Stored. To show it in the book: python book/_tools/notebooks.py run benchmarks"
        )
    if wrong := report.failures(results):
        console.print(f"[red]The course's own answer is wrong or missing in: {', '.join(wrong)}[/]")
        raise typer.Exit(1)


app = typer.Typer(add_completion=False, rich_markup_mode="rich")
app.command(help=HELP)(main)

if __name__ == "__main__":
    app()
