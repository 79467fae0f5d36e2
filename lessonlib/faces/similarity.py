"""The similarity that brings points closest to their targets, and what noisy points cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_number, check_numbers, check_rank


@dataclass(frozen=True, eq=False)
class Similarity:
    """A rotation, a scaling and a shift fitted to points.

    Attributes
    ----------
    matrix : numpy.ndarray of float64, shape (2, 3)
        Maps a point (x, y) to ``matrix[:, :2] @ (x, y) + matrix[:, 2]``.
    scale : float
    angle : float
        Degrees by which the matrix turns, clockwise on the screen as y points downwards.
    residuals : numpy.ndarray of float64, shape (n,)
        Distance of each mapped point from its target.
    """

    matrix: np.ndarray
    scale: float
    angle: float
    residuals: np.ndarray

    @property
    def rms(self) -> float:
        """Root of the mean squared residual, in the target's pixels."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    def __str__(self) -> str:
        return f"turn by {self.angle:.1f}°, scale by {self.scale:.3f}, rms {self.rms:.2f} px"


def as_points(name: str, points, minimum: int = 1) -> np.ndarray:
    """Return finite points, shape (n, 2), or raise an error that names the argument."""
    array = check_numbers(name, points)
    check_rank(name, array, (2,), "(n, 2)")
    if array.shape[1] != 2 or len(array) < minimum:
        raise ValueError(f"{name} must have shape (n, 2), n >= {minimum}, got {array.shape}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        where = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise ValueError(f"{name} must be finite, got {array[where].tolist()} at index {where}")
    if np.abs(array).max() > 1e100:  # squares of distances are summed
        raise ValueError(f"{name} must be within 1e100 of 0, got {np.abs(array).max():g}")
    return array


def fit_similarity(source, target) -> Similarity:
    r"""Fit the rotation, scale and shift that bring points closest to their targets.

    Parameters
    ----------
    source, target : array_like, shape (n, 2)
        At least two points (x, y); not all of `source` in one place.

    Returns
    -------
    Similarity
        Without reflection.

    Raises
    ------
    TypeError
        Where they are no numbers.
    ValueError
        Where the shapes differ, a coordinate is not finite, the source points coincide, or the best
        scale is 0.

    Notes
    -----
    Write points as complex numbers :math:`z` and :math:`w`, with means :math:`\bar z` and
    :math:`\bar w`. Turning and scaling is then multiplication by one number :math:`a`, and the sum
    of :math:`\lvert a z_i + b - w_i \rvert^2` is least for

    .. math:: a = \frac{\sum_i \overline{(z_i - \bar z)}\,(w_i - \bar w)}
                       {\sum_i \lvert z_i - \bar z \rvert^2}, \qquad b = \bar w - a \bar z .

    In the plane this is the solution of [1]_, which holds in any dimension. Two points are fitted
    exactly.

    References
    ----------
    .. [1] S. Umeyama, "Least-squares estimation of transformation parameters between two point
       patterns", IEEE Transactions on Pattern Analysis and Machine Intelligence 13(4), 1991,
       376-380. https://doi.org/10.1109/34.88573

    Examples
    --------
    >>> print(fit_similarity([(0, 0), (1, 0)], [(5, 5), (5, 7)]))
    turn by 90.0°, scale by 2.000, rms 0.00 px
    """
    p, q = as_points("source", source, 2), as_points("target", target, 2)
    if p.shape != q.shape:
        raise ValueError(f"target must have the shape of source, {p.shape}, got {q.shape}")
    z, w = p @ (1, 1j), q @ (1, 1j)
    dz, dw = z - z.mean(), w - w.mean()
    power = float(np.sum(np.abs(dz) ** 2))
    if power <= (1e-12 * np.abs(p).max()) ** 2:
        raise ValueError(f"source must hold points that differ, all are at {tuple(p[0].tolist())}")
    a = complex(np.sum(dz.conj() * dw) / power)
    if abs(a) ** 2 * power <= 1e-18 * max(float(np.sum(np.abs(dw) ** 2)), 1e-300):
        raise ValueError("target must hold points that differ, in the order of source")
    b = complex(w.mean() - a * z.mean())
    matrix = np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
    return Similarity(matrix, abs(a), float(np.degrees(np.angle(a))), np.abs(a * z + b - w))


def expected_misplacement(landmarks, at, noise: float) -> np.ndarray:
    r"""Return how far points end up from where they belong when the marks of a fit are noisy.

    Parameters
    ----------
    landmarks : array_like, shape (n, 2)
        The marks of the fit, without noise, in pixels of the aligned picture.
    at : array_like, shape (k, 2)
        Where to ask.
    noise : float
        Standard deviation of each coordinate of each mark, in pixels of the aligned picture.

    Returns
    -------
    numpy.ndarray of float64, shape (k,)
        Root mean squared distance in pixels.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    To first order in the noise :math:`s`, with the mean :math:`\bar z` of :math:`n` marks,

    .. math:: s \sqrt{2} \sqrt{\frac1n + \frac{\lvert p - \bar z \rvert^2}
              {\sum_i \lvert z_i - \bar z \rvert^2}} :

    the shift is as good as the mean of the marks, and what turning and scaling add grows with the
    distance from it. It is the formula of a regression line's error.

    Examples
    --------
    >>> eyes = [(77, 112), (147, 112)]
    >>> expected_misplacement(eyes, [(112, 193)], 2.0).round(1).tolist()
    [5.0]
    """
    z, p = as_points("landmarks", landmarks, 2), as_points("at", at)
    noise = check_number("noise", noise, minimum=0)
    centre = z.mean(axis=0)
    power = float(np.sum((z - centre) ** 2))
    if power == 0:
        raise ValueError("landmarks must hold points that differ")
    squared = np.sum((p - centre) ** 2, axis=1)
    return noise * np.sqrt(2) * np.sqrt(1 / len(z) + squared / power)
