"""Exercise 3: ``ScientificImageAnalyzer``."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from lessonlib._validation import check_integer
from lessonlib.scientific._images import check_images
from lessonlib.scientific.normalizer import MultiChannelNormalizer
from lessonlib.scientific.table import ChannelTable, channel_table

#: Name, lowest and highest value of each channel.
CHANNELS = (
    ("red", 0, 255),
    ("green", 0, 255),
    ("blue", 0, 255),
    ("near infrared 1", 500, 3000),
    ("near infrared 2", 500, 3000),
    ("thermal (K)", 250, 320),
    ("radar VV (dB)", -25, 5),
    ("radar VH (dB)", -25, 5),
)
RED, NIR = 0, 3


class ScientificImageAnalyzer:
    """Make, normalise and describe an image whose eight channels share no unit.

    Parameters
    ----------
    size : int
        Height and width of the image, in pixels.
    seed : int
        Of the image.

    Notes
    -----
    The interface is exercise 3's; the chapter *Many channels* shows what its numbers do and do
    not mean. In this image red is in 0-255 and near infrared in 500-3000, as the exercise asks,
    so that its NDVI exceeds (500 - 255) / (500 + 255) = 0.32 *everywhere*: a fraction of pixels
    above 0.3 says nothing about plants.

    Examples
    --------
    >>> analyzer = ScientificImageAnalyzer(size=16)
    >>> image = analyzer.generate()
    >>> image.shape, analyzer.ndvi_statistics(image)["vegetation_fraction"]
    ((8, 16, 16), 1.0)
    """

    def __init__(self, size: int = 128, seed: int = 42):
        self.size = check_integer("size", size, minimum=2)
        self.seed = check_integer("seed", seed, minimum=0)

    def generate(self) -> np.ndarray:
        """Return a synthetic scene whose channels all respond to one cover of plants.

        Returns
        -------
        numpy.ndarray, shape (8, size, size), float64
            Red, green and blue in 0-255, near infrared twice in 500-3000, thermal in 250-320
            kelvin, radar twice in -25 to 5 dB.
        """
        rng = np.random.default_rng(self.seed)
        shape = (self.size, self.size)

        def field() -> np.ndarray:
            smooth = ndimage.gaussian_filter(
                rng.standard_normal(shape), self.size / 16, mode="wrap"
            )
            return (smooth - smooth.mean()) / smooth.std()

        plants = 1 / (1 + np.exp(-2 * field()))  # cover, 0 to 1
        relief = field()
        # Plants absorb red, reflect near infrared, cool the ground and roughen it for radar.
        means = (
            185 - 145 * plants + 10 * relief,
            120 - 35 * plants + 8 * relief,
            100 - 55 * plants + 8 * relief,
            950 + 1700 * plants + 60 * relief,
            1000 + 1600 * plants + 60 * relief,
            308 - 20 * plants - 2 * relief,
            -15 + 6 * plants + 1.5 * relief,
            -21 + 8 * plants + 1.5 * relief,
        )
        noise = (9, 7, 7, 70, 70, 0.8, 1.2, 1.2)
        image = np.empty((len(CHANNELS), *shape))
        for channel, (_, low, high) in enumerate(CHANNELS):
            values = means[channel] + rng.normal(0, noise[channel], shape)
            image[channel] = values.clip(low, high)
        return image

    def per_channel_normalize(self, image: Any) -> np.ndarray:
        """Return each channel of ``(C, H, W)`` minus its mean, over its standard deviation.

        A constant channel becomes zeros.
        """
        image = check_images("image", image, (3,), "(C, H, W)")
        return MultiChannelNormalizer().fit(image[None]).transform(image)

    def percentile_clip(self, image: Any, low_pct: float = 2, high_pct: float = 98) -> np.ndarray:
        """Return each channel of ``(C, H, W)`` clipped to its percentiles, rescaled to [0, 1].

        A channel whose two percentiles coincide becomes zeros.
        """
        image = check_images("image", image, (3,), "(C, H, W)")
        return MultiChannelNormalizer().percentile_clip(image, low_pct, high_pct)

    def compute_ndvi(self, image: Any) -> np.ndarray:
        """Return ``(NIR - red) / (NIR + red + 1e-8)`` of ``(C, H, W)``, shape ``(H, W)``.

        Red is channel 0, near infrared channel 3. The small number is the exercise's guard
        against 0 / 0; :func:`~lessonlib.scientific.ndvi` answers NaN there instead.
        """
        image = check_images("image", image, (3,), "(C, H, W)")
        if len(image) <= NIR:
            raise ValueError(f"image must have at least 4 channels, got shape {image.shape}")
        red, nir = image[RED].astype(np.float64), image[NIR].astype(np.float64)
        return (nir - red) / (nir + red + 1e-8)

    def channel_statistics(self, image: Any) -> np.ndarray:
        """Return mean, standard deviation, minimum and maximum per channel, shape ``(C, 4)``."""
        image = check_images("image", image, (3,), "(C, H, W)")
        table = channel_table(image)
        return np.stack([table.mean, table.std, table.minimum, table.maximum], axis=1)

    def ndvi_statistics(self, image: Any) -> dict[str, float]:
        """Return the NDVI's ``mean`` and ``std``, and the ``vegetation_fraction`` above 0.3."""
        index = self.compute_ndvi(image)
        return {
            "mean": float(index.mean()),
            "std": float(index.std()),
            "vegetation_fraction": float((index > 0.3).mean()),
        }

    def channel_correlation(self, image: Any) -> np.ndarray:
        """Return the Pearson correlation of every pair of channels, shape ``(C, C)``.

        Notes
        -----
        The correlation of two channels is the mean product of their z-scores. A constant
        channel's are zeros, and so are its correlations.
        """
        image = check_images("image", image, (3,), "(C, H, W)")
        z = self.per_channel_normalize(image.astype(np.float64)).reshape(len(image), -1)
        correlation = z @ z.T / z.shape[1]
        np.fill_diagonal(correlation, 1.0)
        return correlation.clip(-1, 1)

    def run(self) -> dict[str, Any]:
        """Print the statistics before and after, the NDVI and the change of correlation.

        Returns
        -------
        dict
            ``before`` and ``after`` (of the z-scored image) as `channel_statistics` returns them,
            ``ndvi`` as `ndvi_statistics` does, and ``correlation_change``: for ``zscore`` and
            ``clip`` the largest absolute difference from the original image's correlations.
        """
        image = self.generate()
        scaled = {"zscore": self.per_channel_normalize(image), "clip": self.percentile_clip(image)}
        correlation = self.channel_correlation(image)
        change = {
            name: float(np.abs(self.channel_correlation(other) - correlation).max())
            for name, other in scaled.items()
        }
        statistics = self.ndvi_statistics(image)
        names = [name for name, _, _ in CHANNELS]
        before, after = (self.channel_statistics(each) for each in (image, scaled["zscore"]))
        print("Before\n", _table(names, before), sep="")
        print("\nAfter, z-scored\n", _table(names, after), sep="")
        print("\nNDVI:", ", ".join(f"{name} {value:.3f}" for name, value in statistics.items()))
        print(
            "Largest change of correlation:", ", ".join(f"{k} {v:.1e}" for k, v in change.items())
        )
        return {
            "before": before,
            "after": after,
            "ndvi": statistics,
            "correlation_change": change,
        }


def _table(names: list[str], statistics: np.ndarray) -> ChannelTable:
    """Return statistics ``(C, 4)`` of channels without missing pixels as a table."""
    return ChannelTable(tuple(names), np.zeros(len(names)), *np.transpose(statistics))
