"""Fairness: right answers in any style pass, wrong ones fail exactly what is wrong in them."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
import submission_cases as cases

from lessonlib.grading.checks._seeds import MOST, draw_seeds
from lessonlib.grading.exercise import LocalRemote

WRONG = cases.mistakes()


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("stem", cases.STEMS)
def test_solution_gets_full_marks(stem, seed):
    messages = cases.grade(stem, cases.load(stem, cases.solution(stem)), seed)
    assert messages == dict.fromkeys(messages)


@pytest.mark.parametrize(
    ("stem", "path"), cases.correct(), ids=[f"{s}-{p.stem}" for s, p in cases.correct()]
)
def test_correct_in_another_style_gets_full_marks(stem, path):
    for seed in (0, 1):
        cls = cases.load(stem, path.read_text(encoding="utf-8"), str(path))
        messages = cases.grade(stem, cls, seed)
        assert messages == dict.fromkeys(messages)


@pytest.mark.parametrize("stem", [s for s in cases.STEMS if s != "face_aligner"])
def test_seeds_leave_room_for_arithmetic(stem, monkeypatch):
    """A seed of its own for each method, ``np.random.seed(1000 * self.seed + 7)``, must fit."""
    seeds = []

    class Asked(LocalRemote):
        def call(self, method, *args, init=None, **options):
            seeds.append((init or {}).get("seed", 42))
            return super().call(method, *args, init=init, **options)

    monkeypatch.setattr(cases, "LocalRemote", Asked)
    messages = cases.grade(stem, cases.load(stem, cases.solution(stem)))
    assert messages == dict.fromkeys(messages)
    assert len(set(seeds)) > 2
    assert 10_000 * max(seeds) + 9_999 < 2**32


@pytest.mark.parametrize("count", [1, 2, 16])
def test_seeds_differ(count):
    rng = np.random.default_rng(0)
    for _ in range(200):
        seeds = draw_seeds(rng, count)
        assert len(set(seeds)) == count
        assert min(seeds) > 0
        assert max(seeds) < MOST


@pytest.mark.parametrize("wrong", WRONG, ids=[f"{w.stem}-{w.name}" for w in WRONG])
def test_mistake_fails_its_own_part_and_is_named(wrong):
    cls = cases.load(wrong.stem, wrong.source)
    seed = zlib.crc32(wrong.name.encode())  # another one for each case, the same in every run
    messages = cases.grade(wrong.stem, cls, seed)
    failed = [part for part, message in messages.items() if message is not None]
    assert failed == list(wrong.fails), messages
    assert wrong.says in messages[failed[0]]


@pytest.mark.parametrize("stem", cases.STEMS)
def test_there_are_enough_cases(stem):
    assert len([s for s, _ in cases.correct() if s == stem]) >= 4
    assert len([w for w in WRONG if w.stem == stem]) >= 12
