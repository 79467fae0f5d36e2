"""Find the facial expressions that a classifier confuses, and ask whether a study can tell.

Simulate the confusion matrix of a classifier of seven expressions, compute each class's precision,
recall and F1, and name the pairs it confuses most. Rows are the true class, columns the predicted
one, both in the order of `EXPRESSIONS`. No method changes its arguments, and all randomness comes
from `seed`: the same seed gives the same answer on a new object, another seed gives another one.
"""

import numpy as np


class ExpressionAnalyzer:
    """Simulate and summarise the confusions between seven expressions."""

    EXPRESSIONS = ("angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
    CORRECT_PROBS = (0.65, 0.60, 0.60, 0.80, 0.70, 0.68, 0.72)
    # solution:begin
    #: What part of a class's samples goes to the class that it is confused with.
    CONFUSED_WITH = {  # noqa: RUF012 - read only
        "angry": ("disgusted", 0.12),
        "disgusted": ("angry", 0.12),
        "fearful": ("surprised", 0.15),
        "surprised": ("fearful", 0.10),
        "sad": ("neutral", 0.08),
        "neutral": ("sad", 0.06),
    }
    # solution:end

    def __init__(self, samples_per=100, seed=42):
        self.samples_per = samples_per
        self.seed = seed

    def generate_confusion(self, correct_probs=None, boost=None):
        """Part generate_confusion: counts of shape (7, 7); each row sums to `samples_per`.

        `correct_probs` maps each name to the probability of a correct answer; None means
        CORRECT_PROBS. `boost` maps names to what is added to it: the sum is capped at 0.95, but a
        boost never lowers a probability. How the errors spread over the other classes is yours.
        """
        # solution:begin part generate_confusion: draw each row
        rng = np.random.default_rng(self.seed)
        if correct_probs is None:
            correct_probs = dict(zip(self.EXPRESSIONS, self.CORRECT_PROBS, strict=True))
        return np.array(
            [
                rng.multinomial(
                    self.samples_per,
                    self._row(name, correct_probs[name], (boost or {}).get(name, 0.0)),
                )
                for name in self.EXPRESSIONS
            ]
        )

    def _row(self, name, correct, boost):
        correct = max(correct, min(correct + boost, 0.95))
        row = {name: correct}
        if name in self.CONFUSED_WITH:
            other, share = self.CONFUSED_WITH[name]
            row[other] = min(share, 1 - correct)
        # Counted once, before they fill: divided by a count that shrinks meanwhile, the rest would
        # be given out more than once and the row would sum to more than 1.
        empty = [other for other in self.EXPRESSIONS if other not in row]
        rest = max(0.0, 1 - sum(row.values()))
        return [row.get(other, rest / len(empty)) for other in self.EXPRESSIONS]
        # solution:end

    def metrics(self, cm):
        """Part metrics: {name: {"precision", "recall", "f1"}}; an undefined value is 0.0."""
        # solution:begin part metrics: divide the diagonal
        cm = np.asarray(cm)
        results = {}
        for k, name in enumerate(self.EXPRESSIONS):
            correct, true, predicted = cm[k, k], cm[k].sum(), cm[:, k].sum()
            results[name] = {
                "precision": float(correct / predicted) if predicted else 0.0,
                "recall": float(correct / true) if true else 0.0,
                "f1": float(2 * correct / (true + predicted)) if true + predicted else 0.0,
            }
        return results
        # solution:end

    def most_confused(self, cm, k=4):
        """Part most_confused: the k largest off-diagonal counts, largest first.

        A list of (true name, predicted name, count); ties in any order.
        """
        # solution:begin part most_confused: sort the errors
        pairs = [
            (true, predicted, int(cm[i][j]))
            for i, true in enumerate(self.EXPRESSIONS)
            for j, predicted in enumerate(self.EXPRESSIONS)
            if i != j
        ]
        return sorted(pairs, key=lambda pair: pair[2], reverse=True)[:k]
        # solution:end
