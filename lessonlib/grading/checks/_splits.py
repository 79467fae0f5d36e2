"""Whether `ImbalanceComparator` splits, evaluates and reports what its parts give it.

generate(), fit_predict(), evaluate() and operating_point() are replaced. The rows that reach
fit_predict() show the split: every row once, a stratified fifth of them for the test. A part that
is not called must be done rightly by the method itself: metrics and operating points are then
those of the probabilities given; data and models those of the submission's own generate() and
fit_predict(), which have to be right.
"""

from __future__ import annotations

import math
import re

import numpy as np

from lessonlib.grading.checks._fits import STRATEGIES, check_fit_predict
from lessonlib.grading.checks._given import alike, expect_done, is_default, part
from lessonlib.grading.checks._rates import METRICS, metrics, operating_point, ratio
from lessonlib.grading.compare import as_array, as_mapping, as_number, same
from lessonlib.grading.exercise import Mistake, Remote, Reply

EXTRA = ("threshold", "specificity_at_sensitivity")
_ADVICE = (
    "Split once, stratify=y and test_size=0.2, before anything is resampled; fit on the training "
    "rows and evaluate on the test rows alone."
)


def as_table(value, keys, called: str) -> dict[str, dict[str, float]]:
    """Return the numbers of a table by strategy and metric, or raise `Mistake`."""
    table = as_mapping(value, called, STRATEGIES)
    rows = {name: as_mapping(table[name], f'{called}["{name}"]', keys) for name in STRATEGIES}
    return {
        name: {
            key: as_number(row[key], f'{called}["{name}"]["{key}"]', finite=False) for key in keys
        }
        for name, row in rows.items()
    }


def given_parts(rng: np.random.Generator, n: int, positives: int) -> dict:
    """Return what the replaced parts answer: data, probabilities, metrics and points by chance."""
    y = rng.permutation(np.repeat([1, 0], [positives, n - positives]))
    rows = [dict(zip(METRICS, rng.uniform(0.05, 0.95, 4).tolist(), strict=True)) for _ in range(6)]
    points = [tuple(rng.uniform(0.05, 0.95, 3).tolist()) for _ in range(6)]
    scores = ("y_true", "y_prob")
    return {
        "generate": part((), (rng.normal(size=(n, 3)), y)),
        "fit_predict": part(
            ("X_train", "y_train", "X_test"),
            {name: rng.uniform(0, 1, n) for name in STRATEGIES},
            cut=2,
        ),
        "evaluate": part((*scores, "threshold"), *rows),
        "operating_point": part((*scores, "min_sensitivity"), *points),
    }


def data(remote: Remote, rng, reply: Reply, given: dict, init: dict, check, called: str):
    """Return the data that were split: those given, or the submission's own."""
    if reply.calls["generate"]:
        return given["generate"]["answers"][0]
    expect_done(remote, rng, {"generate": check}, called)
    X, y = remote.call("generate", init=init).value
    return as_array(X, "X"), as_array(y, "y")


def rows_of(passed, X: np.ndarray, called: str) -> np.ndarray:
    """Return which row of X each passed row is; `Mistake` where one is none of them."""
    passed = as_array(passed, called)
    if passed.ndim == 2 and passed.shape[1] == X.shape[1] and 0 < len(passed) <= len(X):
        distance = np.abs(passed[:, None] - X[None]).max(axis=2)
        if distance.min(axis=1).max() < 1e-5 * max(np.abs(X).max(), 1):
            return distance.argmin(axis=1)
    raise Mistake(
        called, "rows that generate() did not return", "rows of its X as they are", _ADVICE
    )


def judge_split(calls: list[tuple], X, y, called: str) -> np.ndarray:
    """Return the test rows, in order; `Mistake` unless they are a stratified fifth of all."""
    X_train, y_train, X_test = calls[0]
    train = rows_of(X_train, X, f"{called}: X_train of fit_predict()")
    test = rows_of(X_test, X, f"{called}: X_test of fit_predict()")
    if sorted([*train, *test]) != list(range(len(X))):
        got = f"{len(train)} training and {len(test)} test rows, some of them twice or missing"
        raise Mistake(called, got, f"each of the {len(X)} rows once", _ADVICE)
    if not alike(y_train, y[train]):
        raise Mistake(called, "labels of other rows in y_train", "those of X_train", _ADVICE)
    for name, label in (("positives", 1), ("negatives", 0)):
        among, share = int((y[test] == label).sum()), int((y == label).sum()) / 5
        if not math.floor(share) <= among <= math.ceil(share):
            got = f"{among} of {int((y == label).sum())} {name} in the test split"
            raise Mistake(called, got, f"a stratified fifth of them, {share:.4g}", _ADVICE)
    return test


