"""A star field with known places and fluxes, seen through a point-spread function and a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_number

#: Full width at half maximum of a Gaussian, in standard deviations: 2 √(2 ln 2).
FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))


@dataclass(frozen=True, eq=False)
class StarField:
    """A drawn exposure with its truth.

    Attributes
    ----------
    image : numpy.ndarray of float32, shape (H, W)
        Electrons: Poisson noise of light and sky, Gaussian noise of reading.
    expected : numpy.ndarray of float64, shape (H, W)
        The mean of `image`: sky and stars without noise.
    rows, columns : numpy.ndarray of float64, shape (n,)
        Place of each star; a pixel's centre has whole coordinates.
    fluxes : numpy.ndarray of float64, shape (n,)
        Electrons expected from each star over an endless frame, brightest first.
    fwhm : float
        Width of the point-spread function in pixels.
    background : float
        Electrons expected from the sky in a pixel.
    read_noise : float
        Standard deviation of the noise of reading, in electrons.
    """

    image: np.ndarray
    expected: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    fluxes: np.ndarray
    fwhm: float
    background: float
    read_noise: float


def _share_per_pixel(centres: np.ndarray, length: int, sigma: float) -> np.ndarray:
    """Return the share of a Gaussian that falls into each pixel along one axis, ``(n, length)``."""
    from scipy.special import ndtr

    edges = np.arange(length + 1) - 0.5
    return np.diff(ndtr((edges - centres[:, None]) / sigma), axis=1)


def star_field(
    size: int | tuple[int, int] = 256,
    n_stars: int = 100,
    *,
    fwhm: float = 3.0,
    background: float = 100.0,
    read_noise: float = 5.0,
    faintest: float = 500.0,
    slope: float = 1.5,
    seed: int | np.random.Generator = 0,
) -> StarField:
    r"""Draw stars of known place and flux, and expose a camera to them.

    Parameters
    ----------
    size : int or (int, int), default 256
        Side of the square, or rows and columns; at least 8.
    n_stars : int, default 100
        Number of stars, spread evenly over the frame.
    fwhm : float, default 3
        Width of the Gaussian point-spread function in pixels, above 0.
    background : float, default 100
        Electrons from the sky in a pixel.
    read_noise : float, default 5
        In electrons.
    faintest : float, default 500
        Smallest flux in electrons.
    slope : float, default 1.5
        Exponent of the number of stars by flux, above 0: 1.5 is that of stars of one kind spread
        evenly through space.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    StarField

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    The number of stars brighter than :math:`F` falls as :math:`(F / F_{min})^{-s}`. A star's light
    is integrated over each pixel, not sampled at its centre, so its flux is exact:

    .. math:: \mu_{ij} = b + \sum_k F_k \,
        [\Phi(\tfrac{i + 1/2 - r_k}{\sigma}) - \Phi(\tfrac{i - 1/2 - r_k}{\sigma})] \,
        [\Phi(\tfrac{j + 1/2 - c_k}{\sigma}) - \Phi(\tfrac{j - 1/2 - c_k}{\sigma})]

    The Gaussian separates into rows and columns, so the whole frame is one product of matrices.
    """
    height, width = size if isinstance(size, tuple) else (size, size)
    height = check_integer("size", height, minimum=8)
    width = check_integer("size", width, minimum=8)
    n_stars = check_integer("n_stars", n_stars, minimum=0)
    fwhm = check_number("fwhm", fwhm, above=0)
    background = check_number("background", background, minimum=0)
    read_noise = check_number("read_noise", read_noise, minimum=0)
    faintest = check_number("faintest", faintest, above=0)
    slope = check_number("slope", slope, above=0)
    generator = as_generator(seed)

    rows = generator.uniform(-0.5, height - 0.5, n_stars)
    columns = generator.uniform(-0.5, width - 0.5, n_stars)
    # inverse of the cumulative distribution 1 - (F / F_min)^-s
    fluxes = np.sort(faintest * generator.uniform(size=n_stars) ** (-1.0 / slope))[::-1]

    sigma = fwhm / FWHM_PER_SIGMA
    along_rows = _share_per_pixel(rows, height, sigma)
    along_columns = _share_per_pixel(columns, width, sigma)
    expected = background + (fluxes[:, None] * along_rows).T @ along_columns

    image = generator.poisson(expected) + generator.normal(0.0, read_noise, expected.shape)
    return StarField(
        image=image.astype(np.float32),
        expected=expected,
        rows=rows,
        columns=columns,
        fluxes=fluxes.copy(),
        fwhm=fwhm,
        background=background,
        read_noise=read_noise,
    )
