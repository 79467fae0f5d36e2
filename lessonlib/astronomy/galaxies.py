"""Galaxies: drawn ones with a known profile, and those of Hubble's deep field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_integer, check_number, check_numbers
from lessonlib.astronomy._checks import as_image
from lessonlib.astronomy.shapes import GalaxyShape, measure_shape
from lessonlib.astronomy.sources import find_sources, sky_background


def sersic_galaxy(
    size: int = 129,
    index: float = 1.0,
    radius: float = 8.0,
    ellipticity: float = 0.0,
    angle: float = 0.0,
    *,
    oversampling: int = 10,
) -> np.ndarray:
    r"""Draw a smooth galaxy of total light about 1 with astropy's Sérsic profile.

    Parameters
    ----------
    size : int, default 129
        Side of the square in pixels, odd, so that its middle is a pixel.
    index : float, default 1
        Sérsic index: 1 is an exponential disc, 4 de Vaucouleurs' elliptical.
    radius : float, default 8
        That holds half of the light, in pixels, above 0.
    ellipticity : float, default 0
        1 minus the ratio of the axes, in [0, 1).
    angle : float, default 0
        Of the long axis, in degrees from the columns' axis towards growing rows.
    oversampling : int, default 10
        Points along a pixel's side over which it is averaged; even, so that none is the middle of
        the galaxy, where a steep profile has a peak that no pixel sees.

    Returns
    -------
    numpy.ndarray of float64, shape (size, size)
        What falls beyond the square is lost.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    .. math:: I(r) \propto \exp\bigl(-b_n\,(r / r_e)^{1/n}\bigr)

    with :math:`b_n` such that :math:`r_e` holds half of the light.
    """
    from astropy.modeling.models import Sersic2D
    from scipy.special import gamma, gammaincinv

    size = check_integer("size", size, minimum=9)
    index = check_number("index", index, minimum=0.3, maximum=10)
    radius = check_number("radius", radius, above=0)
    ellipticity = check_number("ellipticity", ellipticity, minimum=0)
    angle = check_number("angle", angle)
    oversampling = check_integer("oversampling", oversampling, minimum=2)
    if ellipticity >= 1:
        raise ValueError(f"ellipticity must be less than 1, got {ellipticity!r}")
    if size % 2 == 0:
        raise ValueError(f"size must be odd, got {size}")
    if oversampling % 2:
        raise ValueError(f"oversampling must be even, got {oversampling}")
    b = gammaincinv(2 * index, 0.5)
    whole = (  # light of amplitude 1 at the half-light radius
        2 * np.pi * index * radius**2 * (1 - ellipticity) * np.exp(b) * b ** (-2 * index)
    ) * gamma(2 * index)
    profile = Sersic2D(
        amplitude=1 / whole,
        r_eff=radius,
        n=index,
        x_0=size // 2,
        y_0=size // 2,
        ellip=ellipticity,
        theta=np.deg2rad(angle),
    )
    fine = (np.arange(size * oversampling) + 0.5) / oversampling - 0.5
    drawn = profile(fine[None, :], fine[:, None])
    return drawn.reshape(size, oversampling, size, oversampling).mean(axis=(1, 3))


@dataclass(frozen=True, eq=False)
class GalaxySample:
    """Galaxies cut out of one picture.

    Attributes
    ----------
    pictures : numpy.ndarray of uint8, shape (n, S, S, 3)
        In colour, neighbours included.
    light : numpy.ndarray of float64, shape (n, S, S)
        Mean of the three channels, sky subtracted, neighbours set to 0.
    rows, columns : numpy.ndarray of float64, shape (n,)
        Where in the picture.
    middles : numpy.ndarray of float64, shape (n, 2)
        Row and column of each middle in its cutout.
    noise : float
        Standard deviation of the sky in a pixel of `light`.
    shapes : tuple of GalaxyShape
    """

    pictures: np.ndarray
    light: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    middles: np.ndarray
    noise: float
    shapes: tuple[GalaxyShape, ...]

    def __len__(self) -> int:
        return len(self.rows)


def cut_galaxies(
    picture: np.ndarray,
    *,
    size: int = 65,
    min_area: int = 250,
    sigmas: float = 5.0,
    exclude: tuple[tuple[float, float], ...] = (),
) -> GalaxySample:
    """Find the large galaxies of a colour picture, cut them out and measure their shapes.

    Parameters
    ----------
    picture : numpy.ndarray of uint8, shape (H, W, 3)
        Such as the deep field's ``pixels``.
    size : int, default 65
        Side of a cutout, odd; nearer than half of it to the edge no galaxy is taken.
    min_area : int, default 250
        Pixels of the smallest one.
    sigmas : float, default 5
        Threshold, as for :func:`find_sources`.
    exclude : tuple of (row, column), default ()
        Sources within 15 pixels of these places are left out, such as stars.

    Returns
    -------
    GalaxySample
        Brightest first; those whose shape cannot be measured in the cutout are left out.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.
    """
    picture = check_numbers("picture", picture)
    if picture.ndim != 3 or picture.shape[-1] != 3:
        raise ValueError(f"picture must have shape (H, W, 3), got shape {picture.shape}")
    size = check_integer("size", size, minimum=9)
    if size % 2 == 0:
        raise ValueError(f"size must be odd, got {size}")
    check_integer("min_area", min_area, minimum=1)

    light = as_image("picture", picture.mean(axis=-1, dtype=np.float64))
    sky = sky_background(light)
    level, noise = float(np.median(sky.level)), float(np.median(sky.noise))
    if not noise > 0:
        raise ValueError(
            f"picture must have a sky with noise, from which thresholds are counted, got {noise}"
        )
    found = find_sources(light - level, noise, fwhm=3.0, sigmas=sigmas, min_area=30)

    half, kept = size // 2, []
    for i in range(len(found)):
        row, column = found.rows[i], found.columns[i]
        r, c = round(row), round(column)
        window = np.s_[r - half : r + half + 1, c - half : c + half + 1]
        near = any(np.hypot(row - y, column - x) < 15 for y, x in exclude)
        edge = min(r, c, light.shape[0] - 1 - r, light.shape[1] - 1 - c) < half
        if found.area[i] < min_area or near or edge:
            continue
        others = ~np.isin(found.segments[window], (0, found.labels[i]))
        alone = np.where(others, 0.0, light[window] - level)
        middle = row - r + half, column - c + half
        shape = measure_shape(alone, *middle, noise)
        if np.isfinite(np.asarray(shape)).all():
            kept.append((picture[window], alone, row, column, middle, shape))
    if not kept:
        raise ValueError("picture must hold at least one such galaxy, got none; lower min_area")
    pictures, alone, rows, columns, middles, shapes = zip(*kept, strict=True)
    return GalaxySample(
        *map(np.array, (pictures, alone, rows, columns, middles)), noise=noise, shapes=shapes
    )
