"""Normalise eight channels in four units, and see what is kept and what is lost.

A small satellite scene holds colour, near infrared, temperature and radar. Normalise it in two
ways and measure what happens to its statistics, to its vegetation index and to the correlations
between its channels. Images are float64 arrays of shape (C, H, W). Statistics are of the
population (ddof=0). A constant channel is constant whatever its value, 0.1 included. No method
changes its arguments, and all randomness comes from `seed`: the same seed gives the same answer
on a new object, another seed gives another one.
"""

import numpy as np

# solution:begin
from scipy import ndimage

# solution:end


class ScientificImageAnalyzer:
    """Analyse an image whose channels have different units and ranges."""

    def __init__(self, size=128, seed=42):
        self.size = size
        self.seed = seed

    def generate(self):
        """Part a: a scene of shape (8, size, size).

        Channels 0-2 are red, green, blue in 0 to 255; 3-4 near infrared in 500 to 3000; 5 thermal
        in 250 to 320 kelvin; 6-7 radar in -25 to 5 decibel.
        """
        # solution:begin part a: draw the scene
        rng = np.random.default_rng(self.seed)
        # One landscape shows in every channel, to a different degree and sign: only channels that
        # are correlated can show whether a normalisation changes correlations.
        shared, *own = (self._field(rng) for _ in range(9))
        weights = [-0.8, 0.3, -0.5, 0.9, 0.8, -0.6, 0.4, 0.2]
        ranges = [(0, 255)] * 3 + [(500, 3000)] * 2 + [(250, 320)] + [(-25, 5)] * 2
        scene = np.empty((8, self.size, self.size))
        for channel, (weight, (low, high)) in enumerate(zip(weights, ranges, strict=True)):
            mixed = weight * shared + np.sqrt(1 - weight**2) * own[channel]
            scene[channel] = low + (high - low) * np.clip(0.5 + 0.18 * mixed, 0, 1)
        return scene

    def _field(self, rng):
        field = ndimage.gaussian_filter(rng.standard_normal((self.size, self.size)), sigma=4)
        return (field - field.mean()) / field.std()
        # solution:end

    def per_channel_normalize(self, image):
        """Part b: each channel's z-score; a constant channel becomes zeros."""
        # solution:begin part b: centre and scale each channel
        result = np.zeros(image.shape)
        for channel, values in enumerate(image):
            if np.ptp(values) > 0:
                result[channel] = (values - values.mean()) / values.std()
        return result
        # solution:end

    def percentile_clip(self, image, low_pct=2, high_pct=98):
        """Part c: each channel clipped to its own percentiles and rescaled to [0, 1].

        Where the two percentiles coincide the channel becomes zeros.
        """
        # solution:begin part c: clip, then rescale
        result = np.zeros(image.shape)
        for channel, values in enumerate(image):
            low, high = np.percentile(values, [low_pct, high_pct])
            if high > low:
                result[channel] = (np.clip(values, low, high) - low) / (high - low)
        return result
        # solution:end

    def compute_ndvi(self, image):
        """Part d: (NIR - red) / (NIR + red + 1e-8), shape (H, W).

        Red is channel 0, near infrared (NIR) is channel 3.
        """
        # solution:begin part d: the vegetation index
        red, nir = image[0], image[3]
        return (nir - red) / (nir + red + 1e-8)
        # solution:end

    def channel_statistics(self, image):
        """Part e: mean, std, min and max of each channel, shape (C, 4)."""
        # solution:begin part e: four numbers a channel
        pixels = image.reshape(len(image), -1)
        columns = [pixels.mean(axis=1), pixels.std(axis=1), pixels.min(axis=1), pixels.max(axis=1)]
        return np.stack(columns, axis=1)
        # solution:end

    def ndvi_statistics(self, image):
        """Part f: {"mean", "std", "vegetation_fraction"} of the NDVI of `image`.

        The vegetation fraction is the fraction of pixels with NDVI > 0.3.
        """
        # solution:begin part f: summarise the index
        ndvi = self.compute_ndvi(image)
        return {
            "mean": float(ndvi.mean()),
            "std": float(ndvi.std()),
            "vegetation_fraction": float(np.mean(ndvi > 0.3)),
        }
        # solution:end

    def channel_correlation(self, image):
        """Part g: Pearson correlations between channels, shape (C, C).

        A constant channel's off-diagonal entries are 0.0; its diagonal entry is not asked.
        """
        # solution:begin part g: correlate the channels
        z = self.per_channel_normalize(image).reshape(len(image), -1)
        return z @ z.T / z.shape[1]
        # solution:end

    def run(self):
        """Part verify: print the statistics before and after, the NDVI and the largest changes.

        Return {"before", "after", "ndvi", "correlation_change": {"zscore": float, "clip": float}}
        of `generate()`: the channel statistics of the scene and of the z-scored scene, the scene's
        NDVI statistics, and for each normalisation the largest absolute difference from the
        scene's own correlations.
        """
        # solution:begin part verify: report what changed
        scene = self.generate()
        zscored, clipped = self.per_channel_normalize(scene), self.percentile_clip(scene)
        correlation = self.channel_correlation(scene)
        report = {
            "before": self.channel_statistics(scene),
            "after": self.channel_statistics(zscored),
            "ndvi": self.ndvi_statistics(scene),
            "correlation_change": {
                "zscore": float(np.abs(self.channel_correlation(zscored) - correlation).max()),
                "clip": float(np.abs(self.channel_correlation(clipped) - correlation).max()),
            },
        }
        for moment in ("before", "after"):
            print(f"{moment:<8}{'mean':>10}{'std':>10}{'min':>10}{'max':>10}")
            for channel, row in enumerate(report[moment]):
                print(f"{channel:<8}" + "".join(f"{round(value, 2) + 0.0:>10.2f}" for value in row))
        print("ndvi   ", *(f"{name} {value:.3f}" for name, value in report["ndvi"].items()))
        for name, change in report["correlation_change"].items():
            print(f"largest change of correlation, {name}: {change:.4f}")
        return report
        # solution:end
