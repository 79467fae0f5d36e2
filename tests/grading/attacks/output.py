# ruff: noqa
"""Prints 200 MB, in Python and past it.

Wins: nothing, a runner without a cap keeps it all
Status: graded
"""

import os
import sys


class Target:
    def square(self, x):
        for _ in range(200):
            print("x" * 2**20)
            sys.stderr.write("y" * 2**10)
            os.write(1, b"z" * 2**20)
        return x

    def secret(self):
        return 0.0
