"""Find the augmentation that no patient could have caused.

Draw a synthetic X-ray whose heart lies in the left half of the picture, change it in five ways,
and let a check say which of them keep the anatomy believable. Images are float64 arrays of
shape (H, W) in [0, 1]. No method changes its arguments, and all randomness comes from `seed`:
the same seed gives the same answer on a new object, another seed gives another one.
"""

import numpy as np


class AugmentationValidator:
    """Apply augmentations to an X-ray and judge what each one keeps."""

    def __init__(self, size=64, seed=42):
        self.size = size
        self.seed = seed

    def generate(self):
        """Part a: draw the X-ray, shape (size, size), values in [0, 1].

        A noisy background, a bright heart disc wholly in the left half, a smaller nodule disc of
        another intensity wholly in the right half. The left half's total is clearly the larger.
        """
        # Your code here. Stuck? lessonlib hint AugmentationValidator a
        raise NotImplementedError("part a: draw the X-ray")

    def check_anatomical_consistency(self, original, augmented):
        """Part b: is the brighter half of `augmented` the brighter half of `original`? A bool.

        Compare column-wise intensity sums. On an odd width the middle column counts for neither
        half. Equal halves are not asked.
        """
        # Your code here. Stuck? lessonlib hint AugmentationValidator b
        raise NotImplementedError("part b: compare the two halves")

    def augment(self, image):
        """Part c: the five augmentations of `image`, each of its shape, as a dict in this order.

        "rotation": by 10 degrees, either sense, any interpolation and border.
        "horizontal_flip": the exact mirror image.
        "elastic": each pixel moved by a random displacement in pixels, 30 * (N(0, 1) noise
        smoothed by a Gaussian of sigma 4), an independent field for each axis.
        "brightness": times 1.2, clipped to [0, 1].
        "noise": plus N(0, 0.05), clipped to [0, 1]; N(mean, standard deviation).
        """
        # Your code here. Stuck? lessonlib hint AugmentationValidator c
        raise NotImplementedError("part c: make the five augmentations")

    def signal_preservation(self, original, augmented):
        """Part e: the Pearson correlation of the pixels; 0.0 where either image is constant."""
        # Your code here. Stuck? lessonlib hint AugmentationValidator e
        raise NotImplementedError("part e: correlate the pixels")

    def validate(self, image=None):
        """Part d: {name: {"consistent": bool, "correlation": float}} for the five augmentations.

        Of `image`, or of `generate()` where it is None.
        """
        # Your code here. Stuck? lessonlib hint AugmentationValidator d
        raise NotImplementedError("part d: judge every augmentation")

    def run(self):
        """Part verify: print a row for each augmentation, with its name; return `validate()`.

        At size 64 the flip is the only inconsistent one, and the elastic deformation correlates
        less than the brightness.
        """
        # Your code here. Stuck? lessonlib hint AugmentationValidator verify
        raise NotImplementedError("part verify: print the verdicts")
