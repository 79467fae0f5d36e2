"""The instructor's command: grade."""

from __future__ import annotations

import dataclasses
import os
import secrets
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli import Megabytes, Seconds, Seed, err, note, out, wrong

if TYPE_CHECKING:
    from .cluster import Plan
    from .journal import Journal
    from .roster import Roster

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
        bool,
        typer.Option(
            "--resume", help="Go on from the --json report; a raised limit is tried again."
        ),
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

    [bold]lessonlib grade submissions/ --json results.json --resume[/] goes on

    [bold]lessonlib grade hw1/ --roster students.csv --moodle moodle.csv[/]

    Every submission runs confined: it sees Python's libraries and nothing else,
    has no network, starts no processes and writes in an empty folder of its own
    that vanishes with it. Where no way of confining works, nothing is graded.
    Inputs are drawn afresh from the seed that the report names; --seed repeats a
    run. A file whose grading has ended the grader twice is set aside by --resume.

    Status 0 when every submission has got its result, whatever that is; 2 when
    the call itself is wrong or nothing here confines; 130 when interrupted.
    """
    from . import cleaning, cluster, discover, learner, terminal, ways
    from .journal import Journal, deaths
    from .roster import Roster
    from .roster import read as read_roster
    from .sandbox import Limits

    try:
        if confine and (trust or confine not in ways.WAYS):
            raise ValueError(f"--confine is {' or '.join(ways.WAYS)}, and not beside --trust")
        people = read_roster(roster) if roster else Roster()
        _folders_exist(json, csv, html, moodle, canvas, junit)
        passed_over: list[str] = []
        found = discover.find(paths, passed_over)
        if not found:
            note(f"no .py or .ipynb in {', '.join(map(str, paths))}")
        aside = discover.grouped(passed_over)
        for told in aside:
            note(told)
        seed, known = _known(json, seed) if resume else (seed, {})
        plan = cluster.Plan(
            secrets.randbelow(2**31) if seed is None else seed,
            Limits(timeout, memory),
            way="none" if trust else confine or "",
            hidden=tuple(os.path.abspath(path) for path in paths),
            exercise=learner.resolve(exercise).name if exercise else None,
            pictures=html is not None,
        )
        begun = deaths(json) if resume else Counter()
        left, suspects, known, plan = _left(found, known, plan, begun)
        if (
            left or suspects
        ) and not scheduler:  # the first of the launchers that it takes, or a refusal
            with err.status("starting the confined Python"), cluster.slot(plan) as place:
                place()
        order = [cleaning.unicode(path) for path, _ in found]
        journal = Journal(json, plan.seed, order, known, goes_on=bool(begun))
    except (ValueError, OSError) as error:
        raise wrong(error) from None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    signal.signal(signal.SIGTERM, _interrupt)
    complete = True
    # What may have ended the run before is graded alone, and last: nothing else ends with it.
    batches = [(left, jobs or cores or 1), *(([each], 1) for each in suspects)]
    try:
        for batch, at_once in batches:
            complete = complete and _run(batch, journal, plan, at_once, scheduler)
    finally:
        journal.close()
    reports = {"csv": csv, "html": html, "moodle": moodle, "canvas": canvas, "junit": junit}
    reports = {kind: path for kind, path in reports.items() if path is not None}
    try:
        _write(journal, people, reports, gradescope, aside)
    except OSError as error:
        raise wrong(error) from None
    terminal.show_results(out, journal.report())
    for path in filter(None, (json, *reports.values(), gradescope)):
        note(f"wrote {path}")
    if not complete:
        err.print("Interrupted; --resume goes on from here." if json else "Interrupted.")
        raise typer.Exit(130)


def _folders_exist(*files: Path | None) -> None:
    """Refuse before an hour of grading what could not be written after it."""
    for file in filter(None, files):
        if not file.parent.is_dir():
            raise ValueError(f"there is no folder {str(file.parent)!r} to write {file.name} into")


def _interrupt(*_) -> None:
    """End as Ctrl+C does, also where a shell's background job is deaf to SIGINT."""
    raise KeyboardInterrupt


