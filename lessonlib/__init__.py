"""Companion package of the course *Medical and Scientific Imaging, Measured*.

One module a topic, named as the field names it. Importing ``lessonlib`` loads nothing heavy;
each topic is loaded when it is first used.
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

_TOPICS = (
    "astronomy",
    "augmentation",
    "evaluation",
    "explain",
    "faces",
    "figures",
    "governance",
    "grading",
    "images",
    "imbalance",
    "microscopy",
    "profiling",
    "satellite",
    "scientific",
    "sweeps",
    "transfer",
    "volumes",
)

__all__ = [*_TOPICS, "__version__"]


def __getattr__(name: str):
    if name in _TOPICS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
