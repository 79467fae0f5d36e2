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

    def __init__(self, samples_per=100, seed=42):
        self.samples_per = samples_per
        self.seed = seed

    def generate_confusion(self, correct_probs=None, boost=None):
        """Part generate_confusion: counts of shape (7, 7); each row sums to `samples_per`.

        `correct_probs` maps each name to the probability of a correct answer; None means
        CORRECT_PROBS. `boost` maps names to what is added to it: the sum is capped at 0.95, but a
        boost never lowers a probability. How the errors spread over the other classes is yours.
        """
        # Your code here. Stuck? lessonlib hint ExpressionAnalyzer generate_confusion
        raise NotImplementedError("part generate_confusion: draw each row")

    def metrics(self, cm):
        """Part metrics: {name: {"precision", "recall", "f1"}}; an undefined value is 0.0."""
        # Your code here. Stuck? lessonlib hint ExpressionAnalyzer metrics
        raise NotImplementedError("part metrics: divide the diagonal")

    def most_confused(self, cm, k=4):
        """Part most_confused: the k largest off-diagonal counts, largest first.

        A list of (true name, predicted name, count); ties in any order.
        """
        # Your code here. Stuck? lessonlib hint ExpressionAnalyzer most_confused
        raise NotImplementedError("part most_confused: sort the errors")
