"""Whether three sets of probabilities are what `ImbalanceComparator.fit_predict` asks for.

Whatever regularisation, solver or scaling a submission chooses, some facts hold: an unweighted
logistic regression predicts the training prevalence on average, balanced weights make it predict
one half on average over the two classes, and interpolating between neighbours moves the mean of
positives that sit at the tips of a star.

False alarms, measured over 750 simulated fits with C from 0.01 to 10 000, with a penalised
intercept, and with only 30 % of SMOTE: AUC of 400 fresh cases at least 0.68 (mean 0.83, spread
0.023: 6.4 spreads, 8e-11); mean prediction within 8 % of the prevalence, 20 % allowed; mean over
the two classes 0.500 to 0.502 for balanced weights (0.46 to 0.54 allowed; a weight of 10 where
17 balances gives 0.41), 0.489 with spread 0.007 for SMOTE, 0.332 with spread 0.014 for 30 % of it
(0.25 to 0.62 allowed: 5.8 spreads, 3e-9). The star's slope has the other sign than plain
oversampling's at 6.5 spreads, 4e-11, or 4.9 where only 30 % are added, 5e-7. What tells other
models apart is 8 scatters away, see `_judge_logistic`. The leak test compares a model with itself.
"""

from __future__ import annotations

import numpy as np

from lessonlib.grading.checks._rates import auc
from lessonlib.grading.checks._seeds import draw_seeds
from lessonlib.grading.compare import (
    as_array,
    as_mapping,
    expect_seeded,
    expect_unchanged,
    same,
)
from lessonlib.grading.exercise import Mistake, Remote

STRATEGIES = ("default", "balanced", "smote")


def _draw(rng, negatives: int, positives: int, features: int = 10):
    """Return classes that overlap more than the exercise's: weights and resampling show best."""
    X = np.concatenate(
        [rng.normal(0, 1, (negatives, features)), rng.normal(0.5, 1.2, (positives, features))]
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
    X, y = _draw(rng, 1000, 60)
    X_test, y_test = _draw(rng, 200, 200)
    called = "fit_predict(X_train of shape (1060, 10) with 60 positives, y_train, X_test)"
    init = {"seed": draw_seeds(rng, 1)[0]}
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
    same_seed = _predictions(remote, (X, y, rows), called, init=init, fresh=True)
    expect_seeded(fitted["smote"], same_seed["smote"], other["smote"], f'{called}["smote"]')
    _judge_star(remote, rng)
    _judge_logistic(remote, rng)


def _judge_model(name: str, train, y, test, y_test, called: str) -> None:
    if np.isin(test, (0, 1)).all():
        hint = "These are classes; predict_proba gives probabilities."
        raise Mistake(called, "zeros and ones", "probabilities", hint)
    rank = auc(y_test, test)
    if rank < 0.68:
        hint = "Fit on the training rows and their labels."
        if rank < 0.32:
            hint = "These are probabilities of class 0: class 1 is predict_proba's column 1."
        raise Mistake(called, f"AUC {rank:.2f} on fresh cases", "about 0.83", hint)
    over_classes = (train[y == 1].mean() + train[y == 0].mean()) / 2
    if name == "default":
        if not 0.8 * y.mean() < train.mean() < 1.2 * y.mean():
            raise Mistake(
                called,
                f"a mean of {train.mean():.3f} on the training rows",
                f"about their prevalence, {y.mean():.3f}",
                "The default model has no class weights and no resampled rows.",
            )
        return
    low, high = {"balanced": (0.46, 0.54), "smote": (0.25, 0.62)}[name]
    if not low < over_classes < high:
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


def _skewed(rng: np.random.Generator, negatives: int = 1000, positives: int = 100):
    """Return classes with long tails towards each other along the first of three features."""
    X = rng.normal(size=(negatives + positives, 3))
    tail = rng.exponential(1, len(X)) - 1
    y = np.repeat([0, 1], [negatives, positives])
    X[:, 0] = np.where(y == 1, 3 - tail, tail)
    order = rng.permutation(len(y))
    return X[order], y[order]


def _steepest(X: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the coefficients of an unpenalised logistic regression, by Newton's method."""
    design = np.column_stack([X, np.ones(len(X))])
    w = np.zeros(design.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-design @ w))
        slope = design.T @ (weights * (y - p))
        curvature = (design * (weights * p * (1 - p))[:, None]).T @ design
        w = w + np.linalg.solve(curvature, slope)
    return w[:-1]


def _judge_logistic(remote: Remote, rng: np.random.Generator) -> None:
    """Tell logistic regressions from other models, whatever penalty they bear.

    Their log-odds are linear in the features; and a penalty makes them less steep than the
    unpenalised fit, while discriminant analysis, which takes the tails for a normal spread, is
    1.44 times as steep at least (40 draws; 1.67 after SMOTE). Allowed is 1.15; after SMOTE, whose
    new rows add 0.07 with a scatter of 0.036 (C from 0.01 to 10 000), 1.35, eight scatters away.
    """
    X, y = _skewed(rng)
    a = rng.uniform([-1, -1, -1], [4, 1, 1], (20, 3))
    b = rng.uniform([-1, -1, -1], [4, 1, 1], (20, 3))
    along = np.array([[1.0, 0, 0], [2.0, 0, 0]])
    called = "fit_predict(X_train of skewed classes, y_train, X_test)"
    fitted = _predictions(remote, (X, y, np.concatenate([a, b, (a + b) / 2, along])), called)
    balance = np.where(y == 1, (y == 0).sum() / (y == 1).sum(), 1.0)
    for name, weights, allowed in (
        ("default", np.ones(len(y)), 1.15),
        ("balanced", balance, 1.15),
        ("smote", balance, 1.35),
    ):
        p = np.clip(fitted[name], 1e-12, 1 - 1e-12)
        odds = np.log(p / (1 - p))
        bend = np.abs(odds[:20] / 2 + odds[20:40] / 2 - odds[40:60]).max()
        if bend > 0.01 * (1 + np.ptp(odds)):
            raise Mistake(
                f'{called}["{name}"]',
                f"log-odds that bend by {bend:.2f} between two rows and their middle",
                "log-odds that are linear in the features",
                "A logistic regression is asked; trees, naive Bayes and others are not.",
            )
        steep, most = odds[-1] - odds[-2], _steepest(X, y, weights)[0]
        if steep > allowed * most:
            raise Mistake(
                f'{called}["{name}"]',
                f"log-odds that rise by {steep:.2f} per unit of the first feature",
                f"at most {most:.2f}, as in a logistic regression, and less with a penalty",
                "A logistic regression is asked; a linear discriminant assumes normal classes.",
            )
