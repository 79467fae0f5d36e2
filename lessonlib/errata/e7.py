"""Section E7, class imbalance: a focal loss without its alpha_t, and what it was said to spare."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from lessonlib.errata.row import Row
from lessonlib.evaluation import mean_interval as mean
from lessonlib.imbalance import (
    class_weights,
    focal_curve,
    make_balanced_loader,
    sampler_coverage,
    train_head,
)

#: Distance of the classes' means, in standard deviations, for three ideal AUCs.
SEPARATIONS = {"0.76": 1.0, "0.92": 2.0, "0.98": 3.0}
#: Weights of class 0 and class 1, and gamma.
LOSSES = {
    "ce": ((1.0, 1.0), 0.0),
    "focal": ((1.0, 1.0), 2.0),
    "focal5": ((1.0, 1.0), 5.0),
    "lin": ((0.75, 0.25), 2.0),
    "lin98": ((0.02, 0.98), 2.0),
    "weighted": ((0.02, 0.98), 0.0),
}
N_TRAIN, N_FEATURES = 3000, 5


def published_loss(logits, targets, alpha: float = 0.25, gamma: float = 2.0):
    """Return the episode's focal loss of every case: one alpha for both classes.

    Parameters
    ----------
    logits : torch.Tensor, shape (N, 2)
    targets : torch.Tensor of int64, shape (N,)
    alpha, gamma : float

    Returns
    -------
    torch.Tensor, shape (N,)
    """
    from torch.nn.functional import cross_entropy

    nll = cross_entropy(logits, targets, reduction="none")
    return alpha * nll * (1 - (-nll).exp()).pow(gamma)


def demonstration():
    """Return the episode's three pairs of logits and their classes."""
    import torch

    return torch.tensor([[2.0, -2.0], [0.5, 0.5], [-1.0, 1.0]]), torch.tensor([0, 0, 1])


@cache
def trained(
    seeds: int, separation: str = "0.92", prevalence: float = 0.02, losses: tuple = tuple(LOSSES)
) -> dict:
    """Train a linear head with each loss on Gaussian classes, and judge it exactly.

    The classes are N(0, 1) and N(d, 1) along one of five features and equal along the others, so
    that the share above a threshold is a normal probability: no test set, no error of one.

    Parameters
    ----------
    seeds : int
        Training sets of 3,000 cases; at most 40 are drawn.
    separation : str
        A key of :data:`SEPARATIONS`: the ideal AUC.
    prevalence : float
    losses : tuple of str
        Keys of :data:`LOSSES`.

    Returns
    -------
    dict
        Arrays of shape (seeds,) under (loss, measure); measures are "sensitivity" at 0.5, "auc",
        "risk" (the mean predicted probability) and "called" (chance of at least one
        true positive among 30,000 cases, given the model).
    """
    results: dict = {}
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(60)
    node_weights = node_weights / node_weights.sum()
    n_positive = round(N_TRAIN * prevalence)
    distance = SEPARATIONS[separation]
    for seed in range(min(seeds, 40)):
        rng = np.random.default_rng([seed, round(10 * distance), n_positive])
        y = np.arange(N_TRAIN) < n_positive
        X = rng.standard_normal((N_TRAIN, N_FEATURES))
        X[y, 0] += distance
        for loss in losses:
            weights, gamma = LOSSES[loss]
            if weights[0] == 0.02:
                weights = (prevalence, 1 - prevalence)
            head = train_head(X, y, weights=weights, gamma=gamma, penalty=0)
            length = np.linalg.norm(head.weight)
            along = distance * head.weight[0]  # by how much positives score higher
            said = [expit(head.bias + shift + length * nodes) @ node_weights
                    for shift in (0.0, along)]  # fmt: skip
            sensitivity = float(norm.cdf((along + head.bias) / length))
            measures = {
                "sensitivity": sensitivity,
                "auc": float(norm.cdf(along / length / np.sqrt(2))),
                "risk": (1 - prevalence) * said[0] + prevalence * said[1],
                "called": 1 - (1 - sensitivity) ** round(30_000 * prevalence),
            }
            for measure, value in measures.items():
                results.setdefault((loss, measure), []).append(value)
    return {key: np.array(values) for key, values in results.items()}


