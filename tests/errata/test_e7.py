"""The verdicts of section E7, each against something computed another way."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import cross_entropy
from torchvision.ops import sigmoid_focal_loss

from lessonlib.errata import e7, rows

SEEDS = 12
VERDICTS = {
    "E7.1": "TRUE",
    "E7.2": "FALSE",
    "E7.3": "FALSE",
    "E7.4": "MISLEADING",
    "E7.5": "FALSE",
    "E7.6": "TRUE",
    "E7.7": "DEPENDS",
    "E7.8": "TRUE",
    "E7.9": "BUG",
}


@pytest.fixture(scope="module")
def measured():
    return {row.id: row.measured(SEEDS) for row in e7.ROWS}


def test_the_rows_are_on_the_page():
    assert {row.id: row.verdict for row in rows() if row.section == "E7"} == VERDICTS


def test_e7_1_weights_are_right_and_their_scale_cancels_in_a_mean(measured):
    got = measured["E7.1"]
    assert (got["healthy"], got["ill"]) == pytest.approx((0.02, 0.98))
    assert got["change"] < 1e-12
    assert got["factor"] == pytest.approx(9800 * 200 / 10_000)


def test_e7_2_three_times_on_negatives(measured):
    got = measured["E7.2"]
    assert (got["positives"], got["negatives"]) == pytest.approx((1, 3))
    assert got["spread"] < 1e-12
    # and without alpha the two agree
    g = torch.Generator().manual_seed(5)
    logits, y = torch.randn(50, 2, generator=g, dtype=torch.float64), torch.arange(50) % 2
    torch.testing.assert_close(
        e7.published_loss(logits, y, alpha=1),
        sigmoid_focal_loss(logits[:, 1] - logits[:, 0], y.double(), -1, 2),
    )


def test_e7_3_gamma_does_not_correct_a_prevalence(measured):
    got = measured["E7.3"]
    for loss in ("focal", "focal5"):
        assert got[loss].value == pytest.approx(got["ce"].value, abs=0.02)
    assert got["lin"].high < got["ce"].low
    assert min(got["lin98"].low, got["weighted"].low) > 0.75
    assert got["ce"].high < 0.25
    assert got["aucs"] < 0.004
    assert got["risk"].low > 0.1 > 0.025 > got["ce_risk"].high


def test_e7_3_exact_numbers_are_those_of_a_large_test_set():
    """The same first training set by scikit-learn, and 400,000 cases to count."""
    rng = np.random.default_rng([0, 20, 60])
    y = np.arange(e7.N_TRAIN) < 60
    X = rng.standard_normal((e7.N_TRAIN, e7.N_FEATURES))
    X[y, 0] += 2
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X, y)
    rng = np.random.default_rng(9)
    ill = np.arange(400_000) < 8000
    Z = rng.standard_normal((400_000, e7.N_FEATURES))
    Z[ill, 0] += 2
    p = model.predict_proba(Z)[:, 1]
    runs = e7.trained(SEEDS)
    assert (p[ill] >= 0.5).mean() == pytest.approx(runs["ce", "sensitivity"][0], abs=0.015)
    assert p.mean() == pytest.approx(runs["ce", "risk"][0], abs=0.001)


def test_e7_4_gradients_by_autograd(measured):
    got = measured["E7.4"]
    p = torch.linspace(1e-4, 1 - 1e-4, 20_001, dtype=torch.float64)
    z = torch.logit(p).requires_grad_()
    pair = torch.stack([torch.zeros_like(z), z], dim=1)
    zeros = torch.ones(len(p), dtype=torch.int64)
    (focal,) = torch.autograd.grad(e7.published_loss(pair, zeros, alpha=1).sum(), z)
    ce = 1 - p
    assert focal.abs().max().item() == pytest.approx(got["peak"], abs=1e-6)
    assert p[focal.abs().argmax()].item() == pytest.approx(got["peak_at"], abs=1e-3)
    assert p[focal.abs() > ce].max().item() == pytest.approx(got["exceeds"], abs=1e-3)
    at = lambda value: focal.abs()[(p - value).abs().argmin()].item()  # noqa: E731
    assert at(0.9) == pytest.approx(got["easy"], abs=1e-4)
    assert at(0.01) == pytest.approx(got["hard"], abs=1e-3)
    assert got["hard_published"] == pytest.approx(got["hard"] / 4)
    assert got["easy"] < 0.005
    assert got["hard"] < 1.1


def test_e7_5_not_at_any_prevalence(measured):
    got = measured["E7.5"]
    for label in ("rare", "tenth", "fifth"):
        assert got[f"{label}_focal"].value == pytest.approx(got[f"{label}_ce"].value, abs=0.02)
        assert got[f"{label}_weighted"].low > got[f"{label}_focal"].high + 0.1
    assert (got["nan"], got["ours"]) == ("NaN", "finite")


def test_e7_6_the_tie_is_nearly_all_of_it(measured):
    got = measured["E7.6"]
    logits, targets = e7.demonstration()
    p = logits.double().softmax(1)[torch.arange(3), targets]
    by_hand = -0.25 * (1 - p) ** 2 * p.log()
    assert got["printed"] == pytest.approx(by_hand.mean().item(), abs=1e-6)
    assert f"{got['printed']:.4f}" == "0.0146"
    assert got["share"] == pytest.approx((by_hand[1] / by_hand.sum()).item(), abs=1e-4)
    assert cross_entropy(logits, targets).item() > 10 * got["printed"]


def test_e7_7_it_depends_on_the_separation(measured):
    got = measured["E7.7"]
    assert got["sens_76"] < 0.01 < 0.1 < got["sens_92"] < 0.3 < got["sens_98"]
    assert got["any_76"] < 0.7
    assert min(got["any_92"], got["any_98"]) > 0.95


def test_e7_8_batches_and_what_is_missed(measured):
    got = measured["E7.8"]
    assert got["per_batch"] == pytest.approx(16, abs=0.3)
    assert (got["low"], got["high"]) == pytest.approx((10.5, 21.5), abs=1)
    assert got["missed"].value == pytest.approx(np.exp(-10_000 / 19_600), abs=0.01)
    assert got["times"] == pytest.approx(25, abs=1)
