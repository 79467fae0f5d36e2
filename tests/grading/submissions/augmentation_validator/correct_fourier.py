# SciPy throughout, the seeded global generator, Gaussian smoothing in Fourier space, float32.
import numpy as np
import scipy.ndimage as ndi
from scipy.stats import pearsonr


class AugmentationValidator:
    def __init__(self, size=64, seed=42):
        self.size = size
        np.random.seed(seed % (2**32))

    def generate(self):
        n = self.size
        yy, xx = np.ogrid[:n, :n]
        image = 0.25 * np.ones((n, n)) + 0.08 * np.random.randn(n, n)
        image += 0.6 * (np.hypot(yy - 0.6 * n, xx - 0.25 * n) < 0.2 * n)
        image += 0.3 * (np.hypot(yy - 0.3 * n, xx - 0.75 * n) < 0.1 * n)
        return image.clip(0, 1)

    def check_anatomical_consistency(self, original, augmented):
        o, a = (
            np.array_split(x.sum(0), [x.shape[1] // 2, -(x.shape[1] // 2)])
            for x in (original, augmented)
        )
        return np.bool_((o[0].sum() < o[2].sum()) == (a[0].sum() < a[2].sum()))

    def augment(self, image):
        def field():
            noise = np.fft.fft2(np.random.standard_normal(image.shape))
            return 30 * np.fft.ifft2(ndi.fourier_gaussian(noise, 4)).real

        grid = np.meshgrid(*map(np.arange, image.shape), indexing="ij")
        coordinates = [g + field() for g in grid]
        return {
            "rotation": ndi.rotate(image, 10, reshape=False),
            "horizontal_flip": np.flip(image, axis=-1),
            "elastic": ndi.map_coordinates(image, coordinates, order=3, mode="wrap"),
            "brightness": np.clip(image.astype(np.float32) * np.float32(1.2), 0, 1),
            "noise": np.clip(np.random.normal(image, 0.05), 0, 1),
        }

    def validate(self, image=None):
        if image is None:
            image = self.generate()
        return {
            name: {
                "consistent": self.check_anatomical_consistency(image, new),
                "correlation": self.signal_preservation(image, new),
            }
            for name, new in self.augment(image).items()
        }

    def signal_preservation(self, original, augmented):
        if original.min() == original.max() or augmented.min() == augmented.max():
            return 0.0
        return pearsonr(original.flatten(), augmented.flatten()).statistic

    def run(self):
        answer = self.validate()
        for key, value in answer.items():
            print(key.ljust(20), value["consistent"], f"{100 * value['correlation']:.0f} %")
        return answer
