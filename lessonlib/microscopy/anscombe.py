"""Noise of one strength everywhere: the generalised Anscombe transform and its way back."""

from __future__ import annotations

import functools

import numpy as np

from lessonlib._validation import check_choice, nan_array
from lessonlib.microscopy.camera import NoiseModel

_HALF = np.sqrt(1.5)
#: Photons from which the closed form is used, and how finely the table below is laid.
_LARGE, _POINTS = 400.0, 1200


def _check(name: str, values, model: NoiseModel) -> np.ndarray:
    array = nan_array(name, values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, got {array.dtype}")
    if not isinstance(model, NoiseModel):
        raise TypeError(f"model must be a NoiseModel, got {type(model).__name__}")
    return array.astype(np.float64)


def anscombe(counts, model: NoiseModel = NoiseModel()) -> np.ndarray:  # noqa: B008, frozen
    r"""Change counts so that their noise has a standard deviation of about 1, bright or dim.

    Parameters
    ----------
    counts : array_like
        What the camera wrote.
    model : NoiseModel
        The camera; by default one that counts photons and adds nothing.

    Returns
    -------
    numpy.ndarray of float64
        Same shape. Counts so low that the root would be imaginary become 0.

    Raises
    ------
    TypeError
        Where `counts` holds no numbers or `model` is something else.

    See Also
    --------
    inverse_anscombe : The way back.

    Notes
    -----
    With gain :math:`g`, offset :math:`o` and read noise :math:`\sigma` [1]_,

    .. math:: f(x) = \frac{2}{g} \sqrt{\max\bigl(0,\; g\,(x - o) + \tfrac38 g^2 + \sigma^2\bigr)}.

    The standard deviation is 1 to a few per cent from about four photons on. Below, the square root
    of a Poisson variable cannot be stabilised.

    References
    ----------
    .. [1] M. Mäkitalo, A. Foi, "Optimal inversion of the generalized Anscombe transformation for
       Poisson-Gaussian noise", IEEE Transactions on Image Processing 22(1), 2013, 91-103.
       https://doi.org/10.1109/TIP.2012.2202675

    Examples
    --------
    >>> anscombe([0, 10, 1000]).round(2).tolist()
    [1.22, 6.44, 63.26]
    """
    values = _check("counts", counts, model)
    g, o, sigma = model.gain, model.offset, model.read_noise
    # f(x) = 2/g sqrt(g (x - o) + 3/8 g^2 + sigma^2)
    return 2 / g * np.sqrt(np.maximum(0, g * (values - o) + 3 / 8 * g**2 + sigma**2))


def inverse_anscombe(values, model: NoiseModel = NoiseModel(), method: str = "exact") -> np.ndarray:  # noqa: B008
    r"""Return the expected counts behind the mean of transformed ones.

    Parameters
    ----------
    values : array_like
        Transformed and denoised: an estimate of the mean of ``anscombe(counts, model)``.
    model : NoiseModel
        The camera that was given to :func:`anscombe`.
    method : {"exact", "closed form", "algebraic"}
        The exact unbiased inverse, its approximation by a formula, or the formula of
        :func:`anscombe` solved for the counts, which is biased.

    Returns
    -------
    numpy.ndarray of float64
        Expected counts, the offset included; same shape. Values below what no light at all gives
        become the offset; by the algebraic inverse they go on falling.

    Raises
    ------
    TypeError
        Where `values` holds no numbers or `model` is something else.
    ValueError
        Where `method` is another.

    See Also
    --------
    anscombe : The transform.

    Notes
    -----
    The mean of a square root is not the square root of the mean: solving
    :math:`f(x) = D` for :math:`x` gives too little light, a quarter of a photon where there is much
    and more where there is hardly any. The exact unbiased inverse [1]_ maps
    :math:`\operatorname{E}[f(x) \mid \lambda]` back to :math:`\lambda`. Here that mean is summed
    over the Poisson distribution and, for the noise of reading, integrated by Gauss-Hermite
    quadrature, on a table of :math:`\lambda` that is interpolated.

    The closed form, used by the exact inverse too from 400 photons on, is

    .. math:: \frac{\hat x - o}{g} = \frac{D^2}{4} + \frac14\sqrt{\frac32}\,D^{-1}
        - \frac{11}{8} D^{-2} + \frac58\sqrt{\frac32}\,D^{-3} - \frac18 - \frac{\sigma^2}{g^2}.

    References
    ----------
    .. [1] M. Mäkitalo, A. Foi, "Optimal inversion of the generalized Anscombe transformation for
       Poisson-Gaussian noise", IEEE Transactions on Image Processing 22(1), 2013, 91-103.
       https://doi.org/10.1109/TIP.2012.2202675

    Examples
    --------
    >>> middle = 0.5 * (anscombe(0) + anscombe(2))  # two pixels, one photon expected
    >>> [round(float(inverse_anscombe(middle, method=m)), 2) for m in ("exact", "algebraic")]
    [0.96, 0.78]
    """
    D = _check("values", values, model)
    check_choice("method", method, ("exact", "closed form", "algebraic"))
    ratio = model.read_noise / model.gain
    if method == "algebraic":
        photons = D**2 / 4 - 3 / 8 - ratio**2
    elif method == "closed form":
        photons = _closed_form(D, ratio)
    else:
        light, mean = _table(ratio)
        photons = np.interp(D, mean, light)
        photons = np.where(mean[-1] < D, _closed_form(D, ratio), photons)
    return model.gain * photons + model.offset


def _closed_form(D: np.ndarray, ratio: float) -> np.ndarray:
    """Photons by the formula, 0 where it would be negative or below its turning point."""
    D = np.maximum(D, 2 * np.sqrt(3 / 8 + ratio**2))
    polynomial = D**2 / 4 + _HALF / 4 / D - 11 / 8 / D**2 + 5 * _HALF / 8 / D**3 - 1 / 8
    return np.maximum(0, polynomial - ratio**2)


@functools.lru_cache(maxsize=16)
def _table(ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Return photons and the mean of their transform, for a read noise of `ratio` photons."""
    light = np.linspace(0, np.sqrt(_LARGE), _POINTS) ** 2
    return light, expected_transform(light, ratio)


def expected_transform(light, ratio: float) -> np.ndarray:
    """Return the mean of the transform of Poisson-Gaussian counts, in units of the gain.

    Parameters
    ----------
    light : array_like, shape (n,)
        Expected photons.
    ratio : float
        Read noise in photons: its standard deviation divided by the gain.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        ``E[2 sqrt(max(0, N + e + 3/8 + ratio^2))]``.
    """
    from scipy.stats import poisson

    light = np.atleast_1d(np.asarray(light, dtype=np.float64))
    top = light.max(initial=0)
    photons = np.arange(int(top + 12 * np.sqrt(top) + 30))
    if ratio > 0:
        # 200 nodes: the kink of max(0, .) is smoothed over by them to better than 1e-3 photons
        nodes, weights = np.polynomial.hermite_e.hermegauss(200)
        argument = photons[:, None] + ratio * nodes + 3 / 8 + ratio**2
        rooted = 2 * np.sqrt(np.maximum(0, argument)) @ (weights / weights.sum())
    else:
        rooted = 2 * np.sqrt(photons + 3 / 8)
    # E[f] = sum over k of P(N = k) E[f | k]
    return np.concatenate(
        [poisson.pmf(photons, part[:, None]) @ rooted for part in np.array_split(light, 16)]
    )
