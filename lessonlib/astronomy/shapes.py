"""The shape of a galaxy in three numbers: concentration, asymmetry, ellipticity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_number
from lessonlib.astronomy.profiles import concentration_of, growth, petrosian_of, place


@dataclass(frozen=True)
class GalaxyShape:
    """Three numbers of a galaxy, none of which depends on which way is up.

    Attributes
    ----------
    concentration : float
        Of the light towards the middle; a disc without a bulge has less than an elliptical.
    asymmetry : float
        Share of the light that a half turn moves, noise subtracted.
    ellipticity : float
        1 minus the ratio of the axes: 0 is round.
    radius : float
        Petrosian radius in pixels.
    """

    concentration: float
    asymmetry: float
    ellipticity: float
    radius: float

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """Return concentration, asymmetry and ellipticity, ``(3,)``."""
        return np.array([self.concentration, self.asymmetry, self.ellipticity], dtype=dtype)


def asymmetry(
    image: np.ndarray, row: float, column: float, radius: float, noise: float = 0.0
) -> float:
    r"""Return which share of a galaxy's light a half turn moves.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Sky subtracted.
    row, column : float
        The galaxy's middle, to start from.
    radius : float
        How far to look, in pixels, above 0.
    noise : float, default 0
        Standard deviation of the sky in a pixel.

    Returns
    -------
    float
        0 for a galaxy that equals its half turn. Near 0 noise can make it negative.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range, or the circle leaves the image.

    Notes
    -----
    .. math:: A = \min_c \frac{\sum |I - I_{180}|}{\sum |I|}
        - \frac{n}{\sum |I|} \cdot \frac{2 \sigma}{\sqrt \pi}

    over the :math:`n` pixels of the circle. The last term is what noise alone gives. The centre
    :math:`c` of the turn is sought within a pixel, on whole and half pixels: there a half turn is
    a reversal of rows and columns, and nothing is interpolated.

    References
    ----------
    .. [1] Conselice, C. J., Bershady, M. A. and Jangren, A. (2000). The Asymmetry of Galaxies:
       Physical Morphology for Nearby and High-Redshift Galaxies. *The Astrophysical Journal*
       529:886-910. doi:10.1086/308300
    """
    image, row, column = place(image, row, column)
    radius = check_number("radius", radius, above=0)
    noise = check_number("noise", noise, minimum=0)
    best = np.inf
    for twice_row in range(round(2 * row) - 2, round(2 * row) + 3):
        for twice_column in range(round(2 * column) - 2, round(2 * column) + 3):
            part = _turnable(image, twice_row, twice_column, radius)
            if part is not None:
                best = min(best, _half_turn(*part, noise))
    if not np.isfinite(best):
        raise ValueError(
            f"radius must keep the circle inside the image of shape {image.shape} and hold light, "
            f"got {radius:g} around row {row:g}, column {column:g}"
        )
    return best


def _turnable(image, twice_row, twice_column, radius):
    """Return the square around a centre on half pixels, and its circle; None where it leaves."""
    axes = []
    for twice, side in zip((twice_row, twice_column), image.shape, strict=True):
        low = int(np.ceil(twice / 2 - radius))
        high = twice - low  # as far on the other side
        if low < 0 or high >= side or high < low:
            return None
        axes.append(np.arange(low, high + 1))
    distance = np.hypot(axes[0][:, None] - twice_row / 2, axes[1][None, :] - twice_column / 2)
    return image[np.ix_(*axes)], distance <= radius


def _half_turn(part: np.ndarray, circle: np.ndarray, noise: float) -> float:
    light = np.abs(part[circle]).sum()
    if light == 0:
        return float("inf")
    moved = np.abs(part - part[::-1, ::-1])[circle].sum()
    return float((moved - circle.sum() * 2 * noise / np.sqrt(np.pi)) / light)


def ellipticity(image: np.ndarray, row: float, column: float, radius: float) -> float:
    r"""Return how far a galaxy is from round, by its second moments.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Sky subtracted.
    row, column : float
        The galaxy's middle.
    radius : float
        How far to look, in pixels, above 0.

    Returns
    -------
    float
        In [0, 1]; ``nan`` where the moments are not those of a bright spot.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    :math:`1 - b/a` with :math:`a^2 \ge b^2` the eigenvalues of

    .. math:: \frac{1}{\sum I} \sum I \begin{pmatrix} y^2 & xy \\ xy & x^2 \end{pmatrix}

    about the centroid. The circle is round itself, so it makes long galaxies look rounder.
    """
    image, row, column = place(image, row, column)
    radius = check_number("radius", radius, above=0)
    y, x = np.indices(image.shape, dtype=np.float64)
    inside = np.hypot(y - row, x - column) <= radius
    light, y, x = image[inside], y[inside], x[inside]
    total = light.sum()
    if total <= 0:
        return float("nan")
    y, x = y - (light * y).sum() / total, x - (light * x).sum() / total
    xy = (light * x * y).sum()
    moments = np.array([[(light * y * y).sum(), xy], [xy, (light * x * x).sum()]]) / total
    small, large = np.linalg.eigvalsh(moments)
    return float(1 - np.sqrt(small / large)) if small >= 0 < large else float("nan")


def measure_shape(image: np.ndarray, row: float, column: float, noise: float = 0.0) -> GalaxyShape:
    """Measure concentration, asymmetry and ellipticity inside 1.5 Petrosian radii.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Sky subtracted, neighbours set to 0.
    row, column : float
        The galaxy's middle.
    noise : float, default 0
        Standard deviation of the sky in a pixel.

    Returns
    -------
    GalaxyShape
        All ``nan`` where the galaxy is larger than the image.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.
    """
    image, row, column = place(image, row, column)
    curve = growth(image, row, column)
    radius = petrosian_of(*curve, 0.2)
    reach = 1.5 * radius
    height, width = image.shape
    # the half turn also looks a pixel to each side
    if not reach + 2 <= min(row, column, height - 1 - row, width - 1 - column):
        return GalaxyShape(*[float("nan")] * 4)
    return GalaxyShape(
        concentration=concentration_of(*curve),
        asymmetry=asymmetry(image, row, column, reach, noise),
        ellipticity=ellipticity(image, row, column, reach),
        radius=radius,
    )
