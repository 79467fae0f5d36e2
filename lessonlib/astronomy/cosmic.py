"""Cosmic-ray hits: planted with exact truth, found by their edges, and scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_number, check_numbers
from lessonlib.astronomy._checks import as_image, as_mask

#: Side of the widest filter of L.A.Cosmic, in pixels.
_SMALLEST = 7


@dataclass(frozen=True, eq=False)
class PlantedHits:
    """An image with cosmic-ray hits added to it, and where they are.

    Attributes
    ----------
    image : numpy.ndarray of float64, shape (H, W)
        Electrons.
    charge : numpy.ndarray of float64, shape (H, W)
        What the hits added.
    owner : numpy.ndarray of int, shape (H, W)
        Number of the hit that gave the pixel most, from 1 on; 0 where there is none.
    n_hits : int
    """

    image: np.ndarray
    charge: np.ndarray
    owner: np.ndarray
    n_hits: int


def plant_hits(
    image: np.ndarray,
    n_hits: int,
    *,
    charge: float = 400.0,
    spread: float = 0.7,
    length: float = 2.5,
    seed: int | np.random.Generator = 0,
) -> PlantedHits:
    r"""Add the straight tracks of charged particles to an image.

    A particle stops in the detector itself: its track has not been through the optics and is
    sharp.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Electrons.
    n_hits : int
        Number of tracks, their middles spread evenly over the image.
    charge : float, default 400
        Median of the electrons that a track leaves per pixel of its length, above 0.
    spread : float, default 0.7
        Standard deviation of that charge's natural logarithm.
    length : float, default 2.5
        Mean length in pixels, above 0; lengths are exponential, and 0.5 is added to each.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    PlantedHits

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    A track of length :math:`L` at angle :math:`\varphi` leaves :math:`qL` electrons,
    :math:`\ln q` normal, spread evenly along it; a pixel gets its share of the length, in steps of
    a twentieth of a pixel. What falls beyond the edge is lost.
    """
    image = as_image("image", image)
    n_hits = check_integer("n_hits", n_hits, minimum=0)
    charge = check_number("charge", charge, above=0)
    spread = check_number("spread", spread, minimum=0)
    length = check_number("length", length, above=0)
    generator = as_generator(seed)

    total = np.zeros(image.shape)
    owner = np.zeros(image.shape, dtype=int)
    most = np.zeros(image.shape)
    for number in range(1, n_hits + 1):
        middle = generator.uniform([-0.5, -0.5], [side - 0.5 for side in image.shape])
        angle = generator.uniform(0, np.pi)
        extent = 0.5 + generator.exponential(length)
        deposit = charge * np.exp(spread * generator.normal()) * extent
        steps = max(2, int(np.ceil(20 * extent)))
        along = (np.arange(steps) + 0.5) / steps - 0.5
        points = middle + extent * along[:, None] * [np.sin(angle), np.cos(angle)]
        pixels = np.rint(points).astype(int)
        inside = ((pixels >= 0) & (pixels < image.shape)).all(axis=1)
        # only the pixels of the track: a frame of ten thousand hits is not gone over for each
        touched, place = np.unique(
            np.ravel_multi_index(pixels[inside].T, image.shape), return_inverse=True
        )
        track = np.zeros(len(touched))
        np.add.at(track, place, deposit / steps)
        largest = track > most.flat[touched]
        owner.flat[touched[largest]] = number
        most.flat[touched[largest]] = track[largest]
        total.flat[touched] += track
    return PlantedHits(image + total, total, owner, n_hits)


def laplacian_significance(image: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    r"""Return how sharp each pixel's edges are, in standard deviations.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Electrons.
    deviation : array_like, shape (H, W)
        Standard deviation of each pixel's noise, above 0.

    Returns
    -------
    numpy.ndarray of float64, shape (H, W)

    Raises
    ------
    TypeError, ValueError
        Where an argument is no finite image, the shapes differ or a deviation is not positive.

    Notes
    -----
    The first step of L.A.Cosmic [1]_: each pixel is split into 2×2, the Laplacian is taken, what is
    negative set to 0, and the four are averaged,

    .. math:: L^+ = \mathrm{mean}_{2 \times 2}\,
        \max\!\bigl(0, \nabla^2 (\mathrm{split}\; I)\bigr), \qquad S = \frac{L^+}{2 \sigma}.

    Splitting keeps the negative side lobes of one edge from cancelling the next one. A pixel that
    stands alone has a Laplacian of twice its height: the 2 makes `S` its height in deviations.

    References
    ----------
    .. [1] van Dokkum, P. G. (2001). Cosmic-Ray Rejection by Laplacian Edge Detection. *Publications
       of the Astronomical Society of the Pacific* 113:1420-1427. doi:10.1086/323894
    """
    from scipy.ndimage import convolve

    image, deviation = as_image("image", image), as_image("deviation", deviation)
    if deviation.shape != image.shape or deviation.min() <= 0:
        raise ValueError(
            f"deviation must be positive and of the image's shape {image.shape}, got shape "
            f"{deviation.shape} and a minimum of {deviation.min():g}"
        )
    split = image.repeat(2, axis=0).repeat(2, axis=1)
    kernel = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
    edges = np.maximum(0, convolve(split, kernel, mode="nearest"))
    height, width = image.shape
    back = edges.reshape(height, 2, width, 2).mean(axis=(1, 3))
    return back / (2 * deviation)


def lacosmic(
    image: np.ndarray,
    *,
    read_noise: float,
    significance: float = 4.5,
    contrast: float = 5.0,
    saturation: float = 1e9,
) -> np.ndarray:
    """Return where astroscrappy's L.A.Cosmic finds cosmic-ray hits.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Electrons, sky included; at least 7 by 7, the width of the widest filter.
    read_noise : float
        In electrons.
    significance : float, default 4.5
        How many standard deviations an edge must have.
    contrast : float, default 5
        How many times sharper than a blurred source a hit must be.
    saturation : float, default 1e9
        Electrons from which on a pixel counts as saturated.

    Returns
    -------
    numpy.ndarray of bool, shape (H, W)

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    References
    ----------
    .. [1] van Dokkum, P. G. (2001). Cosmic-Ray Rejection by Laplacian Edge Detection. *Publications
       of the Astronomical Society of the Pacific* 113:1420-1427. doi:10.1086/323894
    .. [2] McCully, C. et al. astropy/astroscrappy. doi:10.5281/zenodo.1482019
    """
    from astroscrappy import detect_cosmics

    image = as_image("image", image)
    if min(image.shape) < _SMALLEST:  # astroscrappy writes beyond the ends of smaller ones
        raise ValueError(
            f"image must be at least {_SMALLEST} by {_SMALLEST} pixels, got {image.shape}"
        )
    if np.abs(image).max() > np.finfo(np.float32).max:
        raise ValueError("image must hold numbers that fit float32, in which it is searched")
    mask, _ = detect_cosmics(
        np.ascontiguousarray(image, dtype=np.float32),
        gain=1.0,
        readnoise=check_number("read_noise", read_noise, minimum=0),
        sigclip=check_number("significance", significance, above=0),
        objlim=check_number("contrast", contrast, above=0),
        satlevel=check_number("saturation", saturation, above=0),
    )
    return mask.astype(bool)


@dataclass(frozen=True)
class HitScore:
    """How a mask compares with planted hits.

    Attributes
    ----------
    found, hits : int
        Hits with at least one flagged pixel, and all that stand out of the noise.
    covered, pixels : int
        Flagged pixels among those that stand out, and all of them.
    false, clean : int
        Flagged pixels where nothing was planted, and all such pixels.
    """

    found: int
    hits: int
    covered: int
    pixels: int
    false: int
    clean: int

    @property
    def hit_share(self) -> float:
        """Share of the hits that were found."""
        return self.found / self.hits if self.hits else float("nan")

    @property
    def pixel_share(self) -> float:
        """Share of the pixels hit that were flagged."""
        return self.covered / self.pixels if self.pixels else float("nan")

    @property
    def false_per_million(self) -> float:
        """Clean pixels flagged, of a million."""
        return 1e6 * self.false / self.clean if self.clean else float("nan")


def score_mask(
    mask: np.ndarray,
    hits: PlantedHits,
    deviation: float | np.ndarray,
    *,
    ignore: np.ndarray | None = None,
    visible: float = 3.0,
) -> HitScore:
    """Compare a mask with planted hits.

    Parameters
    ----------
    mask : numpy.ndarray of bool, shape (H, W)
        What a method flagged.
    hits : PlantedHits
        The truth.
    deviation : float or numpy.ndarray, shape (H, W)
        Standard deviation of the noise without the hits, in electrons.
    ignore : numpy.ndarray of bool, shape (H, W), optional
        Pixels that count neither way, such as real hits.
    visible : float, default 3
        From how many deviations on a pixel's charge stands out. Pixels with less, and the eight
        neighbours of every pixel hit, count neither way.

    Returns
    -------
    HitScore

    Raises
    ------
    TypeError, ValueError
        Where a mask is not boolean or of another shape, or a number is out of range.
    """
    from scipy.ndimage import binary_dilation

    mask = as_mask("mask", mask, hits.image.shape)
    known = np.zeros_like(mask) if ignore is None else as_mask("ignore", ignore, mask.shape)
    visible = check_number("visible", visible, minimum=0)
    deviation = check_numbers("deviation", deviation)
    if deviation.shape not in ((), mask.shape):
        raise ValueError(f"deviation must have the mask's shape {mask.shape}, got "
                         f"{deviation.shape}")  # fmt: skip
    wrong = ~(deviation >= 0) & ~known  # NaN is wrong too
    if wrong.any():
        raise ValueError(
            "deviation must not be negative or NaN, got "
            f"{np.broadcast_to(deviation, mask.shape)[wrong][0]}; ignore= leaves pixels out"
        )
    stands_out = (hits.charge > visible * deviation.astype(np.float64)) & ~known
    clean = ~binary_dilation(hits.charge > 0, np.ones((3, 3), bool)) & ~known
    counted = np.unique(hits.owner[stands_out])
    found = np.unique(hits.owner[stands_out & mask])
    return HitScore(
        found=len(found),
        hits=len(counted),
        covered=int((stands_out & mask).sum()),
        pixels=int(stands_out.sum()),
        false=int((clean & mask).sum()),
        clean=int(clean.sum()),
    )
