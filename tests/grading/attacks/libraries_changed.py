# ruff: noqa
"""Changes the libraries that the next submission will use.

Wins: nothing, it would change the test's own environment
Status: graded
"""

import os
import sys

import numpy as np


class Target:
    def square(self, x):
        place = os.path.dirname(np.__file__)
        for change in (
            lambda: open(os.path.join(place, "__init__.py"), "a").write(f"# {MARKER}"),
            lambda: open(os.path.join(place, MARKER), "w"),
            lambda: os.chmod(os.path.join(place, "__init__.py"), 0o644),
            lambda: open(os.__file__, "a").write(f"# {MARKER}"),
            lambda: os.utime(os.__file__),
        ):
            try:
                change()
            except OSError:
                continue
            raise ValueError("BREACH")
        return x

    def secret(self):
        return 0.0
