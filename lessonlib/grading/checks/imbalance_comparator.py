"""How `ImbalanceComparator` is judged.

Parts c and e have one right answer (`_rates`); part b is told by what its models predict on
average (`_fits`); part d must add up to a stratified 20 % of the rows.

False alarms, for a right answer, altogether below 2e-5 (rates measured over simulated gradings with
C from 0.01 to 100, or normal tails at the distance given):

* a: 40 000 positive and 60 000 negative draws; means and spreads are allowed 6 standard errors
  (6 x 2e-9), kurtosis 8 and the correlation of features 10.
* b: below 1e-6, see `_fits`.
* verify: means over 6 runs with 8 test positives each and 2 features, where the paired
  differences of sensitivity and specificity are 2.5 spreads per run at least, 6.1 for the mean:
  four tails of 5e-10. The default's threshold was the lowest in each of 120 single runs.
"""

from __future__ import annotations

import math
import re

import numpy as np
from scipy import stats

from lessonlib.grading.checks._fits import STRATEGIES, check_fit_predict
from lessonlib.grading.checks._rates import (
    METRICS,
    check_evaluate,
    check_operating_point,
    ratio,
    wrong_metrics,
)
from lessonlib.grading.compare import (
    as_array,
    as_mapping,
    as_number,
    as_sequence,
    expect_same,
    expect_seeded,
    same,
    works,
)
from lessonlib.grading.exercise import Criterion, Exercise, Mistake, Remote, SubmissionError

EXTRA = ("threshold", "specificity_at_sensitivity")
#: Data for part d: 8 and 92 test rows. Data on which the trade-off is clear in a few runs.
SMALL = {"n_samples": 500, "n_positive": 40, "n_features": 4}
CLEAR = {"n_samples": 400, "n_positive": 40, "n_features": 2}


def _data(remote: Remote, init: dict, n: int, positives: int, features: int):
    call = ", ".join(f"{name}={value}" for name, value in init.items())
    called = f"ImbalanceComparator({call}).generate()"
    X, y = as_sequence(remote.call("generate", init=init).value, called, 2, "(X, y)")
    X = as_array(X, f"X of {called}", (n, features))
    y = as_array(y, f"y of {called}", (n,))
    if not np.isin(y, (0, 1)).all():
        raise Mistake(f"y of {called}", f"labels {np.unique(y)[:5]}", "labels 0 and 1")
    if int(y.sum()) != positives:
        hint = "Set the number of ones; drawing each label at random hits it only on average."
        raise Mistake(called, f"{int(y.sum())} ones", f"exactly {positives} ones", hint)
    if np.count_nonzero(np.diff(y)) < min(10, positives):
        hint = "Permute the rows, X and y by the same permutation."
        raise Mistake(called, "rows ordered by class", "rows in random order", hint)
    return X, y, called


def check_generate(remote: Remote, rng: np.random.Generator) -> None:
    """Part a: exactly n_positive ones, two normal distributions, shuffled rows."""
    X, _, called = _data(remote, {}, 1000, 30, 10)
    given, _, _ = _data(
        remote, {"n_samples": 1000, "n_positive": 30, "n_features": 10, "seed": 42}, 1000, 30, 10
    )
    hint = "The defaults are n_samples=1000, n_positive=30, n_features=10, seed=42."
    expect_same(given, X, called, hint=hint)
    seeds = [int(seed) for seed in rng.integers(1, 2**31, 2)]
    size = {"n_samples": 20_000, "n_positive": 8_000, "n_features": 5}
    draws = [
        _data(remote, {**size, "seed": seed}, 20_000, 8_000, 5)
        for seed in (seeds[0], seeds[0], seeds[1])
    ]
    X, y, called = draws[0]
    _judge_class(X[y == 1], X[y == 0], 1.0, 1.5, "positives", called)
    _judge_class(X[y == 0], X[y == 1], 0.0, 1.0, "negatives", called)
    expect_seeded(*(draw[:2] for draw in draws), called)


