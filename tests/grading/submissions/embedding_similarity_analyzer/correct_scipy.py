# SciPy's condensed distances, the global generator seeded, a roundabout accuracy.
import itertools

import numpy as np
from scipy.spatial.distance import cdist, pdist


class EmbeddingSimilarityAnalyzer:
    def __init__(self, num_ids=5, photos_per=10, embed_dim=512, noise_sigma=0.15, seed=42):
        np.random.seed(seed % 2**32)
        self.embeddings = np.zeros((num_ids * photos_per, embed_dim))
        self.labels = np.zeros(num_ids * photos_per, dtype=int)
        for k, (i, p) in enumerate(itertools.product(range(num_ids), range(photos_per))):
            if p == 0:
                centroid = np.random.randn(embed_dim)
                centroid = centroid / np.linalg.norm(centroid)
            photo = np.random.normal(centroid, noise_sigma)
            self.embeddings[k] = photo / np.linalg.norm(photo)
            self.labels[k] = i

    def cosine_matrix(self):
        return 1 - cdist(self.embeddings, self.embeddings, "cosine")

    def analyze(self):
        cosines = 1 - pdist(self.embeddings, "cosine")
        equal = [a == b for a, b in itertools.combinations(list(self.labels), 2)]
        # rounded, so that a cosine of exactly one half is one half
        cosines = np.round(cosines, 12)
        return cosines[np.array(equal)], cosines[np.logical_not(equal)]

    def evaluate_thresholds(self, thresholds):
        same, diff = self.analyze()
        out = np.empty((len(thresholds), 3))
        for row, t in zip(out, thresholds):
            right = [c >= t for c in same] + [c < t for c in diff]
            row[:] = np.mean(same >= t), np.mean(diff >= t), np.mean(right)
        return out
