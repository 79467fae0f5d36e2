"""Section E1, face embeddings: what noise leaves of a cosine, and what a threshold gets right."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lessonlib.errata.row import Row
from lessonlib.evaluation import Interval, binomial_interval, mean_interval
from lessonlib.faces import (
    EmbeddingSimilarityAnalyzer,
    expected_cosine,
    noise_for_cosine,
    stranger_cosine_quantile,
)

#: The episode's noise, components and thresholds.
SIGMA, DIM, THRESHOLDS = 0.15, 512, (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


@lru_cache(maxsize=8)
def studies(sigma: float, seeds: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return the cosines of one person and of two, for each seed."""
    return tuple(
        EmbeddingSimilarityAnalyzer(noise_sigma=sigma, seed=seed).analyze() for seed in range(seeds)
    )


def separable(sigma: float, seeds: int) -> Interval:
    """Return the share of studies in which one threshold is right about every pair."""
    return binomial_interval(
        sum(same.min() > diff.max() for same, diff in studies(sigma, seeds)), seeds
    )


def cosines(seeds: int) -> dict:
    """E1.1 and E1.2: the cosines of one person's photos, at the noise as given and as needed."""
    given = studies(SIGMA, seeds)
    small = np.concatenate([same for same, _ in studies(0.015, seeds)])
    every = np.concatenate([same for same, _ in given])
    return {
        "exact": expected_cosine(SIGMA, DIM),
        "measured": mean_interval([same.mean() for same, _ in given]),
        "inside": float(np.mean((every >= 0.85) & (every <= 0.95))),
        "length": SIGMA * DIM**0.5,
        "least": noise_for_cosine(0.95, DIM),
        "most": noise_for_cosine(0.85, DIM),
        "exact_small": expected_cosine(0.015, DIM),
        "inside_small": float(np.mean((small >= 0.85) & (small <= 0.95))),
    }


def gap(seeds: int) -> dict:
    """E1.3: smallest cosine of one person minus largest of two."""
    reports = [
        EmbeddingSimilarityAnalyzer(noise_sigma=SIGMA, seed=seed).verification()
        for seed in range(seeds)
    ]
    return {
        "gap": mean_interval([r.gap for r in reports]),
        "positive": separable(SIGMA, seeds),
        "auc": mean_interval([r.auc for r in reports]),
        "error": mean_interval([r.equal_error_rate for r in reports]),
        "positive_small": separable(0.015, seeds),
    }


def accuracy(seeds: int) -> dict:
    """E1.4: the accuracy at the thresholds that the episode tries."""
    rates = np.array(
        [
            EmbeddingSimilarityAnalyzer(seed=seed).evaluate_thresholds(THRESHOLDS)
            for seed in range(seeds)
        ]
    )
    same, diff = studies(SIGMA, 1)[0]
    return {
        "tpr": float(rates[..., 0].max()),
        "accuracy": float(rates[:, 0, 2].mean()),
        "always_no": len(diff) / (len(same) + len(diff)),
    }


def overlap(seeds: int) -> dict:
    """E1.5: where the two distributions begin to overlap."""
    return {
        "at_07": separable(0.07, seeds),
        "at_08": separable(0.08, seeds),
        "at_50": separable(0.5, seeds),
        "cosine": expected_cosine(0.5, DIM),
    }


def strangers(seeds: int) -> dict:
    """E1.6: the cosines of two people."""
    every = [diff for _, diff in studies(SIGMA, seeds)]
    return {
        "mean": mean_interval([diff.mean() for diff in every]),
        "sd": float(np.concatenate(every).std()),
        "theory": DIM**-0.5,
        "largest": mean_interval([diff.max() for diff in every]),
        "millionth": stranger_cosine_quantile(1 - 1e-6, DIM),
    }


ROWS = [
    Row(
        id="E1.1",
        claim="With noise of 0.15 a component, photos of one person have cosines of 0.85 to 0.95.",
        verdict="FALSE",
        finding="The expected cosine is {exact:.4f} exactly, {measured:.4f} measured; "
        "{inside:.0%} of the pairs lie in that range. The noise of 512 components is "
        "{length:.1f} times as long as the vector it is added to.",
        lesson="Derive the cosine before believing it: 1/(1 + Dσ²) is near enough.",
        where="fig-faces-cosines",
        measure=cosines,
    ),
    Row(
        id="E1.2",
        claim="(The noise that the stated cosines belong to is the one that is stated.)",
        verdict="FALSE",
        finding="Cosines of 0.95 and 0.85 need σ = {least:.4f} and {most:.4f}. With 0.015, a tenth "
        "of what is stated, the expectation is {exact_small:.3f} and {inside_small:.0%} of the "
        "pairs lie in the range: a decimal has slipped.",
        lesson="State the cosine, compute the noise.",
        where="sec-faces-cosine",
        measure=cosines,
    ),
    Row(
        id="E1.3",
        claim="One threshold separates everybody: the gap is comfortably positive.",
        verdict="FALSE",
        finding="The gap is {gap:.3f} and positive in {positive:.2f} of the studies; AUC "
        "{auc:.3f}, equal error rate {error:.3f}. With a tenth of the noise it is positive in "
        "{positive_small:.2f}.",
        lesson="Report AUC and the error rates at a threshold, not a gap that two pairs decide.",
        where="sec-faces-cosine",
        measure=gap,
    ),
    Row(
        id="E1.4",
        claim="The best threshold, 0.3, has an accuracy of 0.816.",
        verdict="MISLEADING",
        finding="At every threshold that is tried the true-positive rate is at most {tpr:.3f}. The "
        "accuracy, {accuracy:.3f}, is the share of pairs of two people, {always_no:.3f}: what "
        "saying no to everybody earns.",
        lesson="Take thresholds from the scores, and look at both rates.",
        where="sec-faces-cosine",
        measure=accuracy,
    ),
    Row(
        id="E1.5",
        claim="From noise of 0.5 on the two distributions start to overlap.",
        verdict="FALSE",
        finding="Separable studies: {at_07:.2f} at 0.07, {at_08:.2f} at 0.08, {at_50:.2f} at 0.5, "
        "where the expected cosine of one person's photos is {cosine:.3f} and nothing is left to "
        "overlap.",
        lesson="Name the dimension and the number of pairs with such a limit: it depends on both.",
        where="sec-faces-cosine",
        measure=overlap,
    ),
    Row(
        id="E1.6",
        claim="Photos of different people have cosines near 0.",
        verdict="TRUE",
        finding="Mean {mean:.4f}, standard deviation {sd:.4f} (1/√512 = {theory:.4f}). The largest "
        "of 1,000 pairs is {largest:.3f}; one pair in a million exceeds {millionth:.3f}.",
        lesson="Give the spread too: it sets the threshold.",
        where="fig-faces-strangers",
        measure=strangers,
    ),
    Row(
        id="E1.7",
        claim="This demonstrates why face recognition needs aligned, well-lit crops.",
        verdict="MISLEADING",
        finding="The noise is the same in every direction. It contains neither pose nor light.",
        lesson="Call it an analogy.",
        where="sec-faces-cosine",
    ),
]
