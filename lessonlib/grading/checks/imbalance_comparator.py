"""How `ImbalanceComparator` is judged.

Parts c and e have one right answer (`_rates`); part b is told by what its models predict on
average (`_fits`). Part d and the report of `verify` are judged on values given to their parts
(`_splits`): exactly, without chance. The outcome of `verify` is judged on
data that the submission draws.

False alarms, for a right answer, altogether below 2e-5 (rates measured over simulated gradings with
C from 0.01 to 100, or normal tails at the distance given):

* a: 40 000 positive and 60 000 negative draws; means and spreads are allowed 6 standard errors
  (6 x 2e-9), kurtosis 8 and the correlation of features 10.
* b: below 1e-6, see `_fits`.
* verify: means over 6 runs with 8 test positives each and 2 features, where the paired
  differences of sensitivity and specificity are 2.5 spreads per run at least, 6.1 for the mean:
  four tails of 5e-10.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from lessonlib.grading.checks._fits import STRATEGIES, check_fit_predict
from lessonlib.grading.checks._given import expect_done, follows_from, part
from lessonlib.grading.checks._rates import (
    METRICS,
    check_evaluate,
    check_operating_point,
    metrics,
)
from lessonlib.grading.checks._seeds import draw_seeds
from lessonlib.grading.checks._splits import (
    EXTRA,
    as_table,
    data,
    given_parts,
    is_printed,
    judge_counts,
    judge_printed_table,
    judge_split,
    judge_through,
    rows_of,
)
from lessonlib.grading.compare import as_array, as_sequence, expect_same, expect_seeded, same
from lessonlib.grading.exercise import Criterion, Exercise, Mistake, Remote, SubmissionError

#: Data on which the trade-off is clear in a few runs.
CLEAR = {"n_samples": 400, "n_positive": 40, "n_features": 2}


def _data(remote: Remote, init: dict, n: int, positives: int, features: int, fresh: bool = False):
    call = ", ".join(f"{name}={value}" for name, value in init.items())
    called = f"ImbalanceComparator({call}).generate()"
    X, y = as_sequence(remote.call("generate", init=init, fresh=fresh).value, called, 2, "(X, y)")
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
    seeds = draw_seeds(rng, 2)
    size = {"n_samples": 20_000, "n_positive": 8_000, "n_features": 5}
    draws = [
        _data(remote, {**size, "seed": seed}, 20_000, 8_000, 5, fresh)
        for seed, fresh in ((seeds[0], False), (seeds[0], True), (seeds[1], False))
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
    """Part d: the metrics of its parts on a stratified 20 % of the rows, and a table of them."""
    tests = []
    (seed,) = draw_seeds(rng, 1)
    sizes = (120, 30), (150, 35), (97, 23)
    for add, (n, positives) in enumerate(sizes):
        test = _compared(remote, rng, n, positives, seed + add)
        tests.append(test)
    if tests[0] is None:
        return
    called = "compare(), the rows of its test split"
    state = rng.bit_generator.state
    first = _compared(remote, rng, 120, 30, seed)
    rng.bit_generator.state = state
    again = _compared(remote, rng, 120, 30, seed, fresh=True)
    rng.bit_generator.state = state
    other = _compared(remote, rng, 120, 30, seed + 1)
    expect_seeded(first, again, other, called)


def _compared(remote, rng, n: int, positives: int, seed: int, fresh: bool = False):
    """Judge one compare(), its parts replaced; return its test rows."""
    init = {"n_samples": n, "n_positive": positives, "n_features": 3, "seed": seed}
    given = given_parts(rng, n, positives)
    called = "compare(), its parts replaced"
    reply = remote.call("compare", init=init, given=given, fresh=fresh)
    table = as_table(reply.value, METRICS, called)
    judge_printed_table(reply.stdout, table, called)
    if not reply.calls["fit_predict"]:
        own = {"n_samples": 500, "n_positive": 40, "n_features": 4, "seed": seed}
        table = as_table(remote.call("compare", init=own).value, METRICS, "compare()")
        judge_counts(remote, rng, own, table, "compare()")
        return None
    X, y = data(remote, rng, reply, given, init, check_generate, called)
    test = judge_split(reply.calls["fit_predict"], X, y, called)
    judge_through(table, reply, given, y[test], called)
    return test


def check_run(remote: Remote, rng: np.random.Generator) -> None:
    """Verify: run() adds the operating points, and its means show the trade-off."""
    for n, positives in ((120, 30), (150, 35)):
        given = given_parts(rng, n, positives)
        init = {"n_samples": n, "n_positive": positives, "n_features": 3}
        try:
            _judge_put_together(remote, rng, init, given)
        except (Mistake, SubmissionError):
            # compare() itself may be at fault, which is part d: replace it too.
            values = rng.uniform(0.05, 0.95, (3, 4)).tolist()
            rows = (dict(zip(METRICS, row, strict=True)) for row in values)
            table = part((), dict(zip(STRATEGIES, rows, strict=True)))
            try:
                _judge_put_together(remote, rng, init, {**given, "compare": table})
            except (Mistake, SubmissionError):
                _judge_put_together(remote, rng, init, given)
    _judge_trade_off(remote, rng)


def _judge_put_together(remote: Remote, rng, init: dict, given: dict) -> None:
    called = "run(), its parts replaced"
    reply = remote.call("run", init=init, given=given)
    table = as_table(reply.value, METRICS + EXTRA, called)
    if "compare" not in given:
        judge_printed_table(reply.stdout, table, called)
    lines = reply.stdout.splitlines()
    for name, row in table.items():
        found = [line for line in lines if name in line.lower()]
        if not any(is_printed(line, row["threshold"]) for line in found):
            got = f"printed no threshold of {name}, {row['threshold']:.3f}"
            raise Mistake(called, got, "the table and the operating points, printed")
    if not reply.calls["fit_predict"]:
        return expect_done(remote, rng, {"fit_predict": check_fit_predict}, called)
    X, y = data(remote, rng, reply, given, init, check_generate, called)
    test = rows_of(reply.calls["fit_predict"][0][2], X, f"{called}: X_test of fit_predict()")
    through = dict(table)
    if reply.calls.get("compare"):
        for name, expected in given["compare"]["answers"][0].items():
            got = {key: table[name][key] for key in METRICS}
            if not all(same(got[key], expected[key]) for key in METRICS):
                raise Mistake(f'{called}["{name}"]', str(got), f"compare()'s row: {expected}")
        reply.calls["evaluate"] = []
        through = {
            name: {**row, **_metrics_of(y[test], given, name)} for name, row in table.items()
        }
    judge_through(through, reply, given, y[test], called)
    return None


def _metrics_of(y_test, given: dict, name: str) -> dict[str, float]:
    row = metrics(y_test, given["fit_predict"]["answers"][0][name][: len(y_test)], 0.5)
    return {key: row[key] for key in METRICS}


def _judge_trade_off(remote: Remote, rng: np.random.Generator) -> None:
    """Judge the outcome on the submission's own data; a wrong part is named, not excused."""
    called = "ImbalanceComparator().run()"
    reply = remote.call("run")
    judge_printed_table(reply.stdout, as_table(reply.value, METRICS + EXTRA, called), called)
    called = "ImbalanceComparator(400, 40, 2, seed=...).run()"
    runs = [
        as_table(remote.call("run", init={**CLEAR, "seed": seed}).value, METRICS + EXTRA, called)
        for seed in draw_seeds(rng, 6)
    ]
    mean = {
        name: {m: np.mean([run[name][m] for run in runs]) for m in METRICS[:2]}
        for name in STRATEGIES
    }
    default = mean["default"]
    if all(
        default["specificity"] > mean[name]["specificity"]
        and default["sensitivity"] < mean[name]["sensitivity"]
        for name in STRATEGIES[1:]
    ):
        return
    got = ", ".join(
        f"{name} {row['sensitivity']:.2f} / {row['specificity']:.2f}" for name, row in mean.items()
    )
    parts = {
        "a": check_generate,
        "b": check_fit_predict,
        "c": check_evaluate,
        "d": check_compare,
        "e": check_operating_point,
    }
    raise Mistake(
        f"{called}, means over 6 seeds",
        f"sensitivity / specificity: {got}",
        "the default with the highest specificity and the lowest sensitivity",
        follows_from(remote, rng, parts),
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
