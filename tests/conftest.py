"""What holds for all tests."""

from __future__ import annotations

import os
import random
import sys
import zlib

import numpy as np
import pytest
from hypothesis import settings

# The same examples in every run, so that a failure is the fault of the change that was tested.
# COURSE_FUZZ=1 draws new ones.
settings.register_profile("course", derandomize=not os.environ.get("COURSE_FUZZ"), deadline=None)
settings.load_profile("course")


def draw_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whatever is drawn without a seed from here on depend on a name alone.

    NumPy asks the operating system where no seed is given, and torch and Python have one global
    generator that the tests before have moved.
    """
    seed = zlib.crc32(name.encode())
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    monkeypatch.setattr(np.random.bit_generator, "randbits", random.Random(name).getrandbits)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


@pytest.fixture(autouse=True)
def same_draws(request, monkeypatch):
    """Every run of a test draws alike, in whatever order the tests are run."""
    draw_alike(request.node.nodeid, monkeypatch)
