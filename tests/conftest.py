"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# The same examples in every run, so that a failure is the fault of the change that was tested.
# COURSE_FUZZ=1 draws new ones.
settings.register_profile("course", derandomize=not os.environ.get("COURSE_FUZZ"), deadline=None)
settings.load_profile("course")
