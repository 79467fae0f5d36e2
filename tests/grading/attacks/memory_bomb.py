# ruff: noqa
"""Takes all memory, in one piece.

Wins: nothing, it would take all memory of the machine
Status: memory
"""

import numpy as np


class Target:
    kept = []

    def square(self, x):
        try:
            while True:
                self.kept.append(np.ones(10**8))
        except MemoryError:
            pass
        raise MemoryError

    def secret(self):
        return 0.0
