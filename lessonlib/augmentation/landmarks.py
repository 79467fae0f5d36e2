"""Finds anatomy in a picture: the brighter half, the largest bright region, a box looked up again.

Also draws the two-disc X-ray of exercise 1, on which each of them can be tried.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np

from lessonlib._validation.missing import plain_array
from lessonlib._validation.pictures import pixels_of, unit_pictures


@dataclass(frozen=True)
class Landmark:
    """Where a piece of anatomy was found.

    Parameters
    ----------
    row, column : float
        Its centre in pixels.
    score : float
        Normalised cross-correlation there, in [-1, 1]; near -1 the contrast is inverted.
    """

    row: float
    column: float
    score: float


def draw_discs(
    size: int,
    rng: np.random.Generator,
    *,
    heart: tuple[float, float, float, float] = (0.55, 0.28, 12 / 64, 0.8),
    nodule: tuple[float, float, float, float] = (0.35, 0.72, 5 / 64, 0.9),
    background: float = 0.3,
    noise: float = 0.05,
) -> np.ndarray:
    """Draw the exercise's X-ray: two discs on a noisy background.

    Parameters
    ----------
    size : int
        Side in pixels.
    rng : numpy.random.Generator
        Source of the noise.
    heart, nodule : tuple of float
        Row, column and radius as shares of the side, and brightness.
    background : float
        Brightness around the discs.
    noise : float
        Standard deviation of the Gaussian noise added everywhere.

    Returns
    -------
    numpy.ndarray, shape (size, size), float64
        Clipped to [0, 1].
    """
    place = (np.arange(size) + 0.5) / size
    image = np.full((size, size), float(background))
    for row, column, radius, value in (heart, nodule):
        image[np.hypot(place[:, None] - row, place - column) <= radius] = value
    return np.clip(image + rng.normal(0, noise, image.shape), 0, 1)


def brighter_half(image: np.ndarray) -> str:
    """Return the half of the picture with the larger sum: ``"left"``, ``"right"`` or ``"tie"``.

    Parameters
    ----------
    image : numpy.ndarray, shape (H, W)
        On an odd width the middle column counts for neither half.

    Returns
    -------
    str
    """
    columns = checked_image(image).sum(axis=0)
    half = len(columns) // 2
    left, right = columns[:half].sum(), columns[len(columns) - half :].sum()
    return "tie" if left == right else "left" if left > right else "right"


def largest_bright_region(image: np.ndarray) -> tuple[slice, slice]:
    """Return the box around the largest bright component: the heart of the exercise's X-ray.

    Parameters
    ----------
    image : numpy.ndarray, shape (H, W)
        Smoothed by 1/64 of its shorter side, then cut at Otsu's threshold.

    Returns
    -------
    tuple of slice
        Rows and columns.

    Raises
    ------
    ValueError
        Where the image is constant.
    """
    from scipy import ndimage
    from skimage.filters import threshold_otsu

    image = checked_image(image)
    if np.ptp(image) == 0:
        raise ValueError("image must show something, got a constant image")
    smooth = ndimage.gaussian_filter(image, min(image.shape) / 64)
    labels, count = ndimage.label(smooth > threshold_otsu(smooth))
    sizes = ndimage.sum_labels(np.ones_like(image), labels, np.arange(1, count + 1))
    return ndimage.find_objects(labels)[int(np.argmax(sizes))]


def find_landmark(
    original: np.ndarray, augmented: np.ndarray, region: tuple[slice, slice]
) -> Landmark:
    r"""Find in one picture the anatomy that lies in a box of another.

    Parameters
    ----------
    original, augmented : numpy.ndarray, shape (H, W)
        The box is taken from the first and looked for in the second.
    region : tuple of slice
        Rows and columns of the box.

    Returns
    -------
    Landmark
        The place where the box fits best, whichever the sign: inverted contrast and a change of
        brightness or contrast leave the answer as it is.

    Raises
    ------
    ValueError
        Where a shape does not fit or the box is constant.

    Notes
    -----
    With the box's deviation from its mean :math:`t` and the window's :math:`w`, the score is

    .. math:: \rho = \frac{\sum t w}{\sqrt{\sum t^2 \sum w^2}}

    at each place [1]_, and the answer is where :math:`|\rho|` is largest.

    References
    ----------
    .. [1] J. P. Lewis, "Fast normalized cross-correlation", Vision Interface, 1995, 120-123.
    """
    from skimage.feature import match_template

    original, augmented = checked_image(original), checked_image(augmented)
    rows, columns = _checked_region(region)
    template = original[rows, columns]
    if template.shape[0] > augmented.shape[0] or template.shape[1] > augmented.shape[1]:
        raise ValueError(
            f"augmented must be as large as the region, {template.shape}, got {augmented.shape}"
        )
    if template.size == 0 or np.ptp(template) == 0:
        raise ValueError(f"region must hold some contrast, got {region!r}")
    if np.ptp(augmented) == 0:
        return Landmark(math.nan, math.nan, 0.0)
    scores = np.clip(match_template(augmented, template), -1, 1)
    row, column = np.unravel_index(np.argmax(np.abs(scores)), scores.shape)
    height, width = template.shape
    return Landmark(
        float(row + (height - 1) / 2), float(column + (width - 1) / 2), float(scores[row, column])
    )


def _checked_region(region: tuple[slice, slice]) -> tuple[slice, slice]:
    """Return rows and columns of a box, or refuse what is none."""
    pair = isinstance(region, tuple | list) and len(region) == 2
    if not (pair and all(isinstance(s, slice) and s.step in (None, 1) for s in region)):
        raise ValueError(
            f"region must be two slices without steps, rows and columns, got {region!r}"
        )
    return region[0], region[1]


def image_of(image: np.ndarray) -> np.ndarray:
    """Return an image as an array of its own type: of a palette the colours, not the indices."""
    pil = sys.modules.get("PIL.Image")
    if pil is not None and isinstance(image, pil.Image):
        image = pixels_of("image", image)
    return plain_array("image", image)


def unit_image(image: np.ndarray) -> np.ndarray:
    """Return an image as float64 in [0, 1], by the rules of pictures that enter a network.

    Raises
    ------
    TypeError, ValueError
        As :func:`checked_image`, and where it lies outside [0, 1] or its range is not certain.
    """
    return checked_image(unit_pictures("image", image_of(image)).numpy())


def checked_image(image: np.ndarray) -> np.ndarray:
    """Return an image as float64, or refuse it.

    Parameters
    ----------
    image : array_like, shape (H, W)
        At least two columns.

    Returns
    -------
    numpy.ndarray, shape (H, W), float64

    Raises
    ------
    TypeError, ValueError
        Where the shape is another, or a value is masked, no real number, or not finite.
    """
    image = image_of(image)
    if image.dtype.kind not in "biuf":
        raise TypeError(f"image must hold real numbers, got {image.dtype}")
    image = image.astype(np.float64)
    if image.ndim != 2 or image.shape[1] < 2 or image.shape[0] < 1:
        raise ValueError(f"image must have shape (H, W) with W at least 2, got {image.shape}")
    if not np.isfinite(image).all():
        raise ValueError("image must be finite, got NaN or infinite values")
    return image
