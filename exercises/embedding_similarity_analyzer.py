"""Find how much noise face embeddings bear before no threshold separates people.

Simulate photos of a few people as unit vectors, compare every pair of photos by its cosine, and
measure what a threshold on that cosine gets right. The methods read `self.embeddings` and
`self.labels` when they are called, so that other embeddings can be put in their place. All
randomness comes from `seed`: the same seed gives the same answer on a new object, another seed
gives another one. N(m, s) has mean m and standard deviation s.
"""

import numpy as np


class EmbeddingSimilarityAnalyzer:
    """Simulated embeddings of several photos of several people, compared pair by pair."""

    def __init__(self, num_ids=5, photos_per=10, embed_dim=512, noise_sigma=0.15, seed=42):
        """Part embeddings: set `embeddings` (N, D) and `labels` (N,), N = num_ids * photos_per.

        Each identity has a centroid of length 1; each photo is that centroid plus
        N(0, noise_sigma) in every component, brought back to length 1.
        """
        self.num_ids = num_ids
        self.photos_per = photos_per
        # Your code here. Stuck? lessonlib hint EmbeddingSimilarityAnalyzer embeddings
        raise NotImplementedError("part embeddings: draw the photos")

    def cosine_matrix(self):
        """Part cosine_matrix: the cosine of every pair of photos, shape (N, N)."""
        # Your code here. Stuck? lessonlib hint EmbeddingSimilarityAnalyzer cosine_matrix
        raise NotImplementedError("part cosine_matrix: multiply the unit rows")

    def analyze(self):
        """Part analyze: (same, diff), the cosines of pairs of one identity and of two.

        Every unordered pair once, in any order.
        """
        # Your code here. Stuck? lessonlib hint EmbeddingSimilarityAnalyzer analyze
        raise NotImplementedError("part analyze: split the pairs by identity")

    def evaluate_thresholds(self, thresholds):
        """Part evaluate_thresholds: true-positive rate, false-positive rate, accuracy; (T, 3).

        A pair matches where its cosine is at least the threshold.
        """
        # Your code here. Stuck? lessonlib hint EmbeddingSimilarityAnalyzer evaluate_thresholds
        raise NotImplementedError("part evaluate_thresholds: count the matches")
