# The diagonal by a binomial draw, the errors shared out after it; floors in denominators.
import numpy as np

NAMES = "angry disgusted fearful happy neutral sad surprised".split()


class ExpressionAnalyzer:
    def __init__(self, samples_per=100, seed=42):
        self.n, self.seed = samples_per, seed

    def generate_confusion(self, correct_probs=None, boost=None):
        rng = np.random.RandomState(self.seed % 2**32)
        if correct_probs is None:
            correct_probs = dict(zip(NAMES, [0.65, 0.60, 0.60, 0.80, 0.70, 0.68, 0.72]))
        boost = boost or {}
        cm = np.zeros((7, 7), dtype=np.int32)
        for i, name in enumerate(NAMES):
            p = correct_probs[name]
            p = p if p >= 0.95 else min(p + boost.get(name, 0), 0.95)
            hits = rng.binomial(self.n, p)
            others = [j for j in range(7) if j != i]
            cm[i, others] = rng.multinomial(self.n - hits, rng.dirichlet(np.ones(6)))
            cm[i, i] = hits
        return cm

    def metrics(self, cm):
        tp = np.diag(cm)
        precision = tp / np.maximum(cm.sum(0), 1)
        recall = tp / np.maximum(cm.sum(1), 1)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-8)
        return {
            n: {"precision": precision[i], "recall": recall[i], "f1": f1[i]}
            for i, n in enumerate(NAMES)
        }

    def most_confused(self, cm, k=4):
        off = np.where(np.eye(7, dtype=bool), -1, cm)
        best = np.argsort(off, axis=None)[::-1][:k]
        return [(NAMES[b // 7], NAMES[b % 7], off.flat[b]) for b in best]
