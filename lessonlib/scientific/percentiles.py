"""Exact percentiles of each channel, from histograms of its digits.

The values of a pixel type, read as unsigned integers, can be put in order like numbers written
in base 65,536. A 16-bit pixel has one digit: one histogram of 65,536 bins *is* the sorted
channel, and every percentile can be read off it. A float32 has two digits: a histogram of the
leading digit finds the bins that hold the wanted ranks, and a second pass counts the trailing
digits of those bins alone. So data too large for memory needs as many passes as digits, and no
approximation. Small images and float64 in memory are partitioned by NumPy, which is faster there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lessonlib._validation import check_number, plain_array
from lessonlib.scientific._images import (
    CHUNK,
    EITHER,
    as_batch,
    check_images,
    check_nodata,
    flat,
    is_dask,
    is_tensor,
    nodata_as,
    pieces,
    refuse_infinite,
)

_BINS = 1 << 16
#: Pixels of 16 bits are read in longer pieces; float32 counts of so many are exact.
_LONG = 1 << 22


def digits(dtype: np.dtype) -> int:
    """Return how many digits in base 65,536 a pixel of `dtype` has."""
    return max(1, dtype.itemsize // 2)


def sort_keys(x: np.ndarray) -> np.ndarray:
    """Return unsigned integers that are in the same order as the pixels `x` ``(n,)``.

    Signed integers need their sign bit flipped. Floats are sign and magnitude: the positive ones
    need the sign bit flipped, the negative ones every bit.
    """
    unsigned = np.dtype(f"u{x.dtype.itemsize}")
    keys = x.view(unsigned)
    sign = unsigned.type(1 << (8 * unsigned.itemsize - 1))
    if x.dtype.kind == "i":
        return keys ^ sign
    if x.dtype.kind == "f":
        return np.where(keys & sign, ~keys, keys | sign)
    return keys


def value_of_key(key: int, dtype: np.dtype) -> float | int:
    """Return the pixel value whose sort key is `key`: the inverse of :func:`sort_keys`."""
    sign = 1 << (8 * dtype.itemsize - 1)
    if dtype.kind == "i":
        key ^= sign
    elif dtype.kind == "f":
        key = key ^ sign if key & sign else key ^ (2 * sign - 1)
    return np.array(key, f"u{dtype.itemsize}").view(dtype.newbyteorder("=")).item()


def valid_values(line: np.ndarray, nodata: float | int | None, channel: int) -> np.ndarray:
    """Return the values ``(n,)`` of a chunk that count, `line` itself where all of them do."""
    mark = nodata_as(line.dtype, nodata)
    if mark is not None and (marked := line == mark).any():
        line = line[~marked]
    if line.dtype.kind == "f" and not np.isfinite(line).all():
        refuse_infinite(int(np.isinf(line).sum()), channel)
        line = line[~np.isnan(line)]
    return line


def count_digits(
    block: np.ndarray,
    nodata: float | int | None,
    heads: Sequence[Sequence[int]],
    first_channel: int = 0,
) -> list[dict[int, np.ndarray]]:
    """Count, in each channel, the digit that follows each of the leading digits in `heads`.

    Parameters
    ----------
    block : numpy.ndarray, shape (N, C, H, W)
        Pixels in memory.
    nodata : float, int or None
        The value that marks missing pixels.
    heads : sequence, length C, of sequence of int
        Per channel, the leading digits of interest as one number that starts with a 1, so that
        ``[1]`` stands for "nothing read yet".
    first_channel : int
        Where the block lies in a larger image, for the messages.

    Returns
    -------
    list, length C, of dict
        Per channel, a histogram ``(65536,)`` for each entry of its `heads`.
    """
    bits = 8 * max(2, block.dtype.itemsize)
    result = [{head: np.zeros(_BINS, np.int64) for head in channel} for channel in heads]
    for image in block:
        for channel, plane in enumerate(image):
            for x in pieces(flat(plane), _LONG if block.dtype.itemsize == 2 else CHUNK):
                keys = sort_keys(valid_values(x, nodata, first_channel + channel))
                for head, histogram in result[channel].items():
                    read = head.bit_length() - 1  # bits that `head` fixes
                    digit = keys
                    if read:
                        digit = keys[keys >> (bits - read) == head - (1 << read)]
                    if bits > 16:
                        digit = digit >> (bits - read - 16) & digit.dtype.type(_BINS - 1)
                    counts = _histogram(digit)
                    histogram[: counts.size] += counts
    return result


def _histogram(digit: np.ndarray) -> np.ndarray:
    """Count digits ``(n,)`` below 65,536; the answer is as long as the largest needs."""
    if digit.dtype != np.uint16 or digit.size < 4 * _BINS:
        return np.bincount(digit.astype(np.intp))
    import cv2  # twice as fast, but fills all 65,536 bins however few the digits are

    counts = cv2.calcHist([digit.reshape(1, -1)], [0], None, [_BINS], [0, _BINS])
    return counts.ravel().astype(np.int64)


class RadixSelection:
    """Find the values of given ranks, one digit a pass.

    Parameters
    ----------
    q : sequence of float
        Percentiles in ``[0, 100]``.
    dtype : numpy.dtype
        Type of the pixels.
    """

    def __init__(self, q: Sequence[float], dtype: np.dtype):
        self.q = tuple(q)
        self.dtype = dtype
        self.count: int | None = None
        self._found: list[tuple[int, int]] = []  # per rank: its leading digits, rank among them

    @property
    def heads(self) -> list[int]:
        """Leading digits whose next digit must be counted."""
        return [1] if self.count is None else sorted({head for head, _ in self._found})

    def read(self, histograms: dict[int, np.ndarray]) -> RadixSelection:
        """Return the selection one digit further on, given a histogram for each of `heads`."""
        after = RadixSelection(self.q, self.dtype)
        after.count, found = self.count, self._found
        if after.count is None:
            after.count = int(histograms[1].sum())
            found = [(1, int(rank)) for rank in ranks(self.q, after.count)[0].ravel()]
        totals = {head: histogram.cumsum() for head, histogram in histograms.items()}
        for head, rank in found if after.count else []:
            digit = int(np.searchsorted(totals[head], rank, side="right"))
            below = int(totals[head][digit - 1]) if digit else 0
            after._found.append(((head << 16) + digit, rank - below))
        return after

    def values(self) -> np.ndarray:
        """Return the percentiles ``(len(q),)``, after the last digit was read."""
        if not self.count:
            return np.full(len(self.q), np.nan)
        key_mask = (1 << (8 * self.dtype.itemsize)) - 1
        at_rank = [value_of_key(head & key_mask, self.dtype) for head, _ in self._found]
        below, above = np.array(at_rank, np.float64).reshape(2, -1)
        return interpolate(below, above, ranks(self.q, self.count)[1])


def ranks(q: Sequence[float], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the two ranks ``(2, Q)`` around each percentile and the weight ``(Q,)`` of the upper.

    Notes
    -----
    Percentile :math:`q` of :math:`n` sorted values lies at position :math:`(n - 1) q / 100`
    (type 7 of Hyndman and Fan [1]_, NumPy's ``method="linear"``).

    References
    ----------
    .. [1] R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American
       Statistician 50(4), 361-365, 1996.
    """
    position = (count - 1) * (np.asarray(q, np.float64) / 100)
    below = np.floor(position)
    above = np.minimum(below + 1, count - 1)
    return np.stack([below, above]).astype(np.int64), position - below


