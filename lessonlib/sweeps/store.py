"""Result files: reading, writing, and telling whether their code or data have changed since."""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lessonlib._validation import check_choice

RESULTS = Path(__file__).parent / "results"
PACKAGE = Path(__file__).parents[1]
#: Beside the results: which of them newer code has confirmed.
CONFIRMED = "confirmed.json"

#: Sweeps by name: the module lessonlib.sweeps.<name>.
NAMES = ("explain", "imbalance", "tile", "transfer")


@dataclass(frozen=True)
class Entry:
    """One run of a sweep.

    Attributes
    ----------
    config : dict
        What was asked.
    result : dict
        What came out.
    code, data : str
        Fingerprints of what made it.
    """

    config: dict[str, Any]
    result: dict[str, Any]
    code: str
    data: str


@dataclass(frozen=True)
class Confirmation:
    """Entries of other code that came out again, number by number, with the code named here.

    Attributes
    ----------
    made : tuple of str
        Fingerprints of the code that made the stored entries.
    code, data : str
        Fingerprints of what ran some of them again.
    again, of : int
        How many were run again, of how many.
    """

    made: tuple[str, ...]
    code: str
    data: str
    again: int
    of: int


@dataclass(frozen=True)
class Sweep:
    """A stored sweep.

    Attributes
    ----------
    name : str
    entries : tuple of Entry
    code, data : str
        Fingerprints of the code and data as they are now.
    confirmation : Confirmation, optional
        Of entries that older code made.
    """

    name: str
    entries: tuple[Entry, ...]
    code: str
    data: str
    confirmation: Confirmation | None = None

    @property
    def outdated(self) -> tuple[Entry, ...]:
        """Entries that other code or data made than those here now, unless these confirmed it."""
        good, sure = {self.code}, self.confirmation
        if sure is not None and (sure.code, sure.data) == (self.code, self.data):
            good |= set(sure.made)
        return tuple(e for e in self.entries if e.code not in good or e.data != self.data)

    def select(self, **wanted: Any) -> tuple[Entry, ...]:
        """Return the entries whose config has these values.

        Parameters
        ----------
        **wanted
            Key and value of the config.

        Returns
        -------
        tuple of Entry
            In the order of the file.
        """
        return tuple(
            e for e in self.entries if all(e.config.get(k) == v for k, v in wanted.items())
        )

    def __str__(self) -> str:
        old, sure = len(self.outdated), self.confirmation
        if old:
            state = (
                f"{old} of them OLDER than the code or data as they are now: "
                f"run python -m lessonlib.sweeps {self.name}"
            )
        elif any(e.code != self.code for e in self.entries):
            state = f"{sure.again} of {sure.of} run again by the code as it is now, all the same"
        else:
            state = "made by the code and data as they are now"
        return f"sweep {self.name}: {len(self.entries)} runs, {state}"


def module(name: str) -> Any:
    """Return the module of a sweep: it has ``SOURCES``, ``configs``, ``run`` and ``data``."""
    check_choice("name", name, NAMES)
    return importlib.import_module(f"lessonlib.sweeps.{name}")


def load(name: str) -> Sweep:
    """Read a stored sweep.

    Parameters
    ----------
    name : str
        Such as "transfer".

    Returns
    -------
    Sweep

    Raises
    ------
    ValueError
        Where there is no such sweep.
    """
    sweep = module(name)
    path = RESULTS / f"{name}.json"
    rows = json.loads(path.read_text("utf-8")) if path.exists() else []
    entries = tuple(Entry(**row) for row in rows)
    sure = _confirmations().get(name)
    if sure is not None:
        sure = Confirmation(**sure | {"made": tuple(sure["made"])})
    return Sweep(name, entries, code_fingerprint(sweep.SOURCES), sweep.data(), sure)


def _confirmations() -> dict[str, dict[str, Any]]:
    path = RESULTS / CONFIRMED
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def confirm(name: str, again: list[Entry], before: list[Entry] | None = None) -> list[str]:
    """Hold entries that were run again against those before; store it where all are the same.

    Parameters
    ----------
    name : str
    again : list of Entry
        As :func:`execute` returns them.
    before : list of Entry, optional
        The same configs, run beside them by the code that made the stored entries: long trainings
        round differently on another processor. The stored entries by default.

    Returns
    -------
    list of str
        The configs whose numbers came out differently, with the first that differs; then nothing
        is stored.

    Raises
    ------
    ValueError
        Where other code made `before` than the stored entries.
    """
    stored = load(name)
    made = {e.code for e in stored.entries}
    if before is not None and {e.code for e in before} != made:
        raise ValueError(f"before must come from the code that made the entries, {sorted(made)}")
    known = Sweep(name, tuple(before if before is not None else stored.entries), "", "")
    differ = []
    for entry in again:
        (old,) = known.select(**entry.config)
        if found := first_difference(old.result, json.loads(json.dumps(entry.result))):
            differ.append(f"{entry.config}: {found}")
    if not differ:
        sure = Confirmation(
            tuple(sorted(made)), stored.code, stored.data, len(again), len(stored.entries)
        )
        content = _confirmations() | {name: vars(sure)}
        (RESULTS / CONFIRMED).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    return differ


