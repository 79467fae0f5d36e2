"""From a picture of nuclei to one number a nucleus: threshold, clean, split, one step at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lessonlib._validation import (
    check_integer,
    check_number,
    check_numbers,
    check_rank,
    each_number,
)


def check_spacing(spacing: Sequence[float] | None, ndim: int) -> np.ndarray:
    """Return the size of a pixel along each axis, one where none is given."""
    if spacing is None:
        return np.ones(ndim)
    sizes = np.array(each_number("spacing", spacing, above=0))
    if len(sizes) != ndim:
        raise ValueError(f"spacing must hold one size for each of {ndim} axes, got {len(sizes)}")
    return sizes


def check_picture(name: str, image, ranks=(2, 3), shapes: str = "(H, W) or (D, H, W)"):
    """Return finite pixels as float64, or raise an error that names the argument."""
    array = check_numbers(name, image)
    check_rank(name, array, ranks, shapes)
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {np.count_nonzero(~np.isfinite(array))} "
                         "pixels that are not; fill or crop them first")  # fmt: skip
    return array


def segment_nuclei(
    image: np.ndarray,
    *,
    smooth: float = 0.0,
    local: float | None = None,
    min_size: int = 0,
    split: float | None = None,
    spacing: Sequence[float] | None = None,
) -> np.ndarray:
    r"""Label bright nuclei on a dark ground. Each argument switches one step on.

    Parameters
    ----------
    image : numpy.ndarray, shape (H, W) or (D, H, W)
        Not negative.
    smooth : float, default 0
        Standard deviation of a Gaussian filter before the threshold, in units of `spacing`.
    local : float, optional
        Standard deviation of the Gaussian whose mean a pixel must exceed too, in units of
        `spacing`; about the radius of a nucleus. It also moves the work to the logarithm of the
        image, where a dim nucleus has the contrast of a bright one. None: a global threshold.
    min_size : int, default 0
        Holes are filled, and parts of fewer pixels than this removed, where it is above 0.
    split : float, optional
        Touching nuclei are cut where the distance to the ground has two maxima that stand out by
        this much, in units of `spacing`. None: they stay together.
    spacing : sequence of float, optional
        Size of a pixel along each axis; 1 by default. For a stack whose slices lie further apart
        than its pixels, this is what makes a ball a ball.

    Returns
    -------
    numpy.ndarray of int32
        Shape of `image`; 0 for the ground, 1 to n for nuclei.

    Raises
    ------
    TypeError
        Where an argument is of another type.
    ValueError
        Where a value is out of range, or a pixel negative or not finite.

    Notes
    -----
    Every step is scikit-image's or SciPy's: Otsu's threshold [1]_, ``scipy.ndimage.label``
    by way of ``skimage.measure.label``, the exact Euclidean distance transform, and the
    watershed of the negated distance from its h-maxima. A constant image has no nuclei.

    References
    ----------
    .. [1] N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on
       Systems, Man, and Cybernetics 9(1), 1979, 62-66. https://doi.org/10.1109/TSMC.1979.4310076

    Examples
    --------
    >>> from lessonlib.images.phantoms import nuclei_field
    >>> int(segment_nuclei(nuclei_field(128, 6, gap=8).image, smooth=1.5, min_size=20).max())
    6
    """
    from scipy import ndimage
    from skimage.filters import threshold_otsu
    from skimage.measure import label
    from skimage.morphology import h_maxima, remove_small_objects
    from skimage.segmentation import watershed

    pixels = check_picture("image", image)
    if pixels.min() < 0:
        raise ValueError(f"image must not be negative, got {pixels.min():g}; subtract its minimum")
    spacing = check_spacing(spacing, pixels.ndim)
    smooth = check_number("smooth", smooth, minimum=0)
    min_size = check_integer("min_size", min_size, minimum=0)

    if smooth:
        pixels = ndimage.gaussian_filter(pixels, smooth / spacing)
    if local is not None:
        pixels = np.log1p(pixels)
    if pixels.min() == pixels.max():
        return np.zeros(pixels.shape, dtype=np.int32)
    mask = pixels > threshold_otsu(pixels)
    if local is not None:
        local = check_number("local", local, above=0)
        mask &= pixels > ndimage.gaussian_filter(pixels, local / spacing)
    if min_size:
        mask = ndimage.binary_fill_holes(mask)
        mask = remove_small_objects(mask, max_size=min_size - 1)
    if split is None:
        labels = label(mask)
    else:
        split = check_number("split", split, above=0)
        depth = ndimage.distance_transform_edt(mask, sampling=spacing)
        depth = ndimage.gaussian_filter(depth, spacing.min() / spacing)  # ties of a pixel grid
        labels = watershed(-depth, label(h_maxima(depth, split)), mask=mask)
    return labels.astype(np.int32)
