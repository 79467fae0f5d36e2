"""Nuclei under a fluorescence microscope: ellipses of known outline, counted photon by photon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_number


@dataclass(frozen=True, eq=False)
class NucleiField:
    """A drawn micrograph with its truth.

    Attributes
    ----------
    image : numpy.ndarray of uint16, shape (H, W)
        Photons counted in each pixel.
    expected : numpy.ndarray of float64, shape (H, W)
        The mean of `image`: the light without its noise.
    labels : numpy.ndarray of int32, shape (H, W)
        0 for background, else the number of the nucleus, 1 to n.
    centers : numpy.ndarray of float64, shape (n, 2)
        Row and column; a pixel's centre has whole coordinates.
    semi_axes : numpy.ndarray of float64, shape (n, 2)
        Long and short half axis in pixels.
    angles : numpy.ndarray of float64, shape (n,)
        From the direction of the columns to the long axis, in radians.
    photons : numpy.ndarray of float64, shape (n,)
        Photons expected above the background in the middle of each nucleus, before the blur.
    background : float
        Photons expected in a pixel without a nucleus.
    """

    image: np.ndarray
    expected: np.ndarray
    labels: np.ndarray
    centers: np.ndarray
    semi_axes: np.ndarray
    angles: np.ndarray
    photons: np.ndarray
    background: float


def _place(
    generator: np.random.Generator, shape: tuple[int, int], radii: np.ndarray, gap: float
) -> np.ndarray:
    """Return centres whose circles stay `gap` apart and inside the frame, largest first."""
    placed = np.empty((0, 2))
    high = np.array(shape, dtype=float) - 1
    for radius in radii:
        candidates = generator.uniform(radius, high - radius, (500, 2))
        distances = np.linalg.norm(candidates[:, None] - placed, axis=-1)
        free = (distances >= radius + radii[: len(placed)] + gap).all(axis=1)
        if not free.any():
            raise ValueError(
                f"n_nuclei={len(radii)} nuclei do not fit into {shape[0]} × {shape[1]} pixels: "
                f"room was found for {len(placed)}; take fewer, smaller ones, a smaller gap or a "
                "larger size"
            )
        placed = np.vstack([placed, candidates[free.argmax()]])
    return placed


def nuclei_field(
    size: int | tuple[int, int] = 256,
    n_nuclei: int = 40,
    *,
    radius: tuple[float, float] = (8.0, 13.0),
    elongation: tuple[float, float] = (1.0, 1.6),
    photons: tuple[float, float] = (40.0, 160.0),
    background: float = 10.0,
    blur: float = 1.5,
    gap: float = 1.0,
    seed: int | np.random.Generator = 0,
) -> NucleiField:
    r"""Draw elliptical nuclei of known outline, blur them, and count photons.

    Parameters
    ----------
    size : int or (int, int), default 256
        Side of the square, or rows and columns.
    n_nuclei : int, default 40
        How many.
    radius : (float, float), default (8, 13)
        Smallest and largest long half axis in pixels, at least 1.
    elongation : (float, float), default (1, 1.6)
        Smallest and largest ratio of the long to the short axis, at least 1.
    photons : (float, float), default (40, 160)
        Smallest and largest number of photons above background in the middle of a nucleus.
    background : float, default 10
        Photons in a pixel without a nucleus.
    blur : float, default 1.5
        Standard deviation of the microscope's point-spread function in pixels.
    gap : float, default 1
        Least distance between the circles around two nuclei, in pixels. Negative lets nuclei touch
        and overlap; a shared pixel belongs to the smaller one.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    NucleiField

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range, or the nuclei do not fit.

    Notes
    -----
    A pixel is in a nucleus where its centre satisfies
    :math:`\rho^2 = (u / a)^2 + (v / b)^2 \le 1` in the axes of the ellipse. The light falls
    towards the rim as the thickness of an ellipsoid lifted by a flat half:
    :math:`\tfrac12 + \tfrac12 \sqrt{1 - \rho^2}`. After the blur, the number of photons in
    each pixel is drawn from a Poisson distribution: its variance is its mean.
    """
    from scipy.ndimage import gaussian_filter

    height, width = size if isinstance(size, tuple) else (size, size)
    n_nuclei = check_integer("n_nuclei", n_nuclei, minimum=0)
    low, high = (check_number("radius", value, minimum=1) for value in radius)
    height = check_integer("size", height, minimum=int(2 * high) + 2)
    width = check_integer("size", width, minimum=int(2 * high) + 2)
    ratios = tuple(check_number("elongation", value, minimum=1) for value in elongation)
    light = tuple(check_number("photons", value, minimum=0) for value in photons)
    background = check_number("background", background, minimum=0)
    blur = check_number("blur", blur, minimum=0)
    gap = check_number("gap", gap)
    generator = as_generator(seed)

    long_axis = np.sort(generator.uniform(low, high, n_nuclei))[::-1]
    short_axis = long_axis / generator.uniform(*ratios, n_nuclei)
    angles = generator.uniform(0.0, np.pi, n_nuclei)
    brightness = generator.uniform(*light, n_nuclei)
    centers = _place(generator, (height, width), long_axis, gap)

    # one small window per nucleus, all of them at once: (n, window, window)
    reach = np.arange(-int(np.ceil(high)) - 1, int(np.ceil(high)) + 2)
    rows = np.rint(centers[:, :1]).astype(int) + reach
    columns = np.rint(centers[:, 1:]).astype(int) + reach
    dy = (rows - centers[:, :1])[:, :, None]
    dx = (columns - centers[:, 1:])[:, None, :]
    cos, sin = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    rho_squared = ((dx * cos + dy * sin) / long_axis[:, None, None]) ** 2 + (
        (dy * cos - dx * sin) / short_axis[:, None, None]
    ) ** 2

    which, i, j = np.nonzero(rho_squared <= 1.0)
    row, column = rows[which, i], columns[which, j]
    # nuclei are sorted by size, and of several values for a pixel the last is kept
    labels = np.zeros((height, width), dtype=np.int32)
    labels[row, column] = which + 1
    glow = np.zeros((height, width))
    glow[row, column] = brightness[which] * (0.5 + 0.5 * np.sqrt(1.0 - rho_squared[which, i, j]))

    expected = background + gaussian_filter(glow, blur, mode="constant")
    return NucleiField(
        image=generator.poisson(expected).astype(np.uint16),
        expected=expected,
        labels=labels,
        centers=centers,
        semi_axes=np.stack([long_axis, short_axis], axis=1),
        angles=angles,
        photons=brightness,
        background=background,
    )
