# One draw for each sample, counted; plain Python for the rest.
import numpy as np


class ExpressionAnalyzer:
    EXPRESSIONS = ["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"]

    def __init__(self, samples_per=100, seed=42):
        self.samples_per = samples_per
        self.rng = np.random.default_rng(seed)

    def generate_confusion(self, correct_probs=None, boost=None):
        probs = {"angry": 0.65, "disgusted": 0.6, "fearful": 0.6, "happy": 0.8}
        probs.update(neutral=0.7, sad=0.68, surprised=0.72)
        if correct_probs is not None:
            probs = dict(correct_probs)
        for name, amount in (boost or {}).items():
            if probs[name] < 0.95:
                probs[name] = min(0.95, probs[name] + amount)
        cm = [[0] * 7 for _ in range(7)]
        for i, name in enumerate(self.EXPRESSIONS):
            row = np.full(7, (1 - probs[name]) / 6)
            row[i] = probs[name]
            for j in self.rng.choice(7, size=self.samples_per, p=row / row.sum()):
                cm[i][j] += 1
        return cm

    def metrics(self, cm):
        out = {}
        for i, name in enumerate(self.EXPRESSIONS):
            tp = float(cm[i][i])
            fn = sum(cm[i][j] for j in range(7)) - tp
            fp = sum(cm[j][i] for j in range(7)) - tp
            p = tp / (tp + fp) if tp + fp else 0.0
            r = tp / (tp + fn) if tp + fn else 0.0
            out[name] = {"recall": r, "precision": p, "f1": 2 * p * r / (p + r) if p + r else 0}
        return out

    def most_confused(self, cm, k=4):
        pairs = []
        for i in range(7):
            for j in range(7):
                if i != j:
                    pairs.append((-cm[i][j], self.EXPRESSIONS[i], self.EXPRESSIONS[j]))
        return [[a, b, -n] for n, a, b in sorted(pairs)[:k]]
