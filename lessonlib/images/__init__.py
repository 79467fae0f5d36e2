"""Real images that come inside installed packages, each with a data card, and drawn phantoms.

One call a picture: ``images.chest_xray().pixels``. Nothing is downloaded, every file's checksum is
checked, and the arrays are the caller's own. :mod:`lessonlib.images.phantoms` draws what needs an
exact truth.
"""

from __future__ import annotations

import importlib

# name: the module that defines it, loaded when the name is first used
_NAMES = {
    "ImageFileError": "_files",
    "SourceFile": "_files",
    "DataCard": "_cards",
    "cards": "_cards",
    "DicomImage": "_model",
    "Image": "_model",
    "LabelledImage": "_model",
    "MultibandImage": "_model",
    "window": "_model",
    "DicomFile": "dicom",
    "read_dicom": "dicom",
    "BrainTemplate": "medical",
    "chest_xray": "medical",
    "leg_xray": "medical",
    "head_ct": "medical",
    "liver_mr": "medical",
    "liver_segmentation": "medical",
    "ultrasound": "medical",
    "retina": "medical",
    "brain_template": "medical",
    "immunohistochemistry": "microscopy",
    "nuclei": "microscopy",
    "LandsatImage": "satellite",
    "sentinel2": "satellite",
    "sentinel2_native": "satellite",
    "landsat8": "satellite",
    "CCDFrame": "astronomy",
    "fetch": "downloads",
    "ccd_frame": "astronomy",
    "hubble_deep_field": "astronomy",
}

__all__ = [*_NAMES, "phantoms"]


def __getattr__(name: str):
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    if name == "phantoms":
        return importlib.import_module(f"{__name__}.phantoms")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
