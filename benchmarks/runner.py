"""Runs a case: answers compared first, then rounds in turn, then memory; returns plain numbers."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.cases import Case, Contestant, Inputs, Target
from benchmarks.environments import Environment, environment
from benchmarks.link import ContestantError, Link

ROUNDS = 9
#: Seconds that a contestant is timed for in each round at least, by repeating short calls.
_ROUND_SECONDS = 0.1
_MOST_CALLS = 50


@dataclass
class Row:
    """What became of one contestant.

    ``status`` is ``"timed"``; ``"differs"``, timed though its answer is another; ``"missing"``,
    its package could not be installed; or ``"failed"``. ``text`` says how near the answer was or
    what went wrong; ``seconds`` holds the median call of each round.
    """

    contestant: Contestant
    status: str = "timed"
    text: str = ""
    version: str = ""
    seconds: list[float] = field(default_factory=list)
    memory: int | None = None

    @property
    def median(self) -> float:
        """Median over the rounds, in seconds; NaN where nothing was timed."""
        return statistics.median(self.seconds) if self.seconds else math.nan


@dataclass(frozen=True)
class Verdict:
    """A target beside what was measured; ``met`` is ``None`` where nothing could be compared."""

    target: Target
    of: str | None
    measured: float | None
    low: float | None
    high: float | None

    @property
    def met(self) -> bool | None:
        """Whether the median is within the target."""
        return None if self.measured is None else self.measured <= self.target.at_most


@dataclass
class Result:
    """A case that was run: its rows, the course's own first."""

    case: Case
    rows: list[Row]

    @property
    def ours(self) -> Row:
        """The course's own row."""
        return self.rows[0]

    def ratio(self, row: Row) -> tuple[float, float, float] | None:
        """Return smallest, median and largest of ours / `row`, round by round."""
        if not self.ours.seconds or not row.seconds:
            return None
        pairs = zip(self.ours.seconds, row.seconds, strict=True)
        ratios = [mine / theirs for mine, theirs in pairs]
        return min(ratios), statistics.median(ratios), max(ratios)

    def verdict(self, target: Target) -> Verdict:
        """Judge a target."""
        nothing = Verdict(target, target.of, None, None, None)
        if self.ours.status != "timed":
            return nothing
        rivals = [r for r in self.rows[1:] if r.status == "timed"]
        if target.quantity == "memory":
            rivals = [r for r in rivals if r.memory is not None]
            if self.ours.memory is None:
                return nothing
        if target.of is None:
            seconds = self.ours.seconds
            if target.quantity == "memory":
                return Verdict(target, None, self.ours.memory, None, None)
            return Verdict(target, None, self.ours.median, min(seconds), max(seconds))
        if target.of == "best":
            rivals = [r for r in rivals if r.contestant.rival]
        else:
            rivals = [r for r in rivals if r.contestant.name == target.of]
        if not rivals:
            return nothing
        if target.quantity == "memory":
            row = min(rivals, key=lambda r: r.memory)
            share = self.ours.memory / row.memory if row.memory else math.inf
            return Verdict(target, row.contestant.name, share, None, None)
        row = min(rivals, key=lambda r: r.median)
        low, median, high = self.ratio(row)
        return Verdict(target, row.contestant.name, median, low, high)


