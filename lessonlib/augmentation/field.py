"""Random displacement fields: how they are drawn, how far they move tissue, where they fold it.

Drawing white noise on every pixel and smoothing it spends nearly all its time on detail that the
smoothing removes. A field smoothed with `sigma` pixels has nothing left below about `sigma`
pixels, so here the noise is drawn on a grid of nodes 2, 4, 8 … pixels apart, smoothed there, and
brought to the pixels by cubic B-spline subdivision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_number
from lessonlib._validation.missing import plain_array

# Nodes kept beyond the picture on each side: a pixel is made of the nodes around it and one more.
_MARGIN = 1
# From here on the nodes of a field lie so far apart that the steps between them fill the memory.
WIDEST = 2048
# Far beyond what a warp accepts, and float32 still holds what comes of it.
_STRONGEST = 1e30
# Between 2048 and 4096 float32 counts in steps of 2**-12.
_LIFT = np.float32(3072)


@dataclass(frozen=True)
class Field:
    """One drawn displacement field, kept as its nodes; any tile of it can be had alone.

    Parameters
    ----------
    nodes : numpy.ndarray, shape (2, h, w), float32
        Displacement in pixels (dy, dx) at the nodes, with a margin of nodes around the picture.
    levels : int
        Number of doublings from the nodes to the pixels: nodes are ``2**levels`` pixels apart.
    shape : tuple of int
        ``(H, W)`` of the picture.
    """

    nodes: np.ndarray
    levels: int
    shape: tuple[int, int]

    @property
    def reach(self) -> int:
        """Whole pixels within which every source of every pixel lies: a tile's halo.

        The subdivision averages with positive weights, so no pixel moves further than the
        node that moves furthest.
        """
        return math.ceil(float(np.abs(self.nodes).max())) + 1

    def tile(self, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
        """Displacement in pixels of the tile ``[rows[0]:rows[1], columns[0]:columns[1]]``.

        Returns
        -------
        numpy.ndarray, shape (2, rows[1] - rows[0], columns[1] - columns[0]), float32
            (dy, dx), rounded to 1/4096 px. The same pixel gets the same value in every tiling.
        """
        out = self._lifted(rows, columns)
        out -= _LIFT
        return out

    def places(
        self, rows: tuple[int, int], columns: tuple[int, int], corner: tuple[int, int]
    ) -> np.ndarray:
        """Where each pixel of a tile is read: (y, x) in pixels, counted from `corner`.

        Returns
        -------
        numpy.ndarray, shape (2, rows[1] - rows[0], columns[1] - columns[0]), float32
            Those of :meth:`tile`, and the pixel's own place.
        """
        out = self._lifted(rows, columns)
        y, x = (
            np.arange(start - first, stop - first, dtype=np.float32) - _LIFT
            for (start, stop), first in zip((rows, columns), corner, strict=True)
        )
        out[0] += y[:, None]
        out[1] += x
        return out

    def _lifted(self, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
        """Displacement of a tile plus 3072, and so rounded to multiples of 2**-12.

        Adding a pixel's coordinate is then exact, and independent of where its tile begins.
        """
        import cv2

        step = 2**self.levels
        (top, bottom), (left, right) = rows, columns
        ys = slice(top // step, -(-(bottom - 1) // step) + 2 * _MARGIN + 1)
        xs = slice(left // step, -(-(right - 1) // step) + 2 * _MARGIN + 1)
        y, x = top % step + _MARGIN * step, left % step + _MARGIN * step
        out = np.empty((2, bottom - top, right - left), np.float32)
        for plane, nodes in zip(out, self.nodes[:, ys, xs], strict=True):
            fine = np.ascontiguousarray(nodes)
            for _ in range(self.levels):
                fine = cv2.pyrUp(fine)  # one cubic B-spline subdivision: weights (1, 4, 6, 4, 1)/8
            np.add(fine[y : y + bottom - top, x : x + right - left], _LIFT, out=plane)
        return out


def draw_field(
    shape: tuple[int, int], alpha: float, sigma: float, rng: np.random.Generator
) -> Field:
    r"""Draw Gaussian noise smoothed with `sigma` pixels, times `alpha`, one field per axis.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` in pixels.
    alpha : float
        Factor on the smoothed noise, in pixels.
    sigma : float
        Standard deviation of the smoothing Gaussian, in pixels.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    Field

    Notes
    -----
    With nodes :math:`s = 2^k` pixels apart, the :math:`k` subdivisions spread a node like a bell
    of variance :math:`(4^k - 1)/3` px². The smoothing on the nodes supplies the rest of
    :math:`\sigma^2`, and one node's noise stands for :math:`s^2` pixels' noise:

    .. math:: u = \frac{\alpha}{s}\, B_k\, G_{\tau} * n, \qquad
              s^2 \tau^2 = \sigma^2 - \frac{4^k - 1}{3}.
    """
    import cv2

    levels = max(0, math.floor(math.log2(sigma)))
    step = 2**levels
    tau = math.sqrt((sigma**2 - (4**levels - 1) / 3) / 4**levels)
    kernel = _gaussian(tau).astype(np.float32)
    radius = len(kernel) // 2
    # Noise is drawn beyond the picture and cut off again: the field is as strong at the
    # border as in the middle, where mirrored noise would make it stronger.
    size = [-(-(n - 1) // step) + 2 * _MARGIN + 1 for n in shape]
    noise = rng.standard_normal((2, *(n + 2 * radius for n in size)), dtype=np.float32)
    smooth = [cv2.sepFilter2D(plane, -1, kernel, kernel) for plane in noise]
    inner = np.stack(smooth)[:, radius : radius + size[0], radius : radius + size[1]]
    factor = np.float32(min(alpha / step, _STRONGEST))
    return Field(factor * inner, levels, (int(shape[0]), int(shape[1])))


def _gaussian(sigma: float) -> np.ndarray:
    """Return a Gaussian sampled at whole numbers out to four sigma, with a sum of 1."""
    radius = math.ceil(4 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return kernel / kernel.sum()


def displacement_sd(alpha: float, sigma: float) -> float:
    r"""Return the standard deviation of the displacement along each axis, in pixels.

    Parameters
    ----------
    alpha : float
        Factor on the smoothed noise, in pixels.
    sigma : float
        Standard deviation of the smoothing Gaussian, in pixels.

    Returns
    -------
    float

    Notes
    -----
    Smoothing white noise with a kernel :math:`g` leaves the variance :math:`\sum g^2`; for a
    two-dimensional Gaussian that is :math:`1/(4\pi\sigma^2)`, hence

    .. math:: \mathrm{sd} = \frac{\alpha}{2\sqrt{\pi}\,\sigma}.

    Below a sigma of 1 the pixels are too coarse for the integral, and :math:`\sum g^2` is added up:
    noise that is hardly smoothed is as strong as it was drawn.

    Examples
    --------
    >>> round(displacement_sd(alpha=50, sigma=5), 2)
    2.82
    """
    alpha = check_number("alpha", alpha, minimum=0)
    sigma = check_number("sigma", sigma, above=0)
    if sigma < 1:
        return alpha * float((_gaussian(sigma) ** 2).sum())
    return alpha / (2 * math.sqrt(math.pi) * sigma)


def check_displacement(displacement: np.ndarray) -> np.ndarray:
    """Return a displacement as float64, or raise where it is masked, complex or not finite."""
    u = plain_array("displacement", displacement)
    if u.dtype.kind not in "biuf":
        raise TypeError(f"displacement must hold real numbers, got {u.dtype}")
    u = u.astype(np.float64, copy=False)
    if not np.isfinite(u).all():
        raise ValueError("displacement must be finite, got NaN or infinite values")
    return u


def jacobian_determinant(displacement: np.ndarray) -> np.ndarray:
    r"""Return by which factor the deformation scales area at each pixel; negative where it folds.

    Parameters
    ----------
    displacement : numpy.ndarray, shape (2, H, W)
        (dy, dx) in pixels, `H` and `W` at least 2.

    Returns
    -------
    numpy.ndarray, shape (H, W), float64
        Determinant of the map's derivative. 1 is unchanged, 0.5 is half the area, 0 or less is
        tissue turned inside out.

    Raises
    ------
    ValueError
        Where the shape is another or a value is not finite.

    Notes
    -----
    For the map :math:`\phi(y, x) = (y + u_y, x + u_x)`

    .. math:: \det J = (1 + \partial_y u_y)(1 + \partial_x u_x)
              - \partial_x u_y\, \partial_y u_x,

    with central differences inside and one-sided ones at the border. They are right where the
    field is smooth over two pixels; a fold of a single pixel can escape them [1]_.

    References
    ----------
    .. [1] Y. Liu, J. Chen, S. Wei, A. Carass, J. Prince, "On finite difference Jacobian
       computation in deformable image registration", International Journal of Computer Vision,
       2024, arXiv:2212.06060.
    """
    u = check_displacement(displacement)
    if u.ndim != 3 or u.shape[0] != 2 or min(u.shape[1:]) < 2:
        raise ValueError(
            f"displacement must have shape (2, H, W) with H and W at least 2, got shape {u.shape}"
        )
    (dy_uy, dx_uy), (dy_ux, dx_ux) = np.gradient(u[0]), np.gradient(u[1])
    return (1 + dy_uy) * (1 + dx_ux) - dx_uy * dy_ux


def fold_fraction(displacement: np.ndarray) -> float:
    """Return the share of pixels at which a displacement field folds the picture.

    Parameters
    ----------
    displacement : numpy.ndarray, shape (2, H, W)
        (dy, dx) in pixels.

    Returns
    -------
    float
        Share of pixels whose Jacobian determinant is 0 or less, in [0, 1].

    Raises
    ------
    ValueError
        Where the shape is another or a value is not finite.

    Examples
    --------
    A field that moves nothing folds nothing; one that mirrors each row folds everything.

    >>> import numpy as np
    >>> fold_fraction(np.zeros((2, 8, 8)))
    0.0
    >>> mirror = np.stack([np.zeros((8, 8)), np.tile(7.0 - 2 * np.arange(8), (8, 1))])
    >>> fold_fraction(mirror)
    1.0
    """
    return float(np.mean(jacobian_determinant(displacement) <= 0))


def expected_fold_fraction(alpha: float, sigma: float) -> float:
    r"""Return the share of pixels that a smoothed-noise field folds on average.

    Parameters
    ----------
    alpha : float
        Factor on the smoothed noise, in pixels.
    sigma : float
        Standard deviation of the smoothing Gaussian, in pixels.

    Returns
    -------
    float
        In [0, 0.5].

    Notes
    -----
    The four derivatives of the field at a pixel are independent Gaussians of variance
    :math:`g^2 = \alpha^2 / (8\pi\sigma^4)`. Rotating them by 45° turns the determinant into
    :math:`(1 + p/\sqrt2)^2 + t^2/2 - (q^2 + r^2)/2` with :math:`p, q, r, t` again independent of
    variance :math:`g^2`. As :math:`(q^2 + r^2)/2` is exponential with mean :math:`g^2`,

    .. math:: P(\det J \le 0)
              = \mathrm{E}\, e^{-(1 + p/\sqrt2)^2 / g^2}\; \mathrm{E}\, e^{-t^2 / 2g^2}
              = \tfrac12 e^{-1 / 2g^2} = \tfrac12 e^{-4\pi\sigma^4/\alpha^2}.

    Only :math:`\alpha / \sigma^2` matters: the steepness of the field, not its size.

    Examples
    --------
    >>> round(expected_fold_fraction(alpha=50, sigma=5), 4)
    0.0216
    """
    alpha = check_number("alpha", alpha, minimum=0)
    sigma = check_number("sigma", sigma, above=0)
    return 0.0 if alpha == 0 else 0.5 * math.exp(-4 * math.pi * sigma**4 / alpha**2)
