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
        # solution:begin part embeddings: draw the photos
        rng = np.random.default_rng(seed)
        centroids = self._unit(rng.standard_normal((num_ids, embed_dim)))
        self.labels = np.repeat(np.arange(num_ids), photos_per)
        noise = rng.normal(0, noise_sigma, (num_ids * photos_per, embed_dim))
        self.embeddings = self._unit(centroids[self.labels] + noise)

    def _unit(self, rows):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
        # solution:end

    def cosine_matrix(self):
        """Part cosine_matrix: the cosine of every pair of photos, shape (N, N)."""
        # solution:begin part cosine_matrix: multiply the unit rows
        rows = self._unit(self.embeddings)
        return rows @ rows.T
        # solution:end

    def analyze(self):
        """Part analyze: (same, diff), the cosines of pairs of one identity and of two.

        Every unordered pair once, in any order.
        """
        # solution:begin part analyze: split the pairs by identity
        first, second = np.triu_indices(len(self.labels), k=1)
        cosines = self.cosine_matrix()[first, second]
        labels = np.asarray(self.labels)
        same = labels[first] == labels[second]
        return cosines[same], cosines[~same]
        # solution:end

    def evaluate_thresholds(self, thresholds):
        """Part evaluate_thresholds: true-positive rate, false-positive rate, accuracy; (T, 3).

        A pair matches where its cosine is at least the threshold.
        """
        # solution:begin part evaluate_thresholds: count the matches
        same, diff = self.analyze()
        rows = []
        for threshold in thresholds:
            true_positives, false_positives = np.sum(same >= threshold), np.sum(diff >= threshold)
            right = true_positives + len(diff) - false_positives
            rows.append(
                [
                    true_positives / len(same),
                    false_positives / len(diff),
                    right / (len(same) + len(diff)),
                ]
            )
        return np.array(rows)
        # solution:end
