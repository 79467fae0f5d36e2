"""Find the augmentation that no patient could have caused.

Draw a synthetic X-ray whose heart lies in the left half of the picture, change it in five ways,
and let a check say which of them keep the anatomy believable. Images are float64 arrays of
shape (H, W) in [0, 1]. No method changes its arguments, and all randomness comes from `seed`:
the same seed gives the same answer on a new object, another seed gives another one.
"""

import numpy as np

# solution:begin
from scipy import ndimage

# solution:end


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
        # solution:begin part a: draw the X-ray
        # A stream for each purpose: the noise here must not come back in `augment`.
        rng = np.random.default_rng([self.seed, 0])
        row, col = np.mgrid[: self.size, : self.size] / self.size
        image = np.full((self.size, self.size), 0.3)
        image[(row - 0.55) ** 2 + (col - 0.27) ** 2 < 0.19**2] = 0.8  # heart
        image[(row - 0.35) ** 2 + (col - 0.72) ** 2 < 0.08**2] = 0.9  # nodule
        return np.clip(image + rng.normal(0, 0.05, image.shape), 0, 1)
        # solution:end

    def check_anatomical_consistency(self, original, augmented):
        """Part b: is the brighter half of `augmented` the brighter half of `original`? A bool.

        Compare column-wise intensity sums. On an odd width the middle column counts for neither
        half. Equal halves are not asked.
        """
        # solution:begin part b: compare the two halves
        return bool(self._left_is_brighter(original) == self._left_is_brighter(augmented))

    def _left_is_brighter(self, image):
        columns = np.asarray(image).sum(axis=0)
        half = len(columns) // 2
        return columns[:half].sum() > columns[-half:].sum()
        # solution:end

    def augment(self, image):
        """Part c: the five augmentations of `image`, each of its shape, as a dict in this order.

        "rotation": by 10 degrees, either sense, any interpolation and border.
        "horizontal_flip": the exact mirror image.
        "elastic": each pixel moved by a random displacement in pixels, 30 * (N(0, 1) noise
        smoothed by a Gaussian of sigma 4), an independent field for each axis.
        "brightness": times 1.2, clipped to [0, 1].
        "noise": plus N(0, 0.05), clipped to [0, 1]; N(mean, standard deviation).
        """
        # solution:begin part c: make the five augmentations
        rng = np.random.default_rng([self.seed, 1])
        displacement = [
            30 * ndimage.gaussian_filter(rng.standard_normal(image.shape), sigma=4)
            for _ in range(image.ndim)
        ]
        moved = np.indices(image.shape) + displacement
        return {
            "rotation": ndimage.rotate(image, 10, reshape=False, order=1, mode="nearest"),
            "horizontal_flip": image[:, ::-1].copy(),
            "elastic": ndimage.map_coordinates(image, moved, order=1, mode="nearest"),
            "brightness": np.clip(1.2 * image, 0, 1),
            "noise": np.clip(image + rng.normal(0, 0.05, image.shape), 0, 1),
        }
        # solution:end

    def signal_preservation(self, original, augmented):
        """Part e: the Pearson correlation of the pixels; 0.0 where either image is constant."""
        # solution:begin part e: correlate the pixels
        if np.ptp(original) == 0 or np.ptp(augmented) == 0:
            return 0.0
        return float(np.corrcoef(np.ravel(original), np.ravel(augmented))[0, 1])
        # solution:end

    def validate(self, image=None):
        """Part d: {name: {"consistent": bool, "correlation": float}} for the five augmentations.

        Of `image`, or of `generate()` where it is None.
        """
        # solution:begin part d: judge every augmentation
        if image is None:
            image = self.generate()
        return {
            name: {
                "consistent": self.check_anatomical_consistency(image, augmented),
                "correlation": self.signal_preservation(image, augmented),
            }
            for name, augmented in self.augment(image).items()
        }
        # solution:end

    def run(self):
        """Part verify: print a row for each augmentation, with its name; return `validate()`.

        At size 64 the flip is the only inconsistent one, and the elastic deformation correlates
        less than the brightness.
        """
        # solution:begin part verify: print the verdicts
        results = self.validate()
        print(f"{'augmentation':<16} {'consistent':<10} {'correlation':>11}")
        for name, result in results.items():
            verdict = "yes" if result["consistent"] else "NO"
            print(f"{name:<16} {verdict:<10} {result['correlation']:>11.3f}")
        return results
        # solution:end
