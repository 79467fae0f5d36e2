# ruff: noqa
"""Tells the environment that it was started with.

Wins: leak
Status: graded
"""

import os


class Target:
    def square(self, x):
        raise ValueError(str(dict(os.environ)))

    def secret(self):
        return 0.0
