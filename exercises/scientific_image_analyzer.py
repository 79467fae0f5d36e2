"""Normalise eight channels in four units, and see what is kept and what is lost.

A small satellite scene holds colour, near infrared, temperature and radar. Normalise it in two
ways and measure what happens to its statistics, to its vegetation index and to the correlations
between its channels. Images are float64 arrays of shape (C, H, W). Statistics are of the
population (ddof=0). A constant channel is constant whatever its value, 0.1 included. No method
changes its arguments, and all randomness comes from `seed`: the same seed gives the same answer
on a new object, another seed gives another one.
"""

import numpy as np


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
        # Your code here. Stuck? lessonlib hint ScientificImageAnalyzer a
        raise NotImplementedError("part a: draw the scene")

    def per_channel_normalize(self, image):
        """Part b: each channel's z-score; a constant channel becomes zeros."""
        # Your code here. Stuck? lessonlib hint ScientificImageAnalyzer b
        raise NotImplementedError("part b: centre and scale each channel")

    def percentile_clip(self, image, low_pct=2, high_pct=98):
        """Part c: each channel clipped to its own percentiles and rescaled to [0, 1].

        Where the two percentiles coincide the channel becomes zeros.
        """
        # Your code here. Stuck? lessonlib hint ScientificImageAnalyzer c
        raise NotImplementedError("part c: clip, then rescale")

    def compute_ndvi(self, image):
        """Part d: (NIR - red) / (NIR + red + 1e-8), shape (H, W).

        Red is channel 0, near infrared (NIR) is channel 3.
        """
        # Your code here. Stuck? lessonlib hint ScientificImageAnalyzer d
        raise NotImplementedError("part d: the vegetation index")

    def channel_statistics(self, image):
        """Part e: mean, std, min and max of each channel, shape (C, 4)."""
        # Your code here. Stuck? lessonlib hint ScientificImageAnalyzer e
        raise NotImplementedError("part e: four numbers a channel")

    def ndvi_statistics(self, image):
        """Part f: {"mean", "std", "vegetation_fraction"} of the NDVI of `image`.

        The vegetation fraction is the fraction of pixels with NDVI > 0.3.
        """
        # Your code here. Stuck? lessonlib hint ScientificImageAnalyzer f
        raise NotImplementedError("part f: summarise the index")

    def channel_correlation(self, image):
        """Part g: Pearson correlations between channels, shape (C, C).

        A constant channel's off-diagonal entries are 0.0; its diagonal entry is not asked.
        """
        # Your code here. Stuck? lessonlib hint ScientificImageAnalyzer g
        raise NotImplementedError("part g: correlate the channels")

    def run(self):
        """Part verify: print the statistics before and after, the NDVI and the largest changes.

        Return {"before", "after", "ndvi", "correlation_change": {"zscore": float, "clip": float}}
        of `generate()`: the channel statistics of the scene and of the z-scored scene, the scene's
        NDVI statistics, and for each normalisation the largest absolute difference from the
        scene's own correlations.
        """
        # Your code here. Stuck? lessonlib hint ScientificImageAnalyzer verify
        raise NotImplementedError("part verify: report what changed")
