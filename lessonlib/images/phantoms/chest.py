"""The smallest chest that still has a left and a right: two discs on a noisy ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_number

# row, column and radius as shares of the side, and the brightness
_HEART = (36 / 64, 20 / 64, 11 / 64, 0.8)
_NODULE = (24 / 64, 46 / 64, 4 / 64, 0.6)
_BACKGROUND = 0.2


@dataclass(frozen=True, eq=False)
class ChestPhantom:
    """A drawn chest with its truth.

    Attributes
    ----------
    image : numpy.ndarray of float32, shape (size, size)
        In [0, 1].
    heart, nodule : numpy.ndarray of bool, shape (size, size)
        The discs: the heart wholly in the left half of the picture, the nodule in the right.
    heart_center, nodule_center : tuple of float
        Row and column of the centres, in pixels; pixel (0, 0) reaches from 0 to 1.
    heart_radius, nodule_radius : float
        In pixels.
    """

    image: np.ndarray
    heart: np.ndarray
    nodule: np.ndarray
    heart_center: tuple[float, float]
    heart_radius: float
    nodule_center: tuple[float, float]
    nodule_radius: float


def _disc(size: int, row: float, column: float, radius: float) -> np.ndarray:
    """Return the pixels whose centre lies within `radius` of a point, ``(size, size)``."""
    middle = np.arange(size) + 0.5
    return (middle[:, None] - row) ** 2 + (middle - column) ** 2 <= radius**2


def chest_phantom(
    size: int = 64, seed: int | np.random.Generator = 42, *, noise: float = 0.05
) -> ChestPhantom:
    """Draw a chest X-ray reduced to what a flip can get wrong.

    A large bright disc (the heart) lies in the left half of the picture, a small fainter one (a
    nodule) in the right. In a real film the heart lies on the right of the picture, at the
    patient's left: :func:`lessonlib.images.chest_xray`. The phantom keeps the convention of the
    first exercise; what matters to it is that the halves differ.

    Parameters
    ----------
    size : int, default 64
        Rows and columns, at least 16.
    seed : int or numpy.random.Generator, default 42
        Of the noise.
    noise : float, default 0.05
        Standard deviation of the Gaussian noise, before the clipping to [0, 1].

    Returns
    -------
    ChestPhantom

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Examples
    --------
    >>> phantom = chest_phantom()
    >>> bool(phantom.image[:, :32].sum() > 1.3 * phantom.image[:, 32:].sum())
    True
    """
    size = check_integer("size", size, minimum=16)
    noise = check_number("noise", noise, minimum=0)
    generator = as_generator(seed)

    heart, nodule = (_disc(size, *(share * size for share in p[:3])) for p in (_HEART, _NODULE))
    image = np.full((size, size), _BACKGROUND)
    image[heart] = _HEART[3]
    image[nodule] = _NODULE[3]
    image += generator.normal(0.0, noise, image.shape)
    return ChestPhantom(
        image=np.clip(image, 0.0, 1.0).astype(np.float32),
        heart=heart,
        nodule=nodule,
        heart_center=(_HEART[0] * size, _HEART[1] * size),
        heart_radius=_HEART[2] * size,
        nodule_center=(_NODULE[0] * size, _NODULE[1] * size),
        nodule_radius=_NODULE[2] * size,
    )
