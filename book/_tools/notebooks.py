"""Run the chapters (``book/*.md``) and store them, with their outputs, as ``notebooks/*.ipynb``.

    python book/_tools/notebooks.py run [NAME ...]     run what changed (or the chapters named)
    python book/_tools/notebooks.py run --all          run everything, and note what it costs
    python book/_tools/notebooks.py check              fail where a notebook is out of step

A notebook stores a fingerprint of what made it: its chapter's code cells, the source of every
module of this repository that its kernel had loaded, and the tables (*.toml) beside them. It is run
again when that fingerprint differs, so that a second `run` starts no kernel. Where only the text
around the cells was edited, the text is stored anew and the outputs stay. No time, no path and no
random id is stored: two runs on one machine give the same bytes.

A chapter that needs data which the course does not bring says so in its header,

    course:
      needs: NAME        # the environment variable that names the file

and is run where that variable is set. Its notebook also stores the file's sha256.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import os
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[2]
BOOK, NOTEBOOKS = ROOT / "book", ROOT / "notebooks"
TIMEOUT = 600  # seconds a cell
MEND = "make notebooks"
COVER = "index"  # the chapter whose first picture README.md shows

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


def chapters() -> list[tuple[Path, Path]]:
    """Pairs (page, notebook) of every page under book/ that has a jupytext header."""
    pages = [
        p for p in sorted(BOOK.glob("*.md")) if "format_name: myst" in p.read_text("utf-8")[:400]
    ]
    return [(p, NOTEBOOKS / f"{p.stem}.ipynb") for p in pages]


def relative(path: Path) -> str:
    """A path of the repository as messages put it."""
    return path.relative_to(BOOK.parent).as_posix()


def digest(files: list[str], notebook: nbformat.NotebookNode) -> str:
    """Fingerprint of a notebook's code and of repository files (as paths relative to the root)."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    h = hashlib.sha256(json.dumps(code).encode())
    for name in files:
        path = ROOT / name
        h.update(name.encode())
        h.update(path.read_bytes().replace(b"\r\n", b"\n") if path.is_file() else b"gone")
    return h.hexdigest()


def from_page(page: Path) -> nbformat.NotebookNode:
    """The notebook of a page, not run yet, with cell ids that depend on nothing but the place."""
    notebook = jupytext.read(page)
    variable = notebook.metadata.get("course", {}).get("needs")
    notebook.metadata = nbformat.NotebookNode(
        {
            "jupytext": {"formats": "notebooks//ipynb,book//md:myst"},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        }
        | ({"course": {"needs": variable}} if variable else {})
    )
    for i, cell in enumerate(notebook.cells):
        cell["id"] = hashlib.sha1(f"{page.stem}-{i}".encode()).hexdigest()[:8]
    return notebook


