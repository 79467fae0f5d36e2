"""``MultiChannelNormalizer``: learn a mean and a spread per channel, apply them anywhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from lessonlib.scientific._images import (
    BATCH,
    EITHER,
    check_images,
    check_nodata,
)
from lessonlib.scientific.moments import Moments, channel_moments
from lessonlib.scientific.rescaling import Scaling, percentile_clip, rescale


class MultiChannelNormalizer:
    r"""Normalise images of any number of channels, each channel by its own statistics.

    Parameters
    ----------
    nodata : float or int, optional
        The value that marks missing pixels (0 in Sentinel-2 products). Missing pixels and NaN
        count in no statistic and are NaN in every result. ``numpy.inf`` or ``-numpy.inf`` is a
        mark like any other.

    Attributes
    ----------
    count\_ : numpy.ndarray, shape (C,), int64
        Pixels seen per channel, the missing ones left out.
    mean\_, std\_ : numpy.ndarray, shape (C,), float64
        Mean and standard deviation (of the population, ``ddof=0``) per channel, in the unit of
        the images; NaN where no pixel was seen.
    scale\_ : numpy.ndarray, shape (C,), float64
        What `transform` divides by: ``std_``, or 1 where the channel is constant.
    constant\_ : numpy.ndarray, shape (C,), bool
        Channels whose pixels do not differ by more than float64 rounding.
    means, stds : numpy.ndarray, shape (C,), or None
        ``mean_`` and ``scale_`` under shorter names; ``None`` before anything was learned.

    Notes
    -----
    `transform` computes :math:`z = (x - \mu_c) / \sigma_c` in float64. Results are float32 for
    pixels of up to 32 bits (uint8, uint16, int16, float16, float32 and so on) and float64 for
    wider ones. Inputs are never changed.

    A channel counts as constant where :math:`\sigma_c \le \epsilon\,|\mu_c|`, with
    :math:`\epsilon` the spacing of float64 at 1. A fixed threshold could not tell a float32
    channel filled with 0.1 from one that varies in units of 10⁻⁹.

    Statistics of whole-number pixels are exact until the last rounding, so that they don't depend
    on how the images were split or chunked. Those of floats agree to rounding.

    PyTorch tensors give tensors on the same device. Of a dask array `fit`, `partial_fit` and
    `percentile_clip` compute the statistics, chunk by chunk in bounded memory; the images that
    `transform` and `percentile_clip` return are lazy.

    References
    ----------
    .. [1] T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample
       variance: analysis and recommendations", The American Statistician 37(3), 242-247, 1983.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.array([[[[1.0, 3.0]], [[500.0, np.nan]]]])
    >>> normalizer = MultiChannelNormalizer().fit(images)
    >>> normalizer.mean_, normalizer.scale_
    (array([  2., 500.]), array([1., 1.]))
    >>> normalizer.transform(images[0])
    array([[[-1.,  1.]],
    <BLANKLINE>
           [[ 0., nan]]])
    """

    def __init__(self, nodata: float | int | None = None):
        self.nodata = check_nodata(nodata)
        self._moments: list[Moments] = []

    def __repr__(self) -> str:
        return f"MultiChannelNormalizer(nodata={self.nodata!r})"

    def fit(self, images: Any) -> MultiChannelNormalizer:
        """Learn the statistics of a batch, forgetting what was learned before.

        Parameters
        ----------
        images : array_like, torch.Tensor or dask.array.Array, shape (N, C, H, W)
            Training images.

        Returns
        -------
        MultiChannelNormalizer
            The object itself.

        Raises
        ------
        TypeError
            Where `images` holds no real numbers.
        ValueError
            Where the shape is another or a pixel is infinite.
        """
        images = check_images("images", images, (4,), BATCH)
        self._moments = channel_moments(images, self.nodata)
        return self

    def partial_fit(self, images: Any) -> MultiChannelNormalizer:
        """Learn from more images, as if they had been there from the start.

        Parameters
        ----------
        images : array_like, torch.Tensor or dask.array.Array, shape (C, H, W) or (N, C, H, W)
            One training image or several, of any height and width.

        Returns
        -------
        MultiChannelNormalizer
            The object itself.

        Raises
        ------
        TypeError
            Where `images` holds no real numbers.
        ValueError
            Where the shape is another, the number of channels differs from the images before, or
            a pixel is infinite; what was learned before stays as it was.
        """
        images = check_images("images", images, (3, 4), EITHER)
        if self._moments:
            self._check_channels("images", images)
        new = channel_moments(images, self.nodata)
        before = self._moments or [Moments()] * len(new)
        self._moments = [a + b for a, b in zip(before, new, strict=True)]
        return self

    def transform(self, image: Any) -> Any:
        """Return the image in units of each channel's standard deviation from its mean.

        Parameters
        ----------
        image : array_like, torch.Tensor or dask.array.Array, shape (C, H, W) or (N, C, H, W)
            With the number of channels that was fitted.

        Returns
        -------
        numpy.ndarray, torch.Tensor or dask.array.Array, of the shape of `image`
            NaN where a pixel is missing. A channel that was constant in training has its mean
            subtracted and nothing else.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit` or `partial_fit`.
        ValueError
            Where the number of channels differs, a channel had no valid pixel in training, or a
            pixel is infinite.
        """
        mean, scale = self.mean_, self.scale_
        image = check_images("image", image, (3, 4), EITHER)
        self._check_channels("image", image)
        unseen = np.flatnonzero(self.count_ == 0)
        if unseen.size:
            raise ValueError(
                f"image cannot be transformed: channel(s) {', '.join(map(str, unseen))} had no "
                "valid pixel in fit; drop them or fit on images that show them"
            )
        return rescale(image, Scaling(mean, scale), self.nodata)

    def percentile_clip(self, image: Any, low: float = 1, high: float = 99) -> Any:
        """Clip each channel to its own percentiles and rescale what is left to ``[0, 1]``.

        What was fitted plays no part: each image of a batch is stretched by itself, so that two
        images are no longer comparable afterwards. To stretch all images alike pass the training
        images' :func:`~lessonlib.scientific.channel_percentiles` to
        :func:`~lessonlib.scientific.clip_and_rescale`.

        Parameters
        ----------
        image : array_like, torch.Tensor or dask.array.Array, shape (C, H, W) or (N, C, H, W)
            Pixels; the missing ones are left out of the percentiles.
        low, high : float
            Percentiles, ``0 <= low < high <= 100``.

        Returns
        -------
        numpy.ndarray, torch.Tensor or dask.array.Array, of the shape of `image`
            Within ``[0, 1]``, NaN where a pixel is missing; zeros where the two percentiles of a
            channel coincide.

        Raises
        ------
        TypeError
            Where `image` holds no real numbers.
        ValueError
            Where the percentiles are out of order, the shape is another or a pixel is infinite.
        """
        return percentile_clip(image, low, high, self.nodata)

    def _check_channels(self, name: str, images: Any) -> None:
        channels = images.shape[-3]
        if channels != len(self._moments):
            raise ValueError(
                f"{name} must have the {len(self._moments)} channels that were fitted, "
                f"got {channels} (shape {tuple(images.shape)})"
            )

    def _learned(self) -> list[Moments]:
        if not self._moments:
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(
                "this MultiChannelNormalizer has learned nothing yet: call fit or partial_fit first"
            )
        return self._moments

    @property
    def count_(self) -> np.ndarray:  # noqa: D102 (the class says it)
        return np.array([m.count for m in self._learned()], np.int64)

    @property
    def mean_(self) -> np.ndarray:  # noqa: D102
        return np.array([m.mean if m.count else np.nan for m in self._learned()], np.float64)

    @property
    def std_(self) -> np.ndarray:  # noqa: D102
        return np.array([m.std for m in self._learned()])

    @property
    def constant_(self) -> np.ndarray:  # noqa: D102
        return self.std_ <= np.finfo(np.float64).eps * np.abs(self.mean_)

    @property
    def scale_(self) -> np.ndarray:  # noqa: D102
        return np.where(self.constant_, 1.0, self.std_)

    @property
    def means(self) -> np.ndarray | None:  # noqa: D102
        return self.mean_ if self._moments else None

    @property
    def stds(self) -> np.ndarray | None:  # noqa: D102
        return self.scale_ if self._moments else None
