"""A table of what each channel holds, for reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessonlib.scientific._images import EITHER, as_batch, check_images, check_nodata
from lessonlib.scientific.moments import channel_moments
from lessonlib.scientific.percentiles import channel_percentiles


@dataclass(frozen=True, repr=False)
class ChannelTable:
    """Statistics per channel, in the unit of the images.

    Parameters
    ----------
    names : tuple of str, length C
        What to call the channels.
    missing : numpy.ndarray, shape (C,)
        Share of pixels that are NaN or marked as missing, in ``[0, 1]``.
    mean, std, minimum, maximum : numpy.ndarray, shape (C,)
        Of the valid pixels; the standard deviation is the population's.
    """

    names: tuple[str, ...]
    missing: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray

    _HEADINGS = ("channel", "missing", "mean", "std", "min", "max")

    def _rows(self) -> list[tuple[str, ...]]:
        columns = (self.mean, self.std, self.minimum, self.maximum)
        return [
            (name, f"{self.missing[c]:.1%}", *(f"{column[c]:.4g}" for column in columns))
            for c, name in enumerate(self.names)
        ]

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        rows = [self._HEADINGS, *self._rows()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self._HEADINGS))]
        return "\n".join(
            "  ".join(
                cell.ljust(w) if i == 0 else cell.rjust(w)
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        )

    def _repr_html_(self) -> str:
        from html import escape

        head = "".join(f'<th scope="col">{heading}</th>' for heading in self._HEADINGS)
        body = "".join(
            f'<tr><th scope="row">{escape(row[0])}</th>'
            + "".join(f"<td>{cell}</td>" for cell in row[1:])
            + "</tr>"
            for row in self._rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def channel_table(
    images: Any, names: Sequence[str] | None = None, nodata: float | int | None = None
) -> ChannelTable:
    """Return the mean, spread and range of each channel, and how much of it is missing.

    Parameters
    ----------
    images : array_like, torch.Tensor or dask.array.Array, shape (C, H, W) or (N, C, H, W)
        Pixels. A dask array is read chunk by chunk: once for the moments, and once for each 16
        bits of a pixel for the range.
    names : sequence of str, length C, optional
        What to call the channels; their numbers by default.
    nodata : float or int, optional
        The value that marks missing pixels.

    Returns
    -------
    ChannelTable

    Raises
    ------
    TypeError
        Where `images` holds no real numbers or `nodata` is no number.
    ValueError
        Where the shape or the number of `names` is another, or a pixel is infinite.

    Examples
    --------
    >>> import numpy as np
    >>> print(channel_table(np.array([[[0, 100, 300]]]), names=["red"], nodata=0))
    channel  missing  mean  std  min  max
    red        33.3%   200  100  100  300
    """
    images = as_batch(check_images("images", images, (3, 4), EITHER))
    nodata = check_nodata(nodata)
    channels = images.shape[1]
    names = tuple(map(str, range(channels) if names is None else names))
    if len(names) != channels:
        raise ValueError(f"names must hold a name for each of the {channels} channels, got {names}")
    moments = channel_moments(images, nodata)
    lowest, highest = np.array(channel_percentiles(images, (0, 100), nodata).tolist())
    pixels = math.prod(images.shape) // channels
    return ChannelTable(
        names=names,
        missing=np.array([1 - m.count / pixels for m in moments]),
        mean=np.array([m.mean if m.count else np.nan for m in moments], np.float64),
        std=np.array([m.std for m in moments]),
        minimum=lowest,
        maximum=highest,
    )
