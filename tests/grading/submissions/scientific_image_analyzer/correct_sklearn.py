# scikit-learn's scaler, SciPy's statistics, scikit-image's rescaling, single precision out.
import numpy as np
from scipy import stats
from skimage.exposure import rescale_intensity
from sklearn.preprocessing import StandardScaler


class ScientificImageAnalyzer:
    def __init__(self, size=128, seed=42):
        self.size = size
        self.seed = seed

    def generate(self):
        rng = np.random.RandomState(self.seed % 2**32)
        bands = [rng.beta(2, 2, (self.size, self.size)) for _ in range(8)]
        spans = [
            (255, 0),
            (255, 0),
            (255, 0),
            (2500, 500),
            (2500, 500),
            (70, 250),
            (30, -25),
            (30, -25),
        ]
        return np.stack([b * width + start for b, (width, start) in zip(bands, spans)])

    def per_channel_normalize(self, image):
        pixels = image.reshape(len(image), -1).T
        return StandardScaler().fit_transform(pixels).T.reshape(image.shape).astype(np.float32)

    def percentile_clip(self, image, low_pct=2, high_pct=98):
        out = []
        for band in image:
            lo, hi = (float(stats.scoreatpercentile(band.ravel(), p)) for p in (low_pct, high_pct))
            if np.isclose(lo, hi):
                out.append(np.zeros_like(band))
            else:
                out.append(rescale_intensity(band, in_range=(lo, hi), out_range=(0.0, 1.0)))
        return np.array(out)

    def compute_ndvi(self, image):
        red, _, _, nir = image[:4].astype(float)
        return (nir - red) / (nir + red + 1e-8)

    def channel_statistics(self, image):
        rows = []
        for band in image:
            d = stats.describe(band.ravel(), ddof=0)
            rows.append([d.mean, np.sqrt(d.variance), *d.minmax])
        return np.array(rows)

    def ndvi_statistics(self, image):
        ndvi = self.compute_ndvi(image).ravel()
        return {
            "mean": np.average(ndvi),
            "std": np.sqrt(np.mean((ndvi - ndvi.mean()) ** 2)),
            "vegetation_fraction": np.count_nonzero(ndvi > 0.3) / ndvi.size,
        }

    def channel_correlation(self, image):
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.corrcoef(image.reshape(len(image), -1))
        flat = np.ptp(image.reshape(len(image), -1), axis=1) == 0
        r[flat] = 0
        r[:, flat] = 0
        np.fill_diagonal(r, 1)
        return r

    def run(self):
        scene = self.generate()
        base = self.channel_correlation(scene)
        change = {
            "zscore": np.max(
                np.abs(base - self.channel_correlation(self.per_channel_normalize(scene)))
            ),
            "clip": np.max(np.abs(base - self.channel_correlation(self.percentile_clip(scene)))),
        }
        result = {
            "correlation_change": change,
            "ndvi": self.ndvi_statistics(scene),
            "after": self.channel_statistics(self.per_channel_normalize(scene)),
            "before": self.channel_statistics(scene),
        }
        with np.printoptions(suppress=True, precision=1):
            print("before:\n", result["before"], "\nafter:\n", result["after"])
        print(result["ndvi"], change)
        return result
