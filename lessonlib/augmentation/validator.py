"""Judges augmentations: is the anatomy where it belongs, and how much of the signal is left.

The check of exercise 1 compares the two halves of the picture;
:func:`lessonlib.augmentation.find_landmark` looks for the anatomy itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessonlib._validation import check_integer, check_number
from lessonlib.augmentation.elastic import ElasticDeformation
from lessonlib.augmentation.landmarks import (
    brighter_half,
    checked_image,
    draw_discs,
    find_landmark,
    largest_bright_region,
    unit_image,
)

Augmentation = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class PositionCheck:
    """Whether a piece of anatomy is still where it was.

    Parameters
    ----------
    consistent : bool
        Found, and within the distance allowed.
    distance : float
        From its place in the original, in pixels.
    score : float
        How well it was recognised: absolute normalised cross-correlation, in [0, 1].
    """

    consistent: bool
    distance: float
    score: float


class AugmentationValidator:
    """Applies augmentations to an X-ray and says what each one keeps.

    Parameters
    ----------
    size : int
        Side of the drawn X-ray in pixels.
    seed : int
        Source of all randomness: the same seed gives the same answers.

    See Also
    --------
    ElasticDeformation : One of the five augmentations.

    Notes
    -----
    Taught in the chapters *Augmentation* and *Exercise 1: validate your augmentations*. The heart
    of :meth:`generate` lies in the left half of the picture because the exercise asks for it; on
    a chest film as it hangs it lies mostly on the viewer's right.
    """

    def __init__(self, size: int = 64, seed: int = 42):
        self.size = check_integer("size", size, minimum=16)
        self.seed = check_integer("seed", seed, minimum=0)

    def generate(self) -> np.ndarray:
        """Draw the X-ray: heart disc in the left half, smaller nodule in the right, noise.

        Returns
        -------
        numpy.ndarray, shape (size, size), float64
            In [0, 1].
        """
        return draw_discs(self.size, np.random.default_rng([self.seed, 0]))

    def check_anatomical_consistency(self, original: np.ndarray, augmented: np.ndarray) -> bool:
        """Tell whether the brighter half is still the same one: the exercise's check.

        Parameters
        ----------
        original, augmented : numpy.ndarray, shape (H, W)
            The picture before and after.

        Returns
        -------
        bool
            ``False`` also where the halves of either picture tie.
        """
        side = brighter_half(original)
        return side != "tie" and brighter_half(augmented) == side

    def check_position(
        self,
        original: np.ndarray,
        augmented: np.ndarray,
        region: tuple[slice, slice] | None = None,
        *,
        tolerance: float = 0.1,
        min_score: float = 0.5,
    ) -> PositionCheck:
        """Tell whether the anatomy in `region` is still where it was.

        Parameters
        ----------
        original, augmented : numpy.ndarray, shape (H, W)
            The picture before and after.
        region : tuple of slice, optional
            Rows and columns of the anatomy in `original`; ``None`` takes the largest bright
            component.
        tolerance : float
            Distance allowed, as a share of the shorter side.
        min_score : float
            Correlation from which the anatomy counts as recognised.

        Returns
        -------
        PositionCheck
        """
        if region is None:
            region = largest_bright_region(original)
        place = find_landmark(original, original, region)
        found = find_landmark(original, augmented, region)
        distance = math.hypot(found.row - place.row, found.column - place.column)
        score = abs(found.score)
        height, width = checked_image(original).shape
        near = distance <= check_number("tolerance", tolerance, minimum=0) * min(height, width)
        return PositionCheck(
            bool(near and score >= check_number("min_score", min_score)), distance, score
        )

    def augment(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """Apply the exercise's five augmentations.

        Parameters
        ----------
        image : numpy.ndarray, shape (H, W)
            Floats in [0, 1], or uint8.

        Returns
        -------
        dict of str to numpy.ndarray
            ``rotation`` (10° counter-clockwise), ``horizontal_flip``, ``elastic`` (alpha 30,
            sigma 4), ``brightness`` (×1.2) and ``noise`` (standard deviation 0.05), in this order.
        """
        image = unit_image(image)
        return {name: change(image) for name, change in self.augmentations().items()}

    def augmentations(self) -> dict[str, Augmentation]:
        """Return the five augmentations as functions of an image in [0, 1]."""
        from scipy import ndimage

        rng = np.random.default_rng([self.seed, 1])
        elastic = ElasticDeformation(alpha=30, sigma=4, generator=rng)
        return {
            "rotation": lambda x: ndimage.rotate(x, 10, reshape=False, order=1, mode="nearest"),
            "horizontal_flip": lambda x: x[:, ::-1].copy(),
            "elastic": elastic,
            "brightness": lambda x: np.clip(1.2 * x, 0, 1),
            "noise": lambda x: np.clip(x + rng.normal(0, 0.05, x.shape), 0, 1),
        }

    def signal_preservation(self, original: np.ndarray, augmented: np.ndarray) -> float:
        """Return the Pearson correlation of the pixels, 0.0 where either picture is constant.

        Parameters
        ----------
        original, augmented : numpy.ndarray, shape (H, W)
            The picture before and after.

        Returns
        -------
        float
            In [-1, 1].
        """
        x, y = checked_image(original), checked_image(augmented)
        if x.shape != y.shape:
            raise ValueError(f"augmented must have shape {x.shape} as original, got {y.shape}")
        if np.ptp(x) == 0 or np.ptp(y) == 0:
            return 0.0
        return float(np.clip(np.corrcoef(x.ravel(), y.ravel())[0, 1], -1, 1))

    def validate(
        self,
        image: np.ndarray | None = None,
        augmentations: Mapping[str, Augmentation] | None = None,
    ) -> dict[str, dict[str, bool | float]]:
        """Judge augmentations by the exercise's two measures.

        Parameters
        ----------
        image : numpy.ndarray, shape (H, W), optional
            ``None`` takes :meth:`generate`. For the five augmentations floats in [0, 1] or
            uint8; of any range for others.
        augmentations : mapping of str to callable, optional
            Functions from an image to an image of its shape; ``None`` takes the five.

        Returns
        -------
        dict
            ``{name: {"consistent": bool, "correlation": float}}``.
        """
        image = self._image(image, augmentations)
        return {
            name: {
                "consistent": self.check_anatomical_consistency(image, changed),
                "correlation": self.signal_preservation(image, changed),
            }
            for name, changed in self._changed(image, augmentations)
        }

    def validate_position(
        self,
        image: np.ndarray | None = None,
        augmentations: Mapping[str, Augmentation] | None = None,
        region: tuple[slice, slice] | None = None,
        *,
        tolerance: float = 0.1,
        min_score: float = 0.5,
    ) -> dict[str, PositionCheck]:
        """Judge augmentations by where the anatomy ends up.

        Parameters
        ----------
        image, augmentations
            As in :meth:`validate`.
        region, tolerance, min_score
            As in :meth:`check_position`.

        Returns
        -------
        dict of str to PositionCheck
        """
        image = self._image(image, augmentations)
        return {
            name: self.check_position(
                image, changed, region, tolerance=tolerance, min_score=min_score
            )
            for name, changed in self._changed(image, augmentations)
        }

    def run(self) -> dict[str, dict[str, bool | float]]:
        """Print a line for each augmentation and return what :meth:`validate` returns."""
        results = self.validate()
        print("augmentation     brighter half kept  correlation")
        for name, result in results.items():
            kept = "yes" if result["consistent"] else "no"
            print(f"{name:<16} {kept:<19} {result['correlation']:.3f}")
        return results

    def _image(self, image: np.ndarray | None, augmentations: Any) -> np.ndarray:
        """Return the image to judge by, in the range that its augmentations take."""
        if not (augmentations is None or isinstance(augmentations, Mapping)):
            raise TypeError(
                "augmentations must map names to functions of an image, got "
                f"{type(augmentations).__name__}: {{'name': function}}"
            )
        if image is None:
            return self.generate()
        return unit_image(image) if augmentations is None else checked_image(image)

    def _changed(
        self, image: np.ndarray, augmentations: Mapping[str, Augmentation] | None
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Yield each augmentation's name and answer."""
        chosen = self.augmentations() if augmentations is None else augmentations
        for name, change in chosen.items():
            yield name, change(image.copy())
