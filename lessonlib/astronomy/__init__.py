"""Images of the sky: calibration, cosmic rays, the asinh stretch, detection limits, galaxies.

Where a well-kept library does a step, it is done by the library: overscan and gain by ccdproc,
L.A.Cosmic by astroscrappy, background and segmentation by photutils. What the chapter teaches is
written out here.
"""

from __future__ import annotations

from lessonlib.astronomy.cosmic import (
    HitScore,
    PlantedHits,
    lacosmic,
    laplacian_significance,
    plant_hits,
    score_mask,
)
from lessonlib.astronomy.frame import CalibratedFrame, calibrate
from lessonlib.astronomy.galaxies import GalaxySample, cut_galaxies, sersic_galaxy
from lessonlib.astronomy.limits import (
    FalseAlarms,
    false_alarms,
    limiting_flux,
    noise_pixels,
    point_spread,
    signal_to_noise,
)
from lessonlib.astronomy.network import (
    Weights,
    cosmic_ray_network,
    hit_probability,
    pretrained,
)
from lessonlib.astronomy.profiles import concentration, petrosian_radius
from lessonlib.astronomy.recovery import Recovery, completeness, matched_filter, recover_stars
from lessonlib.astronomy.retrieval import retrieval_share
from lessonlib.astronomy.shapes import GalaxyShape, asymmetry, ellipticity, measure_shape
from lessonlib.astronomy.sources import Sky, Sources, find_sources, sky_background
from lessonlib.astronomy.stretch import asinh_colour, asinh_stretch
from lessonlib.astronomy.trials import HitTrials, hit_trials

__all__ = [
    "CalibratedFrame",
    "FalseAlarms",
    "GalaxySample",
    "GalaxyShape",
    "HitScore",
    "HitTrials",
    "PlantedHits",
    "Recovery",
    "Sky",
    "Sources",
    "Weights",
    "asinh_colour",
    "asinh_stretch",
    "asymmetry",
    "calibrate",
    "completeness",
    "concentration",
    "cosmic_ray_network",
    "cut_galaxies",
    "ellipticity",
    "false_alarms",
    "find_sources",
    "hit_probability",
    "hit_trials",
    "lacosmic",
    "laplacian_significance",
    "limiting_flux",
    "matched_filter",
    "measure_shape",
    "noise_pixels",
    "petrosian_radius",
    "plant_hits",
    "point_spread",
    "pretrained",
    "recover_stars",
    "retrieval_share",
    "score_mask",
    "sersic_galaxy",
    "signal_to_noise",
    "sky_background",
]
