# Single precision, distances turned into cosines, searchsorted for the counts.
import numpy as np


class EmbeddingSimilarityAnalyzer:
    def __init__(self, num_ids=5, photos_per=10, embed_dim=512, noise_sigma=0.15, seed=42):
        rng = np.random.default_rng(seed)
        rows = []
        for _ in range(num_ids):
            c = rng.normal(size=embed_dim)
            c /= np.sqrt(np.sum(c * c))
            block = c + rng.normal(scale=noise_sigma, size=(photos_per, embed_dim))
            rows.append(block / np.sqrt(np.sum(block**2, axis=1))[:, None])
        self.embeddings = np.concatenate(rows).astype(np.float32)
        self.labels = np.array([i // photos_per for i in range(num_ids * photos_per)])

    def cosine_matrix(self):
        E = np.asarray(self.embeddings, dtype=float)
        return np.einsum("id,jd->ij", E, E)

    def analyze(self):
        C = self.cosine_matrix()
        rows, cols = np.tril_indices(len(C), -1)
        mask = np.asarray(self.labels)[rows] == np.asarray(self.labels)[cols]
        return [C[rows, cols][mask].tolist(), C[rows, cols][~mask].tolist()]

    def evaluate_thresholds(self, thresholds):
        same, diff = (np.sort(part) for part in self.analyze())
        tp = len(same) - np.searchsorted(same, thresholds, side="left")
        fp = len(diff) - np.searchsorted(diff, thresholds, side="left")
        accuracy = (tp + (len(diff) - fp)) / (len(same) + len(diff))
        return np.transpose([tp / len(same), fp / len(diff), accuracy])