def _judge_class(values, others, mean: float, spread: float, name: str, called: str) -> None:
    n = values.size
    got = f"{name} of mean {values.mean():.3f} and standard deviation {values.std():.3f}"
    expected = f"mean {mean}, standard deviation {spread}"
    wrong_mean = abs(values.mean() - mean) > 6 * spread / math.sqrt(n)
    wrong_spread = abs(values.std() - spread) > 6 * spread / math.sqrt(2 * n)
    if wrong_mean or wrong_spread:
        hint = ""
        if abs(values.mean() - others.mean()) < 0.1:
            hint = "Both classes look alike: were X and y shuffled apart?"
        elif spread != 1 and abs(values.std() - math.sqrt(spread)) < 0.02:
            hint = "1.5 is taken for the variance: it is the standard deviation, do not root it."
        elif spread != 1 and abs(values.std() - spread**2) < 0.03:
            hint = "1.5 is squared: it is the standard deviation already, not its root."
        elif abs(values.mean() - (1 - mean)) < 0.05:
            hint = "The classes are swapped: ones are N(1.0, 1.5), zeros N(0.0, 1.0)."
        raise Mistake(called, got, expected, hint)
    kurtosis = stats.kurtosis(values.ravel(), fisher=False)
    if abs(kurtosis - 3) > 8 * math.sqrt(24 / n):
        raise Mistake(called, f"{name} of kurtosis {kurtosis:.2f}", "normal values, kurtosis 3")
    correlation = np.corrcoef(values.T) - np.eye(values.shape[1])
    if np.abs(correlation).max() > 10 / math.sqrt(len(values)):
        got = f"features that correlate by {np.abs(correlation).max():.2f}"
        raise Mistake(called, got, "independent features", "Every entry of X gets its own draw.")


def check_compare(remote: Remote, rng: np.random.Generator) -> None:
    """Part d: metrics that add up on a stratified 20 % of the rows, and a table of them."""
    seeds = [int(seed) for seed in rng.integers(1, 2**31, 5)]
    tables = []
    for seed in seeds:
        init = {**SMALL, "seed": seed}
        called = f"ImbalanceComparator(500, 40, 4, seed={seed}).compare()"
        reply = remote.call("compare", init=init)
        table = _as_table(reply.value, METRICS, called)
        _judge_counts(remote, rng, init, table, called)
        _judge_printed_table(reply.stdout, table, called)
        tables.append(table)
    again = remote.call("compare", init={**SMALL, "seed": seeds[0]}).value
    called = "ImbalanceComparator(500, 40, 4, seed=...).compare()"
    again = _as_table(again, METRICS, called)
    other = tables[1] if tables[1] != tables[0] else tables[2]
    expect_seeded(tables[0], again, other, called)


def _as_table(value, keys, called: str) -> dict[str, dict[str, float]]:
    table = as_mapping(value, called, STRATEGIES)
    rows = {name: as_mapping(table[name], f'{called}["{name}"]', keys) for name in STRATEGIES}
    return {
        name: {
            key: as_number(row[key], f'{called}["{name}"]["{key}"]', finite=False) for key in keys
        }
        for name, row in rows.items()
    }


def _test_sizes(remote: Remote, init: dict) -> list[tuple[int, int]]:
    """Return the (positives, negatives) that 20 % of the submission's own data may hold."""
    n, positives = init["n_samples"], init["n_positive"]
    try:
        y = as_array(remote.call("generate", init=init).value[1], "y")
        n, positives = y.size, int((y == 1).sum())  # its mistakes are part a's
    except (Mistake, SubmissionError, TypeError, IndexError, KeyError):
        pass
    sizes = [
        {round(share / 5 - 0.4), round(share / 5 + 0.4)} for share in (positives, n - positives)
    ]
    return [(p, q) for p in sizes[0] for q in sizes[1]]


