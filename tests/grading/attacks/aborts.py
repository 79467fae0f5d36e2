# ruff: noqa
"""Dies of a signal of its own.

Wins: stop
Status: crashed
"""

import ctypes
import os


class Target:
    def square(self, x):
        ctypes.string_at(0)

    def secret(self):
        os.abort()
