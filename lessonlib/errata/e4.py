"""Section E4, the data-set profiler: what its numbers mean and what it let pass."""

from __future__ import annotations

import numpy as np

from lessonlib.errata.row import Row
from lessonlib.evaluation import Interval, mean_interval
from lessonlib.profiling import MedicalDatasetProfiler, effective_sample_size

#: The three data sets of the episode: cases and positive cases.
DATASETS = {"rare": (500, 15), "pneumonia": (5000, 250), "retina": (10_000, 1500)}


def arithmetic(seeds: int) -> dict:
    """E4.1: hours and dollars of the rare-disease set, and what other assumptions make of them."""
    profiler = MedicalDatasetProfiler(*DATASETS["rare"])
    profile, costs = profiler.profile(), profiler.cost_range()
    return {
        "hours": profile.annotation_hours,
        "cost": profile.annotation_cost,
        "lowest": float(costs.cost.min()),
        "highest": float(costs.cost.max()),
    }


def simulated_effective_size(
    n_positive: int, n_negative: int, seeds: int, runs: int = 200
) -> Interval:
    """Effective size from the variance of simulated differences of class means.

    Parameters
    ----------
    n_positive, n_negative : int
        Cases of each class; their values are N(0, 1) in both.
    seeds : int
        One batch of data sets a seed.
    runs : int
        Data sets a batch.

    Returns
    -------
    Interval
        4 / variance, with the ends of the variance's 95% interval over seeds turned likewise.
    """
    variances = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        positive = rng.normal(size=(runs, n_positive)).mean(axis=1)
        negative = rng.normal(size=(runs, n_negative)).mean(axis=1)
        variances.append(np.mean((positive - negative) ** 2))  # the true difference is 0
    variance = mean_interval(variances)
    return Interval(4 / variance.value, 4 / variance.high, 4 / variance.low)


def auc_after_training(
    n_positive: int, n_negative: int, seeds: int, n_features: int = 5, ceiling: float = 0.85
) -> np.ndarray:
    r"""Population AUC of a logistic regression trained on so many cases of each class.

    Parameters
    ----------
    n_positive, n_negative : int
        Training cases of each class.
    seeds : int
        One training set a seed.
    n_features : int
        Features, N(0, 1) in the negatives and shifted by the same amount each in the positives.
    ceiling : float
        AUC of the best possible rule; it sets the shift.

    Returns
    -------
    numpy.ndarray, shape (seeds,)
        One AUC a training set.

    Notes
    -----
    No test set is drawn. Along a direction :math:`w` both classes are normal with the same
    variance, so the AUC over the whole population is

    .. math:: \Phi\left(\frac{w^\top \delta}{\sqrt{2}\,\lVert w \rVert}\right).
    """
    from scipy.stats import norm
    from sklearn.linear_model import LogisticRegression

    shift = np.full(n_features, norm.ppf(ceiling) * np.sqrt(2 / n_features))
    y = np.repeat([1, 0], [n_positive, n_negative])
    scores = []
    for seed in range(seeds):
        X = np.random.default_rng(seed).normal(size=(len(y), n_features))
        X[y == 1] += shift
        w = LogisticRegression().fit(X, y).coef_[0]
        scores.append(norm.cdf(w @ shift / (np.sqrt(2) * np.linalg.norm(w))))
    return np.array(scores)


def effective_size(seeds: int) -> dict:
    """E4.2: the harmonic size beside 2 min, simulated and seen in a trained classifier."""
    sizes = {name: effective_sample_size(k, n - k) for name, (n, k) in DATASETS.items()}
    every, balanced, equivalent = (
        auc_after_training(*counts, seeds) for counts in ((15, 485), (15, 15), (29, 29))
    )
    return {
        **sizes,
        "simulated": simulated_effective_size(15, 485, seeds),
        "auc_all": mean_interval(every),
        "auc_balanced": mean_interval(balanced),
        "auc_equivalent": mean_interval(equivalent),
        "gain": mean_interval(every - balanced),  # same seed, paired
        "lead": mean_interval(every - equivalent),
    }


def limits(seeds: int) -> dict:
    """E4.3: the edge of the warning, impossible counts, the assumptions behind the price."""
    at_limit = MedicalDatasetProfiler(*DATASETS["pneumonia"]).profile()
    refused = 0
    for counts in ((0, 0), (10, 20), (-5, 0), (10, -1)):
        try:
            MedicalDatasetProfiler(*counts)
        except ValueError:
            refused += 1
    costs = MedicalDatasetProfiler(*DATASETS["rare"]).cost_range((10, 30), (1,))
    return {
        "prevalence": at_limit.prevalence,
        "strict_warns": at_limit.prevalence < 0.05,  # the comparison that the episode makes
        "warnings": len(at_limit.warnings),
        "refused": refused,
        "at_10": float(costs.cost[0, 0]),
        "at_30": float(costs.cost[1, 0]),
    }


ROWS = [
    Row(
        id="E4.1",
        claim="Labelling 500 images at 15 minutes each costs more than \\$18,000.",
        verdict="TRUE",
        finding="The arithmetic holds: {hours:.0f} h, \\${cost:,.0f}. At 10 to 30 minutes and 1 to "
        "3 readers the same set costs \\${lowest:,.0f} to \\${highest:,.0f}.",
        lesson="Give the formula and its assumptions, and a range instead of one price.",
        where="sec-cost",
        measure=arithmetic,
    ),
    Row(
        id="E4.2",
        claim="The effective sample size is twice the smaller class: 30, 500 and 3,000 for the "
        "three data sets.",
        verdict="MISLEADING",
        finding="That is what is left after throwing the rest away. By the variance of a mean "
        "difference the sizes are {rare:.1f}, {pneumonia:,.0f} and {retina:,.0f} (simulated for "
        "the first: {simulated:.1f}). Logistic regression, AUC: trained on 15/485 {auc_all:.3f}, "
        "on 15/15 {auc_balanced:.3f}, on 29/29 {auc_equivalent:.3f}; the extra negatives bring "
        "{gain:.3f}.",
        lesson="Use 4/(1/n₊ + 1/n₋), and keep the negatives.",
        where="fig-effective-samples",
        measure=effective_size,
    ),
    Row(
        id="E4.3",
        claim="The profiler warns of severe imbalance below 5%, and takes any two counts.",
        verdict="GAP",
        finding="The pneumonia set lies at {prevalence:.1%} exactly, so a strict comparison stays "
        "silent; ours gives {warnings} warning. Of four impossible pairs of counts, such as 20 "
        "positives among 10, ours refuses {refused}; the episode's divides by zero or prints "
        "200%. Its rate and single reader are fixed: 10 to 30 minutes alone move the price from "
        "\\${at_10:,.0f} to \\${at_30:,.0f}.",
        lesson="Check the counts, include the limit, make rate and readers arguments.",
        where="sec-three-datasets tests/errata/test_e4.py::test_e4_3_limits",
        measure=limits,
    ),
]
