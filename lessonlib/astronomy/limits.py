"""Detection limits from counting statistics: the CCD equation and the Poisson distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_integer, check_number
from lessonlib.images.phantoms.stars import FWHM_PER_SIGMA


def point_spread(fwhm: float, radius: int | None = None) -> np.ndarray:
    """Return the image of a star of flux 1 in the middle of a pixel: a Gaussian.

    Parameters
    ----------
    fwhm : float
        Full width at half maximum in pixels, above 0.
    radius : int, optional
        Pixels on each side of the middle one; four standard deviations where not given.

    Returns
    -------
    numpy.ndarray of float64, shape (2 radius + 1, 2 radius + 1)
        Share of the light in each pixel, integrated over it; the sum is 1.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.
    """
    from scipy.special import ndtr

    sigma = check_number("fwhm", fwhm, above=0) / FWHM_PER_SIGMA
    if radius is None:
        radius = max(1, int(np.ceil(4 * sigma)))
    radius = check_integer("radius", radius, minimum=0)
    line = np.diff(ndtr((np.arange(2 * radius + 2) - 0.5 - radius) / sigma))
    psf = np.outer(line, line)
    return psf / psf.sum()


def noise_pixels(fwhm: float) -> float:
    r"""Return over how many pixels' noise the light of a star is spread.

    Parameters
    ----------
    fwhm : float
        Full width at half maximum in pixels, above 0.

    Returns
    -------
    float
        1 where all light falls into one pixel.

    Raises
    ------
    TypeError, ValueError
        Where `fwhm` is no number above 0.

    Notes
    -----
    :math:`n = 1 / \sum p_i^2` for the shares :math:`p_i` of :func:`point_spread`;
    :math:`4 \pi \sigma^2` where the star is wide.
    """
    return float(1.0 / np.square(point_spread(fwhm)).sum())


def camera_variance(n_pixels: float, background: float, read_noise: float) -> float:
    """Return the variance that sky and reading add to a measured flux."""
    n_pixels = check_number("n_pixels", n_pixels, minimum=1)
    background = check_number("background", background, minimum=0)
    read_noise = check_number("read_noise", read_noise, minimum=0)
    return n_pixels * (background + read_noise**2)


def signal_to_noise(
    flux: float, n_pixels: float, background: float, read_noise: float = 0.0
) -> float:
    r"""Return the signal-to-noise ratio of a source: the CCD equation.

    Parameters
    ----------
    flux : float
        Electrons from the source.
    n_pixels : float
        Pixels whose noise is collected with it, at least 1.
    background : float
        Electrons from the sky in a pixel.
    read_noise : float, default 0
        In electrons.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    .. math:: \frac{S}{N} = \frac{F}{\sqrt{F + n\,(b + r^2)}}

    It is an upper bound. The sky under the star has to be estimated, from a finite number of other
    pixels, and Merline and Howell [1]_ found that an equation without that error consistently
    promises more than a measurement keeps; they give a revised one.

    References
    ----------
    .. [1] Merline, W. J. and Howell, S. B. (1995). A realistic model for point-sources imaged on
       array detectors: The model and initial results. *Experimental Astronomy* 6:163-210.
       doi:10.1007/BF00421131
    """
    flux = check_number("flux", flux, minimum=0)
    variance = flux + camera_variance(n_pixels, background, read_noise)
    return float(flux / np.sqrt(variance)) if flux else 0.0


def limiting_flux(
    ratio: float, n_pixels: float, background: float, read_noise: float = 0.0
) -> float:
    r"""Return the flux that has a given signal-to-noise ratio.

    Parameters
    ----------
    ratio : float
        The ratio asked for, above 0.
    n_pixels, background, read_noise : float
        As for :func:`signal_to_noise`.

    Returns
    -------
    float
        Electrons.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    The positive root of :math:`F^2 = k^2\,(F + V)` with :math:`V = n\,(b + r^2)`,

    .. math:: F = \frac{k}{2}\left(k + \sqrt{k^2 + 4V}\right).

    Without sky and read noise it is :math:`k^2`; under a bright sky it approaches
    :math:`k \sqrt{V}`.

    Examples
    --------
    >>> limiting_flux(5, n_pixels=1, background=0)
    25.0
    """
    ratio = check_number("ratio", ratio, above=0)
    variance = camera_variance(n_pixels, background, read_noise)
    return float(ratio / 2 * (ratio + np.sqrt(ratio**2 + 4 * variance)))


@dataclass(frozen=True)
class FalseAlarms:
    """A threshold on a count, and how often the background alone reaches it.

    Attributes
    ----------
    threshold : int
        Photons.
    rate : float
        Probability of at least so many.
    promised : float
        What a normal distribution promises for the same number of standard deviations.
    """

    threshold: int
    rate: float
    promised: float


def false_alarms(expected: float, sigmas: float = 5.0) -> FalseAlarms:
    r"""Compare what a threshold of some standard deviations promises with what it does.

    Parameters
    ----------
    expected : float
        Photons expected from the background, above 0.
    sigmas : float, default 5
        Threshold in standard deviations above it.

    Returns
    -------
    FalseAlarms

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    The threshold is the first whole number from :math:`B + k\sqrt{B}` on. Its rate is that of a
    Poisson variable with mean :math:`B`; the promise is :math:`1 - \Phi(k)`.
    """
    from scipy.stats import norm, poisson

    expected = check_number("expected", expected, above=0)
    sigmas = check_number("sigmas", sigmas, above=0)
    threshold = int(np.ceil(expected + sigmas * np.sqrt(expected)))
    return FalseAlarms(
        threshold, float(poisson.sf(threshold - 1, expected)), float(norm.sf(sigmas))
    )
