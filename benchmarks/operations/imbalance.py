"""The focal loss and its gradient, against the closed form in double precision."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from benchmarks.cases import Agreement, Ask, Case, Contestant, Inputs, Target
from benchmarks.contestants.imbalance import ALPHA, GAMMA

_PLACE = "benchmarks.contestants.imbalance"


def cases(tiny: bool) -> Inputs:
    """Return a million pairs of logits and their classes, a fiftieth of them positive."""
    rng = np.random.default_rng(17)
    n = 3000 if tiny else 1_000_000
    targets = (rng.random(n) < 0.02).astype(np.int64)
    logits = rng.normal(0, 2, (n, 2)).astype(np.float32)
    logits[:, 1] += 2 * targets - 1
    return {"logits": logits, "targets": targets}


def closed_form(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean loss and N times its gradient ``(N, 2)``.

    With z the log-odds of the true class and p its probability,
    FL = -alpha_t (1 - p)^gamma log p and dFL/dz = alpha_t (1 - p)^gamma (gamma p log p - (1 - p)).
    """
    x, sign = logits.astype(np.float64), 2 * targets - 1
    z = sign * (x[:, 1] - x[:, 0])
    log_p, rest = -np.logaddexp(0, -z), expit(-z)
    weight = np.where(targets == 1, ALPHA, 1 - ALPHA) * rest**GAMMA
    slope = weight * (GAMMA * (1 - rest) * log_p - rest)
    return float(np.mean(-weight * log_p)), np.stack([-sign * slope, sign * slope], axis=1)


def same_loss(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Compare the loss, and the gradient on the scale of a single case."""
    loss, gradient = (np.asarray(part, np.float64) for part in ask(inputs))
    expected, slope = closed_form(**inputs)
    off = abs(float(loss) / expected - 1)
    steep = float(np.abs(gradient * len(slope) - slope).max())
    good = off <= 1e-5 and steep <= (2e-6 if ours else 1e-5)
    text = f"loss right to {off:.0e}, gradient to {steep:.0e}"
    return Agreement(good, text if good else f"loss off by {off:.0%}, gradient by {steep:.1g}")


CASES = (
    Case(
        name="focal-loss",
        title="Focal loss of 1,000,000 × 2 logits, forward and backward",
        inputs=cases,
        ours=Contestant("lessonlib", f"{_PLACE}:ours"),
        peers=(
            Contestant(
                "torchvision",
                f"{_PLACE}:torchvision",
                packages=("torchvision",),
                note="knows one score a case: of the difference of the two, taken by hand",
            ),
            Contestant(
                "kornia", f"{_PLACE}:kornia", "augmentation", ("kornia",), "its mean is half of it"
            ),
            Contestant(
                "MONAI", f"{_PLACE}:monai", "augmentation", ("monai",), "its mean is half of it"
            ),
            Contestant("the equation, typed", f"{_PLACE}:definition", note="a habit, no library"),
            Contestant(
                "torch, cross-entropy",
                f"{_PLACE}:cross_entropy",
                packages=("torch",),
                note="another loss: what a batch costs without a focal one",
                rival=False,
            ),
        ),
        agreement=same_loss,
        targets=(Target(0.6, of="kornia"), Target(1.0)),
        same="Mean over cases, alpha 0.25, gamma 2, classes as whole numbers; the closed form in "
        "double precision gives loss and gradient to compare with.",
    ),
)
