# One generator kept in the object, NumPy scalars as answers, scikit-image for the geometry.
import numpy as np
from skimage.draw import disk
from skimage.filters import gaussian
from skimage.transform import rotate, warp


class AugmentationValidator:
    NAMES = ["rotation", "horizontal_flip", "elastic", "brightness", "noise"]

    def __init__(self, size=64, seed=42):
        self.size = size
        self.rng = np.random.RandomState(seed % 2**32)

    def generate(self):
        img = self.rng.uniform(0.05, 0.25, size=(self.size, self.size))
        img[disk((36, 16), 12)] = 0.7
        img[disk((20, 48), 5)] = 1.0
        return img

    def check_anatomical_consistency(self, original, augmented):
        def score(img):
            n = img.shape[1]
            weights = np.sign(np.arange(n) - (n - 1) / 2)
            return np.sign((img.sum(axis=0) * weights).sum())

        return score(original) == score(augmented)

    def augment(self, image):
        rows, cols = image.shape
        dy, dx = (
            30 * gaussian(self.rng.randn(rows, cols), sigma=4, mode="constant", preserve_range=True)
            for _ in range(2)
        )
        y, x = np.mgrid[:rows, :cols]
        out = {}
        out["rotation"] = rotate(image, -10, mode="constant")
        out["horizontal_flip"] = np.fliplr(image)
        out["elastic"] = warp(image, np.array([y - dy, x - dx]), order=3, mode="reflect")
        out["brightness"] = np.minimum(image * 1.2, 1.0)
        out["noise"] = np.clip(image + self.rng.randn(rows, cols) * 0.05, 0.0, 1.0)
        return out

    def signal_preservation(self, original, augmented):
        a = original - original.mean()
        b = augmented - augmented.mean()
        if np.allclose(a, 0) or np.allclose(b, 0):
            return np.float64(0)
        return (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())

    def validate(self, image=None):
        image = self.generate() if image is None else image
        augmented = self.augment(image)
        return {
            n: dict(
                correlation=self.signal_preservation(image, augmented[n]),
                consistent=self.check_anatomical_consistency(image, augmented[n]),
            )
            for n in sorted(self.NAMES)
        }

    def run(self):
        table = self.validate()
        for n in self.NAMES:
            print("|", n, "|", table[n]["consistent"], "|", round(table[n]["correlation"], 2), "|")
        return table
