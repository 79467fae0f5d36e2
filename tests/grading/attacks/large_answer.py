# ruff: noqa
"""Returns more than anybody can want.

Wins: nothing, the answer's size harms by its copies
Status: graded, memory
"""

import numpy as np


class Target:
    def square(self, x):
        return np.zeros(2 * 10**7)

    def secret(self):
        return ["x" * 1000] * 100_000
