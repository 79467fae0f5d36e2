"""Which pixels a network answered from: Grad-CAM, and tests of Grad-CAM itself.

``GradCAM`` draws the map. ``pointing_score`` and ``mass_share`` compare it with a known place,
``randomisation_test`` asks whether it depends on the weights at all, and the marker experiment
(``marker_pairs``, ``PatchNet``, ``effects``) compares it with what the network really used.
Taught in the chapter *Explainability*. Importing it loads no torch before a name is used.
"""

from __future__ import annotations

import importlib

# name: the module that defines it, loaded when the name is first used
_NAMES = {
    "GradCAM": "gradcam",
    "pointing_score": "pointing",
    "PointingScore": "pointing",
    "mass_share": "pointing",
    "randomisation_test": "sanity",
    "RandomisationTest": "sanity",
    "PatchNet": "networks",
    "train_body": "networks",
    "marker_pairs": "marker",
    "MarkerPairs": "marker",
    "effects": "marker",
    "Effects": "marker",
    "map_verdict": "marker",
    "MapVerdict": "marker",
}

__all__ = list(_NAMES)


def __getattr__(name: str):
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
