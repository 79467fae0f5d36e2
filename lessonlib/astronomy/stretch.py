"""Many orders of magnitude on a screen that shows 256 greys: the asinh stretch."""

from __future__ import annotations

import numpy as np

from lessonlib._validation import check_number, check_numbers


def asinh_stretch(
    image: np.ndarray, softening: float, white: float, black: float = 0.0
) -> np.ndarray:
    r"""Map values to [0, 1]: linear up to about the softening, logarithmic beyond.

    Parameters
    ----------
    image : array_like of any shape
        Finite numbers.
    softening : float
        Where the linear part ends, above 0, in the image's units: about the noise of the sky.
    white : float
        The value that becomes 1, above `black`. What is brighter becomes 1, too.
    black : float, default 0
        The value that becomes 0, such as the sky's level. What is darker becomes 0, too.

    Returns
    -------
    numpy.ndarray of float64, the image's shape

    Raises
    ------
    TypeError, ValueError
        Where the image holds no finite numbers, or a number is out of range.

    Notes
    -----
    .. math:: y = \frac{\operatorname{asinh}((x - b) / s)}{\operatorname{asinh}((w - b) / s)}

    References
    ----------
    .. [1] Lupton, R. H., Gunn, J. E. and Szalay, A. S. (1999). A Modified Magnitude System that
       Produces Well-Behaved Magnitudes, Colors, and Errors Even for Low Signal-to-Noise Ratio
       Measurements. *The Astronomical Journal* 118:1406-1410. doi:10.1086/301004
    """
    values, softening, white, black = _checked(image, softening, white, black)
    top = np.arcsinh((white - black) / softening)
    return np.clip(np.arcsinh((values - black) / softening) / top, 0.0, 1.0)


def asinh_colour(
    image: np.ndarray, softening: float, white: float, black: float = 0.0
) -> np.ndarray:
    r"""Stretch a colour image by its intensity, so that colours are kept.

    Parameters
    ----------
    image : array_like, shape (H, W, 3)
        Finite numbers.
    softening, white, black : float
        As for :func:`asinh_stretch`.

    Returns
    -------
    numpy.ndarray of float64, shape (H, W, 3)
        In [0, 1].

    Raises
    ------
    TypeError, ValueError
        Where the image has another shape, holds no finite numbers, or a number is out of range.

    Notes
    -----
    With :math:`I` the mean of the three channels above black and :math:`f` the stretch, each
    channel is multiplied by :math:`f(I) / I`. Where the largest of the three would pass 1, all
    three are divided by it [1]_.

    References
    ----------
    .. [1] Lupton, R. et al. (2004). Preparing Red-Green-Blue Images from CCD Data. *Publications of
       the Astronomical Society of the Pacific* 116:133-137. doi:10.1086/382245
    """
    values, softening, white, black = _checked(image, softening, white, black)
    if values.ndim != 3 or values.shape[-1] != 3:
        raise ValueError(f"image must have shape (H, W, 3), got shape {values.shape}")
    light = np.maximum(values - black, 0.0)
    intensity = light.mean(axis=-1, keepdims=True)
    stretched = asinh_stretch(intensity, softening, white - black)
    factor = np.divide(stretched, intensity, out=np.zeros_like(intensity), where=intensity > 0)
    colour = light * factor
    return colour / np.maximum(colour.max(axis=-1, keepdims=True), 1.0)


def _checked(image, softening, white, black):
    values = check_numbers("image", image).astype(np.float64, copy=False)
    if not np.isfinite(values).all():
        raise ValueError("image must be finite; mend or mask such pixels first")
    softening = check_number("softening", softening, above=0)
    black = check_number("black", black)
    white = check_number("white", white, above=black)
    return values, softening, white, black