def _judge_counts(remote, rng, init: dict, table: dict, called: str) -> None:
    sizes = _test_sizes(remote, init)
    problems = {name: _inconsistent(row, sizes) for name, row in table.items()}
    if not any(problems.values()):
        return
    wrong = wrong_metrics(remote, rng)
    for name, metrics in problems.items():
        for metric, expected in metrics.items():
            # F1 follows from the other two: it cannot be judged where one of them is wrong.
            if metric in wrong or (metric == "f1" and wrong & {"sensitivity", "specificity"}):
                continue
            p, q = sizes[0]
            raise Mistake(
                f'{called}["{name}"]["{metric}"]',
                f"{table[name][metric]:.6g}",
                f"{expected} (stratified, 20 % of 500 rows with 40 positives: {p} and {q})",
                "Split once, stratify=y and test_size=0.2, before anything is resampled; evaluate "
                "on the test rows alone, and do not round what is returned.",
            )


def _inconsistent(row: dict, sizes: list[tuple[int, int]]) -> dict[str, str]:
    """Return the metrics that no counts on a test split of any of these sizes explain."""
    best = None
    for p, q in sizes:
        problems = {}
        if not _is_multiple(row["sensitivity"], p):
            problems["sensitivity"] = f"a multiple of 1/{p}"
        if not _is_multiple(row["specificity"], q):
            problems["specificity"] = f"a multiple of 1/{q}"
        if not _is_multiple(row["auc"], 2 * p * q):
            problems["auc"] = f"a multiple of 1/{2 * p * q}"
        if not problems:
            tp, fp = row["sensitivity"] * p, (1 - row["specificity"]) * q
            f1 = ratio(2 * tp, tp + p + fp)
            if not same(row["f1"], f1, 0, 1e-6):
                problems["f1"] = f"{f1:.6g}, by the sensitivity and the specificity"
        best = problems if best is None or len(problems) < len(best) else best
    return best


def _is_multiple(value: float, parts: int) -> bool:
    count = value * parts
    return math.isfinite(count) and -1e-6 < value < 1 + 1e-6 and abs(count - round(count)) < 1e-4


