"""Sensitivity, specificity, AUC, F1 and operating points, and how a submission computes them."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from lessonlib.grading.compare import (
    as_mapping,
    as_number,
    as_sequence,
    expect_same,
    expect_unchanged,
    same,
)
from lessonlib.grading.exercise import Mistake, Remote

METRICS = ("sensitivity", "specificity", "auc", "f1")


def auc(y_true: np.ndarray, scores: np.ndarray) -> float:
    """Return the share of (positive, negative) pairs in order, ties counting one half."""
    positives, negatives = scores[y_true == 1], scores[y_true == 0]
    if not len(positives) or not len(negatives):
        return math.nan
    ranks = stats.rankdata(np.concatenate([positives, negatives]))[: len(positives)].sum()
    return float((ranks / len(positives) - (len(positives) + 1) / 2) / len(negatives))


def ratio(numerator: float, denominator: float) -> float:
    """Return a quotient, nan where the denominator is 0."""
    return numerator / denominator if denominator else math.nan


def _rates(y_true, predicted) -> tuple[float, float]:
    """Return sensitivity and specificity of boolean predictions."""
    positive = y_true == 1
    return (
        ratio(int((predicted & positive).sum()), int(positive.sum())),
        ratio(int((~predicted & ~positive).sum()), int((~positive).sum())),
    )


def metrics(y_true, y_prob, threshold: float, strict: bool = False) -> dict[str, float]:
    """Return the four metrics at a threshold, and some that are taken for them."""
    predicted = y_prob > threshold if strict else y_prob >= threshold
    tp, fp = (int((predicted & (y_true == k)).sum()) for k in (1, 0))
    fn, tn = (int((~predicted & (y_true == k)).sum()) for k in (1, 0))
    sensitivity, specificity = _rates(y_true, predicted)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "auc": auc(y_true, y_prob),
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
        "precision": ratio(tp, tp + fp),
        "accuracy": ratio(tp + tn, len(y_true)),
        "auc of labels": auc(y_true, predicted.astype(float)),
    }


def _cases(rng: np.random.Generator):
    yield np.array([0, 0, 0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.6, 0.5, 0.9]), ()
    yield np.array([0, 0, 0, 1, 1]), np.array([0.2, 0.3, 0.3, 0.3, 0.8]), (0.25,)
    for threshold in ((), (0.3,), (0.75,)):
        y = rng.permutation(np.repeat([0, 1], [30, 12]))
        scores = np.round(np.clip(rng.normal(0.4 + 0.2 * y, 0.2), 0, 1), 1)
        yield y, scores, threshold
    # Scores just below, at and just above the threshold pin it.
    for threshold in ((), (float(rng.uniform(0.2, 0.8)),)):
        at = threshold[0] if threshold else 0.5
        scores = at + np.repeat([-0.3, -1e-3, 0.0, 1e-3, 0.3], 4) * rng.uniform(0.5, 1, 20)
        yield rng.permutation(np.repeat([0, 1], 10)), scores, threshold
    yield np.array([0, 0, 0]), np.array([0.1, 0.2, 0.7]), ()
    yield np.array([1, 1, 1]), np.array([0.1, 0.6, 0.7]), ()
    yield np.array([0, 0, 0]), np.array([0.1, 0.2, 0.3]), ()


def check_evaluate(remote: Remote, rng: np.random.Generator) -> None:
    """Part c: the four metrics, nan where a denominator is 0."""
    for y, scores, threshold in _cases(rng):
        got, called = _evaluate(remote, y, scores, threshold)
        at = threshold[0] if threshold else 0.5
        right, strict = metrics(y, scores, at), metrics(y, scores, at, strict=True)
        for name in METRICS:
            where, value, expected = f'{called}["{name}"]', got[name], right[name]
            one_class = len(np.unique(y)) == 1
            if math.isnan(expected) and not math.isnan(value):
                hint = "The denominator is 0: the answer is nan, not a number."
                if name == "auc":
                    hint = "With one class there is no pair to rank: the AUC is nan."
                raise Mistake(where, f"{value:.4g}", "nan", hint)
            named = {
                "sensitivity": [
                    (right["specificity"], "This is the specificity: the two are swapped."),
                    (right["precision"], "This is the precision: divide by all true positives."),
                ],
                "specificity": [
                    (right["sensitivity"], "This is the sensitivity: the two are swapped."),
                    (1 - right["specificity"], "This is the false-positive rate, 1 minus it."),
                    (right["precision"], "This is the precision."),
                ],
                "auc": [
                    (
                        right["auc of labels"],
                        "This is the AUC of the classes; rank the probabilities themselves.",
                    ),
                    (1 - right["auc"], "The ranking is upside down."),
                    (_auc_without_ties(y, scores), "A tied pair counts one half."),
                ],
                "f1": [(right["accuracy"], "This is the accuracy.")],
            }[name]
            if not one_class and strict[name] != expected:
                named.insert(0, (strict[name], "`>` for `>=`: a score at the threshold counts."))
            expect_same(np.float64(value), np.float64(expected), where, mistakes=named)


def _evaluate(remote: Remote, y, scores, threshold: tuple) -> tuple[dict, str]:
    small = len(y) <= 6
    shown = f"{y.tolist()}, {scores.tolist()}" if small else f"{len(y)} labels, {len(y)} scores"
    called = f"evaluate({', '.join([shown, *map(str, threshold)])})"
    reply = remote.call("evaluate", y, scores, *threshold)
    row = as_mapping(reply.value, called, METRICS)
    expect_unchanged(reply, (y, scores), called)
    return {
        name: as_number(row[name], f'{called}["{name}"]', finite=False) for name in METRICS
    }, called


def _auc_without_ties(y: np.ndarray, scores: np.ndarray) -> float:
    above = scores[y == 1][:, None] > scores[y == 0][None, :]
    return float(above.mean()) if above.size else math.nan


def operating_point(y, scores, enough: float) -> tuple[float, float, float]:
    """Return the highest score whose sensitivity is enough, and both rates there."""
    for threshold in np.unique(scores)[::-1]:
        sensitivity, specificity = _rates(y, scores >= threshold)
        if sensitivity >= enough:
            break
    return float(threshold), sensitivity, specificity


def check_operating_point(remote: Remote, rng: np.random.Generator) -> None:
    """Part e: the highest score whose sensitivity is enough."""
    cases = [
        (np.array([0, 1, 0, 1]), np.array([0.1, 0.3, 0.5, 0.7]), (0.5,)),
        (np.array([0, 0, 1, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.8]), (0.6,)),
        (np.array([1, 1, 1, 0, 0]), np.array([0.9, 0.8, 0.7, 0.2, 0.1]), (0.5,)),
        (np.array([0, 1, 0, 1]), np.array([0.5, 0.5, 0.2, 0.5]), ()),
    ]
    for enough in ((), (1.0,), (0.5,), (0.75,)):
        y = rng.permutation(np.repeat([0, 1], [40, 10]))
        # Ties, but no round numbers: a grid of thresholds must not hit the scores.
        scores = 0.013 + 0.97 * np.round(np.clip(rng.normal(0.35 + 0.2 * y, 0.15), 0, 1), 2)
        cases.append((y, scores, enough))
    # Many positives, so that sensitivities of 0.895, 0.9 and 0.905 pin the default.
    y = rng.permutation(np.repeat([0, 1], [150, 200]))
    cases.append((y, rng.permutation(350) / 350 + 0.001, ()))
    for y, scores, enough in cases:
        small = len(y) <= 6
        shown = f"{y.tolist()}, {scores.tolist()}" if small else f"{len(y)} labels, {len(y)} scores"
        called = f"operating_point({', '.join([shown, *map(str, enough)])})"
        reply = remote.call("operating_point", y, scores, *enough)
        answer = as_sequence(reply.value, called, 3, "(threshold, sensitivity, specificity)")
        expect_unchanged(reply, (y, scores), called)
        got = np.array([as_number(number, called, finite=False) for number in answer])
        _judge_point(got, y, scores, enough[0] if enough else 0.9, called)


def _judge_point(got, y, scores, enough: float, called: str) -> None:
    right = np.array(operating_point(y, scores, enough))
    if same(got, right):
        return
    threshold, candidates = got[0], np.unique(scores)[::-1]
    strict = [t for t in candidates if _rates(y, scores > t)[0] >= enough]
    more = [t for t in candidates if _rates(y, scores >= t)[0] > enough]
    hint = "Go through the scores from the highest down; stop where the sensitivity is enough."
    if same(threshold, right[0]):
        hint = "The threshold is right: recompute both rates there, positive where >=."
    elif not np.isclose(scores, threshold, atol=1e-6).any():
        hint = "The threshold is to be one of the scores, not a point of a grid or of a curve."
    elif same(threshold, candidates[-1]) and candidates[-1] != right[0]:
        hint = "This is the lowest score that is enough; the highest is asked."
    elif same(threshold, _by_roc_curve(y, scores, candidates, enough)):
        hint = "There is a higher score that is enough: roc_curve drops it as an intermediate one."
    elif strict and same(threshold, strict[0]):
        hint = "`>` for `>=`: a score at the threshold counts as positive."
    elif more and same(threshold, more[0]):
        hint = "`>` for `>=`: a sensitivity of exactly the minimum is enough."
    elif threshold < right[0]:
        hint = "There is a higher score that is enough."
    expected = f"({', '.join(f'{number:.4g}' for number in right)})"
    raise Mistake(called, f"({', '.join(f'{number:.4g}' for number in got)})", expected, hint)


def _by_roc_curve(y, scores, candidates, enough: float) -> float:
    """Return the threshold by a ROC curve without its collinear points (scikit-learn's default)."""
    counts = np.array([[(y[scores >= t] == k).sum() for k in (0, 1)] for t in candidates])
    corner = np.ones(len(candidates), bool)
    corner[1:-1] = np.diff(counts, 2, axis=0).any(axis=1)
    enough_there = corner & (counts[:, 1] / counts[-1, 1] >= enough)
    return float(candidates[np.argmax(enough_there)])