def needs(page: Path) -> str | None:
    """The environment variable that names the data of a page, or None where the course has all."""
    return from_page(page).metadata.get("course", {}).get("needs")


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
            path.relative_to(ROOT).as_posix()
            for path in modules | tables
            if path.is_relative_to(ROOT)
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
    notebook = from_page(page)
    variable = notebook.metadata.get("course", {}).get("needs")
    if variable:  # the kernel works in another folder than this command
        os.environ[variable] = str(Path(os.environ[variable]).expanduser().resolve())
    client = Client(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--log-level=40"],  # no banner about the transport
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    asyncio.run(client.async_execute_with_modules())
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata.pop("language_info", None)
    # jupyter-book reads language_info where it builds a page straight from the notebook
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["course"] = {
        "made_from": client.used,
        "fingerprint": digest(client.used, notebook),
    }
    if variable:
        sha256 = hashlib.sha256(Path(os.environ[variable]).read_bytes()).hexdigest()
        notebook.metadata["course"] |= {"needs": variable, "data_sha256": sha256}
    store(notebook, target)
    return client.cost


def store(notebook: nbformat.NotebookNode, target: Path) -> None:
    """Write a notebook, whole or not at all."""
    nbformat.validate(notebook)
    temporary = target.with_suffix(".tmp")
    nbformat.write(notebook, temporary)
    os.replace(temporary, target)


def renew_text(page: Path, target: Path) -> bool:
    """Store a page's text beside outputs whose code has not changed; False where it has."""
    if not target.exists():
        return False
    try:
        stored = nbformat.read(target, 4)
    except (ValueError, nbformat.reader.NotJSONError):
        return False
    fresh, made = from_page(page), stored.metadata.get("course", {})
    if made.get("needs") != fresh.metadata.get("course", {}).get("needs"):
        return False
    if made.get("fingerprint") != digest(made.get("made_from", []), fresh):
        return False
    fresh.metadata = stored.metadata
    outputs = [cell for cell in stored.cells if cell.cell_type == "code"]
    for cell in fresh.cells:
        if cell.cell_type == "code":
            old = outputs.pop(0)
            cell.outputs, cell.execution_count = old.outputs, old.execution_count
    store(fresh, target)
    return True


def costs_file() -> Path:
    """Where the page on benchmarks finds what running each chapter costs."""
    return BOOK.parent / "benchmarks" / "results" / "notebooks.json"


def store_costs(costs: dict[str, dict[str, float]]) -> None:
    """Store what running each chapter cost, in round numbers, for the page that shows it."""
    target = costs_file()
    known = json.loads(target.read_text("utf-8")) if target.exists() else {}
    known |= {
        name: {"seconds": round(cost["seconds"]), "mebibytes": round(cost["mebibytes"] / 10) * 10}
        for name, cost in costs.items()
        if cost
    }
    names = {page.stem for page, _ in chapters()}
    kept = {name: known[name] for name in sorted(known) if name in names}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


def fault(page: Path, target: Path) -> str | None:
    """What is wrong with a stored notebook, or None."""
    if not target.exists():
        return "is missing"
    try:
        notebook = nbformat.read(target, 4)
    except (ValueError, nbformat.reader.NotJSONError) as error:
        return f"is no notebook ({error})"
    fresh = from_page(page)
    mine = [(c.cell_type, c.source, c.metadata) for c in fresh.cells]
    theirs = [(c.cell_type, c.source, c.metadata) for c in notebook.cells]
    if mine != theirs:
        return f"is out of step with {relative(page)}"
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return f"stores an error: {output.ename}: {output.evalue}"
            if output.output_type == "stream" and output.name == "stderr":
                return f"stores a warning: {output.text.strip().splitlines()[-1]}"
    made = notebook.metadata.get("course", {})
    if made.get("fingerprint") != digest(made.get("made_from", []), fresh):
        return "is older than the code it ran"
    return None


def cover(notebook: Path) -> bytes:
    """The first picture that a notebook stores, as PNG."""
    for cell in nbformat.read(notebook, 4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                return base64.b64decode(output.data["image/png"])
    raise ValueError(f"{relative(notebook)} stores no picture")


def cover_file() -> Path:
    """Where README.md finds that picture."""
    return BOOK / "_static" / "mosaic.png"


def command_run(names: list[str], everything: bool) -> int:
    """Run what is named, or what is out of step; 1 where a chapter fails."""
    NOTEBOOKS.mkdir(exist_ok=True)
    known = {page.stem: (page, target) for page, target in chapters()}
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(
            f"no chapter named {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr
        )
        return 2
    todo = [
        pair
        for name, pair in known.items()
        if (name in names if names else everything or fault(*pair))
    ]
    for stray in set(NOTEBOOKS.glob("*.ipynb")) - {target for _, target in known.values()}:
        print(f"removing {relative(stray)}: no page of that name is left")
        stray.unlink()
    failed, costs = [], {}
    for i, (page, target) in enumerate(todo, 1):
        print(f"[{i}/{len(todo)}] {relative(page)} … ", end="", flush=True)
        start = time.perf_counter()
        if not (names or everything) and renew_text(page, target) and not fault(page, target):
            print("text alone")
            continue
        if (variable := needs(page)) and not os.environ.get(variable):
            wrong = fault(page, target)
            failed += [page] if wrong else []
            print(f"not run: {variable} is not set" + (f", and it {wrong}" if wrong else ""))
            continue
        try:
            costs[page.stem] = run(page, target)
        except CellExecutionError as error:
            failed.append(page)
            print(f"failed\n{error}", file=sys.stderr)
        else:
            wrong = fault(page, target)
            print(f"{time.perf_counter() - start:.0f} s" + (f"; but it {wrong}" if wrong else ""))
            failed += [page] if wrong else []
            if page.stem == COVER and not wrong:
                cover_file().write_bytes(cover(target))
    if everything:
        store_costs(costs)
    if not todo:
        print(f"{len(known)} notebooks, all fresh")
    return int(bool(failed))


def command_check() -> int:
    """Name every notebook that is out of step, and the command that mends it."""
    faults = [(target, wrong) for page, target in chapters() if (wrong := fault(page, target))]
    strays = set(NOTEBOOKS.glob("*.ipynb")) - {target for _, target in chapters()}
    faults += [(stray, "has no page in book/") for stray in sorted(strays)]
    first = NOTEBOOKS / f"{COVER}.ipynb"
    if not faults and first.exists() and cover(first) != cover_file().read_bytes():
        faults.append((cover_file(), f"is not the picture of {relative(first)}"))
    for target, wrong in faults:
        print(f"{relative(target)} {wrong}. Mend it with: {MEND}", file=sys.stderr)
    if not faults:
        print(f"{len(chapters())} notebooks in step with their chapters")
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
    commands.add_parser("check", help="fail where a notebook is out of step")
    args = parser.parse_args()
    return command_run(args.names, args.all) if args.command == "run" else command_check()


if __name__ == "__main__":
    sys.exit(main())
