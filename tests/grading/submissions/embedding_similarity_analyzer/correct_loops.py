# Loops, the standard library's random numbers, lists for attributes and answers.
import math
import random


class EmbeddingSimilarityAnalyzer:
    def __init__(self, num_ids=5, photos_per=10, embed_dim=512, noise_sigma=0.15, seed=42):
        rnd = random.Random(seed)
        self.embeddings, self.labels = [], []
        for identity in range(num_ids):
            centroid = self.unit([rnd.gauss(0, 1) for _ in range(embed_dim)])
            for _ in range(photos_per):
                self.embeddings.append(self.unit([c + rnd.gauss(0, noise_sigma) for c in centroid]))
                self.labels.append(identity)

    @staticmethod
    def unit(v):
        length = math.sqrt(sum(x * x for x in v))
        return [x / length for x in v]

    def cosine_matrix(self):
        return [
            [sum(a * b for a, b in zip(u, v)) for v in self.embeddings] for u in self.embeddings
        ]

    def analyze(self):
        cosines = self.cosine_matrix()
        same, diff = [], []
        for i in range(len(self.labels)):
            for j in range(i):
                (same if self.labels[i] == self.labels[j] else diff).append(cosines[i][j])
        return same, diff

    def evaluate_thresholds(self, thresholds):
        same, diff = self.analyze()
        table = []
        for t in thresholds:
            tp = sum(c >= t for c in same)
            fp = sum(c >= t for c in diff)
            accuracy = (tp + len(diff) - fp) / (len(same) + len(diff))
            table.append((tp / len(same), fp / len(diff), accuracy))
        return table
