"""Drawn images whose truth is exact: what is where, how large, how bright.

Everything here is drawn, none of it measured; only :func:`nodules_in_xray`
draws into a real film. The same seed gives the same picture at the same size.
"""

from __future__ import annotations

from lessonlib.images.phantoms.cells import NucleiField, nuclei_field
from lessonlib.images.phantoms.chest import ChestPhantom, chest_phantom
from lessonlib.images.phantoms.land import LandCoverScene, land_cover_scene
from lessonlib.images.phantoms.lungs import lung_mask
from lessonlib.images.phantoms.nodules import NodulePhantom, nodules_in_xray
from lessonlib.images.phantoms.stars import StarField, star_field

__all__ = [
    "ChestPhantom",
    "LandCoverScene",
    "NodulePhantom",
    "NucleiField",
    "StarField",
    "chest_phantom",
    "land_cover_scene",
    "lung_mask",
    "nodules_in_xray",
    "nuclei_field",
    "star_field",
]
