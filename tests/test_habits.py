"""Habits that make a test lie, looked for in the tests' own syntax."""

from __future__ import annotations

import ast
import random
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import draw_alike

TESTS = Path(__file__).parent
#: What a test hands to somebody else to run is theirs: a submission may draw as it likes.
THEIRS = ("submissions", "attacks", "odd", "example")
CLOCKS = {"time", "monotonic", "perf_counter", "monotonic_ns", "perf_counter_ns", "time_ns"}
FROM_THE_SYSTEM = {"urandom", "SystemRandom", "token_hex", "token_bytes", "randbelow", "uuid4"}


def called(node: ast.AST) -> str:
    """The last word of what a call calls."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def faults(text: str) -> list[str]:
    """Return which lines bound wall time, or ask the operating system for chance."""
    tree = ast.parse(text)
    clocked = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and any(called(part) in CLOCKS for part in ast.walk(node))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            parts = list(ast.walk(node.test))
            clock = any(called(part) in CLOCKS for part in parts)
            kept = any(isinstance(part, ast.Name) and part.id in clocked for part in parts)
            compares = any(
                isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
                for part in parts
                if isinstance(part, ast.Compare)
                for op in part.ops
            )
            if compares and (clock or kept):
                found.append(f"line {node.lineno} bounds wall time")
        if called(node) in FROM_THE_SYSTEM:
            found.append(f"line {node.lineno} asks the operating system for chance")
    return found


def own_files() -> list[Path]:
    return [p for p in sorted(TESTS.rglob("*.py")) if not set(p.parts) & set(THEIRS)]


@pytest.mark.parametrize("path", own_files(), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_depends_on_the_clock_or_on_the_systems_chance(path):
    assert not faults(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("start = time.monotonic()\nwork()\nassert time.monotonic() - start < 5", 1),
        ("took = perf_counter() - start\nassert took < 5", 1),
        ("name = secrets.token_hex(8)", 1),
        ("data = os.urandom(3)", 1),
        ("until = time.monotonic() + 5\nwhile time.monotonic() < until:\n    wait()", 0),
        ("rng = np.random.default_rng(3)\nassert rng.random() < 1", 0),
    ],
)
def test_the_search_finds_them(text, found):
    assert len(faults(textwrap.dedent(text))) == found


def test_a_draw_without_a_seed_depends_on_the_tests_name_alone(monkeypatch):
    draws = []
    for name in ("one", "one", "other"):
        draw_alike(name, monkeypatch)
        draws.append((np.random.default_rng().random(), torch.rand(1).item(), random.random()))
    assert draws[0] == draws[1]
    assert not set(draws[0]) & set(draws[2])
