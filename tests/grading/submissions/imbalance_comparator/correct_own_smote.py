# SMOTE by hand, gradient descent by hand, pairs counted for the AUC, stratified split by hand.
import math

import numpy as np
from scipy.optimize import minimize
from scipy.spatial import cKDTree


class ImbalanceComparator:
    def __init__(self, n_samples=1000, n_positive=30, n_features=10, seed=42):
        self.n_samples = n_samples
        self.n_positive = n_positive
        self.n_features = n_features
        self.seed = seed

    def generate(self):
        rng = np.random.default_rng(self.seed)
        y = [0] * self.n_samples
        for i in rng.choice(self.n_samples, self.n_positive, replace=False):
            y[i] = 1
        X = [rng.normal(1.0 * label, 1.0 + 0.5 * label, self.n_features) for label in y]
        return X, y

    def logistic(self, X, y, weights):
        X1 = np.c_[X, np.ones(len(X))]
        y = np.asarray(y, dtype=float)

        def loss(w):
            z = X1 @ w
            value = np.sum(weights * (np.logaddexp(0, z) - y * z)) + 0.5 * np.sum(w[:-1] ** 2)
            slope = X1.T @ (weights * (1 / (1 + np.exp(-z)) - y))
            slope[:-1] += w[:-1]
            return value, slope

        w = minimize(loss, np.zeros(X1.shape[1]), jac=True, method="BFGS").x
        return lambda Z: 1 / (1 + np.exp(-np.clip(np.c_[Z, np.ones(len(Z))] @ w, -500, 500)))

    def smote(self, X, y):
        rng = np.random.default_rng((self.seed, 99))
        positives = X[y == 1]
        missing = int((y == 0).sum() - len(positives))
        _, neighbours = cKDTree(positives).query(positives, k=min(6, len(positives)))
        base = rng.integers(0, len(positives), missing)
        other = neighbours[base, rng.integers(1, neighbours.shape[1], missing)]
        gap = rng.random((missing, 1))
        new = positives[base] + gap * (positives[other] - positives[base])
        return np.vstack([X, new]), np.r_[y, np.ones(missing)]

    def fit_predict(self, X_train, y_train, X_test):
        X_train, y_train = np.asarray(X_train), np.asarray(y_train)
        n1 = y_train.sum()
        n0 = len(y_train) - n1
        ones = np.ones(len(y_train))
        balanced = np.where(y_train == 1, len(y_train) / (2 * n1), len(y_train) / (2 * n0))
        X_more, y_more = self.smote(X_train, y_train)
        return {
            "default": self.logistic(X_train, y_train, ones)(X_test),
            "balanced": self.logistic(X_train, y_train, balanced)(X_test),
            "smote": self.logistic(X_more, y_more, np.ones(len(y_more)))(X_test),
        }

    def evaluate(self, y_true, y_prob, threshold=0.5):
        tp = fp = tn = fn = 0
        for label, score in zip(y_true, y_prob):
            if score >= threshold:
                tp, fp = tp + (label == 1), fp + (label != 1)
            else:
                fn, tn = fn + (label == 1), tn + (label != 1)
        pos = [s for label, s in zip(y_true, y_prob) if label == 1]
        neg = [s for label, s in zip(y_true, y_prob) if label != 1]
        wins = sum((p > q) + 0.5 * (p == q) for p in pos for q in neg)

        def over(a, b):
            return a / b if b else math.nan

        return {
            "sensitivity": over(tp, tp + fn),
            "specificity": over(tn, tn + fp),
            "auc": over(wins, len(pos) * len(neg)),
            "f1": over(2 * tp, 2 * tp + fp + fn),
        }

    def held_out(self):
        X, y = (np.array(part) for part in self.generate())
        rng = np.random.default_rng((self.seed, 7))
        test = []
        for label in (0, 1):
            rows = np.flatnonzero(y == label)
            test += list(rng.choice(rows, round(0.2 * len(rows)), replace=False))
        train = np.setdiff1d(np.arange(len(y)), test)
        return y[test], self.fit_predict(X[train], y[train], X[test])

    def table(self, y_test, probabilities):
        rows = {name: self.evaluate(y_test, p) for name, p in probabilities.items()}
        print("| strategy | " + " | ".join(rows["default"]) + " |")
        for name, row in rows.items():
            print(f"| {name} | " + " | ".join(f"{v:.2f}" for v in row.values()) + " |")
        return rows

    def compare(self):
        return self.table(*self.held_out())

    def operating_point(self, y_true, y_prob, min_sensitivity=0.9):
        best = None
        for t in set(float(p) for p in y_prob):
            row = self.evaluate(y_true, y_prob, t)
            if row["sensitivity"] >= min_sensitivity and (best is None or t > best[0]):
                best = (t, row["sensitivity"], row["specificity"])
        return list(best)

    def run(self):
        y_test, probabilities = self.held_out()
        rows = self.table(y_test, probabilities)
        for name in rows:
            t, sens, spec = self.operating_point(y_test, probabilities[name])
            print(f"{name:>9}: threshold {t:.3f}, sensitivity {sens:.3f}, specificity {spec:.3f}")
            rows[name] |= {"threshold": t, "specificity_at_sensitivity": spec}
        return rows
