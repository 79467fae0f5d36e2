"""Rare classes as short as it can be written: one idea a function, no checks, no options.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np


def class_weights(counts):
    """Return one weight per class, proportional to 1/count, together 1."""
    weights = 1 / np.asarray(counts)
    return weights / weights.sum()


def focal_loss(prob, label, alpha=0.25, gamma=2.0):
    """Return the loss per case, −α_t (1 − p_t)^γ ln p_t; finite also where p_t is 0."""
    p_t = np.where(label == 1, prob, 1 - prob)
    alpha_t = np.where(label == 1, alpha, 1 - alpha)
    return -alpha_t * (1 - p_t) ** gamma * np.log(np.maximum(p_t, 1e-300))


def focal_gradient(prob, label, alpha=0.25, gamma=2.0):
    """Return the focal loss's derivative by the logit z of class 1, where p = σ(z).

    With dp_t/dz = ± p_t (1 − p_t): ± α_t (1 − p_t)^γ (γ p_t ln p_t − (1 − p_t)), plus for class 1.
    """
    p_t = np.where(label == 1, prob, 1 - prob)
    alpha_t = np.where(label == 1, alpha, 1 - alpha)
    sign = np.where(label == 1, 1.0, -1.0)
    slope = gamma * p_t * np.log(np.maximum(p_t, 1e-300)) - (1 - p_t)
    return sign * alpha_t * (1 - p_t) ** gamma * slope


def balanced_draws(labels, n, rng):
    """Return `n` indices, drawn with replacement so that every class is equally likely."""
    counts = np.bincount(labels)
    weight = 1 / counts[labels]
    return rng.choice(len(labels), size=n, p=weight / weight.sum())


def restore_prior(prob, trained, true):
    """Return probabilities after the prevalence moved from `trained` to `true` (Bayes)."""
    odds = prob / (1 - prob) * (true / (1 - true)) / (trained / (1 - trained))
    return odds / (1 + odds)


def smote(rows, n, rng, neighbours=5):
    """Return `n` new rows of a rare class ``(N, D)``: each between a row and a near neighbour."""
    apart = ((rows[:, None] - rows) ** 2).sum(axis=2)
    near = np.argsort(apart, axis=1)[:, 1 : neighbours + 1]  # the nearest of all is the row itself
    first = rng.integers(len(rows), size=n)
    second = near[first, rng.integers(near.shape[1], size=n)]
    return rows[first] + rng.random((n, 1)) * (rows[second] - rows[first])
