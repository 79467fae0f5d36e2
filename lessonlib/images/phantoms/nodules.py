"""Nodules of known place, size and contrast, drawn into the lungs of the real chest X-ray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_number
from lessonlib.images.phantoms.lungs import FILM_HEIGHT, film, lung_mask


@dataclass(frozen=True, eq=False)
class NodulePhantom:
    """The real film with drawn nodules, and the truth about these.

    Attributes
    ----------
    image : numpy.ndarray of float32, shape (H, W)
        In [0, 1], bone bright.
    clean : numpy.ndarray of float32, shape (H, W)
        The film without the nodules.
    labels : numpy.ndarray of int32, shape (H, W)
        0 where nothing was drawn, else the number of the nodule, 1 to n.
    centers : numpy.ndarray of float64, shape (n, 2)
        Row and column; a pixel's centre has whole coordinates.
    radii : numpy.ndarray of float64, shape (n,)
        In pixels.
    contrasts : numpy.ndarray of float64, shape (n,)
        What each nodule adds in its middle.
    """

    image: np.ndarray
    clean: np.ndarray
    labels: np.ndarray
    centers: np.ndarray
    radii: np.ndarray
    contrasts: np.ndarray


def sphere_shadow(rho_squared: np.ndarray) -> np.ndarray:
    """Return the thickness of a sphere along the ray, as a share of its diameter.

    Parameters
    ----------
    rho_squared : numpy.ndarray
        Squared distance from the middle, in radii.

    Returns
    -------
    numpy.ndarray, same shape
        1 in the middle, 0 from the rim outwards.
    """
    return np.sqrt(np.clip(1.0 - rho_squared, 0.0, None))


def nodules_in_xray(
    n_nodules: int = 3,
    *,
    height: int = FILM_HEIGHT,
    radius: tuple[float, float] = (0.012, 0.03),
    contrast: tuple[float, float] = (0.08, 0.2),
    lung: str = "both",
    avoid_opacities: bool = True,
    seed: int | np.random.Generator = 0,
) -> NodulePhantom:
    r"""Draw round nodules into the lungs of the real chest X-ray.

    Parameters
    ----------
    n_nodules : int, default 3
        How many; they lie wholly in the lung and apart from each other.
    height : int, default 1955
        Rows of the picture; columns follow in the film's proportion.
    radius : (float, float), default (0.012, 0.03)
        Smallest and largest radius as a share of the height, so that it means the same at any
        size. On the full film 0.012 is 23 pixels.
    contrast : (float, float), default (0.08, 0.2)
        Smallest and largest value added in the middle, on the scale from 0 to 1.
    lung : {"both", "right", "left"}, default "both"
        Where to draw.
    avoid_opacities : bool, default True
        Keep off the film's own large opacities and the roots of the lungs.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    NodulePhantom

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range, or the nodules do not fit.
    lessonlib.images.ImageFileError
        Where the film is missing.

    Notes
    -----
    A homogeneous sphere of radius :math:`R` attenuates a ray at distance :math:`r` from its middle
    in proportion to the length of the chord,

    .. math:: t(r) = 2 \sqrt{R^2 - r^2},

    and a film shows the logarithm of the light that arrives, so the sphere *adds*
    :math:`c\, t(r) / 2R` to the picture. The film was processed by its maker in an unknown way;
    that the sum is exact is the model here, not a measurement. The film has round opacities of its
    own: they are real, and no part of the truth.
    """
    from scipy.ndimage import distance_transform_edt

    n_nodules = check_integer("n_nodules", n_nodules, minimum=0)
    height = check_integer("height", height, minimum=32)
    radii = tuple(check_number("radius", value, above=0) for value in radius)
    contrasts = tuple(check_number("contrast", value) for value in contrast)
    generator = as_generator(seed)

    clean = film(height)
    radii = generator.uniform(*radii, n_nodules) * height
    contrasts = generator.uniform(*contrasts, n_nodules)
    free = distance_transform_edt(lung_mask(height, lung, avoid_opacities=avoid_opacities))
    rows, columns = np.ogrid[: clean.shape[0], : clean.shape[1]]

    centers = np.empty((n_nodules, 2))
    labels = np.zeros(clean.shape, dtype=np.int32)
    image = clean.astype(np.float64)
    for k, (r, c) in enumerate(zip(radii, contrasts, strict=True)):
        possible = np.flatnonzero(free > r + 1)
        if not possible.size:
            raise ValueError(
                f"n_nodules={n_nodules} of radius {radius} do not fit into the lungs: room was "
                f"found for {k}; take fewer or smaller ones"
            )
        place = np.array(np.unravel_index(generator.choice(possible), clean.shape))
        centers[k] = place + generator.uniform(-0.5, 0.5, 2)
        squared = (rows - centers[k, 0]) ** 2 + (columns - centers[k, 1]) ** 2
        image += c * sphere_shadow(squared / r**2)
        labels[squared <= r**2] = k + 1
        np.minimum(free, np.sqrt(squared) - r, out=free)
    return NodulePhantom(
        image=np.clip(image, 0.0, 1.0).astype(np.float32),
        clean=clean,
        labels=labels,
        centers=centers,
        radii=radii,
        contrasts=contrasts,
    )
