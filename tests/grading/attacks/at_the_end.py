# ruff: noqa
"""Acts when the interpreter ends, and when objects are deleted.

Wins: files
Status: graded
"""

import atexit

atexit.register(lambda: open(f"{ROOT}/at-exit", "w").write("x"))


class Last:
    def __del__(self, open=open):
        open(f"{ROOT}/deleted", "w").write("x")


class Target:
    keep = Last()

    def square(self, x):
        Last()
        return x

    def secret(self):
        return 0.0