def weights(seeds: int) -> dict:
    """E7.1: the weights, and what their scale does to a mean and to a sum."""
    import torch
    from torch.nn.functional import cross_entropy

    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(1000, 2, generator=generator, dtype=torch.float64)
    targets = (torch.arange(1000) < 20).long()
    scaled = torch.as_tensor(class_weights([9800, 200]))
    plain = 1 / torch.tensor([9800.0, 200.0], dtype=torch.float64)
    loss = {
        (name, how): float(cross_entropy(logits, targets, w, reduction=how))
        for name, w in {"scaled": scaled, "plain": plain}.items()
        for how in ("mean", "sum")
    }
    return {
        "healthy": float(scaled[0]),
        "ill": float(scaled[1]),
        "change": abs(loss["scaled", "mean"] - loss["plain", "mean"]),
        "factor": loss["scaled", "sum"] / loss["plain", "sum"],
    }


def alpha(seeds: int) -> dict:
    """E7.2: torchvision's loss over the episode's, by class."""
    import torch
    from torchvision.ops import sigmoid_focal_loss

    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(200, 2, generator=generator, dtype=torch.float64)
    targets = (torch.arange(200) < 100).long()
    ours = published_loss(logits, targets)
    theirs = sigmoid_focal_loss(logits[:, 1] - logits[:, 0], targets.double(), 0.25, 2)
    ratio = theirs / ours
    return {
        "positives": float(ratio[:100].mean()),
        "negatives": float(ratio[100:].mean()),
        "spread": float(max(ratio[:100].std(), ratio[100:].std())),
    }


def tuning(seeds: int) -> dict:
    """E7.3: sensitivity at 0.5, AUC and mean predicted risk of each loss."""
    runs = trained(seeds)
    numbers = {loss: mean(runs[loss, "sensitivity"]) for loss in LOSSES}
    aucs = [runs[loss, "auc"].mean() for loss in LOSSES]
    return {
        **numbers,
        "aucs": float(np.ptp(aucs)),
        "risk": mean(runs["focal", "risk"]),
        "ce_risk": mean(runs["ce", "risk"]),
    }


def gradient(seeds: int) -> dict:
    """E7.4: the gradient by the logit, in closed form."""
    p = np.linspace(0, 1, 100_001)
    focal, ce = focal_curve(p, 2), focal_curve(p, 0)
    peak = int(focal.gradient.argmax())
    at = {where: focal_curve([where], 2).gradient[0] for where in (0.9, 0.01)}
    return {
        "easy": float(at[0.9]),
        "hard": float(at[0.01]),
        "hard_published": float(at[0.01] / 4),
        "peak": float(focal.gradient[peak]),
        "peak_at": float(p[peak]),
        "exceeds": float(p[focal.gradient > ce.gradient + 1e-12].max()),
    }


def ratios(seeds: int) -> dict:
    """E7.5: gamma = 2 against the cross-entropy at three prevalences; gamma below 1."""
    import torch

    from lessonlib.imbalance import FocalLoss

    numbers = {}
    losses = ("ce", "focal", "weighted")
    for label, prevalence in {"rare": 0.01, "tenth": 0.1, "fifth": 0.2}.items():
        runs = trained(min(seeds, 20), prevalence=prevalence, losses=losses)
        for loss in losses:
            numbers[f"{label}_{loss}"] = mean(runs[loss, "sensitivity"])
    logits = torch.tensor([[100.0, -100.0]], requires_grad=True)
    sure = torch.tensor([0])
    (theirs,) = torch.autograd.grad(published_loss(logits, sure, gamma=0.5).sum(), logits)
    (ours,) = torch.autograd.grad(FocalLoss(0.25, gamma=0.5)(logits, sure), logits)
    numbers["nan"] = "NaN" if bool(theirs.isnan().any()) else "finite"
    numbers["ours"] = "NaN" if bool(ours.isnan().any()) else "finite"
    return numbers


