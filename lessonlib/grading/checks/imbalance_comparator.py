"""How `ImbalanceComparator` is judged.

Whatever regularisation, solver or scaling a submission chooses, some facts hold: an unweighted
logistic regression predicts the training prevalence on average, balanced weights make it predict
one half on average over the two classes, and interpolating between neighbours moves the mean of
positives that sit at the tips of a star. These are what part b looks for; parts c and e have one
right answer; part d must add up to a stratified 20 % of the rows.

False alarms, for a right answer, altogether below 2e-5 (rates measured over 1000 simulated
gradings with C from 0.01 to 100, or normal tails at the distance given):

* a: 40 000 positive and 60 000 negative draws; means and spreads are allowed 6 standard errors
  (6 x 2e-9), kurtosis 8 and the correlation of features 10.
* b: AUC of 400 fresh cases at least 0.75 (mean 0.94, spread 0.014: 13 spreads); mean predictions
  within 0.1 of one half and within a factor 2 of the prevalence (exact but for a penalised
  intercept); the star's slope has the other sign than plain oversampling's at 6.5 spreads, 4e-11,
  or 4.9 where only 30 % are added, 5e-7. The leak test compares a model with itself.
* verify: means over 6 runs with 8 test positives each and 2 features, where the paired
  differences of sensitivity and specificity are 2.5 spreads per run at least, 6.1 for the mean:
  four tails of 5e-10. The default's threshold was the lowest in each of 120 single runs.
"""

from __future__ import annotations

import math
import re

import numpy as np
from scipy import stats

from lessonlib.grading.compare import (
    as_array,
    as_mapping,
    as_number,
    as_sequence,
    expect_same,
    expect_seeded,
    expect_unchanged,
    same,
    works,
)
from lessonlib.grading.exercise import Criterion, Exercise, Mistake, Remote, SubmissionError

STRATEGIES = ("default", "balanced", "smote")
METRICS = ("sensitivity", "specificity", "auc", "f1")
EXTRA = ("threshold", "specificity_at_sensitivity")


# --- part a -------------------------------------------------------------------------------------


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


# --- part b -------------------------------------------------------------------------------------


def _draw(rng, negatives: int, positives: int, features: int = 10):
    X = np.concatenate(
        [rng.normal(0, 1, (negatives, features)), rng.normal(1, 1.5, (positives, features))]
    )
    y = np.repeat([0, 1], [negatives, positives])
    order = rng.permutation(len(y))
    return X[order], y[order]


def _star(rng):
    """Return positives at the tips and in the hub of a star, negatives between: what SMOTE moves.

    Each tip's nearest positives are the hub, so that new points lie along its ray. Tips lie on
    the far side of the negatives (mean 4.4 along the sum of all features, negatives 3.3), tips
    and interpolated points together on the near side (2.4).
    """
    features, hub, radius = 10, 8, 8.0
    positives = np.concatenate([np.zeros((hub, features)), radius * np.eye(features)])
    positives += rng.normal(0, 0.05, positives.shape)
    negatives = rng.normal(0.33, 0.3, (600, features))
    y = np.repeat([1, 0], [len(positives), len(negatives)])
    order = rng.permutation(len(y))
    X = np.concatenate([positives, negatives])[order]
    return X, y[order], np.array([np.zeros(features), np.full(features, 0.8)])


def _predictions(remote: Remote, args, called: str, **options) -> dict[str, np.ndarray]:
    reply = remote.call("fit_predict", *args, **options)
    answer = as_mapping(reply.value, called, STRATEGIES)
    expect_unchanged(reply, args, called)
    hint = "One probability for each row of X_test: of predict_proba's two columns, class 1's."
    result = {}
    for name in STRATEGIES:
        where = f'{called}["{name}"]'
        p = result[name] = as_array(answer[name], where, (len(args[2]),), hint=hint)
        if p.min() < 0 or p.max() > 1:
            got = f"values from {p.min():.3g} to {p.max():.3g}"
            raise Mistake(where, got, "probabilities", "decision_function is no probability.")
    return result


