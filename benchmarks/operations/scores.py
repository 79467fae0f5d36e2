"""Thresholds and areas under the ROC curve, against ranks and counts."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm, rankdata

from benchmarks.cases import Agreement, Ask, Case, Contestant, Inputs, Target
from benchmarks.contestants.scores import MIN_SENSITIVITY, RESAMPLES
from benchmarks.environments import COURSE


def cases_of(count: int):
    """Return a maker of `count` cases, a tenth of them positive, with scores in (0, 1)."""

    def inputs(tiny: bool) -> Inputs:
        rng = np.random.default_rng(29)
        n = 3000 if tiny else count
        labels = (rng.random(n) < 0.1).astype(np.int64)
        scores = 1 / (1 + np.exp(1.5 - rng.standard_normal(n) - 1.5 * labels))
        return {"labels": labels, "scores": scores}

    return inputs


def exact_point(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the highest threshold that reaches the sensitivity, and its specificity."""
    positive = np.sort(scores[labels == 1])[::-1]
    threshold = positive[math.ceil(MIN_SENSITIVITY * len(positive)) - 1]
    return np.array([threshold, np.mean(scores[labels == 0] < threshold)])


def exact_auc(labels: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    """Return the AUC and its standard error by DeLong, from midranks (Sun and Xu 2014)."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    m, n = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    v10 = (ranks[:m] - rankdata(positive)) / n
    v01 = 1 - (ranks[m:] - rankdata(negative)) / m
    return float(v10.mean()), math.sqrt(v10.var(ddof=1) / m + v01.var(ddof=1) / n)


def same_point(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Compare threshold and specificity with those of the sorted positive scores."""
    (answer,) = ask(inputs)
    off = np.abs(answer - exact_point(**inputs))
    text = "exact" if off.max() <= 1e-12 else f"right to {off.max():.0e}"
    # A threshold in single precision can pass over a case or two.
    return Agreement(bool(off.max() <= (1e-12 if ours else 1e-5)), text)


def same_auc(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Compare AUC and, where there is one, the interval."""
    (answer,) = ask(inputs)
    auc, error = exact_auc(**inputs)
    reach = norm.ppf(0.975) * error
    off = float(np.max(np.abs(answer - [auc, auc - reach, auc + reach][: len(answer)])))
    what = "AUC and interval" if len(answer) == 3 else "AUC alone"
    return Agreement(off <= (1e-12 if ours else 1e-6), f"{what}, right to {off:.0e}")


def similar_interval(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Compare with DeLong's interval: an end of 100 resamples is sure to a quarter of an error."""
    (answer,) = ask(inputs)
    auc, error = exact_auc(**inputs)
    reach = norm.ppf(0.975) * error
    off = np.abs(answer - [auc, auc - reach, auc + reach]) / error
    return Agreement(
        bool(off[0] <= 0.5 and off.max() <= 1.2),
        f"ends within {off[1:].max():.1f} standard errors of DeLong's",
    )


_GROUPS = {
    "torchmetrics": ("scores", "torchmetrics"),
    "mlstatkit": ("scores", "MLstatkit"),
    "confidenceinterval": ("confidenceinterval", "confidenceinterval"),
    "sklearn": (COURSE, "scikit-learn"),
}


def _contestant(operation: str, name: str, function: str, note: str = "", rival: bool = True):
    group, package = _GROUPS.get(function, (COURSE, ""))
    make = f"benchmarks.contestants.scores:{operation}_{function}"
    return Contestant(name, make, group, (package,) if package else (), note, rival)


CASES = (
    Case(
        name="operating-point",
        title="Highest threshold with sensitivity 0.95, 1,000,000 scores",
        inputs=cases_of(1_000_000),
        ours=_contestant("point", "lessonlib", "ours"),
        peers=(
            _contestant(
                "point", "a scan of 1,000 thresholds", "scan", "a habit, no library", rival=False
            ),
            _contestant("point", "scikit-learn", "sklearn", "roc_curve, then the first that fits"),
            _contestant("point", "torchmetrics", "torchmetrics", "specificity at sensitivity"),
        ),
        agreement=same_point,
        targets=(Target(0.3, of="scikit-learn"), Target(1.0)),
        same="The threshold is one of the scores; sorted positive scores give the exact answer.",
    ),
    Case(
        name="auc-interval",
        title="AUC with DeLong's interval, 1,000,000 scores",
        inputs=cases_of(1_000_000),
        ours=_contestant("auc", "lessonlib", "ours"),
        peers=(
            _contestant("auc", "scikit-learn", "sklearn", "no interval"),
            _contestant("auc", "torchmetrics", "torchmetrics", "no interval"),
            _contestant("auc", "confidenceinterval", "confidenceinterval"),
            _contestant("auc", "MLstatkit", "mlstatkit", "needs a second model: twice the work"),
        ),
        agreement=same_auc,
        targets=(Target(0.3, of="scikit-learn"), Target(1.0)),
        same="Midranks give the exact AUC and DeLong's variance; two peers give no interval.",
    ),
    Case(
        name="auc-bootstrap",
        title=f"AUC with {RESAMPLES} bootstrap resamples, 100,000 scores",
        inputs=cases_of(100_000),
        ours=_contestant("bootstrap", "lessonlib", "ours", "resamples each class by itself"),
        peers=(
            _contestant("bootstrap", "scikit-learn, in a loop", "sklearn"),
            _contestant("bootstrap", "torchmetrics", "torchmetrics", "BootStrapper"),
            _contestant("bootstrap", "confidenceinterval", "confidenceinterval"),
            _contestant("bootstrap", "MLstatkit", "mlstatkit"),
        ),
        agreement=similar_interval,
        targets=(Target(0.05),),
        rounds=3,
        same="Percentile intervals of as many resamples, near DeLong's.",
    ),
)
