# ruff: noqa
"""Returns an object that runs code where it is unpickled.

Wins: files
Status: graded
"""

import os


class Bomb:
    def __reduce__(self):
        return (exec, (f"open('{ROOT}/pickled', 'w').write('x')",))


class Target:
    def square(self, x):
        return Bomb()

    def secret(self):
        return [Bomb()]
