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


@dataclass(frozen=True, eq=False)
class NodulePatches:
    """Square pieces of lung, some with a drawn nodule.

    Attributes
    ----------
    images : numpy.ndarray of float32, shape (N, size, size)
        In [0, 1].
    labels : numpy.ndarray of int64, shape (N,)
        1 where a nodule was drawn, else 0.
    masks : numpy.ndarray of bool, shape (N, size, size)
        The nodule's pixels; empty where there is none.
    corners : numpy.ndarray of int64, shape (N, 2)
        Row and column of each patch's first pixel on the film.
    """

    images: np.ndarray
    labels: np.ndarray
    masks: np.ndarray
    corners: np.ndarray


def _sphere(rho_squared: np.ndarray) -> np.ndarray:
    """Return the thickness of a sphere along the ray, as a share of its diameter."""
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
        image += c * _sphere(squared / r**2)
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


def nodule_patches(
    n_patches: int = 200,
    n_positive: int = 100,
    *,
    size: int = 64,
    height: int = 800,
    radius: tuple[float, float] = (5.0, 10.0),
    contrast: tuple[float, float] = (0.08, 0.2),
    lung: str = "both",
    seed: int | np.random.Generator = 0,
) -> NodulePatches:
    """Cut pieces of lung out of the real chest X-ray and draw a nodule into some of them.

    Parameters
    ----------
    n_patches, n_positive : int, default 200 and 100
        How many pieces, and how many of them get a nodule.
    size : int, default 64
        Side of a piece in pixels.
    height : int, default 800
        Rows to which the film is shrunk first.
    radius : (float, float), default (5, 10)
        Smallest and largest radius in pixels.
    contrast : (float, float), default (0.08, 0.2)
        Smallest and largest value added in the middle, on the scale from 0 to 1.
    lung : {"both", "right", "left"}, default "both"
        Where to cut. Train on one lung and test on the other: pieces of one lung overlap.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    NodulePatches
        In random order.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.
    lessonlib.images.ImageFileError
        Where the film is missing.

    Notes
    -----
    The middle of each nodule lies in a lung, off the film's own large opacities; the piece around
    it may reach beyond. All pieces come from one film of one patient: they show how a method
    behaves, not how well it would do on other people.
    """
    n_patches = check_integer("n_patches", n_patches, minimum=1)
    n_positive = check_integer("n_positive", n_positive, minimum=0)
    if n_positive > n_patches:
        raise ValueError(f"n_positive must be at most n_patches={n_patches}, got {n_positive}")
    size = check_integer("size", size, minimum=8)
    height = check_integer("height", height, minimum=2 * size)
    low, high = (check_number("radius", value, above=0) for value in radius)
    if 2 * high + 1 > size:
        raise ValueError(f"radius must be below half the size of {size}, got {radius}")
    contrasts = tuple(check_number("contrast", value) for value in contrast)
    generator = as_generator(seed)

    shrunk = film(height)
    rows, columns = np.nonzero(lung_mask(height, lung, avoid_opacities=True))
    # a piece may reach `size` pixels away from its place, and must not leave the film
    fits = (np.minimum(rows, columns) >= size) & (rows <= shrunk.shape[0] - size)
    fits &= columns <= shrunk.shape[1] - size
    chosen = generator.choice(np.flatnonzero(fits), n_patches)
    labels = np.zeros(n_patches, dtype=np.int64)
    labels[generator.permutation(n_patches)[:n_positive]] = 1

    # Every piece gets a place and a nodule, and the negatives leave theirs undrawn: so positives
    # and negatives differ in nothing but the nodule.
    radii = generator.uniform(low, high, (n_patches, 1, 1))
    heights = generator.uniform(*contrasts, (n_patches, 1, 1))
    within = generator.uniform(radii, size - 1 - radii, (2, n_patches, 1, 1))
    place = np.stack([rows[chosen], columns[chosen]])
    corners = np.rint(place - within[:, :, 0, 0]).astype(np.int64).T

    steps = np.arange(size)
    images = shrunk[
        corners[:, 0, None, None] + steps[:, None], corners[:, 1, None, None] + steps
    ].astype(np.float64)
    rho_squared = ((steps[:, None] - within[0]) ** 2 + (steps - within[1]) ** 2) / radii**2
    drawn = labels[:, None, None] == 1
    images += np.where(drawn, heights * _sphere(rho_squared), 0.0)
    return NodulePatches(
        images=np.clip(images, 0.0, 1.0).astype(np.float32),
        labels=labels,
        masks=drawn & (rho_squared <= 1.0),
        corners=corners,
    )
