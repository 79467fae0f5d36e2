"""Replies are a stranger's data: whatever comes back, a check says `Mistake` and nothing else."""

from __future__ import annotations

import copy
import dataclasses
import functools

import numpy as np
import pytest
import submission_cases as cases

from lessonlib.grading.checks import EXERCISES
from lessonlib.grading.exercise import LocalRemote, Mistake, Reply, SubmissionError

PARTS = [(name, c.id) for name, exercise in EXERCISES.items() for c in exercise.criteria]

JUNK = (
    None,
    True,
    "angry",
    -1,
    10**400,
    float("nan"),
    float("-inf"),
    (),
    [[1, 2], [3]],
    [[], []],
    {},
    {"a": 1, 2: None, None: 3, (1, 2): 4},
    {"consistent": np.zeros(3), "mean": "x"},
    np.array(3.5),
    np.array([], dtype=float),
    np.full((64, 64), np.nan),
    np.zeros((0, 7)),
    np.array(["x", "y"]),
    np.ones((7, 7), dtype=bool),
    np.zeros((2, 3, 4, 5), dtype=np.uint8),
    np.full((7, 7), 2**63, dtype=np.uint64),
)


class Junk:
    """A remote that answers everything with one value."""

    def __init__(self, value):
        self.value = value

    def call(self, method, *args, read=(), given=None, **options):
        return Reply(
            copy.deepcopy(self.value),
            "\x00\ud800 nan 1e999 --5",
            args,
            {name: copy.deepcopy(self.value) for name in read},
            {
                name: [tuple(copy.deepcopy(self.value) for _ in part["names"])]
                for name, part in (given or {}).items()
            },
        )


@functools.cache
def solution(name: str) -> LocalRemote:
    stem = next(stem for stem in cases.STEMS if cases.exercise(stem).name == name)
    return LocalRemote(cases.load(stem, cases.solution(stem)))


class Corrupted:
    """The solution, but that some answers have one piece replaced by junk."""

    def __init__(self, name, rng, share):
        self.remote, self.rng, self.share, self.touched = solution(name), rng, share, False

    def call(self, *args, **options):
        reply = self.remote.call(*args, **options)
        if self.rng.random() > self.share:
            return reply
        self.touched = True
        junk = copy.deepcopy(JUNK[self.rng.integers(len(JUNK))])
        if reply.attributes:
            name = self.rng.choice(list(reply.attributes))
            return dataclasses.replace(reply, attributes={**reply.attributes, name: junk})
        calls = [name for name, each in reply.calls.items() if each and each[0]]
        if calls and self.rng.random() < 0.5:
            name = calls[self.rng.integers(len(calls))]
            passed = list(reply.calls[name][0])
            passed[self.rng.integers(len(passed))] = junk
            changed = {**reply.calls, name: [tuple(passed), *reply.calls[name][1:]]}
            return dataclasses.replace(reply, calls=changed)
        return dataclasses.replace(reply, value=self.spoil(reply.value, junk))

    def spoil(self, value, junk):
        """Replace the value, or at random something inside it."""
        if isinstance(value, dict) and value and self.rng.random() < 0.8:
            key = list(value)[self.rng.integers(len(value))]
            return {**value, key: self.spoil(value[key], junk)}
        if isinstance(value, tuple | list) and value and self.rng.random() < 0.8:
            k = self.rng.integers(len(value))
            return [self.spoil(item, junk) if i == k else item for i, item in enumerate(value)]
        if isinstance(value, np.ndarray) and value.size and self.rng.random() < 0.5:
            value = value.astype(float)
            value.flat[self.rng.integers(value.size)] = [np.nan, np.inf, -1e300][
                self.rng.integers(3)
            ]
            return value
        return junk


def criterion(name, part):
    return next(c for c in EXERCISES[name].criteria if c.id == part)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "part"), PARTS)
def test_junk_is_a_mistake(name, part):
    for value in JUNK:
        with pytest.raises(Mistake) as caught:
            criterion(name, part).check(Junk(value), np.random.default_rng(0))
        assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_corrupted_answers_are_mistakes_or_pass_but_never_break_the_grader(name, part):
    runs = 8 if name == "ImbalanceComparator" else 40
    for run in range(runs):
        rng = np.random.default_rng([run, 3])
        remote = Corrupted(name, rng, (1.0, 0.3, 0.1)[run % 3])
        message = ""
        try:
            criterion(name, part).check(remote, np.random.default_rng(run))
        except (Mistake, SubmissionError) as mistake:
            message = str(mistake)
        assert len(message) < 3000
        assert not message or remote.touched


class Raising:
    """A remote whose every method raises."""

    def call(self, *args, **options):
        raise SubmissionError("ValueError", "no")


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_nothing_is_earned_by_raising(name, part):
    with pytest.raises((Mistake, SubmissionError)):
        criterion(name, part).check(Raising(), np.random.default_rng(0))
