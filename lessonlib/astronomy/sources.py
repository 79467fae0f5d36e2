"""Sky and sources: a smooth background, and what stands out of it."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_integer, check_number, check_numbers
from lessonlib.astronomy._checks import as_masked_image
from lessonlib.astronomy.limits import point_spread

#: Levels between a source's edge and its peak at which it is looked whether it falls apart.
_LEVELS = 12


@contextmanager
def _quiet():
    """Without warnings, such as photutils' about progress bars that are not asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True, eq=False)
class Sky:
    """A smooth background.

    Attributes
    ----------
    level : numpy.ndarray of float64, shape (H, W)
    noise : numpy.ndarray of float64, shape (H, W)
        Standard deviation of a pixel about it.
    """

    level: np.ndarray
    noise: np.ndarray


def sky_background(image: np.ndarray, box: int = 64, mask: np.ndarray | None = None) -> Sky:
    """Estimate the sky in boxes with photutils, sources clipped away, and interpolate between them.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Finite numbers. A mask of its own (NumPy's masked array, astropy's ``NDData``) counts like
        `mask`.
    box : int, default 64
        Side of a box in pixels, at least 8: larger than any source.
    mask : numpy.ndarray of bool, shape (H, W), optional
        Pixels to leave out; they may be NaN.

    Returns
    -------
    Sky

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    In each box the *mean* of what is left after clipping at three deviations. photutils' default,
    near the mode, is meant for fields crowded with faint stars. Counts of photons are skewed, so
    their mode lies below their mean, and that difference would be added to every pixel of a source.

    References
    ----------
    .. [1] Bradley, L. et al. photutils. doi:10.5281/zenodo.596036
    """
    with _quiet():
        from photutils.background import Background2D, MeanBackground

    image, mask = as_masked_image("image", image, mask)
    box = min(check_integer("box", box, minimum=8), *image.shape)
    found = Background2D(
        image, box, mask=mask, exclude_percentile=50.0, bkg_estimator=MeanBackground()
    )
    return Sky(np.asarray(found.background), np.asarray(found.background_rms))


@dataclass(frozen=True, eq=False)
class Sources:
    """What stands out of the sky, brightest first.

    Attributes
    ----------
    rows, columns : numpy.ndarray of float64, shape (n,)
        Centroids.
    flux : numpy.ndarray of float64, shape (n,)
        Sum over the segment, sky subtracted.
    area : numpy.ndarray of float64, shape (n,)
        Pixels.
    fwhm : numpy.ndarray of float64, shape (n,)
        Of the round Gaussian with the same second moments, in pixels.
    ellipticity : numpy.ndarray of float64, shape (n,)
        1 minus the ratio of the axes of the ellipse with the same second moments.
    angle : numpy.ndarray of float64, shape (n,)
        Of its long axis, in degrees from the columns' axis towards growing rows.
    labels : numpy.ndarray of int, shape (n,)
        Of each source in `segments`.
    segments : numpy.ndarray of int, shape (H, W)
        To which source a pixel belongs; 0 is sky.
    """

    rows: np.ndarray
    columns: np.ndarray
    flux: np.ndarray
    area: np.ndarray
    fwhm: np.ndarray
    ellipticity: np.ndarray
    angle: np.ndarray
    labels: np.ndarray
    segments: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def find_sources(
    image: np.ndarray,
    noise: float | np.ndarray,
    *,
    fwhm: float,
    sigmas: float = 3.0,
    min_area: int = 10,
    mask: np.ndarray | None = None,
    deblend: bool = True,
) -> Sources:
    """Find connected pixels that stand out of the noise, with photutils.

    The image is smoothed with a star's shape, cut at a number of standard deviations of the noise
    that is left, and touching sources with peaks of their own are taken apart.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Sky subtracted. A mask of its own counts like `mask`.
    noise : float or numpy.ndarray, shape (H, W)
        Standard deviation of a pixel, above 0.
    fwhm : float
        Of the smoothing, in pixels, above 0.
    sigmas : float, default 3
        Threshold, in standard deviations of the *smoothed* noise.
    min_area : int, default 10
        Connected pixels that make a source, at least 1.
    mask : numpy.ndarray of bool, shape (H, W), optional
        Pixels to leave out, such as cosmic-ray hits.
    deblend : bool, default True
        Whether to take touching sources apart.

    Returns
    -------
    Sources

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    References
    ----------
    .. [1] Bradley, L. et al. photutils. doi:10.5281/zenodo.596036
    """
    from astropy.convolution import convolve

    with _quiet():
        from photutils.segmentation import SourceCatalog, deblend_sources, detect_sources

    image, mask = as_masked_image("image", image, mask)
    noise = check_numbers("noise", noise).astype(np.float64)
    if noise.shape not in ((), image.shape):
        raise ValueError(f"noise must have the image's shape {image.shape}, got {noise.shape}")
    if not (noise > 0).all() or not np.isfinite(noise).all():
        raise ValueError(f"noise must be finite and greater than 0, got {float(noise.min())!r}")
    sigmas = check_number("sigmas", sigmas, above=0)
    min_area = check_integer("min_area", min_area, minimum=1)

    psf = point_spread(fwhm)
    threshold = np.broadcast_to(sigmas * noise * np.sqrt(np.square(psf).sum()), image.shape)
    with _quiet():
        # that no source was found is an answer, and what lies deep inside the mask is not looked at
        smooth = convolve(image, psf, mask=mask, boundary="extend")
        segments = detect_sources(smooth, threshold, min_area, mask=mask)
        if segments is not None and deblend:
            segments = deblend_sources(
                smooth, segments, min_area, n_levels=_LEVELS, progress_bar=False
            )
    if segments is None:
        nothing = np.empty(0)
        return Sources(*[nothing] * 7, nothing.astype(int), np.zeros(image.shape, dtype=int))
    found = SourceCatalog(image, segments, mask=mask)
    order = np.argsort(-found.segment_flux, kind="stable")

    def sorted_values(values) -> np.ndarray:
        return np.asarray(getattr(values, "value", values), dtype=np.float64)[order]

    return Sources(
        rows=sorted_values(found.y_centroid),
        columns=sorted_values(found.x_centroid),
        flux=sorted_values(found.segment_flux),
        area=sorted_values(found.area),
        fwhm=sorted_values(found.fwhm),
        ellipticity=sorted_values(found.ellipticity),
        angle=sorted_values(found.orientation),
        labels=np.asarray(found.labels)[order],
        segments=np.asarray(segments.data),
    )
