"""The verdicts of section E9, each against something computed another way."""

import warnings

import pytest
import torch

from lessonlib import sweeps
from lessonlib.errata import e9, rows

SEEDS = 12
VERDICTS = {
    "E9.1": "TRUE",
    "E9.2": "BUG",
    "E9.3": "BUG",
    "E9.4": "GAP",
    "E9.5": "BUG",
    "E9.6": "GAP",
    "E9.7": "GAP",
    "E9.8": "MISLEADING",
}


@pytest.fixture(scope="module")
def measured():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning would end up on the page
        return {row.id: row.measured(SEEDS) for row in e9.ROWS}


def test_the_rows_are_on_the_page():
    assert {row.id: row.verdict for row in rows() if row.section == "E9"} == VERDICTS


def test_statements_can_be_written():
    for row in e9.ROWS:
        assert "{" not in row.statement(SEEDS).replace("{cite:p}", "")


def test_the_stand_in_is_the_equation():
    """Against autograd from the picture on, without a hook; batch of one, as the episode has it."""
    model, x = e9._network("resnet18").eval(), e9._noise()
    got = e9.HookedGradCAM(model, model.layer4[-1])(x, 2)
    other = e9._network("resnet18").eval()
    body = torch.nn.Sequential(*list(other.children())[:-2])
    A = body(x)
    y = other.fc(other.avgpool(A).flatten(1))[0, 2]
    (dA,) = torch.autograd.grad(y, A)
    L = (dA.mean((2, 3), keepdim=True) * A).sum(1, keepdim=True).relu().detach()
    L = torch.nn.functional.interpolate(L, size=(64, 64), mode="bilinear")[0, 0]
    torch.testing.assert_close(got, L / (L.max() + 1e-8), atol=1e-5, rtol=0)


def test_e9_1_right_equation(measured):
    got = measured["E9.1"]
    assert got["n"] >= 3
    assert got["gap"] < 1e-4
    assert got["cam"] < 1e-6


def test_e9_2_hooks_stay(measured):
    assert measured["E9.2"] == {"forward": 6, "backward": 6, "ours": 0}


def test_e9_3_side_effects(measured):
    got = measured["E9.3"]
    assert (got["episode_training"], got["episode_lost"]) == (False, 62)
    assert (got["ours_training"], got["ours_lost"], got["tensors"]) == (True, 0, 62)


def test_e9_4_in_place(measured):
    got = measured["E9.4"]
    assert got["works"] == got["n"] == 9
    assert got["fails"] == 7
    assert set(got["which"]).isdisjoint({"resnet18 layer4.1", "densenet121 features.denseblock4"})


def test_e9_5_callers(measured):
    assert measured["E9.5"] == {
        "no_grad": "RuntimeError",
        "inference": "RuntimeError",
        "frozen": "AttributeError",
        "stale": "the old ones",
        "ours": "no error",
    }


def test_e9_6_batches_and_layouts(measured):
    got = measured["E9.6"]
    assert (got["n"], got["explained"], got["ours"]) == (4, 1, 4)
    # channels last: 3 by 3 places of 96 pixels, and 768 channels
    assert got["swin"] == (3, 3, 768)
    assert got["vit"] == "IndexError"
    assert got["vit_ours"] == "6 by 6"


def test_e9_7_empty_and_small(measured):
    got = measured["E9.7"]
    assert 0 < got["zero"].value < 0.6
    assert got["small"] < 0.5
    assert got["ours"] == 1
    empty = 0
    for seed in range(SEEDS):  # once more, with the stand-in
        model = e9._network("resnet18", seed).eval()
        empty += not e9.HookedGradCAM(model, model.layer4[-1])(e9._noise(seed=seed), 0).any()
    assert got["zero"].value == pytest.approx(empty / SEEDS)


def test_e9_8_misleads(measured):
    """By hand from the stored counts."""
    got = measured["E9.8"]
    stored = [
        r.result["verdicts"] for r in sweeps.load("explain").select(body="conv", case="mostly")
    ]
    assert got["runs"] == len(stored) == 5
    last = [r["last convolution, 12 px"]["letter"] for r in stored]
    each = [r["wrong"] / r["n"] for r in last]
    assert got["acquits"].value == pytest.approx(sum(each) / 5)
    assert got["acquits"].low > 0.2
    assert got["accuses"].low > 0.3
    assert got["honest"].low > 0.2
    assert got["untrained"].low > 0.2
