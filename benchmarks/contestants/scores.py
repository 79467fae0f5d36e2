"""What a classifier's scores are worth: labels 0 and 1 ``(N,)``, scores in [0, 1] ``(N,)``."""

from __future__ import annotations

import numpy as np

MIN_SENSITIVITY = 0.95
RESAMPLES = 100


def _tensors(labels, scores):
    import torch

    return torch.from_numpy(labels), torch.from_numpy(scores)


# --- the highest threshold that reaches a sensitivity: answer (threshold, specificity) ---


def point_ours(labels, scores):
    from lessonlib.evaluation import operating_point

    def find():
        point = operating_point(labels, scores, MIN_SENSITIVITY)
        return np.array([point.threshold, point.specificity])

    return find


def point_scan(labels, scores):
    """What is found in many notebooks: a thousand thresholds, one after the other."""
    positive, negative = labels == 1, labels == 0

    def find():
        best = 0.0
        for threshold in np.linspace(0, 1, 1000):
            called = scores >= threshold
            if np.mean(called[positive]) >= MIN_SENSITIVITY:
                best = threshold
        return np.array([best, np.mean(scores[negative] < best)])

    return find


def point_sklearn(labels, scores):
    from sklearn.metrics import roc_curve

    def find():
        fpr, tpr, thresholds = roc_curve(labels, scores, drop_intermediate=False)
        first = np.argmax(tpr >= MIN_SENSITIVITY)
        return np.array([thresholds[first], 1 - fpr[first]])

    return find


def point_torchmetrics(labels, scores):
    from torchmetrics.functional.classification import binary_specificity_at_sensitivity

    target, preds = _tensors(labels, scores)

    def find():
        specificity, threshold = binary_specificity_at_sensitivity(preds, target, MIN_SENSITIVITY)
        return np.array([threshold, specificity])

    return find


# --- AUC and its interval by DeLong: answer (AUC, lower, upper), or (AUC,) alone ---


def auc_ours(labels, scores):
    from lessonlib.evaluation import auc_interval

    def measure():
        found = auc_interval(labels, scores)
        return np.array([found.auc, found.low, found.high])

    return measure


def auc_sklearn(labels, scores):
    from sklearn.metrics import roc_auc_score

    return lambda: np.array([roc_auc_score(labels, scores)])


def auc_torchmetrics(labels, scores):
    from torchmetrics.functional.classification import binary_auroc

    target, preds = _tensors(labels, scores)
    return lambda: np.array([binary_auroc(preds, target)])


def auc_confidenceinterval(labels, scores):
    from confidenceinterval import roc_auc_score

    def measure():
        auc, interval = roc_auc_score(labels, scores)
        return np.array([auc, *interval])

    return measure


def auc_mlstatkit(labels, scores):
    """It only compares two models, so a second one has to come along."""
    from MLstatkit import Delong_test

    other = np.random.default_rng(0).permutation(scores)

    def measure():
        _, _, interval, _, auc, _, _ = Delong_test(labels, scores, other)
        return np.array([auc, *interval])

    return measure


# --- AUC and its percentile bootstrap: answer (AUC, lower, upper) ---


def bootstrap_ours(labels, scores):
    from lessonlib.evaluation import bootstrap_auc

    def measure():
        found = bootstrap_auc(labels, scores, n_resamples=RESAMPLES)
        return np.array([found.auc, found.low, found.high])

    return measure


def bootstrap_sklearn(labels, scores):
    from sklearn.metrics import roc_auc_score

    def measure():
        rng = np.random.default_rng(0)
        drawn = [rng.integers(0, len(labels), len(labels)) for _ in range(RESAMPLES)]
        areas = [roc_auc_score(labels[cases], scores[cases]) for cases in drawn]
        return np.array([roc_auc_score(labels, scores), *np.percentile(areas, [2.5, 97.5])])

    return measure


def bootstrap_torchmetrics(labels, scores):
    import torch
    from torchmetrics.classification import BinaryAUROC
    from torchmetrics.wrappers import BootStrapper

    target, preds = _tensors(labels, scores)

    def measure():
        torch.manual_seed(0)
        ends = torch.tensor([0.025, 0.975])
        metric = BootStrapper(
            BinaryAUROC(), RESAMPLES, quantile=ends, sampling_strategy="multinomial"
        )
        metric.update(preds, target)
        found = metric.compute()
        return np.array([found["mean"], *found["quantile"]])

    return measure


def bootstrap_confidenceinterval(labels, scores):
    from confidenceinterval import roc_auc_score

    def measure():
        auc, interval = roc_auc_score(
            labels, scores, method="bootstrap_percentile", n_resamples=RESAMPLES, random_state=0
        )
        return np.array([auc, *interval])

    return measure


def bootstrap_mlstatkit(labels, scores):
    from MLstatkit import Bootstrapping

    return lambda: np.array(Bootstrapping(labels, scores, "roc_auc", n_bootstraps=RESAMPLES))
