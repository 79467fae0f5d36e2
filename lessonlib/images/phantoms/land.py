"""A drawn landscape in 13 bands: the map is invented, the spectra are measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_number
from lessonlib.images.satellite import SENTINEL2_BANDS, sentinel2

# Where each kind of ground fills a rectangle of the real Sentinel-2 scene, by eye:
# (first row, end, first column, end) on the grid of 10 m.
REGIONS = {
    "water": (100, 160, 400, 480),
    "forest": (110, 135, 60, 90),
    "crop": (280, 320, 175, 205),
    "soil": (35, 70, 100, 145),
    "sand": (470, 540, 430, 440),
}


@dataclass(frozen=True, eq=False)
class LandCoverScene:
    """A drawn scene with its true land cover.

    Attributes
    ----------
    pixels : numpy.ndarray of float32, shape (13, H, W)
        Top-of-atmosphere reflectance.
    classes : numpy.ndarray of int64, shape (H, W)
        The truth: index into `names`.
    names : tuple of str
        The kinds of ground.
    bands : tuple of str
        Sentinel-2's names of the bands.
    spectra : numpy.ndarray of float64, shape (5, 13)
        Mean reflectance of each kind of ground, measured on the real scene.
    """

    pixels: np.ndarray
    classes: np.ndarray
    names: tuple[str, ...]
    bands: tuple[str, ...]
    spectra: np.ndarray


def _smooth_fields(
    generator: np.random.Generator, shape: tuple[int, int, int], sigma: float
) -> np.ndarray:
    """Return Gaussian random fields of mean 0 and variance 1, correlated over `sigma` pixels."""
    from scipy.ndimage import gaussian_filter

    fields = gaussian_filter(generator.normal(size=shape), (0, sigma, sigma), mode="wrap")
    return fields / fields.std(axis=(1, 2), keepdims=True)


def land_cover_scene(
    size: int | tuple[int, int] = 256,
    *,
    patch: float = 12.0,
    variability: float = 0.08,
    noise: float = 0.003,
    seed: int | np.random.Generator = 0,
) -> LandCoverScene:
    r"""Draw a landscape of five kinds of ground in Sentinel-2's 13 bands.

    Parameters
    ----------
    size : int or (int, int), default 256
        Side of the square, or rows and columns; at least 16.
    patch : float, default 12
        Length in pixels over which the ground stays alike, above 0: larger makes larger patches.
    variability : float, default 0.08
        How much the brightness varies within a kind of ground, as a share; it varies smoothly and
        in all bands together, as slopes and moisture make it.
    noise : float, default 0.003
        Standard deviation of the sensor's noise, in reflectance, independent in each band.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    LandCoverScene

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    Each kind of ground has a smooth random field, and the highest field owns the pixel. With its
    class :math:`k`, spectrum :math:`s_k`, a smooth field :math:`g` and noise :math:`\epsilon`,

    .. math:: \rho_b = s_{kb} \, e^{v g} + \epsilon_b .

    The spectra are means over rectangles of :func:`lessonlib.images.sentinel2`. Real ground is
    harder: its pixels are mixed, and its classes do not end at a line.
    """
    height, width = size if isinstance(size, tuple) else (size, size)
    height = check_integer("size", height, minimum=16)
    width = check_integer("size", width, minimum=16)
    patch = check_number("patch", patch, above=0)
    variability = check_number("variability", variability, minimum=0)
    noise = check_number("noise", noise, minimum=0)
    generator = as_generator(seed)

    real = sentinel2().pixels
    spectra = np.array(
        [
            real[:, top:bottom, left:right].mean(axis=(1, 2), dtype=np.float64)
            for top, bottom, left, right in REGIONS.values()
        ]
    )
    classes = _smooth_fields(generator, (len(REGIONS), height, width), patch).argmax(axis=0)
    brightness = np.exp(variability * _smooth_fields(generator, (1, height, width), patch / 3))
    pixels = np.moveaxis(spectra[classes], -1, 0) * brightness
    pixels += generator.normal(0.0, noise, pixels.shape)
    return LandCoverScene(
        pixels=pixels.astype(np.float32),
        classes=classes,
        names=tuple(REGIONS),
        bands=tuple(SENTINEL2_BANDS),
        spectra=spectra,
    )
