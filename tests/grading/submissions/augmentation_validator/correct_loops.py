# The standard library where it will do, loops, nested lists, nearest neighbours.
import math
import random
import statistics

import numpy as np


class AugmentationValidator:
    def __init__(self, size=64, seed=42):
        self.size = size
        self.seed = seed

    def generate(self):
        rnd = random.Random(self.seed)
        n = self.size
        heart = (n // 2 + rnd.randint(-4, 4), n // 4, n // 6, 0.85)
        nodule = (n // 3 + rnd.randint(-4, 4), 3 * n // 4, n // 16, 0.55)
        image = []
        for r in range(n):
            row = []
            for c in range(n):
                value = 0.2
                for cr, cc, radius, level in (heart, nodule):
                    if math.hypot(r - cr, c - cc) <= radius:
                        value = level
                row.append(min(1.0, max(0.0, value + rnd.gauss(0, 0.04))))
            image.append(row)
        return image

    def check_anatomical_consistency(self, original, augmented):
        sides = []
        for image in (original, augmented):
            width = len(image[0])
            left = right = 0.0
            for c in range(width):
                column = sum(float(row[c]) for row in image)
                if c < width // 2:
                    left += column
                elif c >= width - width // 2:
                    right += column
            sides.append("left" if left > right else "right")
        return sides[0] == sides[1]

    def augment(self, image):
        image = np.array(image, dtype=float)
        h, w = image.shape
        rng = np.random.default_rng(self.seed + 1)
        out = {}
        # rotation: where does each pixel come from?
        c, s = math.cos(math.radians(10)), math.sin(math.radians(10))
        y, x = np.mgrid[0:h, 0:w]
        y0, x0 = h / 2, w / 2
        out["rotation"] = self.pick(
            image, y0 + c * (y - y0) - s * (x - x0), x0 + s * (y - y0) + c * (x - x0)
        )
        out["horizontal_flip"] = np.array([list(reversed(row)) for row in image.tolist()])
        dx = self.smooth(rng.normal(size=(h, w))) * 30
        dy = self.smooth(rng.normal(size=(h, w))) * 30
        out["elastic"] = self.pick(image, y + dy, x + dx)
        out["brightness"] = np.where(image * 1.2 > 1, 1, image * 1.2).tolist()
        noisy = image + rng.normal(loc=0, scale=0.05, size=(h, w))
        out["noise"] = np.maximum(0, np.minimum(1, noisy))
        return out

    @staticmethod
    def pick(image, y, x):
        h, w = image.shape
        iy, ix = np.rint(y).astype(int), np.rint(x).astype(int)
        inside = (iy >= 0) & (iy < h) & (ix >= 0) & (ix < w)
        return np.where(inside, image[iy.clip(0, h - 1), ix.clip(0, w - 1)], 0.0)

    @staticmethod
    def smooth(noise):
        kernel = np.exp(-0.5 * (np.arange(-16, 17) / 4.0) ** 2)
        kernel /= kernel.sum()
        for axis in (0, 1):
            noise = np.apply_along_axis(
                lambda v: np.convolve(v, kernel, mode="full")[16:-16], axis, noise
            )
        return noise

    def signal_preservation(self, original, augmented):
        a = np.asarray(original).ravel().tolist()
        b = np.asarray(augmented).ravel().tolist()
        if len(set(a)) == 1 or len(set(b)) == 1:
            return 0
        return statistics.correlation(a, b)

    def validate(self, image=None):
        if image is None:
            image = self.generate()
        result = {}
        for name, other in self.augment(image).items():
            result[name] = {
                "consistent": self.check_anatomical_consistency(image, other),
                "correlation": self.signal_preservation(image, other),
            }
        return result

    def run(self):
        result = self.validate()
        for name in result:
            print(f"{name}: {result[name]}")
        return result