class Runner:
    """Runs cases, keeping one worker for each environment.

    Parameters
    ----------
    rounds : int or None
        How often each contestant has its turn; ``None`` is the case's own number or 9.
    say : callable
        Is told in a sentence what goes on.
    step : callable
        Is called after every contestant's turn, for a progress bar.
    find : callable
        Returns the environment of a group.
    """

    def __init__(
        self,
        rounds: int | None = None,
        say: Callable[[str], None] = lambda text: None,
        step: Callable[[], None] = lambda: None,
        find: Callable[..., Environment] = environment,
    ):
        self.rounds = rounds
        self.say, self.step, self._find = say, step, find
        self._environments: dict[str, Environment] = {}
        self._links: dict[str, Link] = {}
        self._entered: dict[str, tuple[Contestant, Inputs]] = {}  # by key, of the case that runs

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        for link in self._links.values():
            link.close()
        self._links.clear()

    def rounds_of(self, case: Case) -> int:
        """Return how many rounds a case gets."""
        return self.rounds or case.rounds or ROUNDS

    def turns(self, case: Case) -> int:
        """Return how often `step` is called for a case."""
        return len(case.contestants) * (self.rounds_of(case) + 1 + case.memory)

    def run(self, case: Case) -> Result:
        """Run one case."""
        inputs = case.inputs(False)
        rows = []
        for contestant in case.contestants:
            self.say(f"{case.name}: comparing the answer of {contestant.name}")
            rows.append(self._enter(case, contestant, inputs))
            self.step()
        if rows[0].status == "differs":
            rows[0].status = "failed"  # a wrong answer of our own is not worth timing
        self._rounds(case, [row for row in rows if row.status in ("timed", "differs")])
        for row in rows:
            if case.memory:
                if row.seconds:
                    self._measure_memory(case, row, inputs)
                self.step()
            if row.contestant.environment in self._links:
                self._links[row.contestant.environment].forget(_key(case, row.contestant))
        self._entered.clear()
        return Result(case, rows)

    def _link(self, group: str) -> Link:
        if group not in self._environments:
            self._environments[group] = self._find(group, self.say)
        link = self._links.get(group)
        if link is None or not link.alive:
            if link is not None:
                link.close()
            link = self._links[group] = Link(self._environments[group])
            # Whoever ended the worker took the others of its environment with it.
            for key, (contestant, inputs) in self._entered.items():
                if contestant.environment == group:
                    link.prepare(key, contestant.make, inputs)
        return link

    def _enter(self, case: Case, contestant: Contestant, inputs: Inputs) -> Row:
        """Prepare a contestant and compare its answer."""
        row, key = Row(contestant), _key(case, contestant)
        try:
            link = self._link(contestant.environment)
            missing = self._environments[contestant.environment].missing
            for package in contestant.packages:
                if package.lower() in missing:
                    row.status, row.text = "missing", missing[package.lower()]
                    return row
            versions = link.ask("versions", packages=list(contestant.packages))
            row.version = ", ".join(versions.values())

            def ask(other: Inputs):
                link.prepare(key, contestant.make, other)
                return link.call(key)

            agreement = case.agreement(ask, inputs, contestant is case.ours)
            row.text = agreement.text
            row.status = "timed" if agreement.agrees else "differs"
            link.prepare(key, contestant.make, inputs)
            self._entered[key] = contestant, inputs
        except (ContestantError, OSError) as error:
            row.status, row.text = "failed", str(error)
        return row

    def _rounds(self, case: Case, rows: list[Row]) -> None:
        """Let the contestants take turns: A B C, A B C, ..."""
        calls = {}
        for row in rows:
            self.say(f"{case.name}: warming up {row.contestant.name}")
            one = self._time(case, row, 1)
            most = 3 if case.clock == "own" else _MOST_CALLS
            calls[row.contestant.name] = min(most, math.ceil(_ROUND_SECONDS / max(one, 1e-4)))
        for number in range(self.rounds_of(case)):
            self.say(f"{case.name}: round {number + 1} of {self.rounds_of(case)}")
            for row in rows:
                seconds = self._time(case, row, calls[row.contestant.name])
                if not math.isnan(seconds):
                    row.seconds.append(seconds)
                self.step()
        for row in rows:
            if row.status == "failed":
                row.seconds = []

    def _time(self, case: Case, row: Row, calls: int) -> float:
        if row.status == "failed":
            return math.nan
        try:
            measured = self._link(row.contestant.environment).ask(
                "time",
                key=_key(case, row.contestant),
                calls=calls,
                own_clock=case.clock == "own",
            )
        except ContestantError as error:
            row.status, row.text = "failed", str(error)
            self._entered.pop(_key(case, row.contestant), None)
            return math.nan
        return statistics.median(measured["processor" if case.clock == "processor" else "wall"])

    def _measure_memory(self, case: Case, row: Row, inputs: Inputs) -> None:
        """Measure one call in a fresh process that has done the same on tiny inputs before."""
        self.say(f"{case.name}: memory of {row.contestant.name}")
        contestant = row.contestant
        try:
            with Link(self._environments[contestant.environment], steady=False) as link:
                link.prepare("tiny", contestant.make, case.inputs(True))
                link.ask("time", key="tiny", calls=2, own_clock=False)
                link.prepare("full", contestant.make, inputs)
                row.memory = link.ask("memory", key="full")
        except ContestantError as error:
            row.text += f"; memory not measured ({error})"


def _key(case: Case, contestant: Contestant) -> str:
    return f"{case.name}/{contestant.name}"
