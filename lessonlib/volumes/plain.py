"""Masks compared in millimetres, as short as it can be written: no checks, no options.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np
from scipy import ndimage


def voxel_to_mm(affine, index):
    """Return millimetres ``(n, 3)`` of voxels ``(n, 3)`` in the order column, row, slice."""
    return index @ affine[:3, :3].T + affine[:3, 3]


def dice(a, b):
    """Return 2 · overlap/(size + size); NaN where both masks are empty: nothing was there."""
    sizes = a.sum() + b.sum()
    return 2 * (a & b).sum() / sizes if sizes else np.nan


def surface(mask):
    """Return the voxels of a mask that touch the outside by a face; beyond the array is outside."""
    return mask & ~ndimage.binary_erosion(mask)


def hausdorff95(a, b, spacing):
    """Return millimetres: the larger of the two 95th percentiles of distances between surfaces."""
    if a.any() != b.any():
        return np.inf
    if not a.any():
        return np.nan
    surface_a, surface_b = surface(a), surface(b)
    to_b = ndimage.distance_transform_edt(~surface_b, sampling=spacing)[surface_a]
    to_a = ndimage.distance_transform_edt(~surface_a, sampling=spacing)[surface_b]
    return float(max(np.percentile(to_b, 95), np.percentile(to_a, 95)))
