# Photos interleaved rather than in blocks, labels from 1, scikit-learn's cosine.
import numpy as np
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import normalize


class EmbeddingSimilarityAnalyzer:
    def __init__(self, num_ids=5, photos_per=10, embed_dim=512, noise_sigma=0.15, seed=42):
        rng = np.random.RandomState(seed % 2**32)
        centroids = normalize(rng.randn(num_ids, embed_dim))
        self.labels = np.tile(np.arange(1, num_ids + 1), photos_per)
        photos = centroids[self.labels - 1] + noise_sigma * rng.randn(len(self.labels), embed_dim)
        self.embeddings = normalize(photos)

    def cosine_matrix(self):
        return cosine_similarity(self.embeddings)

    def analyze(self):
        n = len(self.labels)
        upper = np.triu(np.ones((n, n), bool), 1)
        equal = np.equal.outer(self.labels, self.labels)
        cos = self.cosine_matrix()
        return np.sort(cos[upper & equal]), np.sort(cos[upper & ~equal])

    def evaluate_thresholds(self, thresholds):
        same, diff = self.analyze()
        t = np.asarray(thresholds)[:, None]
        tpr, fpr = (same >= t).mean(1), (diff >= t).mean(1)
        share = same.size / (same.size + diff.size)
        return np.column_stack([tpr, fpr, share * tpr + (1 - share) * (1 - fpr)])
