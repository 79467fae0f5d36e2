"""Satellite images: from stored numbers to reflectance, temperature, masks, indices, land cover.

``calibrate`` and its kin turn a file's numbers into physics; ``qa_field`` and ``cloud_mask`` read
quality bits; ``spectral_index`` guards spyndex's catalogue; ``coarsen`` and ``survey_object`` say
what becomes of small objects; ``parcel_pixels`` and ``compare_splits`` test a land-cover classifier
honestly. The chapter *Satellite* teaches all of them.

The functions of bands take NumPy, PyTorch and dask arrays (these stay lazy); importing this package
loads none of PyTorch, dask, spyndex, scikit-learn and scikit-image.
"""

from __future__ import annotations

from lessonlib.satellite.calibration import (
    brightness_temperature,
    calibrate,
    landsat_reflectance,
    sentinel2_offset,
    sentinel2_reflectance,
    thermal_radiance,
)
from lessonlib.satellite.indices import spectral_index
from lessonlib.satellite.parcels import (
    LabelledPixels,
    Parcel,
    landsat_samples,
    parcel_pixels,
    parcels,
)
from lessonlib.satellite.quality import QA_LAYOUTS, cloud_mask, qa_field
from lessonlib.satellite.resampling import ObjectSurvey, coarsen, survey_object
from lessonlib.satellite.splits import (
    SplitComparison,
    compare_splits,
    held_out_predictions,
    nearest_spectrum,
)

__all__ = [
    "QA_LAYOUTS",
    "LabelledPixels",
    "ObjectSurvey",
    "Parcel",
    "SplitComparison",
    "brightness_temperature",
    "calibrate",
    "cloud_mask",
    "coarsen",
    "compare_splits",
    "held_out_predictions",
    "landsat_reflectance",
    "landsat_samples",
    "nearest_spectrum",
    "parcel_pixels",
    "parcels",
    "qa_field",
    "sentinel2_offset",
    "sentinel2_reflectance",
    "spectral_index",
    "survey_object",
    "thermal_radiance",
]
