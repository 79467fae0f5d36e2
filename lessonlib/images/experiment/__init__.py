"""One data set for the whole pipeline: nodules drawn into pieces of the real chest X-ray.

What is real: the film, one film of one patient, and with it every rib, vessel and grain. What is
drawn: the nodules, the corner marker, and what the two hospitals' machines do to the picture. So
the truth is exact, place, size and contrast of every nodule, and the texture is not made up.

The lungs are cut into square *regions* that share no pixel. Whole zones of them go to training,
validation, the internal and the external test, so that no pixel of one is in another. However many
patches are cut, there are only so many regions, and only one patient: the set shows how a method
behaves, not how well it would do on people. Used from the chapter *Transfer learning* on.
"""

from __future__ import annotations

from lessonlib.images.experiment.hospitals import HOSPITALS, Hospital, marker_mask
from lessonlib.images.experiment.patches import nodule_set, standard_splits
from lessonlib.images.experiment.sets import NoduleSet, join
from lessonlib.images.experiment.views import NoduleView, zone_views

__all__ = [
    "CARD",
    "HOSPITALS",
    "Hospital",
    "NoduleSet",
    "NoduleView",
    "join",
    "marker_mask",
    "nodule_set",
    "standard_splits",
    "zone_views",
]

CARD = """\
Nodules in one chest X-ray
  Real    one radiograph (the card `chest_xray`): anatomy, texture, grain. One patient.
  Drawn   round nodules (a sphere's shadow added to the picture), the corner marker, and the
          hospitals: gain, blur, noise and response of an acquisition model.
  Truth   exact for every pixel, for what was drawn. The patient's own opacities are ringed by
          eye and avoided, and smaller ones may remain: they would count as negative.
  Splits  regions of 80 by 80 pixels, patches of 64 by 64 inside them; no region is shared.
  Use     comparing methods. One radiograph is not a population: no number measured here says
          how well anything works on patients."""
