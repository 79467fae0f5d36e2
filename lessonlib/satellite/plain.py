"""From stored numbers to reflectance, as short as it can be written: no checks, no options.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np


def reflectance(dn, offset, scale=10000, nodata=0):
    """Return (DN + offset)/scale, NaN at `nodata`. The offset has no default: it gets forgotten."""
    values = (dn.astype(np.float64) + offset) / scale
    values[dn == nodata] = np.nan
    return values


def qa_field(qa, bit, width=1):
    """Return the whole number in `width` bits of a quality band, from `bit` on (0 the lowest)."""
    return (qa >> bit) & (2**width - 1)


def coarsen(image, factor):
    """Return ``(H/f, W/f)``: the mean of every f × f pixels, as a coarser sensor would see them."""
    height, width = (side // factor for side in image.shape)
    blocks = image[: height * factor, : width * factor].reshape(height, factor, width, factor)
    return blocks.mean(axis=(1, 3))
