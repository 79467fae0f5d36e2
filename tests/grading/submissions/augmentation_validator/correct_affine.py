# Rotation as an affine map, z-scores for the correlation, validate() that does the work inline.
import numpy as np
from scipy.ndimage import affine_transform, gaussian_filter, map_coordinates


class AugmentationValidator:
    def __init__(self, size=64, seed=42):
        self.size, self.seed = size, seed
        self.image = None

    def stream(self, purpose):
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(purpose,)))

    def generate(self):
        n, rng = self.size, self.stream(0)
        r, c = np.indices((n, n))
        bump = np.clip(11.5 - np.sqrt((r - 30) ** 2 + (c - 17) ** 2), 0, 1) * 0.5
        spot = np.clip(4.5 - np.sqrt((r - 44) ** 2 + (c - 50) ** 2), 0, 1) * 0.35
        return np.clip(rng.normal(0.3, 0.1, (n, n)) + bump + spot, 0, 1)

    def check_anatomical_consistency(self, original, augmented):
        profile = [np.add.reduce(x, axis=0) for x in (original, augmented)]
        k = len(profile[0]) // 2
        difference = [p[:k].sum() - p[::-1][:k].sum() for p in profile]
        return difference[0] * difference[1] > 0

    def augment(self, image):
        rng = self.stream(1)
        t = np.deg2rad(10)
        turn = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
        centre = (np.array(image.shape) - 1) / 2
        noise = rng.normal(0, 0.05, image.shape)
        coordinates = np.indices(image.shape).astype(float)
        for axis in (0, 1):
            field = gaussian_filter(rng.normal(size=image.shape), 4, mode="wrap", truncate=3)
            coordinates[axis] -= 30 * field
        return {
            "rotation": affine_transform(image, turn, centre - turn @ centre, order=0),
            "horizontal_flip": image @ np.eye(image.shape[1])[::-1],
            "elastic": np.clip(map_coordinates(image, coordinates, order=0, cval=0.5), 0, 1),
            "brightness": (image + 0.2 * image).clip(max=1),
            "noise": (image + noise).clip(0, 1),
        }

    def signal_preservation(self, original, augmented):
        z = []
        for pixels in (original, augmented):
            pixels = pixels - pixels.flat[0]
            if not pixels.any():
                return 0.0
            z.append((pixels - pixels.mean()) / pixels.std())
        return float(np.mean(z[0] * z[1]))

    def validate(self, image=None):
        image = self.generate() if image is None else np.asarray(image)
        rows = {}
        for name in ("noise", "elastic", "brightness", "rotation", "horizontal_flip"):
            other = self.augment(image)[name]
            rows[name] = {
                "correlation": self.signal_preservation(image, other),
                "consistent": self.check_anatomical_consistency(image, other),
            }
        return rows

    def run(self):
        rows = self.validate()
        print("\n".join(f"{name:>16}  {row}" for name, row in rows.items()))
        return rows
