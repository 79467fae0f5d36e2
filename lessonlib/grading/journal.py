"""Results on disk: each as soon as it is known, so that an interrupted run can be taken up."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def write_atomically(path: str | Path, text: str) -> None:
    """Write a text file so that whoever reads it finds the old one or the new one, whole.

    Parameters
    ----------
    path : path
        The file; it is replaced in one step by one written beside it.
    text : str
        Its content; what UTF-8 cannot say is escaped.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
        with contextlib.suppress(OSError):  # the rights of a new file, not of a secret one
            os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:  # an interruption, too, and one just after the file was replaced
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


class Journal:
    """The results of a run while it goes on.

    Two files: the report itself, rewritten atomically, and beside it ``NAME.journal`` with a line
    per submission begun and per result, pictures included, which is deleted when all are there.
    For thousands of results the report is rewritten at most so often that a twentieth of the time
    goes into it; the journal always has them all.

    Parameters
    ----------
    path : path or None
        The JSON report; ``None`` keeps everything in memory.
    seed : int
        Of the run.
    order : sequence of str
        The submissions, in the order that the report lists them.
    known : dict of str to dict, optional
        Results of an earlier run that hold.
    goes_on : bool
        Whether this run goes on from the one before; else a journal that is there is begun anew.
    """

    def __init__(
        self,
        path: str | Path | None,
        seed: int,
        order: Iterable[str],
        known: dict[str, dict[str, Any]] | None = None,
        goes_on: bool = False,
    ):
        self.path = None if path is None else Path(path)
        self.seed = seed
        self.order = list(order)
        self.entries = dict(known or {})
        self._texts = {name: json.dumps(entry["result"]) for name, entry in self.entries.items()}
        self._next = 0.0
        self._lines = None
        if self.path is not None:
            goes_on = goes_on or bool(known)
            self._lines = open(beside(self.path), "ab" if goes_on else "wb")  # noqa: SIM115
            self._lines.write(b"\n" if goes_on else b"")  # the last line may have been cut short

    def begin(self, name: str, digest: str) -> None:
        """Note that a submission is about to be graded: it may be the one that ends the run."""
        if self._lines is not None:
            line = {"seed": self.seed, "begun": name, "sha256": digest}
            self._lines.write(json.dumps(line).encode() + b"\n")
            self._lines.flush()

    def add(self, entry: dict[str, Any]) -> None:
        """Note one result, as `cluster.task` returns it."""
        name = entry["result"]["submission"]
        self.entries[name] = entry
        self._texts[name] = json.dumps(entry["result"])
        if self._lines is None:
            return
        line = json.dumps({"seed": self.seed, **entry}).encode() + b"\n"
        self._lines.write(line)
        self._lines.flush()
        started = time.monotonic()
        if started >= self._next:
            self.write()
            self._next = time.monotonic() + 20 * (time.monotonic() - started)

    def report(self) -> dict[str, Any]:
        """Return the report so far: what the JSON file holds."""
        results = [self.entries[name]["result"] for name in self.order if name in self.entries]
        return {**self._head(), "results": results}

    def _head(self) -> dict[str, Any]:
        used = sorted({entry["way"] for entry in self.entries.values()})
        return {"version": 1, "seed": self.seed, "confinement": ", ".join(used) or "none"}

    def write(self) -> None:
        """Write the report so far."""
        if self.path is None:
            return
        texts = [self._texts[name] for name in self.order if name in self._texts]
        head = json.dumps(self._head())[:-1]
        write_atomically(self.path, f'{head}, "results": [\n' + ",\n".join(texts) + "\n]}\n")

    def close(self) -> None:
        """Write the report; where it is complete, the journal is not needed any more."""
        if self._lines is None:
            return
        self._lines.close()
        self.write()
        if len(self.entries) == len(self.order):
            beside(self.path).unlink()


def beside(path: Path) -> Path:
    """Return the journal that belongs to a report."""
    return path.with_name(path.name + ".journal")


def earlier(path: str | Path) -> tuple[int | None, dict[str, dict[str, Any]]]:
    """Read what a run before this one found out.

    Parameters
    ----------
    path : path
        Its JSON report; the journal beside it is read too. A last line cut short is left out.

    Returns
    -------
    seed : int or None
        ``None`` where there is nothing yet.
    entries : dict of str to dict
        By submission, what `Journal.add` was given; without pictures where the journal is gone.

    Raises
    ------
    ValueError
        Where the file is there and no report.
    """
    path = Path(path)
    seed, entries = None, {}
    if path.exists():
        try:
            report = json.loads(path.read_text("utf-8"))
            seed = int(report["seed"])
            for result in report["results"]:
                way = report.get("confinement", "")
                entries[result["submission"]] = {"result": result, "pictures": {}, "way": way}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is no report to go on from: {error}") from None
    for line in _lines(beside(path)):
        seed = line.pop("seed")
        if "result" in line:
            entries[line["result"]["submission"]] = line
    return seed, entries


def deaths(path: str | Path) -> Counter[tuple[str, str]]:
    """Count how often a run ended, killed, while a submission was being graded.

    Parameters
    ----------
    path : path
        The JSON report, whose journal is read.

    Returns
    -------
    collections.Counter
        By a submission's path and SHA-256: how often it was begun since its last result.
    """
    begun: Counter[tuple[str, str]] = Counter()
    for line in _lines(beside(Path(path))):
        if "begun" in line:
            begun[line["begun"], line["sha256"]] += 1
        else:
            begun.pop((line["result"]["submission"], line["result"].get("sha256")), None)
    return begun


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_bytes().split(b"\n"):
            with contextlib.suppress(ValueError):
                yield json.loads(line)