def judge_through(table: dict, reply: Reply, given: dict, y_test, called: str) -> None:
    """Compare a table with what evaluate() and operating_point() answered for each strategy."""
    fitted = given["fit_predict"]["answers"][0]
    for name, row in table.items():
        p = fitted[name][: len(y_test)]
        expected = _answer(reply, given, "evaluate", y_test, p, 0.5)
        if expected is None and not reply.calls["evaluate"]:
            expected = metrics(y_test, p, 0.5)
        _compare(row, expected, METRICS, f'{called}["{name}"]', "evaluate()")
        if EXTRA[0] in row:
            point = _answer(reply, given, "operating_point", y_test, p, 0.9)
            if point is None and not reply.calls["operating_point"]:
                point = operating_point(y_test, p, 0.9)
            point = point and dict(zip(EXTRA, (point[0], point[2]), strict=True))
            _compare(row, point, EXTRA, f'{called}["{name}"]', "operating_point()")


def _answer(reply: Reply, given: dict, method: str, y_test, p, default: float):
    """Return what a part answered about these labels and probabilities."""
    answers = given[method]["answers"]
    for number, (labels, scores, third) in enumerate(reply.calls[method]):
        if alike(labels, y_test) and alike(scores, p) and is_default(third, default):
            return answers[number % len(answers)]
    return None


def _compare(row: dict, expected: dict | None, keys, called: str, source: str) -> None:
    hint = (
        f"Pass the test labels and this strategy's test probabilities to {source}, and return "
        "what it returns: do not round it."
    )
    for key in keys:
        if expected is None or not same(row[key], expected[key], 1e-6, 1e-9):
            wanted = f"what {source} returns for it"
            wanted += "" if expected is None else f": {expected[key]:.6g}"
            raise Mistake(f'{called}["{key}"]', f"{row[key]:.6g}", wanted, hint)


_NUMBER = re.compile(r"nan|[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


def is_printed(line: str, value: float) -> bool:
    """Whether a number stands in a line, rounded to a decimal or more, or as a percentage."""
    numbers = [float(text) for text in _NUMBER.findall(line.lower())]
    return any(
        (math.isnan(n) and math.isnan(value))
        or abs(n - value) <= 0.051
        or (abs(value) > 0.01 and abs(n - 100 * value) <= 0.51)
        for n in numbers
    )


def judge_printed_table(text: str, table: dict, called: str) -> None:
    """Raise `Mistake` unless each strategy has a line with its four metrics."""
    lines = text.splitlines()
    for name, row in table.items():
        if not any(
            name in line.lower() and all(is_printed(line, row[metric]) for metric in METRICS)
            for line in lines
        ):
            hint = "Nothing was printed." if not text.strip() else ""
            raise Mistake(
                called,
                f"no printed row for {name} with its four metrics",
                "a printed table of 3 rows, one for each strategy, by 4 metrics",
                hint,
            )


def judge_counts(remote: Remote, rng, init: dict, table: dict, called: str) -> None:
    """Judge a compare() that fits its own models: whether counts of a fifth explain its metrics."""
    expect_done(remote, rng, {"fit_predict": check_fit_predict}, called)
    positives, n = init["n_positive"], init["n_samples"]
    for name, row in table.items():
        p, q = round(positives / 5), round((n - positives) / 5)
        tp, fp = row["sensitivity"] * p, (1 - row["specificity"]) * q
        counts = np.array([tp, fp, row["auc"] * 2 * p * q])
        f1 = ratio(2 * tp, tp + p + fp)
        whole = np.isfinite(counts).all() and np.abs(counts - np.round(counts)).max() < 1e-4
        if whole and same(row["f1"], f1, 0, 1e-6):
            continue
        raise Mistake(
            f'{called}["{name}"]',
            str(row),
            f"metrics of {p} positive and {q} negative test rows",
            _ADVICE + " Do not round what is returned.",
        )