def per_case(seeds: int) -> dict:
    """E7.6: the three cases' losses."""
    losses = published_loss(*demonstration())
    return {
        "printed": float(losses.mean()),
        "sure": float(losses[0]),
        "tie": float(losses[1]),
        "right": float(losses[2]),
        "share": float(losses[1] / losses.sum()),
    }


def never(seeds: int) -> dict:
    """E7.7: how often the plain model calls anybody, by how separable the classes are."""
    runs = {
        auc: trained(seeds) if auc == "0.92" else trained(seeds, auc, losses=("ce",))
        for auc in SEPARATIONS
    }
    return {
        f"{what}_{auc[2:]}": float(runs[auc]["ce", measure].mean())
        for auc in SEPARATIONS
        for what, measure in {"sens": "sensitivity", "any": "called"}.items()
    }


def sampler(seeds: int) -> dict:
    """E7.8: batches and epochs of the sampler, counted."""
    import torch

    labels = np.arange(10_000) < 200
    data = torch.utils.data.TensorDataset(torch.arange(10_000))
    batches, missed, times = [], [], []
    for seed in range(min(max(seeds, 2), 10)):
        drawn = [b.numpy() for (b,) in make_balanced_loader(data, labels, generator=seed)]
        batches += [int(labels[b].sum()) for b in drawn if len(b) == 32]
        seen = np.bincount(np.concatenate(drawn), minlength=10_000)
        missed.append((seen[~labels] == 0).mean())
        times.append(seen[labels].mean())
    expected = sampler_coverage([9800, 200])
    low, high = np.percentile(batches, [2.5, 97.5])
    return {
        "per_batch": float(np.mean(batches)),
        "low": float(low),
        "high": float(high),
        "missed": mean(missed),
        "times": float(np.mean(times)),
        "expected": float(expected.never_seen[0]),
    }


