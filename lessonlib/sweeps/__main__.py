"""``python -m lessonlib.sweeps NAME``: run what is missing or older than its code.

After a change of code that should change no number, ``--confirm N`` runs N stored entries again, of
as many kinds as there are. Where all come out the same, digit by digit, the sweep counts as fresh,
and says so; where one does not, nothing is stored and the difference is shown. Long trainings round
differently on another processor: ``--against FOLDER`` names a checkout of the commit that made the
entries, whose code then runs them beside.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path

from lessonlib.sweeps import store


def main(arguments: list[str] | None = None) -> int:
    """Run a sweep with a progress bar; what is done stays stored when it is interrupted."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    parser = argparse.ArgumentParser(
        prog="python -m lessonlib.sweeps",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=store.NAMES)
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--all", action="store_true", help="also what is stored and up to date")
    parser.add_argument(
        "--confirm", type=int, metavar="N", help="run N stored entries again and compare"
    )
    parser.add_argument(
        "--against", type=Path, metavar="FOLDER", help="with --confirm: a checkout of older code"
    )
    chosen = parser.parse_args(arguments)
    if chosen.confirm:
        return confirm(chosen.name, chosen.confirm, chosen.jobs, chosen.against)
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


#: Run by the older code: its own fingerprint, and what one config gives.
_BESIDE = """
import json, sys
from lessonlib.sweeps import store
store.one_thread()
name, config = json.loads(sys.argv[1])
(entry,) = store.execute(name, [config])
print("\\n" + json.dumps(vars(entry)))
"""


def confirm(name: str, n: int, jobs: int, against: Path | None = None) -> int:
    """Run `n` stored entries again; 0 where all come out the same."""
    configs = [entry.config for entry in store.samples(name, n)]
    again = []
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=store.one_thread
    ) as pool:
        runs = [pool.submit(store.execute, name, [config]) for config in configs]
        for run in as_completed(runs):
            again += run.result()
            print(f"[{len(again)}/{len(runs)}] {again[-1].config}", flush=True)
    before = None if against is None else [beside(name, config, against) for config in configs]
    for differs in (found := store.confirm(name, again, before)):
        print(f"came out differently: {differs}", file=sys.stderr)
    print(store.load(name))
    return int(bool(found))


def beside(name: str, config: dict, folder: Path) -> store.Entry:
    """Run one config with the code of another checkout."""
    done = subprocess.run(
        [sys.executable, "-c", _BESIDE, json.dumps([name, config])],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(folder.resolve())},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    print(f"by the older code: {config}", flush=True)
    return store.Entry(**json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    sys.exit(main())
