"""Deforming a picture as short as it can be written: one idea a function, no checks, no options.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates


def displacement_field(shape, alpha, sigma, rng):
    """Return ``(2, H, W)``: dy and dx in pixels, smooth and independent, sd α/(2√π σ) each."""
    noise = rng.standard_normal((2, *shape))
    return alpha * np.stack([gaussian_filter(axis, sigma) for axis in noise])


def warp(image, displacement):
    """Return a picture ``(H, W)`` read at moved places: out(y, x) = in(y + dy, x + dx)."""
    places = np.indices(image.shape) + displacement
    return map_coordinates(image, places, order=1, mode="nearest")


def warp_mask(mask, displacement):
    """Return a mask moved as the picture is; the nearest pixel, for a label has no halves."""
    places = np.indices(mask.shape) + displacement
    return map_coordinates(mask, places, order=0, mode="nearest")


def jacobian_determinant(displacement):
    """Return ``(H, W)``: by what factor the map scales area at each place; ≤ 0 where it folds."""
    (a, b), (c, d) = (np.gradient(axis) for axis in displacement)  # ∂dy/∂y, ∂dy/∂x; ∂dx/∂y, ∂dx/∂x
    return (1 + a) * (1 + d) - b * c


def brighter_half(image):
    """Return whether the left or the right half of a picture holds more light."""
    columns, middle = image.sum(axis=0), image.shape[1] // 2
    return "left" if columns[:middle].sum() > columns[-middle:].sum() else "right"
