"""``python -m lessonlib.sweeps NAME``: run what is missing or older than its code."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import groupby
from multiprocessing import get_context

from lessonlib.sweeps import store


def main(arguments: list[str] | None = None) -> int:
    """Run a sweep with a progress bar; what is done stays stored when it is interrupted."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    parser = argparse.ArgumentParser(prog="python -m lessonlib.sweeps", description=__doc__)
    parser.add_argument("name", choices=store.NAMES)
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--all", action="store_true", help="also what is stored and up to date")
    chosen = parser.parse_args(arguments)
    configs, entries = store.missing(chosen.name, everything=chosen.all)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with (
        Progress(*columns, TimeElapsedColumn()) as progress,
        ProcessPoolExecutor(
            chosen.jobs, mp_context=get_context("spawn"), initializer=store.one_thread
        ) as pool,
    ):
        bar = progress.add_task(f"sweep {chosen.name}", total=len(configs) + len(entries))
        progress.advance(bar, len(entries))
        # neighbours that differ in n alone share a worker, and what it keeps: their features
        groups = groupby(configs, lambda config: config | {"n": None})
        runs = [pool.submit(store.execute, chosen.name, list(group)) for _, group in groups]
        for run in as_completed(runs):
            entries.extend(run.result())
            store.save(chosen.name, entries)
            progress.advance(bar, len(run.result()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
