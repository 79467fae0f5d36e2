"""The stored sweep of the chapter: complete, small, and a run of it comes out again."""

import json

import numpy as np
import pytest

from lessonlib import sweeps
from lessonlib.sweeps import explain, explain_plan, store


def test_the_plan_is_stored_whole_and_small():
    sweep = sweeps.load("explain")
    stored = [e.config for e in sweep.entries]
    wanted = explain_plan.configs()
    assert len(wanted) == len({json.dumps(c, sort_keys=True) for c in wanted})
    assert all(config in stored for config in wanted)
    assert (store.RESULTS / "explain.json").stat().st_size < 400_000


@pytest.mark.parametrize("body", ["conv", "transformer"])
def test_numbers_are_possible(body):
    for entry in sweeps.load("explain").select(body=body):
        result = entry.result
        assert all(0 <= area <= 1 for area in result["auc"].values())
        for kind, verdict in result["verdicts"].items():
            assert sum(leader["n"] for leader in verdict.values()) == explain.N_TEST / 2
            for leader in verdict.values():
                assert leader["right"] + leader["wrong"] <= leader["n"]
            for score, chance, empty in result["pointing"][kind].values():
                assert 0 <= score <= 1 - empty / 2
                assert 0 < chance < 0.5


def test_a_stored_run_comes_out_again():
    """A convolutional run, another after every change of the code. Hundreds of steps round."""
    entry = store.sample(sweeps.load("explain").select(body="conv"))
    again, stored = explain.run(**entry.config), entry.result
    for place, area in stored["auc"].items():
        assert again["auc"][place] == pytest.approx(area, abs=0.08), entry.config
    if entry.config["case"] != "untrained":
        kept = [stored["pointing"]["last convolution, 12 px"]["nodule"][0],
                again["pointing"]["last convolution, 12 px"]["nodule"][0]]  # fmt: skip
        assert np.ptp(kept) < 0.2, entry.config
