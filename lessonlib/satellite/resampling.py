"""What is left of a small object when an image is made coarser: scikit-image does the resizing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lessonlib._validation import check_choice, check_integer, check_number, check_rank, nan_array
from lessonlib.satellite._arrays import floating

#: Ways to make an image coarser by a whole factor.
METHODS = ("nearest", "bilinear", "smoothed", "mean")


def coarsen(image: Any, factor: int, method: str = "mean") -> np.ndarray:
    """Return an image on a grid that is coarser by a whole factor.

    Parameters
    ----------
    image : array_like, shape (H, W)
        Both sides multiples of `factor`.
    factor : int
        How many pixels become one, along each side.
    method : {"mean", "smoothed", "bilinear", "nearest"}
        ``"mean"``: of the ``factor × factor`` pixels, which is what a sensor with larger pixels
        would measure. ``"smoothed"``: linear interpolation after a Gaussian (scikit-image's
        default). ``"bilinear"``: the same without the Gaussian. ``"nearest"``: one of the pixels.

    Returns
    -------
    numpy.ndarray, shape (H / factor, W / factor)
        float32 for whole numbers of up to 16 bits and floats of up to 32, else float64.

    Raises
    ------
    TypeError
        Where the pixels are no real numbers.
    ValueError
        Where the shape or the method is another. scikit-image would pad the rest of a block with
        zeros, which are no measurement.

    References
    ----------
    .. [1] scikit-image, "Rescale, resize, and downscale",
       https://scikit-image.org/docs/stable/auto_examples/transform/plot_rescale.html

    Examples
    --------
    >>> coarsen([[0.0, 4.0], [0.0, 0.0]], 2)
    array([[1.]])
    """
    from skimage.transform import downscale_local_mean, resize

    check_choice("method", method, METHODS)
    factor = check_integer("factor", factor, minimum=1)
    image = nan_array("image", image)
    if image.dtype.kind not in "iuf":
        raise TypeError(f"image must hold real numbers, got dtype {image.dtype}")
    check_rank("image", image, (2,), "(H, W)")
    if image.shape[0] % factor or image.shape[1] % factor:
        raise ValueError(
            f"image must have sides that are multiples of factor={factor}, got {image.shape}: "
            "crop it first"
        )
    dtype = floating([image])
    values = image.astype(np.float64)
    if method == "mean":
        return downscale_local_mean(values, (factor, factor)).astype(dtype)
    shape = tuple(side // factor for side in image.shape)
    order, smooth = {"nearest": (0, False), "bilinear": (1, False), "smoothed": (1, True)}[method]
    coarse = resize(values, shape, order=order, anti_aliasing=smooth, mode="reflect", clip=False)
    return coarse.astype(dtype)


@dataclass(frozen=True, eq=False)
class ObjectSurvey:
    """What is left of a square object, wherever it lies on the coarse grid.

    Attributes
    ----------
    kept : numpy.ndarray, shape (factor, factor)
        The object's largest contrast after resampling, as a share of its contrast before, for each
        of its places relative to the coarse grid.
    size, factor : int
        Side of the object, and of a coarse pixel, in fine pixels.
    method : str
        How the image was made coarser.
    """

    kept: np.ndarray
    size: int
    factor: int
    method: str

    @property
    def range(self) -> tuple[float, float, float]:
        """Smallest, mean and largest share over all places."""
        return float(self.kept.min()), float(self.kept.mean()), float(self.kept.max())

    def lost(self, share: float) -> float:
        """Return the share of places in which less than `share` of the contrast is left.

        Parameters
        ----------
        share : float
            In [0, 1].

        Returns
        -------
        float
        """
        share = check_number("share", share, minimum=0, maximum=1)
        return float(np.mean(self.kept < share - 1e-12))

    def __str__(self) -> str:
        low, mean, high = self.range
        return (
            f"{self.size} of {self.factor} pixels, {self.method}: "
            f"{mean:.2f} of the contrast on average, {low:.2f} to {high:.2f}"
        )


def survey_object(size: int, factor: int, method: str = "mean") -> ObjectSurvey:
    r"""Place a square object everywhere on a coarse grid, and say what is left of it.

    Parameters
    ----------
    size : int
        Side of the object in fine pixels.
    factor : int
        Side of a coarse pixel in fine pixels.
    method : {"mean", "smoothed", "bilinear", "nearest"}
        As in :func:`~lessonlib.satellite.coarsen`.

    Returns
    -------
    ObjectSurvey
        Of all ``factor × factor`` places: nothing is drawn at random.

    Raises
    ------
    TypeError
        Where a number is no integer.
    ValueError
        Where a number is below 1, or the method is unknown.

    Notes
    -----
    The methods are linear, so an object on any background loses the same share as on none. For
    the mean of blocks, an object of side :math:`s \le f` keeps at most :math:`(s / f)^2`, and over
    a corner of four blocks a quarter of that. ``"nearest"`` keeps all of it or nothing: all of it
    in a share :math:`(s / f)^2` of the places.

    Examples
    --------
    >>> survey_object(1, 6).range[2] == 1 / 36
    True
    """
    size = check_integer("size", size, minimum=1)
    factor = check_integer("factor", factor, minimum=1)
    check_choice("method", method, METHODS)
    # Room for the Gaussian's tail on both sides, so that the border plays no part.
    blocks = 8 + 2 * -(-size // factor)
    start = factor * (blocks // 2 - -(-size // factor) // 2)
    kept = np.empty((factor, factor))
    for row in range(factor):
        for column in range(factor):
            image = np.zeros((factor * blocks,) * 2)
            image[start + row :, start + column :][:size, :size] = 1.0
            kept[row, column] = coarsen(image, factor, method).max()
    return ObjectSurvey(kept, size, factor, method)
