# Pipelines with scalers, one generator kept in the object, a confusion matrix, an ROC curve.
import numpy as np
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.preprocessing import StandardScaler


class ImbalanceComparator:
    def __init__(self, n_samples=1000, n_positive=30, n_features=10, seed=42):
        self.n, self.n_pos, self.d = n_samples, n_positive, n_features
        self.seed = seed % 2**32
        self.rng = np.random.RandomState(self.seed)

    def generate(self):
        positive = self.rng.normal(1.0, 1.5, (self.n_pos, self.d))
        negative = self.rng.normal(0.0, 1.0, (self.n - self.n_pos, self.d))
        X = np.vstack([positive, negative])
        y = np.hstack([np.ones(len(positive)), np.zeros(len(negative))])
        order = self.rng.permutation(self.n)
        return X[order], y[order]

    def fit_predict(self, X_train, y_train, X_test):
        steps = {
            "smote": [SMOTE(random_state=self.seed), LogisticRegression(C=10, max_iter=500)],
            "balanced": [LogisticRegression(C=10, max_iter=500, class_weight="balanced")],
            "default": [LogisticRegression(C=10, max_iter=500)],
        }
        result = {}
        for name, models in steps.items():
            pipeline = make_pipeline(StandardScaler(), *models).fit(X_train, y_train)
            result[name] = pipeline.predict_proba(X_test).T[1]
        return result

    def evaluate(self, y_true, y_prob, threshold=0.5):
        y_pred = (y_prob >= threshold).astype(int)
        tn, fp, fn, tp = confusion_matrix(y_true, y_pred, labels=[0, 1]).ravel()
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "auc": roc_auc_score(y_true, y_prob) if 0 < sum(y_true) < len(y_true) else np.nan,
                "f1": np.float64(2 * tp) / (2 * tp + fp + fn),
                "sensitivity": np.float64(tp) / (tp + fn),
                "specificity": np.float64(tn) / (tn + fp),
            }

    def split(self):
        X, y = self.generate()
        splitter = StratifiedShuffleSplit(n_splits=1, test_size=0.2, random_state=self.rng)
        train, test = next(splitter.split(X, y))
        return X[train], y[train], X[test], y[test]

    def compare(self, after=None):
        X_train, y_train, X_test, y_test = self.split()
        table = {}
        for name, p in self.fit_predict(X_train, y_train, X_test).items():
            table[name] = self.evaluate(y_test, p)
            if after:
                after(name, y_test, p)
        for name in table:
            print(name.upper().rjust(10), *(f"{100 * v:6.1f} %" for v in table[name].values()))
        return table

    def operating_point(self, y_true, y_prob, min_sensitivity=0.9):
        fpr, tpr, thresholds = roc_curve(y_true, y_prob, drop_intermediate=False)
        k = 1 + np.argmax(tpr[1:] >= min_sensitivity)
        return thresholds[k], tpr[k], 1 - fpr[k]

    def run(self):
        points = {}

        def remember(name, y_test, p):
            points[name] = self.operating_point(y_test, p)

        table = self.compare(remember)
        for name, (threshold, sensitivity, specificity) in points.items():
            print(f"{name}: t={threshold:.2f} sens={sensitivity:.2f} spec={specificity:.2f}")
            table[name].update(threshold=threshold, specificity_at_sensitivity=specificity)
        return table