_NUMBER = re.compile(r"nan|[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


def _is_printed(line: str, value: float) -> bool:
    """Whether a number stands in a line, rounded to a decimal or more, or as a percentage."""
    numbers = [float(text) for text in _NUMBER.findall(line.lower())]
    return any(
        (math.isnan(n) and math.isnan(value))
        or abs(n - value) <= 0.051
        or (abs(value) > 0.01 and abs(n - 100 * value) <= 0.51)
        for n in numbers
    )


def _judge_printed_table(text: str, table: dict, called: str) -> None:
    lines = text.splitlines()
    for name, row in table.items():
        if not any(all(_is_printed(line, row[metric]) for metric in METRICS) for line in lines):
            hint = "Nothing was printed." if not text.strip() else ""
            raise Mistake(
                called,
                f"no printed row for {name} with its four metrics",
                "a printed table of 3 rows, one for each strategy, by 4 metrics",
                hint,
            )


def check_run(remote: Remote, rng: np.random.Generator) -> None:
    """Verify: run() adds the operating points, and its means show the trade-off."""
    called = "ImbalanceComparator().run()"
    reply = remote.call("run")
    table = _as_table(reply.value, METRICS + EXTRA, called)
    try:
        _judge_printed_table(reply.stdout, table, called)
    except Mistake:
        if works(check_compare, remote, rng):
            raise
    runs = []
    for seed in rng.integers(1, 2**31, 6):
        init = {**CLEAR, "seed": int(seed)}
        called = f"ImbalanceComparator(400, 40, 2, seed={seed}).run()"
        reply = remote.call("run", init=init)
        table = _as_table(reply.value, METRICS + EXTRA, called)
        runs.append(table)
        _judge_points(remote, rng, init, table, called)
        for name, row in table.items():
            if not any(_is_printed(line, row["threshold"]) for line in reply.stdout.splitlines()):
                got = f"printed no threshold of {name}, {row['threshold']:.3f}"
                raise Mistake(called, got, "the table and the operating points, printed")
    try:
        compared = _as_table(remote.call("compare", init=init).value, METRICS, "compare()")
    except (Mistake, SubmissionError):
        compared = table  # part d's mistake
    for name in STRATEGIES:
        expect_same(
            np.array([table[name][metric] for metric in METRICS]),
            np.array([compared[name][metric] for metric in METRICS]),
            f'{called}["{name}"], its four metrics',
            hint="Return the dict of compare(), of the same split, with two keys more a strategy.",
        )
    _judge_trade_off(remote, rng, runs)


def _judge_points(remote, rng, init: dict, table: dict, called: str) -> None:
    """Compare the operating point with the row at 0.5: which side it must lie on is known."""
    sizes = _test_sizes(remote, init)
    for name, row in table.items():
        threshold, specificity = row["threshold"], row["specificity_at_sensitivity"]
        enough = row["sensitivity"] >= 0.9
        fits = any(_is_multiple(specificity, q) for _, q in sizes)
        right_side = threshold >= 0.5 if enough else threshold < 0.5
        no_worse = (specificity >= row["specificity"]) == enough or same(
            specificity, row["specificity"]
        )
        if fits and right_side and no_worse and 0 <= threshold <= 1:
            continue
        parts = (check_operating_point, check_compare)
        if wrong_metrics(remote, rng) or not all(works(part, remote, rng) for part in parts):
            return  # part c's, d's or e's mistake
        raise Mistake(
            f'{called}["{name}"]',
            f"threshold {threshold:.3f} with specificity {specificity:.4f}",
            f"the operating point of the test split, where 0.5 gives sensitivity "
            f"{row['sensitivity']:.3f} and specificity {row['specificity']:.3f}",
            "Pass the test labels and this strategy's test probabilities to operating_point, "
            "with a sensitivity of 0.9.",
        )


def _judge_trade_off(remote, rng, runs: list[dict]) -> None:
    metrics = ("sensitivity", "specificity", "threshold")
    mean = {
        name: {m: np.mean([run[name][m] for run in runs]) for m in metrics} for name in STRATEGIES
    }
    others = STRATEGIES[1:]
    default = mean["default"]
    traded = all(
        default["specificity"] > mean[name]["specificity"]
        and default["sensitivity"] < mean[name]["sensitivity"]
        for name in others
    )
    # An unweighted model's probabilities are lower, and so is its threshold: by 2.2 in the logit.
    lower = all(default["threshold"] < mean[name]["threshold"] for name in others)
    if traded and lower:
        return
    parts = (check_generate, check_fit_predict, check_evaluate, check_compare)
    if not all(works(part, remote, rng) for part in (*parts, check_operating_point)):
        return  # their mistake
    if not lower:
        raise Mistake(
            "ImbalanceComparator(400, 40, 2, seed=...).run(), means over 6 seeds",
            ", ".join(f"{name} threshold {row['threshold']:.3f}" for name, row in mean.items()),
            "a lower threshold for the default, whose probabilities are lower",
            "Pass this strategy's test probabilities to operating_point, not another's.",
        )
    got = ", ".join(
        f"{name} {row['sensitivity']:.2f} / {row['specificity']:.2f}" for name, row in mean.items()
    )
    raise Mistake(
        "ImbalanceComparator(400, 40, 2, seed=...).run(), means over 6 seeds",
        f"sensitivity / specificity: {got}",
        "the default with the highest specificity and the lowest sensitivity",
    )


EXERCISE = Exercise(
    name="ImbalanceComparator",
    title="Measure what class weights and SMOTE buy",
    chapter="exercise-imbalance-comparator",
    criteria=(
        Criterion("a", "generate() draws the patients", 1.0, check_generate),
        Criterion("b", "fit_predict() fits three models", 1.0, check_fit_predict),
        Criterion("c", "evaluate() counts and divides", 1.0, check_evaluate),
        Criterion("d", "compare() splits, evaluates and prints", 1.0, check_compare),
        Criterion("e", "operating_point() finds the threshold", 1.0, check_operating_point),
        Criterion("verify", "run() shows the trade-off", 1.0, check_run),
    ),
)
