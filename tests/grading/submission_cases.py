"""Right and wrong submissions: files in `submissions/`, and patches of the solutions.

`submissions/<exercise>/correct_*.py` are right answers in different styles. `mistakes.toml` beside
them lists wrong ones, each a few replacements in the worked solution, with the parts that it must
fail (all others must pass) and what the message of the first of them must say.
"""

from __future__ import annotations

import importlib
import linecache
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lessonlib.grading.exercise import Exercise, LocalRemote, Mistake, SubmissionError

ROOT = Path(__file__).parents[2]
SUBMISSIONS = Path(__file__).parent / "submissions"
STEMS = sorted(path.parent.name for path in SUBMISSIONS.glob("*/mistakes.toml"))


@dataclass(frozen=True)
class Wrong:
    stem: str
    name: str
    fails: tuple[str, ...]
    says: str
    source: str


def exercise(stem: str) -> Exercise:
    return importlib.import_module(f"lessonlib.grading.checks.{stem}").EXERCISE


def solution(stem: str) -> str:
    return (ROOT / "solutions" / f"{stem}.py").read_text(encoding="utf-8")


def correct() -> list[tuple[str, Path]]:
    return [(stem, path) for stem in STEMS for path in sorted((SUBMISSIONS / stem).glob("*.py"))]


def mistakes() -> list[Wrong]:
    cases = []
    for stem in STEMS:
        text = (SUBMISSIONS / stem / "mistakes.toml").read_text(encoding="utf-8")
        for name, case in tomllib.loads(text).items():
            source = solution(stem)
            for old, new in case["replace"]:
                assert source.count(old) >= 1, f"{stem}/{name}: {old!r} is not in the solution"
                source = source.replace(old, new)
            cases.append(Wrong(stem, name, tuple(case["fails"]), case["says"], source))
    return cases


def load(stem: str, source: str, filename: str = "<submission>") -> type:
    """Run a submission's source and return its class."""
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace = {"__name__": "submission"}
    exec(compile(source, filename, "exec"), namespace)
    return namespace[exercise(stem).name]


def grade(stem: str, cls: type, seed: int = 0) -> dict[str, str | None]:
    """Return each part's message, None where it passes."""
    messages = {}
    for position, criterion in enumerate(exercise(stem).criteria):
        try:
            criterion.check(LocalRemote(cls), np.random.default_rng([seed, position]))
            messages[criterion.id] = None
        except (Mistake, SubmissionError) as error:
            messages[criterion.id] = str(error)
    return messages
