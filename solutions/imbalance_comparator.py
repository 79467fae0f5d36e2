"""Measure what class weights and SMOTE buy when thirty patients in a thousand are ill.

Train the same logistic regression three ways on imbalanced data (as it is, with balanced class
weights, on data rebalanced by SMOTE) and compare what each finds and what it costs. No method
changes its arguments, and all randomness comes from `seed`: the same seed gives the same answer
on a new object, another seed gives another one. N(m, s) has mean m and standard deviation s.
"""

import numpy as np

# solution:begin
from imblearn.over_sampling import SMOTE
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

# solution:end


class ImbalanceComparator:
    """Compare three ways to train a classifier on few positives."""

    def __init__(self, n_samples=1000, n_positive=30, n_features=10, seed=42):
        self.n_samples = n_samples
        self.n_positive = n_positive
        self.n_features = n_features
        self.seed = seed

    def generate(self):
        """Part a: the data (X, y), X of shape (n_samples, n_features), y of 0 and 1.

        Exactly `n_positive` ones; each feature is N(1.0, 1.5) for a positive and N(0.0, 1.0) for a
        negative; the rows are not ordered by class.
        """
        # solution:begin part a: draw the patients
        rng = np.random.default_rng(self.seed)
        y = np.zeros(self.n_samples, dtype=int)
        y[: self.n_positive] = 1
        y = rng.permutation(y)
        standard = rng.standard_normal((self.n_samples, self.n_features))
        X = np.where(y[:, None] == 1, 1.0 + 1.5 * standard, standard)
        return X, y
        # solution:end

    def fit_predict(self, X_train, y_train, X_test):
        """Part b: {"default": p, "balanced": p, "smote": p}, p = P(class 1) of each row of X_test.

        From regularised logistic regressions fitted on the training rows alone: as they are, with
        balanced class weights, and on training rows rebalanced by SMOTE. A scaling may be learned,
        from the training rows.
        """
        # solution:begin part b: fit the three models
        neighbours = min(5, int(np.sum(y_train)) - 1)
        smote = SMOTE(k_neighbors=neighbours, random_state=self.seed)
        X_smote, y_smote = smote.fit_resample(X_train, y_train)
        fits = {
            "default": (LogisticRegression(), X_train, y_train),
            "balanced": (LogisticRegression(class_weight="balanced"), X_train, y_train),
            "smote": (LogisticRegression(), X_smote, y_smote),
        }
        return {
            name: model.fit(X, y).predict_proba(X_test)[:, 1]
            for name, (model, X, y) in fits.items()
        }
        # solution:end

    def evaluate(self, y_true, y_prob, threshold=0.5):
        """Part c: {"sensitivity", "specificity", "auc", "f1"}, positive where y_prob >= threshold.

        F1 = 2 TP / (2 TP + FP + FN). A value whose denominator is 0 is nan, and so is the AUC of
        one class.
        """
        # solution:begin part c: count and divide
        y_true, y_prob = np.asarray(y_true), np.asarray(y_prob)
        predicted = y_prob >= threshold
        tp = int(np.sum(predicted & (y_true == 1)))
        fp = int(np.sum(predicted & (y_true == 0)))
        fn = int(np.sum(~predicted & (y_true == 1)))
        tn = int(np.sum(~predicted & (y_true == 0)))
        both = len(np.unique(y_true)) == 2
        return {
            "sensitivity": self._ratio(tp, tp + fn),
            "specificity": self._ratio(tn, tn + fp),
            "auc": float(roc_auc_score(y_true, y_prob)) if both else float("nan"),
            "f1": self._ratio(2 * tp, 2 * tp + fp + fn),
        }

    def _ratio(self, numerator, denominator):
        return numerator / denominator if denominator else float("nan")
        # solution:end

    def compare(self):
        """Part d: {strategy: {metric: value}} on a stratified 20 % test split of `generate()`.

        Printed as a table of 3 rows, one for each strategy, by 4 metrics.
        """
        # solution:begin part d: split, fit, evaluate, print
        y_test, probabilities = self._held_out()
        results = {name: self.evaluate(y_test, p) for name, p in probabilities.items()}
        metrics = ["sensitivity", "specificity", "auc", "f1"]
        print(f"{'strategy':<10}" + "".join(f"{metric:>13}" for metric in metrics))
        for name, values in results.items():
            print(f"{name:<10}" + "".join(f"{values[metric]:>13.3f}" for metric in metrics))
        return results

    def _held_out(self):
        X, y = self.generate()
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=0.2, stratify=y, random_state=self.seed
        )
        return y_test, self.fit_predict(X_train, y_train, X_test)
        # solution:end

    def operating_point(self, y_true, y_prob, min_sensitivity=0.9):
        """Part e: (threshold, sensitivity, specificity) of the highest threshold that is enough.

        Thresholds are the scores in `y_prob`, positive where y_prob >= threshold; enough is a
        sensitivity of at least `min_sensitivity`. Labels without a positive are not asked.
        """
        # solution:begin part e: search the scores from the top
        y_true, y_prob = np.asarray(y_true), np.asarray(y_prob)
        for threshold in np.unique(y_prob)[::-1]:
            predicted = y_prob >= threshold
            sensitivity = np.sum(predicted & (y_true == 1)) / np.sum(y_true == 1)
            if sensitivity >= min_sensitivity:
                break
        negatives = int(np.sum(y_true == 0))
        specificity = self._ratio(int(np.sum(~predicted & (y_true == 0))), negatives)
        return float(threshold), float(sensitivity), specificity
        # solution:end

    def run(self):
        """Part verify: print the table and each strategy's operating point.

        Return the dict of `compare()` with "threshold" and "specificity_at_sensitivity" added for
        each strategy (same test split, sensitivity at least 0.9). Over many seeds the default has
        the highest mean specificity and the lowest mean sensitivity.
        """
        # solution:begin part verify: add the operating points
        results = self.compare()
        y_test, probabilities = self._held_out()
        for name, p in probabilities.items():
            threshold, sensitivity, specificity = self.operating_point(y_test, p)
            results[name]["threshold"] = threshold
            results[name]["specificity_at_sensitivity"] = specificity
            print(
                f"{name}: threshold {threshold:.3f} for sensitivity {sensitivity:.3f},"
                f" specificity {specificity:.3f}"
            )
        return results
        # solution:end