def check_fit_predict(remote: Remote, rng: np.random.Generator) -> None:
    """Part b: three logistic regressions, told apart by what they predict on average."""
    X, y = _draw(rng, 776, 24)
    X_test, y_test = _draw(rng, 200, 200)
    called = "fit_predict(X_train of shape (800, 10) with 24 positives, y_train, X_test)"
    init = {"seed": int(rng.integers(1, 2**31))}
    rows = np.concatenate([X, X_test])
    fitted = _predictions(remote, (X, y, rows), called, init=init)
    for name, p in fitted.items():
        _judge_model(name, p[: len(y)], y, p[len(y) :], y_test, f'{called}["{name}"]')
    # The same rows beside far-off others: what they are predicted must not change.
    others = np.concatenate([X_test, 10 * X_test + 5])
    again = _predictions(remote, (X, y, others), called, init=init)
    for name in STRATEGIES:
        if not same(fitted[name][len(y) :], again[name][: len(X_test)], 1e-6, 1e-6):
            raise Mistake(
                f'{called}["{name}"]',
                "other probabilities for the same rows of X_test beside other rows",
                "probabilities that depend on the row and on the training rows alone",
                "Fit models and scalers on X_train only: X_test must not leak into them; "
                "and seed SMOTE, so that a new object gives the same answer.",
            )
    other = _predictions(remote, (X, y, rows), called, init={"seed": init["seed"] + 1})
    expect_seeded(fitted["smote"], fitted["smote"], other["smote"], f'{called}["smote"]')
    _judge_star(remote, rng)


def _judge_model(name: str, train, y, test, y_test, called: str) -> None:
    if np.isin(test, (0, 1)).all():
        hint = "These are classes; predict_proba gives probabilities."
        raise Mistake(called, "zeros and ones", "probabilities", hint)
    auc = _auc(y_test, test)
    if auc < 0.75:
        hint = "Fit on the training rows and their labels."
        if auc < 0.25:
            hint = "These are probabilities of class 0: class 1 is predict_proba's column 1."
        raise Mistake(called, f"AUC {auc:.2f} on fresh cases", "about 0.94", hint)
    over_classes = (train[y == 1].mean() + train[y == 0].mean()) / 2
    if name == "default":
        if not 0.5 * y.mean() < train.mean() < 2 * y.mean():
            raise Mistake(
                called,
                f"a mean of {train.mean():.3f} on the training rows",
                f"about their prevalence, {y.mean():.3f}",
                "The default model has no class weights and no resampled rows.",
            )
    elif not 0.4 < over_classes < 0.6:
        hint = {
            "balanced": 'Pass class_weight="balanced": each class weighs the same in all.',
            "smote": "Fit on the rows and labels that fit_resample returns: as many of each class.",
        }[name]
        raise Mistake(
            called,
            f"means of {train[y == 1].mean():.3f} over positives and "
            f"{train[y == 0].mean():.3f} over negatives of the training rows",
            "means that add up to about 1, as from equally weighty classes",
            hint,
        )


def _judge_star(remote: Remote, rng: np.random.Generator) -> None:
    X, y, ends = _star(rng)
    called = 'fit_predict(star-shaped positives, ...)["smote"]'
    near, far = _predictions(remote, (X, y, ends), called)["smote"]
    if near <= far:
        raise Mistake(
            called,
            f"probability {near:.2f} in the star's hub, {far:.2f} beyond the negatives",
            "the larger probability in the hub: points between tips and hub belong to it",
            "Plain oversampling repeats rows and leaves the mean of the positives where it is. "
            "SMOTE puts new rows on the lines between a positive and its nearest positives.",
        )


# --- part c -------------------------------------------------------------------------------------


def _auc(y_true: np.ndarray, scores: np.ndarray) -> float:
    """Return the share of (positive, negative) pairs in order, ties counting one half."""
    positives, negatives = scores[y_true == 1], scores[y_true == 0]
    if not len(positives) or not len(negatives):
        return math.nan
    ranks = stats.rankdata(np.concatenate([positives, negatives]))[: len(positives)].sum()
    return float((ranks / len(positives) - (len(positives) + 1) / 2) / len(negatives))


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else math.nan


