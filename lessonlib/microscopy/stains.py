"""Stains under white light: how much of each, by the law of Beer and Lambert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_number, check_numbers, plain_array

#: How bright floats may be without `white`: beyond twice the glass they are counts, not shares.
_OVEREXPOSED = 2.0
#: Absorbance of red, green and blue by the stains, as measured by Ruifrok and Johnston.
STAINS = {
    "haematoxylin": (0.65, 0.70, 0.29),
    "eosin": (0.07, 0.99, 0.11),
    "DAB": (0.27, 0.57, 0.78),
}


@dataclass(frozen=True, eq=False)
class StainSeparation:
    """How much of each stain a section holds.

    Attributes
    ----------
    names : tuple of str
        The stains.
    amounts : numpy.ndarray of float64, shape (..., n)
        Optical density of each, in units of its vector of length one. Negative where the colour is
        not one that these stains can make.
    vectors : numpy.ndarray of float64, shape (n, 3)
        Unit vectors: share of each stain's density in red, green and blue.
    residual : numpy.ndarray of float64, shape (...)
        Length of what no mixture of the stains explains, as optical density.
    """

    names: tuple[str, ...]
    amounts: np.ndarray
    vectors: np.ndarray
    residual: np.ndarray

    def of(self, name: str) -> np.ndarray:
        """Return the amount of one stain.

        Parameters
        ----------
        name : str
            One of `names`.

        Returns
        -------
        numpy.ndarray of float64, shape (...)

        Raises
        ------
        ValueError
            Where there is no such stain.
        """
        if name not in self.names:
            raise ValueError(f"name must be one of {', '.join(self.names)}, got {name!r}")
        return self.amounts[..., self.names.index(name)]

    def picture(self, name: str) -> np.ndarray:
        """Return what the section would look like with one stain alone.

        Parameters
        ----------
        name : str
            One of `names`.

        Returns
        -------
        numpy.ndarray of float64, shape (..., 3)
            In [0, 1].
        """
        density = np.maximum(0, self.of(name))[..., None] * self.vectors[self.names.index(name)]
        return 10.0**-density  # I = I0 10^-D


def optical_density(rgb: np.ndarray, white: float | None = None) -> np.ndarray:
    r"""Return how much light a section absorbs, in powers of ten.

    Parameters
    ----------
    rgb : numpy.ndarray, shape (..., 3)
        Light that came through; proportional to intensity.
    white : float, optional
        What the camera writes where there is no section. 255 for uint8, 1 for floats.

    Returns
    -------
    numpy.ndarray of float64, shape (..., 3)
        0 where the light was not dimmed, 1 where a tenth is left. A black pixel is counted as half
        the smallest step (0.5 of 255): its density is unknown, and at least that.

    Raises
    ------
    TypeError
        Where `rgb` is neither uint8 nor float, or `white` is no number.
    ValueError
        Where the last axis is not 3 long, a value is negative or not finite, or `white` is not
        positive.

    Notes
    -----
    Beer and Lambert: a layer that lets a share :math:`t` through lets :math:`t^2` through when it
    is twice as thick, so the logarithm adds up:

    .. math:: D = -\log_{10} \frac{I}{I_0}.

    Examples
    --------
    >>> import numpy as np
    >>> optical_density(np.array([1.0, 0.1, 0.01])).round(3).tolist()
    [0.0, 1.0, 2.0]
    """
    values = plain_array("rgb", rgb)
    if values.ndim == 0 or values.shape[-1] != 3:
        raise ValueError(f"rgb must have shape (..., 3), got {values.shape}")
    if values.dtype != np.uint8 and values.dtype.kind != "f":
        raise TypeError(f"rgb must be uint8 or float, got {values.dtype}")
    eight_bits = values.dtype == np.uint8
    values = values.astype(np.float64)
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("rgb must be finite and not negative")
    if white is None and not eight_bits and values.max(initial=0) > _OVEREXPOSED:
        raise ValueError(
            f"rgb must lie in [0, 1] where white is not given, got {float(values.max())!r}: pass "
            "white=, the value of empty glass, such as white=255"
        )
    white = check_number(
        "white", (255.0 if eight_bits else 1.0) if white is None else white, above=0
    )
    darkest = 0.5 if eight_bits else 0.5 / 255 * white  # half a step of eight bits
    return 0.0 - np.log10(
        np.maximum(values, darkest) / white
    )  # D = -log10(I / I0), no minus before a zero


def separate_stains(
    rgb: np.ndarray,
    stains: Mapping[str, tuple[float, float, float]] | None = None,
    *,
    white: float | None = None,
) -> StainSeparation:
    r"""Return how much of each stain every pixel holds.

    Parameters
    ----------
    rgb : numpy.ndarray, shape (..., 3)
        A bright-field image, uint8 or float.
    stains : mapping of str to (float, float, float), optional
        One to three names with the density of each in red, green and blue, of any length. By
        default haematoxylin and DAB.
    white : float, optional
        As in :func:`optical_density`.

    Returns
    -------
    StainSeparation

    Raises
    ------
    TypeError
        As :func:`optical_density`.
    ValueError
        As :func:`optical_density`, or where a vector is no three finite numbers that are not
        negative, or the vectors do not differ enough to be told apart.

    Notes
    -----
    Densities add [1]_: with a stain in each row of :math:`M` and amounts :math:`c`,

    .. math:: D = c\,M \quad\Rightarrow\quad c = D\,M^{+}.

    For three stains the pseudo-inverse is the inverse, and this is
    ``skimage.color.separate_stains`` (as in ``rgb2hed``) but for three things: amounts are
    in powers of ten rather than of a million, negative ones are kept rather than set to 0, and
    what is left over with fewer than three stains is returned.

    References
    ----------
    .. [1] A. C. Ruifrok, D. A. Johnston, "Quantification of histochemical staining by color
       deconvolution", Analytical and Quantitative Cytology and Histology 23(4), 2001, 291-299.

    Examples
    --------
    >>> import numpy as np
    >>> blue = 10 ** -(0.8 * np.array(STAINS["haematoxylin"]))
    >>> (separate_stains(blue).amounts.round(2) + 0).tolist()
    [0.8, 0.0]
    """
    if stains is None:
        stains = {name: STAINS[name] for name in ("haematoxylin", "DAB")}
    if not 1 <= len(stains) <= 3:
        raise ValueError(f"stains must be one to three, got {len(stains)}")
    M = np.array([_unit(name, vector) for name, vector in stains.items()])
    if np.linalg.svd(M, compute_uv=False)[-1] < 0.02:
        raise ValueError(f"stains must differ in colour, got {M.round(3).tolist()}")
    D = optical_density(rgb, white)
    c = D @ np.linalg.pinv(M)  # D = c M
    residual = np.linalg.norm(D - c @ M, axis=-1)
    return StainSeparation(tuple(stains), c, M, residual)


def _unit(name: str, vector) -> np.ndarray:
    """Return a stain's vector at length one."""
    array = check_numbers(f"stains[{name!r}]", vector).astype(np.float64)
    if array.shape != (3,) or not np.isfinite(array).all() or (array < 0).any():
        raise ValueError(f"stains[{name!r}] must be three numbers, none negative, got {vector!r}")
    length = np.linalg.norm(array)
    if length == 0:
        raise ValueError(f"stains[{name!r}] must absorb something, got {vector!r}")
    return array / length
