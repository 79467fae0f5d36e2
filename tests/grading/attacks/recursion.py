# ruff: noqa
"""Recurses until the stack is gone.

Wins: stop
Status: crashed, graded, memory, timeout
"""

import sys

sys.setrecursionlimit(10**9)


class Target:
    def square(self, x):
        return self.square(x)

    def secret(self):
        return 0.0
