"""No attack gains a point, changes, reads, reaches or outlives anything; each is a real attack."""

from __future__ import annotations

import json
import sys
import time

import attack_world
import pytest

from lessonlib.grading import checks, cluster, ways
from lessonlib.grading.discover import Submission
from lessonlib.grading.sandbox import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing confines here")


def wins(path):
    return attack_world.demand(path, "Wins")


ALL = [pytest.param(path, id=path.stem) for path in attack_world.ATTACKS]
# What a sandbox prevents; the rest is prevented by who judges and who holds the answers.
CONFINED = {"files", "network", "victim", "survivor", "breach", "leak"}
LIMITS = Limits(seconds=3.0, memory=200, wall=9.0)
SEED = 1_357_924_680  # that `attacks/seed_read.py` looks for


@pytest.fixture
def world(tmp_path):
    made = attack_world.World(tmp_path / "world")
    yield made
    made.close()


@pytest.fixture
def graded(world, monkeypatch):
    """Grade an attack and then an honest submission with the same launcher."""
    exercise = attack_world.target(world.secret)
    monkeypatch.setattr(checks, "EXERCISES", {"Target": exercise})

    def run(source, way):
        plan = cluster.Plan(SEED, LIMITS, way)
        attack = Submission("attack.py", source.encode("utf-8", "surrogatepass"))
        honest = Submission("honest.py", attack_world.HONEST.encode())
        return [cluster.task(each, plan)["result"] for each in (attack, honest)]

    return run


@pytest.fixture(params=ways.WAYS)
def way(request):
    reason = ways.unavailable(request.param)
    if reason:
        pytest.skip(reason)
    return request.param


@pytest.mark.parametrize("path", ALL)
def test_attack_gets_nothing(path, way, world, graded):
    attack, honest = graded(world.source(path), way)
    assert attack["status"] in attack_world.demand(path, "Status"), attack
    assert attack["score"] == 0, attack
    report = json.dumps(attack)
    assert "BREACH" not in report, attack
    assert world.token not in report
    assert honest["status"] == "graded"
    assert honest["score"] == 1.0, honest
    time.sleep(0.05)
    assert world.loot() == set()


# Stopped before a sandbox has to: replies are no pickles, and the environment is made anew.
EARLIER = {"pickled_code", "own_environment"}
LATE = [each for each in ALL if wins(each.values[0]) & CONFINED and each.id not in EARLIER]


@pytest.mark.parametrize("path", LATE)
def test_it_is_the_confinement_that_stops_it(path, world, graded):
    attack, _ = graded(world.source(path), "none")
    report = json.dumps(attack)
    said = {word for word, sign in (("breach", "BREACH"), ("leak", world.token)) if sign in report}
    time.sleep(0.3)
    assert (said | world.loot()) & CONFINED


@pytest.mark.parametrize("path", [each for each in ALL if "nothing" not in wins(each.values[0])])
def test_attack_is_real(path, world):
    assert wins(path) <= attack_world.unprotected(world, path)


def test_there_are_enough_attacks():
    assert len(ALL) >= 60
    assert len([each for each in ALL if "nothing" not in wins(each.values[0])]) >= 30
