"""Microscopy: photon noise, stains and nuclei, each measured against something known.

Taught in the chapter *Microscopy*. ``fit_noise`` reads a camera's noise off one image,
``noise_correlation`` says whether it may, ``NoiseModel`` is the camera, ``anscombe`` and
``inverse_anscombe`` even the noise out and go back; ``optical_density`` and
``separate_stains`` undo the mixing of two dyes; ``segment_nuclei`` labels nuclei in planes and
stacks, and ``match_objects``, ``average_precision``, ``tile_counts`` and ``precision_gain`` say
how well.
"""

from __future__ import annotations

from lessonlib.microscopy.anscombe import anscombe, inverse_anscombe
from lessonlib.microscopy.camera import NoiseModel
from lessonlib.microscopy.matching import (
    Matching,
    average_precision,
    iou_matrix,
    match_objects,
)
from lessonlib.microscopy.noise import NoiseFit, fit_noise, noise_correlation
from lessonlib.microscopy.samples import camera_frame, nuclei_stack
from lessonlib.microscopy.segmentation import segment_nuclei
from lessonlib.microscopy.stains import (
    STAINS,
    StainSeparation,
    optical_density,
    separate_stains,
)
from lessonlib.microscopy.tiles import precision_gain, tile_counts

__all__ = [
    "STAINS",
    "Matching",
    "NoiseFit",
    "NoiseModel",
    "StainSeparation",
    "anscombe",
    "average_precision",
    "camera_frame",
    "fit_noise",
    "inverse_anscombe",
    "iou_matrix",
    "match_objects",
    "noise_correlation",
    "nuclei_stack",
    "optical_density",
    "precision_gain",
    "segment_nuclei",
    "separate_stains",
    "tile_counts",
]
