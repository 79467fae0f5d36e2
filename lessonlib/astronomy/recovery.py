"""Stars found by a matched filter: what theory says, and what planted stars say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_number, check_numbers
from lessonlib.astronomy._checks import as_image, as_mask
from lessonlib.astronomy.limits import camera_variance, point_spread
from lessonlib.evaluation import Interval, binomial_interval


def matched_filter(image: np.ndarray, fwhm: float) -> np.ndarray:
    r"""Return the flux that a star at each pixel would have, sky subtracted beforehand.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Electrons above the sky.
    fwhm : float
        Width of the stars in pixels, above 0.

    Returns
    -------
    numpy.ndarray of float64, shape (H, W)
        Electrons; beyond the edge there is no light.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    The least-squares flux of a star of shape :math:`p` under noise that is equal everywhere,

    .. math:: \hat F = \frac{\sum_i p_i\,x_i}{\sum_i p_i^2}, \qquad
        \operatorname{var} \hat F = \frac{b + r^2}{\sum p_i^2}
        + F\,\frac{\sum p_i^3}{(\sum p_i^2)^2}.
    """
    from scipy.signal import fftconvolve

    image, psf = as_image("image", image), point_spread(fwhm)
    # a symmetric kernel: convolution is correlation
    return fftconvolve(image, psf, mode="same") / np.square(psf).sum()


def completeness(
    fluxes: Sequence[float] | np.ndarray,
    threshold: float,
    fwhm: float,
    background: float,
    read_noise: float = 0.0,
) -> np.ndarray:
    r"""Return the share of stars of each flux that a matched filter should find.

    Parameters
    ----------
    fluxes : array_like, shape (n,)
        Electrons, at least 0.
    threshold : float
        Measured flux from which on a star counts as found.
    fwhm : float
        Width of the stars in pixels, above 0.
    background, read_noise : float
        Electrons from the sky in a pixel; noise of reading it.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    :math:`\Phi\bigl((F - T) / \sqrt{\operatorname{var} \hat F}\bigr)` with the variance of
    :func:`matched_filter`, for stars in the middle of a pixel.
    """
    from scipy.special import ndtr

    fluxes = check_numbers("fluxes", fluxes).astype(np.float64)
    if fluxes.ndim != 1 or not np.isfinite(fluxes).all() or (fluxes < 0).any():
        raise ValueError(f"fluxes must be finite and at least 0, of shape (n,), got {fluxes!r}")
    threshold = check_number("threshold", threshold)
    psf = point_spread(fwhm)
    power = np.square(psf).sum()
    camera = camera_variance(1 / power, background, read_noise)
    variance = camera + fluxes * (psf**3).sum() / power**2
    return ndtr((fluxes - threshold) / np.sqrt(np.maximum(variance, np.finfo(float).tiny)))


@dataclass(frozen=True)
class Recovery:
    """Planted stars of one flux, and how many were found.

    Attributes
    ----------
    flux : float
        Electrons.
    found : int
    planted : int
    """

    flux: float
    found: int
    planted: int

    @property
    def share(self) -> Interval:
        """Share found, with its 95% interval."""
        return binomial_interval(self.found, self.planted)


def recover_stars(
    image: np.ndarray,
    fluxes: Sequence[float],
    *,
    fwhm: float,
    threshold: float,
    usable: np.ndarray | None = None,
    n_stars: int = 100,
    seed: int | np.random.Generator = 0,
) -> list[Recovery]:
    """Plant stars one by one in an image, and count how many the matched filter finds.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Electrons above the sky, with its noise.
    fluxes : sequence of float
        Electrons of the stars planted, above 0.
    fwhm : float
        Width of the stars in pixels, above 0.
    threshold : float
        Measured flux from which on a star counts as found.
    usable : numpy.ndarray of bool, shape (H, W), optional
        Where stars may be planted: all but the edge, where not given.
    n_stars : int, default 100
        Of each flux. Each is alone in the image.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    list of Recovery
        In the order of `fluxes`.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range, or no pixel is usable.

    Notes
    -----
    The filter is linear, so the answer to image plus star is the image's own answer plus the flux:
    the image is filtered once. The star's own photons are drawn, each falling into a pixel by
    chance.
    """
    image = as_image("image", image)
    threshold = check_number("threshold", threshold)
    n_stars = check_integer("n_stars", n_stars, minimum=1)
    generator = as_generator(seed)
    psf = point_spread(fwhm)
    margin = len(psf) // 2
    inside = np.zeros(image.shape, dtype=bool)
    inside[margin : image.shape[0] - margin, margin : image.shape[1] - margin] = True
    if usable is not None:
        inside &= as_mask("usable", usable, image.shape)
    places = np.argwhere(inside)
    if not len(places):
        raise ValueError(f"usable must leave pixels at least {margin} from the edge, got none")

    blank = matched_filter(image, fwhm)
    weights = psf / np.square(psf).sum()
    results = []
    for flux in check_numbers("fluxes", fluxes).ravel().tolist():
        flux = check_number("fluxes", flux, above=0, maximum=9e18)  # NumPy's Poisson numbers
        rows, columns = places[generator.integers(len(places), size=n_stars)].T
        photons = generator.poisson(flux * psf, size=(n_stars, *psf.shape))
        measured = blank[rows, columns] + (photons * weights).sum(axis=(1, 2))
        results.append(Recovery(flux, int((measured >= threshold).sum()), n_stars))
    return results