def interpolate(below: np.ndarray, above: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the values between two ranks, rounded as NumPy rounds them."""
    step = above - below
    return np.where(weight < 0.5, below + step * weight, above - step * (1 - weight))


def line_percentiles(line: np.ndarray, q: Sequence[float]) -> np.ndarray:
    """Return percentiles ``(len(q),)`` of values in memory ``(n,)``, NaN where there are none."""
    if line.size == 0:
        return np.full(len(q), np.nan)
    around, weight = ranks(q, line.size)
    ordered = np.partition(line, np.unique(around))
    below, above = ordered[around].astype(np.float64)
    return interpolate(below, above, weight)


def block_percentiles(
    block: np.ndarray, q: Sequence[float], nodata: float | int | None
) -> np.ndarray:
    """Return percentiles ``(len(q), C)`` of an in-memory batch ``(N, C, H, W)``."""
    channels = range(block.shape[1])
    passes = digits(block.dtype)
    if passes > 2 or block.size < _BINS * len(channels):  # partitioning is faster
        columns = [
            line_percentiles(valid_values(flat(block[:, c]), nodata, c), q) for c in channels
        ]
        return np.stack(columns, axis=1)
    selections = [RadixSelection(q, block.dtype) for _ in channels]
    for _ in range(passes):
        counts = count_digits(block, nodata, [selection.heads for selection in selections])
        selections = [s.read(count) for s, count in zip(selections, counts, strict=True)]
    return np.stack([selection.values() for selection in selections], axis=1)


def check_percentiles(q: Any) -> tuple[float, ...]:
    """Return `q` as a tuple of percentiles in ``[0, 100]``, or raise."""
    q = tuple(
        check_number("q", value, minimum=0, maximum=100)
        for value in np.ravel(plain_array("q", q)).tolist()
    )
    if not q:
        raise ValueError("q must name at least one percentile, got none")
    return q


def channel_percentiles(
    images: Any, q: float | Sequence[float], nodata: float | int | None = None
) -> Any:
    """Return exact percentiles of each channel over all images and pixels.

    Parameters
    ----------
    images : array_like, torch.Tensor or dask.array.Array, shape (C, H, W) or (N, C, H, W)
        Pixels of any integer or floating type.
    q : float or sequence of float
        Percentiles in ``[0, 100]``.
    nodata : float or int, optional
        The value that marks missing pixels. They are left out, and NaN always is.

    Returns
    -------
    numpy.ndarray or torch.Tensor, shape (Q, C), float64
        NaN where a channel has no valid pixel. For a tensor, a tensor on its device. For a dask
        array, computed at once, chunk by chunk: each is read once for pixels of up to 16 bits,
        twice for 32 and four times for 64.

    Raises
    ------
    TypeError
        Where `images` holds no real numbers or `nodata` is no number.
    ValueError
        Where `q` is out of range, the shape is another, or a pixel is infinite.

    Notes
    -----
    Between two ranks the percentile is interpolated linearly, as ``numpy.percentile`` does.

    Examples
    --------
    >>> import numpy as np
    >>> channel_percentiles(np.arange(101, dtype=np.uint16).reshape(1, 1, 101), [2, 98])
    array([[ 2.],
           [98.]])
    """
    images = check_images("images", images, (3, 4), EITHER)
    q, nodata = check_percentiles(q), check_nodata(nodata)
    batch = as_batch(images)
    if is_tensor(batch):
        from lessonlib.scientific._torch import tensor_percentiles

        return tensor_percentiles(batch, q, nodata)
    if is_dask(batch):
        from lessonlib.scientific._dask import dask_percentiles

        return dask_percentiles(batch, q, nodata)
    return block_percentiles(batch, q, nodata)
