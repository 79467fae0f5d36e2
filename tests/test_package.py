"""What holds for the package as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Heavy libraries that a topic must not load before it needs them.
HEAVY = {
    "lessonlib": {"numpy", "scipy", "sklearn", "torch", "matplotlib", "dask", "skimage", "cv2"},
    "lessonlib.scientific": {"torch", "dask", "matplotlib", "sklearn"},
    "lessonlib.augmentation": {"torch", "dask", "matplotlib", "sklearn"},
    "lessonlib.images": {"torch", "dask", "matplotlib", "sklearn", "nilearn", "astropy", "pydicom"},
    "lessonlib.imbalance": {"torch", "sklearn", "imblearn", "matplotlib", "scipy"},
    "lessonlib.evaluation": {"torch", "dask", "matplotlib", "sklearn", "skimage"},
    "lessonlib.explain": {"torch", "scipy", "dask", "matplotlib", "sklearn", "skimage", "timm"},
    "lessonlib.satellite": {"torch", "dask", "matplotlib", "sklearn", "skimage", "spyndex"},
    "lessonlib.governance": {"torch", "dask", "matplotlib", "sklearn", "skimage"},
    "lessonlib.faces": {"torch", "dask", "matplotlib", "sklearn", "skimage"},
    "lessonlib.microscopy": {"torch", "dask", "matplotlib", "sklearn", "skimage", "stardist"},
    "lessonlib.astronomy": {
        "torch",
        "astropy",
        "photutils",
        "ccdproc",
        "astroscrappy",
        "matplotlib",
        "skimage",
        "dask",
    },
    "lessonlib.profiling": {"torch", "scipy", "matplotlib", "sklearn"},
}


@pytest.mark.parametrize("module", HEAVY)
def test_import_loads_nothing_heavy(module):
    """A fresh interpreter imports the module without its heavy libraries."""
    code = f"import {module}, sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY[module] & set(done.stdout.split()) == set()


def test_topics_are_found_and_listed():
    """Every topic named in the package is importable by attribute; a wrong name is an error."""
    import lessonlib

    for topic in lessonlib._TOPICS:
        assert getattr(lessonlib, topic).__name__ == f"lessonlib.{topic}"
        assert topic in dir(lessonlib)
    with pytest.raises(AttributeError, match="no_such_topic"):
        _ = lessonlib.no_such_topic
