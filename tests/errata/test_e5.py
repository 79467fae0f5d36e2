"""The verdicts of section E5, each against something computed another way."""

import pytest

from lessonlib.errata import e5

SEEDS = 1


def row(identifier):
    return next(r for r in e5.ROWS if r.id == identifier)


def test_e5_1_nothing_is_frozen():
    got = e5.freezing(SEEDS)
    assert row("E5.1").verdict == "FALSE"
    assert got["trains"] == got["tensors"] == 161
    # Adam's first step is its learning rate, whatever the gradient: 1e-5 and 1e-3
    assert got["moved"] == pytest.approx(1e-5, rel=0.05)
    assert 3e-4 < got["head_moved"] <= 1.001e-3  # dropped features have no gradient
    assert got["ours_trains"] == got["ours_moved"] == 0


def test_e5_2_ratio():
    got = e5.rates(SEEDS)
    assert row("E5.2").verdict == "TRUE"
    assert got["ratio"] == pytest.approx(100)


def test_e5_3_counts():
    got = e5.counts(SEEDS)
    assert row("E5.3").verdict == "FALSE"
    assert got["whole"] == 23_514_179
    assert got["head"] == 2048 * 3 + 3
    assert got["backbone"] == 23_508_032


def test_e5_4_names():
    got = e5.by_name(SEEDS)
    assert row("E5.4").verdict == "DEPENDS"
    assert got["clean"] + got["more"] + got["wrong"] + got["none"] == got["n"] == 22
    assert (got["clean"], got["more"], got["wrong"], got["none"]) == (5, 3, 5, 9)
    assert set(got["found"]["wrong"]) == {
        "efficientnet_b0", "efficientnet_v2_s", "mobilenet_v3_small", "mobilenet_v3_large",
        "maxvit_t",
    }  # fmt: skip


def test_e5_5_drift():
    got = e5.drift(SEEDS)
    assert row("E5.5").verdict == "GAP"
    assert got["weights"] == 0
    assert got["change"] > 0.3
    assert got["kept"] == 0


def test_e5_6_grey():
    got = e5.grey(SEEDS)
    assert row("E5.6").verdict == "GAP"
    assert got["refused"] == "RuntimeError"
    assert got["gap"] < 1e-5
    assert got["digits"] == 5


def test_statements_can_be_written():
    for r in e5.ROWS:
        assert "{" not in r.statement(SEEDS)
