"""Networks that begin with what photographs taught them: freezing, unfreezing, early stopping.

Taught in the chapter *Transfer learning*. Importing it loads no torch before a name is used.
"""

from __future__ import annotations

import importlib

# name: the module that defines it, loaded when the name is first used
_NAMES = {
    "WeightsUnavailableError": "backbones",
    "stages": "backbones",
    "MedicalClassifier": "classifier",
    "GradualUnfreezing": "unfreezing",
    "setup_gradual_unfreezing": "unfreezing",
    "extract_features": "features",
    "fit_head": "features",
    "HeadFit": "features",
    "fit": "training",
    "predict": "training",
    "TrainingHistory": "training",
    "batchnorm_drift": "drift",
    "BatchNormDrift": "drift",
}

__all__ = list(_NAMES)


def __getattr__(name: str):
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
