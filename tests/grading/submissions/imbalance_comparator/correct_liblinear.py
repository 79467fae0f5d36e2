# liblinear with a penalised intercept, weights by hand, SMOTE to a third, quantile search.
import numpy as np
from imblearn.over_sampling import SMOTE
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, recall_score, roc_auc_score
from sklearn.model_selection import train_test_split


class ImbalanceComparator:
    def __init__(self, n_samples=1000, n_positive=30, n_features=10, seed=42):
        self.shape = (n_samples, n_features)
        self.n_positive = n_positive
        self.seed = int(seed)

    def generate(self):
        rng = np.random.default_rng(self.seed)
        X = rng.standard_normal(self.shape)
        y = np.zeros(self.shape[0], dtype=bool)
        y[rng.permutation(self.shape[0])[: self.n_positive]] = True
        X[y] *= 1.5
        X[y] += 1.0
        return [X, y]

    def fit_predict(self, X_train, y_train, X_test):
        ratio = (y_train == 0).sum() / (y_train == 1).sum()
        model = lambda **k: LogisticRegression(solver="liblinear", C=1.0, **k)
        Xs, ys = SMOTE(k_neighbors=3, random_state=self.seed).fit_resample(X_train, y_train)
        return {
            "default": model().fit(X_train, y_train).predict_proba(X_test)[:, 1].astype("f4"),
            "balanced": model(class_weight={0: 1, 1: ratio})
            .fit(X_train, y_train)
            .predict_proba(X_test)[:, 1],
            "smote": model().fit(Xs, ys).predict_proba(X_test)[:, 1],
        }

    def evaluate(self, y_true, y_prob, threshold=0.5):
        y_hat = np.greater_equal(y_prob, threshold)
        y = np.asarray(y_true).astype(bool)
        one_class = y.all() or not y.any()
        return {
            "sensitivity": recall_score(y, y_hat, zero_division=np.nan),
            "specificity": recall_score(~y, ~y_hat, zero_division=np.nan),
            "auc": np.nan if one_class else roc_auc_score(y, y_prob),
            "f1": f1_score(y, y_hat, zero_division=np.nan) if (y | y_hat).any() else np.nan,
        }

    def compare(self, quiet=False):
        X, y = self.generate()
        Xa, Xb, ya, yb = train_test_split(
            X, y, stratify=y, train_size=0.8, random_state=self.seed + 1
        )
        self.held = yb, self.fit_predict(Xa, ya, Xb)
        result = {}
        for name in ("default", "balanced", "smote"):
            result[name] = self.evaluate(yb, self.held[1][name])
        print("strategy\tsens\tspec\tauc\tf1")
        for name, row in result.items():
            print(
                name,
                *("%.4f" % row[k] for k in ("sensitivity", "specificity", "auc", "f1")),
                sep="\t",
            )
        return result

    def operating_point(self, y_true, y_prob, min_sensitivity=0.9):
        order = np.argsort(y_prob)[::-1]
        score, label = np.asarray(y_prob)[order], np.asarray(y_true)[order] == 1
        last_of_tie = np.append(score[1:] != score[:-1], True)
        sensitivity = np.cumsum(label) / label.sum()
        i = np.flatnonzero(last_of_tie & (sensitivity >= min_sensitivity))[0]
        specificity = 1 - np.cumsum(~label)[i] / (~label).sum()
        return score[i], sensitivity[i], specificity

    def run(self):
        result = self.compare()
        yb, probabilities = self.held
        for name in result:
            t, _, specificity = self.operating_point(yb, probabilities[name])
            result[name]["threshold"] = t
            result[name]["specificity_at_sensitivity"] = specificity
            print(f"operating point of {name}: {t:.4f}, specificity {specificity:.1%}")
        return result
