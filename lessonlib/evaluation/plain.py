"""The evaluation of a test as short as it can be written: one idea a function, no checks.

The robust versions are in the modules beside this one and are tested equal to these. Labels `y`
are 0 and 1, scores and probabilities one number per case.
"""

import numpy as np


def auc(y, score):
    """Return the share of pairs (a case, a healthy one) that are ranked right; a tie is half."""
    case, healthy = score[y == 1][:, None], score[y == 0]
    if case.size == 0 or healthy.size == 0:
        return np.nan
    return float(((case > healthy) + 0.5 * (case == healthy)).mean())


def delong_variance(y, score):
    """Return the variance of the AUC by DeLong: what each case adds to it, and each healthy one.

    Var = Var(v₁₀)/m + Var(v₀₁)/n, with v₁₀ a case's share of healthy ones below it.
    """
    case, healthy = score[y == 1][:, None], score[y == 0]
    wins = (case > healthy) + 0.5 * (case == healthy)
    by_case, by_healthy = wins.mean(axis=1), wins.mean(axis=0)
    return by_case.var(ddof=1) / len(by_case) + by_healthy.var(ddof=1) / len(by_healthy)


def bootstrap_clusters(statistic, y, score, patient, n, rng):
    """Return `n` values of a statistic, each of as many patients drawn anew with replacement."""
    names = np.unique(patient)
    films = {name: np.flatnonzero(patient == name) for name in names}
    values = []
    for _ in range(n):
        drawn = np.concatenate([films[name] for name in rng.choice(names, len(names))])
        values.append(statistic(y[drawn], score[drawn]))
    return np.array(values)


def operating_point(y, score, min_sensitivity):
    """Return the highest threshold that reaches a sensitivity, with sensitivity and specificity."""
    for threshold in np.unique(score)[::-1]:
        called = score >= threshold
        sensitivity = called[y == 1].mean()
        if sensitivity >= min_sensitivity:
            return float(threshold), float(sensitivity), float((~called[y == 0]).mean())
    raise ValueError("no threshold reaches it")


def predictive_values(sensitivity, specificity, prevalence):
    """Return (PPV, NPV) by Bayes' theorem."""
    true_alarms = sensitivity * prevalence
    false_alarms = (1 - specificity) * (1 - prevalence)
    misses = (1 - sensitivity) * prevalence
    all_clear = specificity * (1 - prevalence)
    return true_alarms / (true_alarms + false_alarms), all_clear / (all_clear + misses)


def net_benefit(y, prob, threshold):
    """Return TP/n − FP/n · t/(1 − t): true positives, less false ones at the price of the odds."""
    called = prob >= threshold
    odds = threshold / (1 - threshold)
    return float(((called & (y == 1)).sum() - (called & (y == 0)).sum() * odds) / len(y))


def calibration_error(y, prob, n_bins=10):
    """Return the mean distance of what was said and what was true, over bins of equal size."""
    order = np.argsort(prob, kind="stable")
    bins = np.array_split(order, n_bins)
    return sum(len(b) * abs(prob[b].mean() - y[b].mean()) for b in bins) / len(y)