def _known(json: Path | None, seed: int | None) -> tuple[int | None, dict[str, Any]]:
    """Return the seed and the results of the run that is to be gone on with."""
    from .journal import earlier

    if json is None:
        raise ValueError("--resume goes on from a report: name it with --json")
    before, entries = earlier(json)
    if None not in (seed, before) and seed != before:
        raise ValueError(f"--seed {seed} is not the seed of the report, {before}")
    return seed if before is None else before, entries


def _left(
    found: list[tuple[str, bool]],
    known: dict[str, Any],
    plan: Plan,
    begun: Counter[tuple[str, str]],
) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]], dict[str, Any], Plan]:
    """Return what is left to grade, what of it once ended the run, what is known, and the plan.

    What ended the run twice counts as known: it is set aside.
    """
    from . import discover
    from .cleaning import unicode
    from .grade import set_aside
    from .libraries import preload

    left, suspects, holds, modules = [], [], {}, set()
    for path, in_folder in found:
        submission = discover.read(path, in_folder)
        name = unicode(path)
        entry, ended = known.get(name), begun[name, submission.digest]
        if entry and _holds(entry["result"], submission.digest, plan):
            holds[name] = entry
        elif ended > 1:
            result = set_aside(submission, plan.exercise).result
            holds[name] = {"result": result, "pictures": {}, "way": plan.way or "none"}
        else:
            (suspects if ended else left).append((path, in_folder))
            modules |= set(preload([submission.data]))
    return left, suspects, holds, dataclasses.replace(plan, modules=tuple(sorted(modules)))


def _holds(result: dict[str, Any], digest: str, plan: Plan) -> bool:
    """Whether this run would find the same: the same file, asked the same, given no more."""
    if result.get("sha256") != digest:
        return False
    if plan.exercise and result["exercise"] != plan.exercise:
        return False
    given = result.get("limits")
    # What ended the grader itself was set aside, under no limits: more of them would not help it.
    if given is None or result["status"] not in ("timeout", "memory", "crashed"):
        return True
    return plan.limits.seconds <= given["seconds"] and plan.limits.memory <= given["memory"]


def _run(
    left: list[tuple[str, bool]], journal: Journal, plan: Plan, jobs: int, scheduler: str | None
) -> bool:
    """Grade what is left; whether it came to the end."""
    from . import cluster, discover
    from .cleaning import unicode

    def noted() -> Iterator[tuple[str, bool]]:
        for path, in_folder in left:
            journal.begin(unicode(path), discover.read(path, in_folder).digest)
            yield path, in_folder

    try:
        for entry in _shown(cluster.run(noted(), plan, jobs, scheduler), journal, len(left)):
            journal.add(entry)
    except KeyboardInterrupt:
        return False
    except (ValueError, OSError) as error:  # of a worker far away, or no scheduler there
        raise wrong(error) from None
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
    roster: Roster,
    reports: dict[str, Path],
    gradescope: Path | None,
    aside: list[str],
) -> None:
    """Write the reports that were asked for."""
    from .journal import write_atomically
    from .reports import files, tables
    from .reports.html import page

    report = journal.report()
    results = report["results"]
    pictures = {name: entry["pictures"] for name, entry in journal.entries.items()}
    texts = {
        "csv": lambda: tables.plain(results, roster),
        "moodle": lambda: tables.moodle(results, roster),
        "canvas": lambda: tables.canvas(results, roster),
        "html": lambda: page(report, pictures, roster, aside),
        "junit": lambda: files.junit(report),
    }
    for kind, path in reports.items():
        write_atomically(path, texts[kind]())
    if gradescope is not None:
        files.write_gradescope(results, gradescope)
    if roster or {"moodle", "canvas"} & set(reports):
        for told in tables.left_out(results, roster):
            note(told)
