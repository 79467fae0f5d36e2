"""Channels of any kind brought to one scale, as short as it can be written: no checks, no options.

The robust versions are in the modules beside this one and are tested equal to these. An image is
``(C, H, W)``; a missing value is NaN or `nodata`.
"""

import numpy as np


def channel_moments(image, nodata):
    """Return ``(C, 2)``: mean and standard deviation of every channel, missing values left out."""
    values = image.reshape(len(image), -1).astype(np.float64)
    values[values == nodata] = np.nan
    found = []
    for channel in values:
        kept = channel[~np.isnan(channel)]
        found.append((kept.mean(), kept.std()) if kept.size else (np.nan, np.nan))
    return np.array(found)


def merge_moments(first, second):
    """Return (n, mean, M2) of two parts together, M2 the sum of squared deviations.

    Chan, Golub and LeVeque: with δ the difference of the means,
    M2 = M2₁ + M2₂ + δ² n₁n₂/(n₁ + n₂). One pass over any number of parts, nothing kept but these.
    """
    (n1, mean1, m1), (n2, mean2, m2) = first, second
    n, delta = n1 + n2, mean2 - mean1
    return n, mean1 + delta * n2 / n, m1 + m2 + delta**2 * n1 * n2 / n


def zscore(image, moments):
    """Return ``(C, H, W)`` with (x − mean)/std, learned elsewhere; a constant channel is zeros."""
    mean, std = moments.T[:, :, None, None]
    return (image - mean) / np.where(std > 0, std, 1)


def percentile_by_histogram(channel, q):
    """Return the `q`-th percentile of 16-bit whole numbers from their 65,536 counts, exactly.

    It lies at place q/100 (n − 1) of the sorted values, between two of them in general.
    """
    below = np.cumsum(np.bincount(channel.ravel(), minlength=65536))
    place = q / 100 * (channel.size - 1)
    low, high = (np.searchsorted(below, k, "right") for k in (int(place), int(np.ceil(place))))
    return low + (high - low) * (place - int(place))


def clip_to(image, limits):
    """Return ``(C, H, W)``: every channel clipped to its (low, high) and brought to [0, 1]."""
    low, high = np.asarray(limits, dtype=np.float64).T[:, :, None, None]
    span = high - low
    return np.where(span > 0, (np.clip(image, low, high) - low) / np.where(span > 0, span, 1), 0.0)


def ndvi(nir, red):
    """Return (NIR − red)/(NIR + red), NaN where both are 0."""
    nir, red = (np.asarray(band, dtype=np.float64) for band in (nir, red))
    total = nir + red
    return np.divide(nir - red, total, out=np.full(total.shape, np.nan), where=total != 0)
