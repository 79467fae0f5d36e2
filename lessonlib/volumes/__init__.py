"""Volumes in millimetres: put together from slices, resampled, compared surface by surface.

Axes are (slice, row, column), z, y, x. The affine maps (column, row, slice) to millimetres towards
the patient's right, front and head (RAS): nibabel's matrix, in millimetres.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "agreement": ["SurfaceDistances", "dice", "surface_distances", "volume_ml"],
        "grid": ["reorient", "resample"],
        "nifti": ["read_nifti"],
        "series": ["read_series"],
        "volume": ["Volume"],
    },
)
