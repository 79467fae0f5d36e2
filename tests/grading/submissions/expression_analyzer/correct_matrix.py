# A matrix of probabilities built at once, Gumbel draws, masked arrays.
import numpy as np


class ExpressionAnalyzer:
    EXPRESSIONS = ("angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
    DEFAULT = {
        "angry": 0.65,
        "disgusted": 0.60,
        "fearful": 0.60,
        "happy": 0.80,
        "neutral": 0.70,
        "sad": 0.68,
        "surprised": 0.72,
    }

    def __init__(self, samples_per=100, seed=42):
        self.samples_per = samples_per
        self.seed = seed

    def generate_confusion(self, correct_probs=None, boost=None):
        rng = np.random.default_rng([self.seed, 5])
        p = {**self.DEFAULT, **(correct_probs or {})}
        for name in boost or ():
            p[name] = max(p[name], min(0.95, p[name] + boost[name]))
        p = np.array([p[n] for n in self.EXPRESSIONS])
        off = np.exp(-np.abs(np.subtract.outer(np.arange(7), np.arange(7))) / 2.0)
        np.fill_diagonal(off, 0)
        P = off / off.sum(1, keepdims=True) * (1 - p)[:, None] + np.diag(p)
        g = rng.gumbel(size=(self.samples_per, 7, 7)) + np.log(P)
        drawn = g.argmax(-1)
        return np.array([[np.sum(drawn[:, i] == j) for j in range(7)] for i in range(7)])

    def metrics(self, cm):
        tp = np.ma.asarray(cm.diagonal().astype(float))
        p = (tp / np.ma.masked_equal(cm.sum(axis=0), 0)).filled(0)
        r = (tp / np.ma.masked_equal(cm.sum(axis=1), 0)).filled(0)
        f = (2 * tp / np.ma.masked_equal(cm.sum(axis=0) + cm.sum(axis=1), 0)).filled(0)
        return {
            n: dict(zip(("precision", "recall", "f1"), map(float, row)))
            for n, row in zip(self.EXPRESSIONS, np.c_[p, r, f])
        }

    def most_confused(self, cm, k=4):
        cm = np.array(cm)
        answer = []
        np.fill_diagonal(cm, -1)
        while len(answer) < k:
            i, j = np.unravel_index(cm.argmax(), cm.shape)
            answer.append((self.EXPRESSIONS[i], self.EXPRESSIONS[j], int(cm[i, j])))
            cm[i, j] = -1
        return tuple(answer)
