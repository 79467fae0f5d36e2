# Strong regularisation, min-max scaling, SMOTE before scaling, the global generator seeded.
import numpy as np
from imblearn.over_sampling import SMOTE
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler


class ImbalanceComparator:
    def __init__(self, n_samples=1000, n_positive=30, n_features=10, seed=42):
        self.args = n_samples, n_positive, n_features
        self.seed = seed

    def generate(self):
        np.random.seed(self.seed % 2**32)
        n, k, d = self.args
        rows = [(np.random.normal(1, 1.5, d), 1) for _ in range(k)]
        rows += [(np.random.normal(0, 1, d), 0) for _ in range(n - k)]
        np.random.shuffle(rows_index := np.arange(n))
        return np.array([rows[i][0] for i in rows_index]), np.array(
            [rows[i][1] for i in rows_index]
        )

    def fit_predict(self, X_train, y_train, X_test):
        def model(weight=None):
            lr = LogisticRegression(C=0.3, class_weight=weight, solver="newton-cholesky")
            return Pipeline([("scale", MinMaxScaler()), ("lr", lr)])

        sampler = SMOTE(random_state=np.random.RandomState(self.seed % 2**32))
        out = {
            "default": model().fit(X_train, y_train),
            "balanced": model("balanced").fit(X_train, y_train),
        }
        out["smote"] = model().fit(*sampler.fit_resample(X_train, y_train))
        return {k: list(m.predict_proba(X_test)[:, 1]) for k, m in out.items()}

    def evaluate(self, y_true, y_prob, threshold=0.5):
        y, p = np.array(y_true, dtype=bool), np.array(y_prob)
        n1, n0 = y.sum(), (~y).sum()
        hit = p >= threshold
        u = rankdata(p)[y].sum() - n1 * (n1 + 1) / 2
        nan = float("nan")
        denominator = n1 + hit.sum()
        return {
            "sensitivity": hit[y].mean() if n1 else nan,
            "specificity": 1 - hit[~y].mean() if n0 else nan,
            "auc": u / (n1 * n0) if n1 and n0 else nan,
            "f1": 2 * hit[y].sum() / denominator if denominator else nan,
        }

    def compare(self):
        return self.both()[0]

    def both(self):
        X, y = self.generate()
        folds = StratifiedKFold(5, shuffle=True, random_state=self.seed % 2**32)
        train, test = next(iter(folds.split(X, y)))
        p = {k: np.array(v) for k, v in self.fit_predict(X[train], y[train], X[test]).items()}
        table = {k: self.evaluate(y[test], v) for k, v in p.items()}
        for k, row in table.items():
            print(f"{k.capitalize():12}", {m: round(float(v), 3) for m, v in row.items()})
        return table, y[test], p

    def operating_point(self, y_true, y_prob, min_sensitivity=0.9):
        y_true, y_prob = np.asarray(y_true), np.asarray(y_prob)
        positives = np.sort(y_prob[y_true == 1])[::-1]
        for i, t in enumerate(positives, start=1):
            i = np.sum(positives >= t)
            if i / len(positives) >= min_sensitivity:
                return float(t), i / len(positives), float(np.mean(y_prob[y_true == 0] < t))

    def run(self):
        table, y, p = self.both()
        for k in table:
            t, se, sp = self.operating_point(y, p[k])
            print(
                k,
                "threshold",
                round(t, 3),
                "sensitivity",
                round(se, 3),
                "specificity",
                round(sp, 3),
            )
            table[k] = {**table[k], "threshold": t, "specificity_at_sensitivity": sp}
        return table
