"""What noise does to a cosine, and what cosine strangers have: exact, in any dimension."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, gammaln, hyp1f1

from lessonlib._validation import check_integer, check_number


def _dimension(dim: int) -> int:
    return check_integer("dim", dim, minimum=2)


def mean_resultant_length(noise_sigma: float, dim: int) -> float:
    r"""Return the expected cosine of a unit vector and the same vector with noise added.

    Parameters
    ----------
    noise_sigma : float
        Standard deviation of the normal noise in every component; 0 is allowed.
    dim : int
        Number of components, at least 2.

    Returns
    -------
    float
        In (0, 1].

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    Let :math:`v` have length 1 and :math:`z` be standard normal. The direction of
    :math:`v + \sigma z` is the gradient of its length, so the expected direction is the gradient of
    the expected length, the mean of a noncentral chi distribution. It points along :math:`v` and
    has the length

    .. math:: \rho = \frac{1}{\sqrt{2}\,\sigma}\,
              \frac{\Gamma\bigl(\frac{d+1}{2}\bigr)}{\Gamma\bigl(\frac{d}{2}+1\bigr)}\;
              {}_1F_1\Bigl(\tfrac12;\, \tfrac{d}{2}+1;\, -\tfrac{1}{2\sigma^2}\Bigr)
              \;\approx\; \frac{1}{\sqrt{1 + d\sigma^2}} .

    Examples
    --------
    >>> round(mean_resultant_length(0.15, 512), 4)
    0.2825
    """
    sigma = check_number("noise_sigma", noise_sigma, minimum=0)
    dim = _dimension(dim)
    if sigma < 1e-6:  # the series to second order is exact here, and the formula overflows
        return 1 - (dim - 1) * sigma**2 / 2
    gammas = np.exp(gammaln((dim + 1) / 2) - gammaln(dim / 2 + 1))
    return float(gammas * hyp1f1(0.5, dim / 2 + 1, -1 / (2 * sigma**2)) / (np.sqrt(2) * sigma))


def expected_cosine(noise_sigma: float, dim: int) -> float:
    r"""Return the expected cosine of two noisy copies of one unit vector.

    Parameters
    ----------
    noise_sigma : float
        Standard deviation of the normal noise in every component of each copy.
    dim : int
        Number of components, at least 2.

    Returns
    -------
    float
        In (0, 1].

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    The two directions are independent, so the expectation of their scalar product is the scalar
    product of their expectations, both :math:`\rho v`:

    .. math:: \operatorname{E} \cos = \rho^2 \;\approx\; \frac{1}{1 + d\sigma^2}

    with the :math:`\rho` of :func:`mean_resultant_length`.

    Examples
    --------
    >>> round(expected_cosine(0.15, 512), 4), round(expected_cosine(0.015, 512), 4)
    (0.0798, 0.8969)
    """
    return mean_resultant_length(noise_sigma, dim) ** 2


def noise_for_cosine(cosine: float, dim: int) -> float:
    """Return the noise per component at which two noisy copies have a given expected cosine.

    Parameters
    ----------
    cosine : float
        Strictly between 0 and 1.
    dim : int
        Number of components, at least 2.

    Returns
    -------
    float
        The inverse of :func:`expected_cosine`; near ``((1 / cosine - 1) / dim) ** 0.5``.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Examples
    --------
    >>> round(noise_for_cosine(0.9, 512), 4)
    0.0147
    """
    from scipy.optimize import brentq

    cosine = check_number("cosine", cosine, above=0)
    if cosine >= 1:
        raise ValueError(f"cosine must be less than 1, got {cosine!r}; noise makes it so")
    dim = _dimension(dim)
    guess = np.log((1 / cosine - 1) / dim) / 2
    # in two dimensions the approximation is off by a few per cent: search a factor of 20 around it
    log_sigma = brentq(
        lambda s: expected_cosine(float(np.exp(s)), dim) - cosine, guess - 3, guess + 3, xtol=1e-13
    )
    return float(np.exp(log_sigma))


def stranger_cosine_quantile(share: float, dim: int) -> float:
    r"""Return the cosine below which a share of pairs of independent random directions lies.

    Parameters
    ----------
    share : float
        Strictly between 0 and 1: 0.999 is the threshold at which one stranger in a thousand passes.
    dim : int
        Number of components, at least 2.

    Returns
    -------
    float
        In (-1, 1).

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    The cosine :math:`c` of two independent directions is symmetric about 0 with variance
    :math:`1/d`, and :math:`(1 + c)/2` has a beta distribution with both parameters
    :math:`(d-1)/2`.

    Examples
    --------
    >>> round(stranger_cosine_quantile(0.999, 512), 3)
    0.136
    """
    share = check_number("share", share, above=0)
    if share >= 1:
        raise ValueError(f"share must be less than 1, got {share!r}")
    shape = (_dimension(dim) - 1) / 2
    return float(2 * betaincinv(shape, shape, share) - 1)