ROWS = [
    Row(
        id="E7.1",
        claim="Class weights for 9,800 and 200 cases are 0.02 and 0.98; a weighted loss is made.",
        verdict="TRUE",
        finding="{healthy:.2f} and {ill:.2f}. Making them sum to 1 changes a mean by {change:.0e}, "
        "as PyTorch divides by the weights again, and a sum by a factor of {factor:.0f}. The loss "
        "is never used.",
        lesson="Only the ratio matters to a weighted mean; say which reduction you use.",
        where="sec-weights tests/imbalance/test_focal.py::test_gamma_0_is_the_cross_entropy",
        measure=weights,
    ),
    Row(
        id="E7.2",
        claim="`FocalLoss(alpha=0.25)` is the loss of Lin and colleagues.",
        verdict="FALSE",
        finding="Theirs weighs class 1 by alpha and class 0 by 1 − alpha; the episode's weighs "
        "both by alpha. torchvision's is {positives:.1f} times the episode's on positives and "
        "{negatives:.1f} times on negatives (spread {spread:.0e}).",
        lesson="Give each class its weight, and test against a reference.",
        where="sec-focal "
        "tests/imbalance/test_focal.py::test_it_is_torchvisions_on_one_score_a_case",
        measure=alpha,
    ),
    Row(
        id="E7.3",
        claim="With focal loss no class weights need to be tuned.",
        verdict="FALSE",
        finding="A linear model at 2%, classes with an ideal AUC of 0.92: sensitivity at 0.5 is "
        "{ce:.3f} with the cross-entropy, {focal:.3f} with the focal loss, {focal5:.3f} with "
        "gamma 5, {lin:.3f} with alpha 0.25 as published, {lin98:.3f} with alpha 0.98 and "
        "{weighted:.3f} with class weights alone. Their AUCs differ by {aucs:.3f}. The mean "
        "predicted risk is {ce_risk:.3f} with the cross-entropy, {risk:.3f} with the focal loss.",
        lesson="Alpha or the threshold moves the decision; gamma does not, and distorts the "
        "probability.",
        where="fig-strategies sec-strategies",
        measure=tuning,
    ),
    Row(
        id="E7.4",
        claim="The gradient is nearly zero for easy cases and large for hard ones.",
        verdict="MISLEADING",
        finding="Easy, at 0.9: {easy:.4f} against 0.1 of the cross-entropy. Hard, at 0.01: "
        "{hard:.3f} against 0.99, and {hard_published:.3f} with the episode's alpha. It never "
        "exceeds {peak:.3f} (at {peak_at:.3f}), and is larger than the cross-entropy's only below "
        "{exceeds:.3f}.",
        lesson="Hard cases gain relative to easy ones. They do not gain.",
        where="fig-focal sec-focal-slider",
        measure=gradient,
    ),
    Row(
        id="E7.5",
        claim="gamma = 2 works over a wide range of imbalance.",
        verdict="FALSE",
        finding="Sensitivity at 0.5, same classes: {rare_ce:.3f} with the cross-entropy and "
        "{rare_focal:.3f} with gamma 2 where 1% are positive, {tenth_ce:.3f} and "
        "{tenth_focal:.3f} at 10%, {fifth_ce:.3f} and {fifth_focal:.3f} at 20%; class weights "
        "give {rare_weighted:.3f}, {tenth_weighted:.3f} and {fifth_weighted:.3f}. And with gamma "
        "0.5 the gradient of a case that the model is sure of is {nan}; ours is {ours}.",
        lesson="Do not expect gamma to correct a prevalence. Use the log-sigmoid form.",
        where="sec-focal tests/imbalance/test_focal.py::test_finite_where_the_model_is_sure",
        measure=ratios,
    ),
    Row(
        id="E7.6",
        claim="The demonstration's focal loss is 0.0146.",
        verdict="TRUE",
        finding="{printed:.4f}, the mean of {sure:.1e}, {tie:.4f} and {right:.1e}: the tie is "
        "{share:.0%} of it.",
        lesson="Print the cases beside the mean, and the cross-entropy beside the focal loss.",
        where="sec-focal",
        measure=per_case,
    ),
    Row(
        id="E7.7",
        claim="At 2% positives ordinary training gives a model that never predicts a positive.",
        verdict="DEPENDS",
        finding="On how separable the classes are. With ideal AUCs of 0.76, 0.92 and 0.98 the "
        "sensitivity at 0.5 is {sens_76:.3f}, {sens_92:.3f} and {sens_98:.3f}; a true positive "
        "among 30,000 cases is called with a chance of {any_76:.2f}, {any_92:.2f} and "
        "{any_98:.2f}.",
        lesson="It predicts few at a threshold of 0.5, which nobody chose.",
        where="sec-strategies",
        measure=never,
    ),
    Row(
        id="E7.8",
        claim="Each batch of the weighted sampler holds about as many of either class.",
        verdict="TRUE",
        finding="{per_batch:.1f} positives in 32, {low:.0f} to {high:.0f} in 95% of the batches. "
        "The price: a positive is seen {times:.0f} times an epoch, and {missed:.3f} of the "
        "negatives are never seen (in theory {expected:.3f}).",
        lesson="Count what an epoch shows. With class weights on top it corrects twice.",
        where="fig-sampler sec-sampler",
        measure=sampler,
    ),
    Row(
        id="E7.9",
        claim="The block runs, and its three strategies are ready to use.",
        verdict="BUG",
        finding="The block does not import the NumPy that `make_balanced_loader` uses: run by "
        "itself, the first call ends in a NameError. Nothing in the block calls it.",
        lesson="Call every function once, in a fresh interpreter.",
        where="sec-sampler",
    ),
]
