"""How `ExpressionAnalyzer` is judged.

Chance enters in `generate_confusion` alone. Each of 7 diagonal counts of 10 000 draws is compared
with its binomial distribution; a two-sided tail below 1e-7 is a mistake. Four such matrices are
judged, 28 counts: a right answer fails with at most 3e-6. A probability that is 0.03 off lies 6
standard deviations away at 0.6 and 13 at 0.95; more draws would take a loop over single draws
too long. `metrics` and `most_confused` take their matrix
as an argument, call no other part, and have one right answer.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from lessonlib.grading.checks._seeds import draw_seeds
from lessonlib.grading.compare import (
    as_array,
    as_mapping,
    as_number,
    as_sequence,
    expect_same,
    expect_seeded,
    expect_unchanged,
)
from lessonlib.grading.exercise import Criterion, Exercise, Mistake, Remote

NAMES = ("angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
DEFAULT = dict(zip(NAMES, (0.65, 0.60, 0.60, 0.80, 0.70, 0.68, 0.72), strict=True))
SAMPLES = 10_000
SCORES = ("precision", "recall", "f1")


def _counts(value, called: str, samples: int) -> np.ndarray:
    cm = as_array(value, called, (7, 7))
    if cm.min() < 0 or cm.max() > 1e9 or np.abs(cm - np.round(cm)).max() > 1e-9:
        raise Mistake(called, "entries that are no counts", "counts: 0, 1, 2, ...")
    sums = cm.sum(axis=1)
    if not (sums == samples).all():
        hint = ""
        if (cm.sum(axis=0) == samples).all():
            hint = "The columns do: rows are the true class. Is the matrix transposed?"
        got = f"rows that sum to {sums.astype(int).tolist()}"
        raise Mistake(called, got, f"{samples} samples in each row", hint)
    return cm


def check_confusion(remote: Remote, rng: np.random.Generator) -> None:
    """Part generate_confusion: rows that sum up, diagonals at their rates."""
    method = "generate_confusion"
    called = f"ExpressionAnalyzer().{method}()"
    default = _counts(remote.call(method).value, called, 100)
    explicit = {"samples_per": 100, "seed": 42}
    hint = "The defaults are samples_per=100 and seed=42."
    given = _counts(remote.call(method, init=explicit).value, called, 100)
    expect_same(given, default, called, hint=hint)
    names = [NAMES[k] for k in rng.permutation(7)]
    probabilities = dict(zip(names, rng.uniform(0.3, 0.85, 7).round(2).tolist(), strict=True))
    probabilities[names[0]], probabilities[names[1]] = 0.9, 0.99
    boost = {names[0]: 0.2, names[1]: 0.005, names[2]: 0.1}
    (seed,) = draw_seeds(rng, 1)
    # The boosted call comes before the default one: a default dict must not remember it.
    for position, args in enumerate(((probabilities,), (probabilities, boost), (None, boost), ())):
        called = f"{method}({', '.join(_short(a) for a in args)})"
        init = {"samples_per": SAMPLES, "seed": seed + position}
        reply = remote.call(method, *args, init=init)
        cm = _counts(reply.value, called, SAMPLES)
        expect_unchanged(reply, args, called)
        base = DEFAULT if not args or args[0] is None else args[0]
        added = args[1] if len(args) > 1 else {}
        _judge_diagonal(cm, base, added, called)
    again = remote.call(method, init=init, fresh=True).value
    other = remote.call(method, init={**init, "seed": seed + 77}).value
    expect_seeded(cm, as_array(again, called), as_array(other, called), called)


def _short(value) -> str:
    if value is None:
        return "None"
    return "{" + ", ".join(f"{name}: {number:.3g}" for name, number in value.items()) + "}"


def _judge_diagonal(cm: np.ndarray, base: dict, boost: dict, called: str) -> None:
    added = {name: boost.get(name, 0.0) for name in NAMES}
    right = {name: max(base[name], min(base[name] + added[name], 0.95)) for name in NAMES}
    count = dict(zip(NAMES, np.diag(cm).astype(int).tolist(), strict=True))
    wrong = [name for name in NAMES if _tail(count[name], right[name]) < 1e-7]
    if not wrong:
        return
    low = [name for name in wrong if count[name] < SAMPLES * right[name]]
    name = max(wrong, key=lambda name: abs(count[name] / SAMPLES - right[name]))
    p, add = base[name], added[name]
    hint = "Draw each row from probabilities that sum to 1 before they are normalised."
    if len(low) == len(wrong) >= 3:
        hint = (
            "Too few are right. If the leftover is divided by a count of cells that shrinks while "
            "they fill, the row sums to more than 1, and normalising it lowers the diagonal. "
            f"{hint}"
        )
    for instead, says in (
        (p, "The boost is not added."),
        (min(1.0, p + add), "The sum with the boost is capped at 0.95."),
        (min(p + add, 0.95), "The cap lowers a probability here: a boost never lowers."),
    ):
        if add and abs(instead - right[name]) > 1e-9 and _tail(count[name], instead) > 1e-4:
            hint = says
            break
    raise Mistake(
        f"{called}, {name}",
        f"{count[name]} of {SAMPLES} on the diagonal, a rate of {count[name] / SAMPLES:.3f}",
        f"a rate of about {right[name]:.3f}",
        hint,
    )


def _tail(count: int, p: float) -> float:
    """Return the two-sided tail of a count of successes among SAMPLES."""
    if p >= 1:
        return float(count == SAMPLES)
    below = stats.binom.cdf(count, SAMPLES, p)
    above = stats.binom.sf(count - 1, SAMPLES, p)
    return float(min(1.0, 2 * min(below, above)))


def _metrics(cm: np.ndarray) -> np.ndarray:
    """Return precision, recall and F1 of each class, shape (7, 3); 0 where undefined."""
    correct, true, predicted = np.diag(cm), cm.sum(axis=1), cm.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        table = np.stack([correct / predicted, correct / true, 2 * correct / (true + predicted)], 1)
    return np.nan_to_num(table, nan=0.0)


def check_metrics(remote: Remote, rng: np.random.Generator) -> None:
    """Part metrics: precision, recall and F1 of given matrices."""
    never = rng.integers(0, 9, (7, 7))
    never[:, 2] = 0  # never predicted
    never[4] = 0  # never true
    neither = rng.integers(0, 9, (7, 7))
    neither[3] = neither[:, 3] = 0
    missed = rng.integers(1, 9, (7, 7))
    missed[5, 5] = 0  # always confused
    balanced = rng.integers(1, 60, (7, 7))
    balanced += balanced.T  # each class is predicted as often as it is true
    for cm in (rng.integers(1, 60, (7, 7)), balanced, never, neither, missed):
        empty = " with an empty row or column" if not (cm.sum(0) * cm.sum(1)).all() else ""
        called = f"metrics(confusion matrix of shape (7, 7){empty})"
        reply = remote.call("metrics", cm)
        answer = as_mapping(reply.value, called, NAMES)
        expect_unchanged(reply, (cm,), called)
        right, swapped = _metrics(cm), _metrics(cm.T)
        accuracy = np.trace(cm) / cm.sum()
        for k, name in enumerate(NAMES):
            row = as_mapping(answer[name], f'{called}["{name}"]', SCORES)
            for column, score in enumerate(SCORES):
                where = f'{called}["{name}"]["{score}"]'
                hint = "An undefined value is 0.0." if empty else ""
                value = as_number(row[score], where, hint=hint)
                precision, recall, _ = right[k]
                named = [
                    (
                        swapped[k, column],
                        "Precision and recall are swapped: rows are the true class, columns the "
                        "predicted one; precision divides by the column's sum.",
                    ),
                    ((precision + recall) / 2, "F1 is the harmonic mean, not the arithmetic."),
                    (accuracy, "This is the accuracy over all classes."),
                ]
                expect_same(
                    np.float64(value),
                    right[k, column],
                    where,
                    hint=hint,
                    mistakes=named if score != "f1" else named[1:],
                )


def check_most_confused(remote: Remote, rng: np.random.Generator) -> None:
    """Part most_confused: the largest counts off the diagonal."""
    distinct = rng.permutation(49).reshape(7, 7) + 1
    distinct[np.diag_indices(7)] += 100
    ties = rng.integers(0, 4, (7, 7)) + 20 * np.eye(7, dtype=int)
    for cm, args in ((distinct, ()), (distinct, (7,)), (ties, (5,)), (distinct, (1,))):
        called = f"most_confused({', '.join(['cm', *map(str, args)])})"
        k = args[0] if args else 4
        reply = remote.call("most_confused", cm, *args)
        what = "(true, predicted, count), the largest first"
        answer = as_sequence(reply.value, called, k, what)
        expect_unchanged(reply, (cm, *args), called)
        largest = np.sort(cm[~np.eye(7, dtype=bool)])[::-1][:k]
        seen = set()
        for position, item in enumerate(answer):
            where = f"{called}[{position}]"
            true, predicted, count = as_sequence(item, where, 3, "(true, predicted, count)")
            count = as_number(count, where)
            got = f"({true!r}, {predicted!r}, {count:.6g})"[:120]
            _judge_pair(cm, true, predicted, count, where, got)
            if count != largest[position]:
                hint = "Sort all off-diagonal counts, the largest first."
                if count == np.sort(cm[~np.eye(7, dtype=bool)])[position]:
                    hint = "These are the smallest counts: sort the other way."
                elif sorted(largest) == sorted(_count(entry) for entry in answer):
                    hint = "The right pairs in the wrong order: the largest first."
                raise Mistake(where, got, f"a pair of count {largest[position]}", hint)
            if (true, predicted) in seen:
                raise Mistake(where, got, "each pair once", "This pair is in the list twice.")
            seen.add((true, predicted))


def _count(entry) -> float:
    try:
        return float(entry[2])
    except (TypeError, ValueError, IndexError, KeyError):
        return float("nan")


def _judge_pair(cm, true, predicted, count, where: str, got: str) -> None:
    expected = "two names of EXPRESSIONS and their count"
    if not (isinstance(true, str) and isinstance(predicted, str) and {true, predicted} <= {*NAMES}):
        hint = "Return names, not positions." if isinstance(true, int) else ""
        raise Mistake(where, got, expected, hint)
    i, j = NAMES.index(true), NAMES.index(predicted)
    if i == j:
        raise Mistake(where, got, "the diagonal excluded", "A right answer is no confusion.")
    if count != cm[i, j]:
        hint = "The count is not that of these two names."
        if count == cm[j, i]:
            hint = "true and predicted are swapped: rows are the true class."
        elif count == cm[i, j] + cm[j, i]:
            hint = "This adds both directions: (true, predicted) is an ordered pair."
        raise Mistake(where, got, f"{true} taken for {predicted}: {cm[i, j]}", hint)


EXERCISE = Exercise(
    name="ExpressionAnalyzer",
    title="Find the expressions that a classifier confuses",
    chapter="exercise-expression-analyzer",
    criteria=(
        Criterion("generate_confusion", "generate_confusion() draws rows", 1.0, check_confusion),
        Criterion("metrics", "metrics() sums up each class", 1.0, check_metrics),
        Criterion("most_confused", "most_confused() names the pairs", 1.0, check_most_confused),
    ),
)
