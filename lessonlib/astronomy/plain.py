"""Faint light as short as it can be written: one idea a function, no checks, no options.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np
from scipy import ndimage


def asinh_stretch(image, softening):
    """Return arcsinh(x/s)/arcsinh(1/s): near 0 a straight line, far above it a logarithm."""
    return np.arcsinh(image / softening) / np.arcsinh(1 / softening)


def clipped_sky(values, sigmas=3.0):
    """Return (mean, deviation) of the sky, after what lies far from its median is cut away."""
    kept = values.ravel()
    while True:
        near = kept[np.abs(kept - np.median(kept)) <= sigmas * kept.std()]
        if len(near) == len(kept):
            return kept.mean(), kept.std()
        kept = near


def detect(image, noise, sigmas, min_area):
    """Return a label image of groups of at least `min_area` pixels above `sigmas` · noise."""
    groups, n = ndimage.label(image > sigmas * noise, structure=np.ones((3, 3)))
    area = np.bincount(groups.ravel(), minlength=n + 1)
    groups[area[groups] < min_area] = 0
    return groups


def laplacian_significance(image, deviation):
    """Return how far a pixel stands above its four neighbours, in standard deviations.

    Van Dokkum: every pixel is split into four first, so that a cosmic ray's dark surround does not
    cancel its neighbour's edge. A pixel that stands alone gives twice its height, hence the 2.
    """
    split = image.repeat(2, axis=0).repeat(2, axis=1)
    kernel = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
    edges = np.maximum(0, ndimage.convolve(split, kernel, mode="nearest"))
    height, width = image.shape
    return edges.reshape(height, 2, width, 2).mean(axis=(1, 3)) / (2 * deviation)


def aperture_sum(image, y, x, radius, sky):
    """Return the sum of pixel − sky over the pixels whose middles lie within `radius` of (y, x)."""
    rows, columns = np.indices(image.shape)
    inside = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    return float((image[inside] - sky).sum())
