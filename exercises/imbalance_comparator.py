"""Measure what class weights and SMOTE buy when thirty patients in a thousand are ill.

Train the same logistic regression three ways on imbalanced data (as it is, with balanced class
weights, on data rebalanced by SMOTE) and compare what each finds and what it costs. No method
changes its arguments, and all randomness comes from `seed`: the same seed gives the same answer
on a new object, another seed gives another one. N(m, s) has mean m and standard deviation s.
"""

import numpy as np


class ImbalanceComparator:
    """Compare three ways to train a classifier on few positives."""

    def __init__(self, n_samples=1000, n_positive=30, n_features=10, seed=42):
        self.n_samples = n_samples
        self.n_positive = n_positive
        self.n_features = n_features
        self.seed = seed

    def generate(self):
        """Part a: the data (X, y), X of shape (n_samples, n_features), y of 0 and 1.

        Exactly `n_positive` ones; each feature is N(1.0, 1.5) for a positive and N(0.0, 1.0) for a
        negative; the rows are not ordered by class.
        """
        # Your code here. Stuck? lessonlib hint ImbalanceComparator a
        raise NotImplementedError("part a: draw the patients")

    def fit_predict(self, X_train, y_train, X_test):
        """Part b: {"default": p, "balanced": p, "smote": p}, p = P(class 1) of each row of X_test.

        From regularised logistic regressions fitted on the training rows alone: as they are, with
        balanced class weights, and on training rows rebalanced by SMOTE. A scaling may be learned,
        from the training rows.
        """
        # Your code here. Stuck? lessonlib hint ImbalanceComparator b
        raise NotImplementedError("part b: fit the three models")

    def evaluate(self, y_true, y_prob, threshold=0.5):
        """Part c: {"sensitivity", "specificity", "auc", "f1"}, positive where y_prob >= threshold.

        F1 = 2 TP / (2 TP + FP + FN). A value whose denominator is 0 is nan, and so is the AUC of
        one class.
        """
        # Your code here. Stuck? lessonlib hint ImbalanceComparator c
        raise NotImplementedError("part c: count and divide")

    def compare(self):
        """Part d: {strategy: {metric: value}} on a stratified 20 % test split of `generate()`.

        Printed as a table of 3 rows, one for each strategy, by 4 metrics.
        """
        # Your code here. Stuck? lessonlib hint ImbalanceComparator d
        raise NotImplementedError("part d: split, fit, evaluate, print")

    def operating_point(self, y_true, y_prob, min_sensitivity=0.9):
        """Part e: (threshold, sensitivity, specificity) of the highest threshold that is enough.

        Thresholds are the scores in `y_prob`, positive where y_prob >= threshold; enough is a
        sensitivity of at least `min_sensitivity`. Labels without a positive are not asked.
        """
        # Your code here. Stuck? lessonlib hint ImbalanceComparator e
        raise NotImplementedError("part e: search the scores from the top")

    def run(self):
        """Part verify: print the table and each strategy's operating point.

        Return the dict of `compare()` with "threshold" and "specificity_at_sensitivity" added for
        each strategy (same test split, sensitivity at least 0.9). Over many seeds the default has
        the highest mean specificity and the lowest mean sensitivity.
        """
        # Your code here. Stuck? lessonlib hint ImbalanceComparator verify
        raise NotImplementedError("part verify: add the operating points")
