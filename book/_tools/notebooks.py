"""Run the chapters (``book/*.md``) and store them, with their outputs, as ``notebooks/*.ipynb``.

    python book/_tools/notebooks.py run [NAME ...]     run what changed (or the chapters named)
    python book/_tools/notebooks.py run --all          run everything, and note what it costs
    python book/_tools/notebooks.py text [NAME ...]    store changed text alone: no kernel runs
    python book/_tools/notebooks.py check              fail where a notebook is not its page's

A notebook stores a fingerprint of what made it: its chapter's code cells, the source of every
module of this repository that its kernel had loaded, and the tables (*.toml) beside them. It is run
again when that fingerprint differs, so that a second `run` starts no kernel. Where only the text
around the cells was edited, the text is stored anew and the outputs stay. No time, no path and no
random id is stored: two runs on one machine give the same bytes. What somebody has written into a
stored notebook by hand is copied to a name beside it before it is stored anew.

A chapter that needs data which the course does not bring says so in its header (course_data.py) and
is run where they are. Its notebook also stores their sha256.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbclient.util import ensure_async

sys.path.insert(0, str(Path(__file__).parent))
import course_data
import stored

TIMEOUT = 600  # seconds a cell
MEND = "make notebooks"

# Asked of the kernel when a chapter has run: which of this repository's files did it use, how many
# seconds did it work, how much memory did it take at most?
ASK = """
import json as _json, sys as _sys
_own = {"files": sorted({str(getattr(m, "__file__", None) or "")
                         for n, m in list(_sys.modules.items())
                         if n.split(".")[0] in ("lessonlib", "solutions")})}
try:
    import resource as _resource
    _used = [_resource.getrusage(_who) for _who in (_resource.RUSAGE_SELF,
                                                    _resource.RUSAGE_CHILDREN)]
    _own["seconds"] = sum(_u.ru_utime + _u.ru_stime for _u in _used)
    _unit = 2**20 if _sys.platform == "darwin" else 2**10  # bytes there, kilobytes elsewhere
    _own["mebibytes"] = _used[0].ru_maxrss / _unit
except ImportError:  # Windows does not count
    pass
_json.dumps(_own)
"""


class Client(NotebookClient):
    """Runs a notebook, then asks its kernel what it loaded and what that cost."""

    used: list[str]
    cost: dict[str, float]

    async def async_execute_with_modules(self):
        """Run every cell in order; fill `used` and `cost`."""
        self.reset_execution_trackers()
        async with self.async_setup_kernel():
            for index, cell in enumerate(self.nb.cells):
                await self.async_execute_cell(
                    cell, index, execution_count=self.code_cells_executed + 1
                )
            # JupyterLab would add this to a notebook that has less of it, and so mark as unsaved
            # what nobody has touched.
            message = await ensure_async(self.kc.kernel_info())
            answer = await self.async_wait_for_reply(message)
            self.nb.metadata["language_info"] = answer["content"]["language_info"]
            reply = []
            self.kc.allow_stdin = False
            await self._ask(ASK, reply)
        told = json.loads(eval(reply[0])) if reply else {}  # the text/plain of a str is its repr
        files = told.pop("files", [])
        self.cost = told
        modules = {Path(f).resolve() for f in files if f}
        # what a module reads from beside itself counts as its source
        tables = {table for module in modules for table in module.parent.glob("*.toml")}
        self.used = sorted(
            path.relative_to(stored.ROOT).as_posix()
            for path in modules | tables
            if path.is_relative_to(stored.ROOT)
        )

    async def _ask(self, code: str, reply: list[str]) -> None:
        message = self.kc.execute(code, store_history=False)
        while True:
            answer = await self.kc.get_iopub_msg(timeout=60)
            if answer["parent_header"].get("msg_id") != message:
                continue
            if answer["msg_type"] == "execute_result":
                reply.append(answer["content"]["data"]["text/plain"])
            if answer["msg_type"] == "error":
                raise RuntimeError(answer["content"]["evalue"])
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                return


def run(page: Path, target: Path) -> dict[str, float]:
    """Run one chapter and store it, nothing where a cell fails; return what running it cost."""
    notebook = stored.from_page(page)
    course = notebook.metadata.get("course", {})
    data = course_data.find(course) if course else None
    if data:
        course_data.offer(course, data)
    client = Client(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # how a busy machine cuts what is printed is chance
        extra_arguments=["--log-level=40"],  # no banner about the transport
        resources={"metadata": {"path": str(stored.NOTEBOOKS)}},
    )
    asyncio.run(client.async_execute_with_modules())
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata["course"] = {
        "made_from": client.used,
        "fingerprint": stored.digest(client.used, notebook),
    }
    if data:
        notebook.metadata["course"] |= {**course, "data_sha256": course_data.sha256(data)}
    stored.store(notebook, target)
    return client.cost


def costs_file() -> Path:
    """Where the page on benchmarks finds what running each chapter costs."""
    return stored.BOOK.parent / "benchmarks" / "results" / "notebooks.json"


def store_costs(costs: dict[str, dict[str, float]]) -> None:
    """Store what running each chapter cost, in round numbers, for the page that shows it."""
    target = costs_file()
    known = json.loads(target.read_text("utf-8")) if target.exists() else {}
    known |= {
        name: {"seconds": round(cost["seconds"]), "mebibytes": round(cost["mebibytes"] / 10) * 10}
        for name, cost in costs.items()
        if cost
    }
    names = {page.stem for page, _ in stored.chapters()}
    kept = {name: known[name] for name in sorted(known) if name in names}
    target.parent.mkdir(parents=True, exist_ok=True)
    stored.write_whole(target, (json.dumps(kept, indent=1) + "\n").encode())


def known_chapters(names: list[str]) -> dict[str, tuple[Path, Path]] | None:
    """Chapters by name; None, and a word about it, where one of the names is none."""
    known = {page.stem: (page, target) for page, target in stored.chapters()}
    unknown = sorted(set(names) - set(known))
    if unknown:
        there = ", ".join(known)
        print(f"no chapter named {', '.join(unknown)}; there are: {there}", file=sys.stderr)
        return None
    return known


def command_run(names: list[str], everything: bool) -> int:
    """Run what is named, or what is out of step or stale; 1 where something is wrong after it."""
    stored.NOTEBOOKS.mkdir(exist_ok=True)
    if (known := known_chapters(names)) is None:
        return 2
    todo = [
        pair
        for name, pair in known.items()
        if (name in names if names else everything or wrong(*pair))
    ]
    failed, costs = [], {}
    for i, (page, target) in enumerate(todo, 1):
        print(f"[{i}/{len(todo)}] {stored.relative(page)} … ", end="", flush=True)
        start = time.perf_counter()
        if (
            not (names or everything)
            and stored.renew_text(page, target)
            and not wrong(page, target)
        ):
            print("text alone")
            continue
        course = stored.from_page(page).metadata.get("course", {})
        if course and not course_data.find(course):
            failed += [page] if stored.fault(page, target) else []
            left = wrong(page, target)
            print(f"not run: {course_data.missing(course)}" + (f"; it {left}" if left else ""))
            continue
        try:
            costs[page.stem] = run(page, target)
        except CellExecutionError as error:
            failed.append(page)
            print(f"failed\n{error}", file=sys.stderr)
        else:
            left = wrong(page, target)
            print(f"{time.perf_counter() - start:.0f} s" + (f"; but it {left}" if left else ""))
            failed += [page] if left else []
            if page.stem == stored.COVER and not left:
                stored.write_whole(stored.cover_file(), stored.cover(target))
    if everything:
        store_costs(costs)
    if not todo:
        print(f"{len(known)} notebooks, all fresh")
    return int(bool(failed))


def wrong(page: Path, target: Path) -> str | None:
    """A stored notebook's fault, or else that it is stale, or None."""
    return stored.fault(page, target) or stored.stale(target)