def _rates(y_true, predicted) -> tuple[float, float]:
    """Return sensitivity and specificity of boolean predictions."""
    positive = y_true == 1
    return (
        _ratio(int((predicted & positive).sum()), int(positive.sum())),
        _ratio(int((~predicted & ~positive).sum()), int((~positive).sum())),
    )


def _metrics(y_true, y_prob, threshold: float, strict: bool = False) -> dict[str, float]:
    predicted = y_prob > threshold if strict else y_prob >= threshold
    tp, fp = (int((predicted & (y_true == k)).sum()) for k in (1, 0))
    fn, tn = (int((~predicted & (y_true == k)).sum()) for k in (1, 0))
    sensitivity, specificity = _rates(y_true, predicted)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "auc": _auc(y_true, y_prob),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "precision": _ratio(tp, tp + fp),
        "accuracy": _ratio(tp + tn, len(y_true)),
        "auc of labels": _auc(y_true, predicted.astype(float)),
    }


def _cases(rng: np.random.Generator):
    yield np.array([0, 0, 0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.6, 0.5, 0.9]), ()
    yield np.array([0, 0, 0, 1, 1]), np.array([0.2, 0.3, 0.3, 0.3, 0.8]), (0.25,)
    for threshold in ((), (0.3,), (0.75,)):
        y = rng.permutation(np.repeat([0, 1], [30, 12]))
        scores = np.round(np.clip(rng.normal(0.4 + 0.2 * y, 0.2), 0, 1), 1)
        yield y, scores, threshold
    yield np.array([0, 0, 0]), np.array([0.1, 0.2, 0.7]), ()
    yield np.array([1, 1, 1]), np.array([0.1, 0.6, 0.7]), ()
    yield np.array([0, 0, 0]), np.array([0.1, 0.2, 0.3]), ()


def check_evaluate(remote: Remote, rng: np.random.Generator) -> None:
    """Part c: the four metrics, nan where a denominator is 0."""
    for y, scores, threshold in _cases(rng):
        got, called = _evaluate(remote, y, scores, threshold)
        at = threshold[0] if threshold else 0.5
        right, strict = _metrics(y, scores, at), _metrics(y, scores, at, strict=True)
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


def _wrong_metrics(remote: Remote, rng: np.random.Generator) -> set[str]:
    """Return the metrics that the submission's part c gets wrong: part d is not blamed for them."""
    wrong = set()
    for y, scores, threshold in _cases(rng):
        try:
            got, _ = _evaluate(remote, y, scores, threshold)
        except (Mistake, SubmissionError):
            return set(METRICS)
        right = _metrics(y, scores, threshold[0] if threshold else 0.5)
        wrong |= {name for name in METRICS if not same(got[name], right[name])}
    return wrong


# --- part d -------------------------------------------------------------------------------------

SMALL = {"n_samples": 500, "n_positive": 40, "n_features": 4}


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
    wrong = _wrong_metrics(remote, rng)
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
            f1 = _ratio(2 * tp, tp + p + fp)
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


# --- part e -------------------------------------------------------------------------------------


def _operating_point(y, scores, enough: float) -> tuple[float, float, float]:
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
    for y, scores, enough in cases:
        small = len(y) <= 6
        shown = f"{y.tolist()}, {scores.tolist()}" if small else "50 labels, 50 scores"
        called = f"operating_point({', '.join([shown, *map(str, enough)])})"
        reply = remote.call("operating_point", y, scores, *enough)
        answer = as_sequence(reply.value, called, 3, "(threshold, sensitivity, specificity)")
        expect_unchanged(reply, (y, scores), called)
        got = np.array([as_number(number, called, finite=False) for number in answer])
        _judge_point(got, y, scores, enough[0] if enough else 0.9, called)


def _judge_point(got, y, scores, enough: float, called: str) -> None:
    right = np.array(_operating_point(y, scores, enough))
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


# --- verify -------------------------------------------------------------------------------------

CLEAR = {"n_samples": 400, "n_positive": 40, "n_features": 2}


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
        if _wrong_metrics(remote, rng) or not all(works(part, remote, rng) for part in parts):
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
