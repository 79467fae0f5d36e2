"""Rare positives: weights, focal loss, samplers, thresholds, and what each does to a probability.

Taught in the chapter *Class imbalance*. Importing it loads no torch before a name is used.
"""

from __future__ import annotations

import importlib

# name: the module that defines it, loaded when the name is first used
_NAMES = {
    "class_weights": "weights",
    "FocalLoss": "focal",
    "FocalCurve": "curves",
    "focal_curve": "curves",
    "restore_probability": "prior",
    "trained_probability": "prior",
    "make_balanced_loader": "sampling",
    "SamplerCoverage": "sampling",
    "sampler_coverage": "sampling",
    "LinearHead": "heads",
    "train_head": "heads",
    "Assessment": "assessment",
    "assess": "assessment",
    "TrainedStrategy": "strategies",
    "train_strategy": "strategies",
    "ImbalanceComparator": "comparator",
}

__all__ = list(_NAMES)


def __getattr__(name: str):
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