def command_text(names: list[str]) -> int:
    """Store the text of pages whose code cells are as they were; say which have to run."""
    no_notebooks = {name for name in names if (stored.BOOK / f"{name}.md").is_file()}
    no_notebooks -= {page.stem for page, _ in stored.chapters()}  # pages that are text alone
    names, others = [name for name in names if name not in no_notebooks], bool(no_notebooks)
    if others and not names:
        return 0
    if (known := known_chapters(names)) is None:
        return 2
    chosen = [known[name] for name in names] if names else known.values()
    for page, target in chosen:
        found = stored.fault(page, target)
        if found and stored.renew_text(page, target):
            print(f"{stored.relative(target)}: text stored anew")
            found = stored.fault(page, target)
        if found:
            print(f"{stored.relative(target)} {found}. Mend it with: {MEND}")
    return 0


def command_check() -> int:
    """Name every notebook that is not what its page says, and the command that mends it."""
    pairs = stored.chapters()
    faults = [(target, found) for page, target in pairs if (found := stored.fault(page, target))]
    first = stored.NOTEBOOKS / f"{stored.COVER}.ipynb"
    if not faults and first.exists() and stored.cover(first) != stored.cover_file().read_bytes():
        faults.append((stored.cover_file(), f"is not the picture of {stored.relative(first)}"))
    for target, found in faults:
        print(f"{stored.relative(target)} {found}. Mend it with: {MEND}", file=sys.stderr)
    if not faults:
        print(f"{len(pairs)} notebooks in step with their chapters")
    if names := stored.old_names():
        print(stored.age_line(names))
    return int(bool(faults))


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    runs = commands.add_parser("run", help="run chapters and store their notebooks")
    runs.add_argument("names", nargs="*", metavar="NAME", help="chapters, without .md")
    runs.add_argument("--all", action="store_true", help="run every chapter, changed or not")
    text = commands.add_parser("text", help="store changed text alone, without running anything")
    text.add_argument("names", nargs="*", metavar="NAME", help="chapters, without .md")
    commands.add_parser("check", help="fail where a notebook is not what its page says")
    args = parser.parse_args()
    if args.command == "run":
        return command_run(args.names, args.all)
    if args.command == "text":
        return command_text(args.names)
    return command_check()


if __name__ == "__main__":
    sys.exit(main())