def first_difference(old: Any, new: Any, place: str = "") -> str:
    """Return where two results differ first, and how; nothing where they are the same."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        parts = ((old[key], new[key], f"{place} {key}") for key in old)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        parts = ((a, b, f"{place} [{i}]") for i, (a, b) in enumerate(zip(old, new, strict=True)))
    else:
        same = old == new or (old != old and new != new)  # NaN is NaN again
        return "" if same else f"{place} was {old}, is {new}".strip()
    return next((found for a, b, where in parts if (found := first_difference(a, b, where))), "")


def samples(name: str, n: int) -> list[Entry]:
    """Return `n` stored entries to be run again, of as many kinds as there are.

    A kind is a config but for its size ``n`` and its seed. The choice changes with the code alone.
    """
    stored = load(name)
    kinds: dict[str, list[Entry]] = {}
    for entry in stored.entries:
        kind = {key: value for key, value in entry.config.items() if key not in ("n", "seed")}
        kinds.setdefault(json.dumps(kind, sort_keys=True), []).append(entry)
    rng = random.Random(stored.code)
    piles = [rng.sample(pile, len(pile)) for pile in kinds.values()]
    rng.shuffle(piles)
    order = [pile[i] for i in range(max(map(len, piles))) for pile in piles if i < len(pile)]
    return order[:n]


def save(name: str, entries: list[Entry]) -> None:
    """Write a sweep's file, one entry a line, whole or not at all."""
    rows = sorted((json.dumps(vars(e), sort_keys=True) for e in entries), key=_order)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    handle, part = tempfile.mkstemp(dir=RESULTS, prefix=f".{name}.", suffix=".part")
    with open(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write("[\n" + ",\n".join(rows) + "\n]\n")
    os.chmod(part, 0o644)
    os.replace(part, path)


def _order(row: str) -> str:
    return json.dumps(json.loads(row)["config"], sort_keys=True)


def missing(name: str, *, everything: bool = False) -> tuple[list[dict], list[Entry]]:
    """Return the configs that have still to run, and the entries that may stay.

    Parameters
    ----------
    name : str
    everything : bool
        Run all of them again.

    Returns
    -------
    configs : list of dict
    entries : list of Entry
    """
    stored = load(name)
    old = {id(e) for e in stored.outdated}
    wanted = module(name).configs()
    fresh = [
        e for e in stored.entries if id(e) not in old and e.config in wanted and not everything
    ]
    done = [e.config for e in fresh]
    return [config for config in wanted if config not in done], fresh


def sample(entries: Sequence[Entry]) -> Entry:
    """Return one stored entry to be run again: the same one until the code of its sweep changes."""
    return random.Random(entries[0].code).choice(entries)


def execute(name: str, configs: list[dict[str, Any]]) -> list[Entry]:
    """Run some configs and return their entries."""
    sweep = module(name)
    made = code_fingerprint(sweep.SOURCES), sweep.data()
    return [Entry(config, sweep.run(**config), *made) for config in configs]


def one_thread() -> None:
    """Let a worker use one core, so that workers do not fight and sums keep one order."""
    import torch

    torch.set_num_threads(1)


def code_fingerprint(sources: tuple[str, ...]) -> str:
    """Return a fingerprint of what modules compute, blind to comments, docstrings and layout.

    Parameters
    ----------
    sources : tuple of str
        Paths inside the package, files or folders.

    Returns
    -------
    str
        The same on every Python version from 3.11 on.
    """
    digest = hashlib.sha256()
    for source in sources:
        path = PACKAGE / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            tree = ast.parse(file.read_text("utf-8"))
            for part in _tokens(tree):
                digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def _tokens(node: ast.AST) -> Iterator[str]:
    """Names and values of a syntax tree, without docstrings and what versions add to it."""
    yield type(node).__name__
    for field, value in ast.iter_fields(node):
        if field in ("type_params", "kind", "type_comment", "ctx"):
            continue
        for part in value if isinstance(value, list) else [value]:
            is_text = isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
            if is_text and isinstance(part.value.value, str):
                continue
            if isinstance(part, ast.AST):
                yield from _tokens(part)
            elif part is not None:
                yield f"{field}={part!r}"


def file_fingerprint(*paths: Path) -> str:
    """Return a fingerprint of files' bytes."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16]
