# No loops over channels, epsilons in denominators, uniform channels.
import numpy as np


class ScientificImageAnalyzer:
    LOW = np.array([0, 0, 0, 500, 500, 250, -25, -25.0])[:, None, None]
    HIGH = np.array([255, 255, 255, 3000, 3000, 320, 5, 5.0])[:, None, None]

    def __init__(self, size=128, seed=42):
        self.size = size
        self.rng = np.random.default_rng(seed)

    def generate(self):
        return self.rng.uniform(self.LOW, self.HIGH, (8, self.size, self.size))

    def per_channel_normalize(self, image):
        mean = image.mean((1, 2), keepdims=True)
        std = image.std((1, 2), keepdims=True)
        return (image - mean) / (std + 1e-8)

    def percentile_clip(self, image, low_pct=2, high_pct=98):
        lo, hi = np.percentile(image, (low_pct, high_pct), axis=(1, 2), keepdims=True)
        return (np.clip(image, lo, hi) - lo) / (hi - lo + 1e-9)

    def compute_ndvi(self, image):
        return np.subtract(image[3], image[0]) / (np.add(image[3], image[0]) + 1e-8)

    def channel_statistics(self, image):
        flat = image.reshape(image.shape[0], -1)
        return np.c_[flat.mean(1), flat.std(1), flat.min(1), flat.max(1)]

    def ndvi_statistics(self, image):
        v = self.compute_ndvi(image)
        return dict(vegetation_fraction=(v > 0.3).mean(), mean=v.mean(), std=v.std())

    def channel_correlation(self, image):
        flat = image.reshape(image.shape[0], -1)
        flat = flat - flat.mean(1, keepdims=True)
        cov = flat @ flat.T
        sd = np.sqrt(np.diag(cov))
        return cov / (np.outer(sd, sd) + 1e-8)

    def run(self):
        image = self.generate()
        z, c = self.per_channel_normalize(image), self.percentile_clip(image)
        r = self.channel_correlation(image)
        out = {
            "before": self.channel_statistics(image),
            "after": self.channel_statistics(z),
            "ndvi": self.ndvi_statistics(image),
            "correlation_change": {
                "zscore": abs(self.channel_correlation(z) - r).max(),
                "clip": abs(self.channel_correlation(c) - r).max(),
            },
        }
        for k, v in out.items():
            print(k, v, sep="\n")
        return out
