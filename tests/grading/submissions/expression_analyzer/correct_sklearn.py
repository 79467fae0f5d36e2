# scikit-learn's report on labels unrolled from the matrix; heapq for the largest.
import heapq

import numpy as np
from sklearn.metrics import precision_recall_fscore_support


class ExpressionAnalyzer:
    EXPRESSIONS = ("angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")

    def __init__(self, samples_per=100, seed=42):
        self.samples_per = samples_per
        self.seed = seed

    def generate_confusion(self, correct_probs=None, boost=None):
        rngs = np.random.SeedSequence(self.seed).spawn(7)
        base = np.array([0.65, 0.60, 0.60, 0.80, 0.70, 0.68, 0.72])
        if correct_probs:
            base = np.array([correct_probs[n] for n in self.EXPRESSIONS])
        extra = np.array([(boost or {}).get(n, 0.0) for n in self.EXPRESSIONS])
        p = np.maximum(base, np.minimum(base + extra, 0.95))
        rows = []
        for i in range(7):
            u = np.random.default_rng(rngs[i]).random(self.samples_per)
            wrong = (i + 1 + np.floor(6 * (u - p[i]) / (1 - p[i])).clip(0, 5).astype(int)) % 7
            rows.append(np.bincount(np.where(u < p[i], i, wrong), minlength=7))
        return np.stack(rows).astype(float)

    def metrics(self, cm):
        cm = np.asarray(cm)
        true = np.repeat(np.repeat(np.arange(7), 7), cm.ravel())
        predicted = np.repeat(np.tile(np.arange(7), 7), cm.ravel())
        table = precision_recall_fscore_support(true, predicted, labels=range(7), zero_division=0)
        return {
            n: {"precision": table[0][i], "recall": table[1][i], "f1": table[2][i]}
            for i, n in enumerate(self.EXPRESSIONS)
        }

    def most_confused(self, cm, k=4):
        cells = ((cm[i, j], i, j) for i in range(7) for j in range(7) if i != j)
        return [
            (self.EXPRESSIONS[i], self.EXPRESSIONS[j], n) for n, i, j in heapq.nlargest(k, cells)
        ]
