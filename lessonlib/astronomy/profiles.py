"""The profile of a galaxy: light inside growing circles, its radius, its concentration."""

from __future__ import annotations

import numpy as np

from lessonlib._validation import check_number
from lessonlib.astronomy._checks import as_image

#: Step of the radii at which the light inside is summed, in pixels.
_STEP = 0.5

#: Points along a pixel's side, to share its light between the rings that cross it.
_POINTS = 4


def place(image, row, column) -> tuple[np.ndarray, float, float]:
    """Return image and middle, checked."""
    image = as_image("image", image)
    row = check_number("row", row, minimum=-0.5, maximum=image.shape[0] - 0.5)
    return image, row, check_number("column", column, minimum=-0.5, maximum=image.shape[1] - 0.5)


def growth(image: np.ndarray, row: float, column: float) -> tuple[np.ndarray, np.ndarray]:
    """Return radii, and the light inside each, up to the nearest edge."""
    height, width = image.shape
    largest = min(row, column, height - 1 - row, width - 1 - column) + 0.5
    radii = np.arange(_STEP, largest + 1e-9, _STEP)
    if len(radii) < 4:
        raise ValueError(
            f"row and column must lie at least 1 pixel from the edge, got {row:g}, {column:g}"
        )
    # each pixel is spread over 4 x 4 points, which are counted by the ring that they fall into
    fine = (np.arange(_POINTS) + 0.5) / _POINTS - 0.5
    y = (np.arange(height)[:, None] + fine - row).ravel()
    x = (np.arange(width)[:, None] + fine - column).ravel()
    ring = np.hypot(y[:, None], x[None, :]) / _STEP
    light = np.repeat(np.repeat(image, _POINTS, axis=0), _POINTS, axis=1) / _POINTS**2
    inside = ring < len(radii)
    sums = np.bincount(ring[inside].astype(int), light[inside], minlength=len(radii))
    return radii, np.cumsum(sums)


def petrosian_radius(image: np.ndarray, row: float, column: float, eta: float = 0.2) -> float:
    r"""Return the radius at which a galaxy's brightness has fallen to a share of its mean.

    It depends on the shape of the profile and not on how bright or how far the galaxy is.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Sky subtracted.
    row, column : float
        The galaxy's middle.
    eta : float, default 0.2
        The share, between 0 and 1.

    Returns
    -------
    float
        Pixels; ``nan`` where the image ends before.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    The smallest :math:`r` with

    .. math:: \frac{I(r)}{\bar I(<r)} = \frac{\mathrm{d} L / \mathrm{d} (\pi r^2)}{L(r) / \pi r^2}
        = \frac{\mathrm{d} \ln L}{\mathrm{d} \ln r} \cdot \frac{1}{2} \le \eta

    where :math:`L(r)` is the light inside.

    References
    ----------
    .. [1] Petrosian, V. (1976). Surface brightness and evolution of galaxies. *The Astrophysical
       Journal* 209:L1. doi:10.1086/182253
    """
    image, row, column = place(image, row, column)
    eta = check_number("eta", eta, above=0, maximum=1)
    return petrosian_of(*growth(image, row, column), eta)


def petrosian_of(radii: np.ndarray, light: np.ndarray, eta: float) -> float:
    """Return the Petrosian radius of a curve of growth."""
    # rings a pixel wide, so that a noisy one does not end the search
    ring = np.pi * (radii[2:] ** 2 - radii[:-2] ** 2)
    middle = radii[1:-1]
    local = (light[2:] - light[:-2]) / ring
    mean = light[1:-1] / (np.pi * middle**2)
    ratio = np.divide(local, mean, out=np.zeros_like(local), where=mean > 0)
    below = np.flatnonzero(ratio <= eta)
    if not len(below):
        return float("nan")
    i = int(below[0])
    if i == 0:
        return float(middle[0])
    share = (ratio[i - 1] - eta) / (ratio[i - 1] - ratio[i])
    return float(middle[i - 1] + share * (middle[i] - middle[i - 1]))


def concentration(image: np.ndarray, row: float, column: float) -> float:
    r"""Return how strongly a galaxy's light is concentrated towards its middle.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Sky subtracted.
    row, column : float
        The galaxy's middle.

    Returns
    -------
    float
        ``nan`` where the galaxy is larger than the image.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    :math:`C = 5 \log_{10} (r_{80} / r_{20})`: the radii that hold 80% and 20% of the light inside
    1.5 Petrosian radii. A Gaussian seen whole has 2.1.

    References
    ----------
    .. [1] Conselice, C. J. (2003). The Relationship between Stellar Light Distributions of Galaxies
       and Their Formation Histories. *The Astrophysical Journal Supplement Series* 147:1-28.
       doi:10.1086/375001
    """
    return concentration_of(*growth(*place(image, row, column)))


def concentration_of(radii: np.ndarray, light: np.ndarray) -> float:
    """Return the concentration of a curve of growth."""
    radius = 1.5 * petrosian_of(radii, light, 0.2)
    if not radius <= radii[-1]:
        return float("nan")
    radii, light = np.r_[0.0, radii], np.r_[0.0, light]
    grown = np.maximum.accumulate(light[radii <= radius + _STEP])
    share = grown / np.interp(radius, radii, light)
    r20, r80 = (np.interp(level, share, radii[: len(share)]) for level in (0.2, 0.8))
    return float(5 * np.log10(r80 / r20))
