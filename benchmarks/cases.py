"""What a benchmark is: an operation, its inputs, who takes part, when answers agree, the target."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.environments import COURSE

Inputs = dict[str, np.ndarray]
#: Runs a contestant on inputs, wherever it lives, and returns its answer as arrays.
Ask = Callable[[Inputs], Sequence[np.ndarray]]


@dataclass(frozen=True)
class Contestant:
    """Someone who does the operation.

    Parameters
    ----------
    name : str
        As the table shows it.
    make : str
        ``"benchmarks.contestants.module:function"``: takes the inputs by name, returns what is
        timed.
    environment : str
        ``"course"`` or the stem of a file in ``peers/``.
    packages : tuple of str
        Distributions whose versions are worth recording.
    note : str
        How it was made comparable, or where it still means something else.
    rival : bool
        Whether it counts when the best peer is sought.
    """

    name: str
    make: str
    environment: str = COURSE
    packages: tuple[str, ...] = ()
    note: str = ""
    rival: bool = True


@dataclass(frozen=True)
class Target:
    """What the course's own implementation should reach.

    Parameters
    ----------
    at_most : float
        Factor on the figure of `of`; with ``of=None`` seconds or bytes.
    of : str or None
        A contestant's name, ``"best"`` for the rival with the smallest median, or ``None``.
    quantity : {"time", "memory"}
        What is compared.
    """

    at_most: float
    of: str | None = "best"
    quantity: Literal["time", "memory"] = "time"


@dataclass(frozen=True)
class Agreement:
    """Whether a contestant's answer is the wanted one, and in a few words how near it is."""

    agrees: bool
    text: str


@dataclass(frozen=True)
class Case:
    """One operation beside its peers.

    Parameters
    ----------
    name : str
        What is typed on the command line.
    title : str
        What is done, to what, as the table shows it.
    inputs : callable
        ``inputs(tiny)`` returns the seeded input arrays, small ones for tests and warming up.
    ours : Contestant
        The course's own implementation.
    peers : tuple of Contestant
        The others.
    agreement : callable
        ``agreement(ask, inputs, ours)`` asks a contestant and judges its answers; ``ours`` tells
        whether it is the course's own, which has to be nearer.
    targets : tuple of Target
        What is wanted.
    clock : {"processor", "wall", "own"}
        Seconds that the contestant's process worked; seconds that passed; or seconds that the
        contestant counts itself, for work done in processes that it starts: the first part of
        the tuple that it answers.
    memory : bool
        Whether to measure memory as well.
    rounds : int or None
        Rounds where they should differ from the usual number.
    same : str
        In a sentence: how the comparison was made equal.
    """

    name: str
    title: str
    inputs: Callable[[bool], Inputs]
    ours: Contestant
    peers: tuple[Contestant, ...]
    agreement: Callable[[Ask, Inputs, bool], Agreement]
    targets: tuple[Target, ...]
    clock: Literal["processor", "wall", "own"] = "processor"
    memory: bool = False
    rounds: int | None = None
    same: str = ""

    @property
    def contestants(self) -> tuple[Contestant, ...]:
        """Everyone, the course's own first."""
        return (self.ours, *self.peers)


def all_cases() -> dict[str, Case]:
    """Return every case of every module in ``operations/``, by name, in the order of the files."""
    from benchmarks import operations

    modules = [
        importlib.import_module(f"benchmarks.operations.{module.name}")
        for module in pkgutil.iter_modules(operations.__path__)
    ]
    cases = [case for module in modules for case in module.CASES]
    names = [case.name for case in cases]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"case names must differ, got {', '.join(sorted(twice))} more than once")
    return dict(zip(names, cases, strict=True))
