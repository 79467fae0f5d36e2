"""The instructor's command: grade."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli import Megabytes, Seconds, Seed, err, out, wrong

if TYPE_CHECKING:
    from .cluster import Plan
    from .journal import Journal

Report = typer.Option(metavar="FILE", rich_help_panel="Reports")


def grade(
    paths: Annotated[
        list[Path], typer.Argument(help="Files, and folders whose .py and .ipynb are graded.")
    ],
    exercise: Annotated[
        str | None, typer.Option(metavar="NAME", help="Grade all as this; found by default.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Submissions at once; one per core by default.")
    ] = None,
    timeout: Seconds = 30.0,
    memory: Megabytes = 1024,
    seed: Seed = None,
    json: Annotated[Path | None, Report] = None,
    csv: Annotated[Path | None, Report] = None,
    html: Annotated[Path | None, Report] = None,
    moodle: Annotated[Path | None, Report] = None,
    canvas: Annotated[Path | None, Report] = None,
    junit: Annotated[Path | None, Report] = None,
    gradescope: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            rich_help_panel="Reports",
            help="A folder with a results.json in it each.",
        ),
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel="Reports",
            help="CSV with the columns file and id (and name, email, login, canvas_id, section): "
            "whose submission is whose. Without it a file's name is taken for the student's id.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the --json report of an interrupted run.")
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Grade on this Dask cluster, not on this machine."),
    ] = None,
    confine: Annotated[
        str | None,
        typer.Option(metavar="WAY", help="sandlock or bubblewrap; the first that works here."),
    ] = None,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Run the files with limits only. For your own files alone."),
    ] = False,
) -> None:
    """Grade files and folders of strangers' submissions, confined, and write reports.

    [bold]lessonlib grade submissions/ --json results.json --html report.html[/]

    [bold]lessonlib grade submissions/ --json results.json --resume[/] after an interruption

    [bold]lessonlib grade hw1/ --roster students.csv --moodle moodle.csv[/]

    Every submission runs confined: it sees Python's libraries and nothing else, has no network,
    starts no processes and writes nothing. Where no way of confining works, nothing is graded.
    Inputs are drawn afresh from the seed that the report names; --seed repeats a run.

    Status 0 when every submission has got its result, whatever that is; 2 when the call itself is
    wrong or nothing here confines; 130 when interrupted.
    """
    try:
        known, journal, plan = _prepare(
            paths, exercise, timeout, memory, seed, json, resume, confine, trust, scheduler, html
        )
        lines = _roster(roster)
    except (ValueError, OSError) as error:
        raise wrong(error) from None
    jobs = jobs or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else jobs
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    complete = _run(known, journal, plan, jobs or os.cpu_count() or 1, scheduler)
    report = journal.report()
    written = [path for path in (json, csv, html, moodle, canvas, junit, gradescope) if path]
    try:
        _write(journal, lines, csv, html, moodle, canvas, junit, gradescope)
    except OSError as error:
        raise wrong(error) from None
    from . import terminal

    terminal.show_results(out, report)
    for path in written:
        err.print(f"wrote {path}", highlight=False, markup=False)
    if not complete:
        err.print("Interrupted; --resume goes on from here." if json else "Interrupted.")
        raise typer.Exit(130)


def _prepare(
    paths: list[Path],
    exercise: str | None,
    timeout: float,
    memory: int,
    seed: int | None,
    json: Path | None,
    resume: bool,
    confine: str | None,
    trust: bool,
    scheduler: str | None,
    html: Path | None,
) -> tuple[list[tuple[str, bool]], Journal, Plan]:
    """Turn the command line into what is left to grade, where results go, and how to grade."""
    from . import cluster, discover, learner, ways
    from .journal import Journal, earlier
    from .libraries import preload
    from .sandbox import Limits

    if confine is not None and confine not in ways.WAYS:
        raise ValueError(f"--confine must be {' or '.join(ways.WAYS)}, not {confine!r}")
    if confine is not None and trust:
        raise ValueError("--confine and --trust exclude each other")
    found = discover.find(paths)
    name = learner.resolve(exercise).name if exercise else None
    entries: dict[str, Any] = {}
    if resume:
        if json is None:
            raise ValueError("--resume goes on from a report: name it with --json")
        before, entries = earlier(json)
        if seed is not None and before is not None and seed != before:
            raise ValueError(f"--seed {seed} is not the seed of the report, {before}")
        seed = before if seed is None else seed
    way = "none" if trust else confine or ""
    seed = secrets.randbelow(2**31) if seed is None else seed
    known, left, modules = {}, [], set()
    for path, in_folder in found:
        submission = discover.read(path, in_folder)
        entry = entries.get(path)
        if entry and entry["result"].get("sha256") == submission.digest:
            known[path] = entry
        else:
            left.append((path, in_folder))
            modules |= set(preload([submission.data]))
    plan = cluster.Plan(
        seed,
        Limits(timeout, memory),
        way,
        tuple(sorted(modules)),
        tuple(os.path.abspath(path) for path in paths),
        name,
        html is not None,
    )
    if left and not scheduler:  # the first of the launchers that grading takes, or a refusal
        with cluster.slot(plan) as place:
            place()
    return left, Journal(json, seed, [path for path, _ in found], known), plan


def _roster(path: Path | None) -> list:
    from .reports import tables

    return tables.read_roster(path) if path else []


def _run(
    left: list[tuple[str, bool]], journal: Journal, plan: Plan, jobs: int, scheduler: str | None
) -> bool:
    """Grade what is left; whether it came to the end."""
    from . import cluster

    try:
        for entry in _shown(cluster.run(left, plan, jobs, scheduler), journal, len(left)):
            journal.add(entry)
    except KeyboardInterrupt:
        return False
    except (ValueError, OSError) as error:  # of a worker far away, or no scheduler there
        raise wrong(error) from None
    finally:
        journal.close()
    return True


def _shown(entries: Iterator[dict[str, Any]], journal: Journal, total: int) -> Iterator[dict]:
    """Pass results on under a progress bar on standard error."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        bar = progress.add_task("", total=total)
        for entry in entries:
            yield entry
            progress.advance(bar)


def _write(
    journal: Journal,
    roster: list,
    csv: Path | None,
    html: Path | None,
    moodle: Path | None,
    canvas: Path | None,
    junit: Path | None,
    gradescope: Path | None,
) -> None:
    from .grade import clean
    from .journal import write_atomically
    from .reports import files, tables
    from .reports.html import page

    report = journal.report()
    results = report["results"]
    pictures = {name: entry["pictures"] for name, entry in journal.entries.items()}
    for path, text in (
        (csv, lambda: tables.plain(results, roster)),
        (moodle, lambda: tables.moodle(results, roster)),
        (canvas, lambda: tables.canvas(results, roster)),
        (html, lambda: page(report, pictures)),
        (junit, lambda: files.junit(report)),
    ):
        if path is not None:
            write_atomically(path, text())
    if gradescope is not None:
        files.write_gradescope(results, gradescope)
    nobody = tables.unlisted(results, roster) if roster and (moodle or canvas) else []
    for name in map(clean, nobody):
        err.print(f"not in the roster, and so in no gradebook: {name}", markup=False)
