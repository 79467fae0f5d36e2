# Explicit loops over channels and pairs; thresholds for constant channels; Hazen percentiles.
import numpy as np


class ScientificImageAnalyzer:
    def __init__(self, size=128, seed=42):
        self.size = size
        self.seed = seed

    def generate(self):
        rng = np.random.default_rng(self.seed)
        image = np.zeros((8, self.size, self.size))
        y = np.linspace(0, 1, self.size)[:, None] * np.ones(self.size)
        for c in range(3):
            image[c] = np.clip(128 + 60 * rng.standard_normal(y.shape), 0, 255)
        for c in (3, 4):
            image[c] = np.clip(500 + 2500 * y + rng.normal(0, 100, y.shape), 500, 3000)
        image[5] = np.clip(rng.normal(285, 10, y.shape), 250, 320)
        for c in (6, 7):
            image[c] = rng.integers(-25, 6, y.shape)
        return image

    def per_channel_normalize(self, image):
        out = np.empty(image.shape, dtype=float)
        for c in range(image.shape[0]):
            s = image[c].std()
            if s < 1e-10:
                out[c] = 0
            else:
                out[c] = (image[c] - image[c].mean()) / s
        return out

    def percentile_clip(self, image, low_pct=2, high_pct=98):
        out = image.copy()
        for c in range(image.shape[0]):
            lo = np.percentile(image[c], low_pct, method="hazen")
            hi = np.percentile(image[c], high_pct, method="hazen")
            span = hi - lo if hi - lo > 1e-12 else np.inf
            out[c] = (np.minimum(np.maximum(image[c], lo), hi) - lo) / span
        return out

    def compute_ndvi(self, image):
        out = np.zeros(image.shape[1:])
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j] = (image[3, i, j] - image[0, i, j]) / (
                    image[3, i, j] + image[0, i, j] + 1e-8
                )
        return out

    def channel_statistics(self, image):
        out = np.zeros((image.shape[0], 4))
        for c, band in enumerate(image):
            out[c] = band.mean(), band.std(), band.min(), band.max()
        return out

    def ndvi_statistics(self, image):
        ndvi = self.compute_ndvi(image)
        above = 0
        for value in ndvi.flat:
            above += value > 0.3
        return {
            "mean": float(ndvi.mean()),
            "std": float(ndvi.std()),
            "vegetation_fraction": above / ndvi.size,
        }

    def channel_correlation(self, image):
        n = image.shape[0]
        out = np.eye(n)
        for i in range(n):
            for j in range(i):
                a = image[i] - image[i].mean()
                b = image[j] - image[j].mean()
                if a.std() > 1e-10 and b.std() > 1e-10:
                    out[i, j] = out[j, i] = (a * b).mean() / (a.std() * b.std())
        return out

    def run(self):
        image = self.generate()
        changes = {}
        for name, other in (
            ("zscore", self.per_channel_normalize(image)),
            ("clip", self.percentile_clip(image)),
        ):
            difference = self.channel_correlation(other) - self.channel_correlation(image)
            changes[name] = float(np.max(np.abs(difference)))
        before = self.channel_statistics(image)
        after = self.channel_statistics(self.per_channel_normalize(image))
        ndvi = self.ndvi_statistics(image)
        for c in range(8):
            print(
                "ch", c, "before", before[c].round(1).tolist(), "after", after[c].round(1).tolist()
            )
        for key in ndvi:
            print(key, round(ndvi[key], 3))
        print("largest changes", {k: round(v, 4) for k, v in changes.items()})
        return {"before": before, "after": after, "ndvi": ndvi, "correlation_change": changes}
