"""Exercise 2: ``ImbalanceComparator``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lessonlib import evaluation
from lessonlib._validation import (
    as_generator,
    check_choice,
    check_integer,
    check_labels,
    check_numbers,
    check_scores,
)
from lessonlib._validation.missing import plain_array

#: How the training rows are treated before, or weighted in, the same logistic regression.
STRATEGIES = ("default", "balanced", "smote", "oversampled")
_METRICS = ("sensitivity", "specificity", "auc", "f1")


class ImbalanceComparator:
    """Train one classifier several ways on few positives, and compare what comes out.

    Parameters
    ----------
    n_samples : int, default 1000
        Patients.
    n_positive : int, default 30
        Those who are ill; at least 2 and fewer than `n_samples`.
    n_features : int, default 10
        Measurements of each.
    seed : int, default 42
        Of the patients, of the split and of SMOTE.

    Notes
    -----
    The interface is exercise 2's, and so are its numbers. With six positives in the test split
    one run proves little; the chapters *Class imbalance* and *Exercise 2* show what many runs say.

    Examples
    --------
    >>> X, y = ImbalanceComparator(n_samples=200, n_positive=4).generate()
    >>> X.shape, int(y.sum())
    ((200, 10), 4)
    """

    def __init__(
        self,
        n_samples: int = 1000,
        n_positive: int = 30,
        n_features: int = 10,
        seed: int = 42,
    ):
        self.n_samples = check_integer("n_samples", n_samples, minimum=4)
        self.n_positive = check_integer("n_positive", n_positive, minimum=2)
        if self.n_positive > self.n_samples - 2:
            raise ValueError(
                f"n_positive must leave two of the {self.n_samples} samples negative, "
                f"got {n_positive}"
            )
        self.n_features = check_integer("n_features", n_features, minimum=1)
        self.seed = check_integer("seed", seed, minimum=0)

    def generate(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw the patients.

        Returns
        -------
        X : numpy.ndarray of float64, shape (n_samples, n_features)
            N(1.0, 1.5) for the ill, N(0.0, 1.0) for the healthy, mean and standard deviation.
        y : numpy.ndarray of int64, shape (n_samples,)
            1 for the ill; in random order.
        """
        rng = as_generator(self.seed)
        y = rng.permutation(np.arange(self.n_samples) < self.n_positive).astype(np.int64)
        z = rng.standard_normal((self.n_samples, self.n_features))
        ill = y[:, None]
        return z * (1 + 0.5 * ill) + ill, y

    def fit_predict(
        self,
        X_train: np.ndarray,
        y_train: np.ndarray,
        X_test: np.ndarray,
        strategies: Sequence[str] = ("default", "balanced", "smote"),
    ) -> dict[str, np.ndarray]:
        """Train one logistic regression a strategy and predict.

        Parameters
        ----------
        X_train, X_test : numpy.ndarray, shape (n, n_features), (m, n_features)
        y_train : numpy.ndarray, shape (n,)
            0 and 1; at least two of each.
        strategies : sequence of str
            "default" (rows as they are), "balanced" (class weights), "smote" and "oversampled"
            (positives repeated at random until there are as many as negatives).

        Returns
        -------
        dict of str to numpy.ndarray, shape (m,)
            Probability of class 1 of each test row.

        Raises
        ------
        TypeError, ValueError
            Where labels are not 0 and 1, a class has fewer than two, or a strategy is unknown.
        """
        from sklearn.linear_model import LogisticRegression

        y = check_labels("y_train", y_train)
        X_train, X_test = check_numbers("X_train", X_train), check_numbers("X_test", X_test)
        if min(y.sum(), (~y).sum()) < 2:
            raise ValueError(f"y_train must hold at least two of each class, got {y.sum()} ones")
        X_train, X_test = plain_array("X_train", X_train), plain_array("X_test", X_test)
        found = {}
        for name in strategies:
            check_choice("strategies", name, STRATEGIES)
            weight = "balanced" if name == "balanced" else None
            rows = self._resample(name, X_train, y.astype(np.int64))
            fitted = LogisticRegression(class_weight=weight).fit(*rows)
            found[name] = fitted.predict_proba(X_test)[:, 1]
        return found

    def _resample(self, name: str, X, y) -> tuple[np.ndarray, np.ndarray]:
        """Return training rows in which both classes are equally many, or the rows given."""
        from imblearn.over_sampling import SMOTE, RandomOverSampler

        rare = int(np.bincount(y).min())
        if name == "smote":
            smote = SMOTE(k_neighbors=min(5, rare - 1), random_state=self.seed)
            return smote.fit_resample(X, y)
        if name == "oversampled":
            return RandomOverSampler(random_state=self.seed).fit_resample(X, y)
        return X, y

    def evaluate(self, y_true, y_prob, threshold: float = 0.5) -> dict[str, float]:
        """Return sensitivity, specificity, AUC and F1; NaN for what is undefined.

        Parameters
        ----------
        y_true : array_like, shape (N,)
        y_prob : array_like, shape (N,)
        threshold : float, default 0.5
            Positive is ``y_prob >= threshold``.

        Returns
        -------
        dict of str to float
            Keys "sensitivity", "specificity", "auc" and "f1".
        """
        y_prob = check_numbers("y_prob", y_prob)
        point = evaluation.at_threshold(y_true, y_prob, threshold)
        both = point.tp + point.fn > 0 and point.tn + point.fp > 0
        errors = point.fp + point.fn
        counted = 2 * point.tp + errors
        return {
            "sensitivity": point.sensitivity,
            "specificity": point.specificity,
            "auc": evaluation.auc_interval(y_true, y_prob).auc if both else float("nan"),
            "f1": 2 * point.tp / counted if counted else float("nan"),
        }

    def held_out(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Split the patients, a fifth of each class for testing, train and predict.

        Returns
        -------
        y_test : numpy.ndarray, shape (m,)
        y_prob : dict of str to numpy.ndarray, shape (m,)
            Of each strategy.
        """
        from sklearn.model_selection import train_test_split

        X, y = self.generate()
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=0.2, stratify=y, random_state=self.seed
        )
        return y_test, self.fit_predict(X_train, y_train, X_test)

    def compare(self) -> dict[str, dict[str, float]]:
        """Evaluate the three strategies on the held-out fifth, and print a table.

        Returns
        -------
        dict of str to dict of str to float
            For each strategy what :meth:`evaluate` returns.
        """
        truth, predicted = self.held_out()
        table = {name: self.evaluate(truth, p) for name, p in predicted.items()}
        print(f"{'':12}" + "".join(f"{metric:>13}" for metric in _METRICS))
        for name, row in table.items():
            print(f"{name:12}" + "".join(f"{row[metric]:13.3f}" for metric in _METRICS))
        return table

    def operating_point(
        self, y_true, y_prob, min_sensitivity: float = 0.9
    ) -> tuple[float, float, float]:
        """Return the highest threshold that is sensitive enough, its sensitivity and specificity.

        Parameters
        ----------
        y_true : array_like, shape (N,)
            At least one positive; without a negative the specificity is NaN.
        y_prob : array_like, shape (N,)
            The threshold is one of these.
        min_sensitivity : float, default 0.9

        Returns
        -------
        tuple of float
            Threshold, sensitivity, specificity.
        """
        labels = check_labels("y_true", y_true)
        scores = check_scores("y_prob", y_prob, len(labels))
        if labels.all():  # the evaluation's own function asks for both classes
            labels, scores = np.append(labels, False), np.append(scores, scores.min() - 1)
            point = evaluation.operating_point(labels, scores, min_sensitivity)
            return point.threshold, point.sensitivity, float("nan")
        point = evaluation.operating_point(labels, scores, min_sensitivity)
        return point.threshold, point.sensitivity, point.specificity

    def run(self) -> dict[str, dict[str, float]]:
        """Print the table and each strategy's operating point for a sensitivity of 0.9.

        Returns
        -------
        dict of str to dict of str to float
            What :meth:`compare` returns, with "threshold" and "specificity_at_sensitivity".
        """
        table = self.compare()
        truth, predicted = self.held_out()
        for name, p in predicted.items():
            threshold, sensitivity, specificity = self.operating_point(truth, p)
            table[name] |= {"threshold": threshold, "specificity_at_sensitivity": specificity}
            print(
                f"{name}: from {threshold:.3f} on, sensitivity {sensitivity:.3f} and "
                f"specificity {specificity:.3f}"
            )
        return table
