"""From stored values to grey, as short as it can be written: no checks, no options.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np


def to_hounsfield(stored, slope, intercept, padding=None):
    """Return stored · slope + intercept, NaN where `stored` is the scanner's padding."""
    values = stored * float(slope) + float(intercept)
    if padding is not None:
        values[stored == padding] = np.nan
    return values


def window(hounsfield, centre, width):
    """Return grey values in [0, 1]: (x − (c − w/2))/w, clipped (DICOM's LINEAR_EXACT)."""
    return np.clip((hounsfield - (centre - width / 2)) / width, 0, 1)
