# ruff: noqa
"""Alters the program that answers for it, from inside.

Wins: nothing, there is such a program only in this grader
Status: forbidden, graded, crashed, error
"""

import gc
import sys


class Target:
    def square(self, x):
        for each in gc.get_objects():
            if type(each).__name__ == "Worker":
                each.answer = lambda request: b"\x00\x00\x00\x02\x00\x00\x00\x02{}"
                each.call = lambda **request: {"value": True}
        return x

    def secret(self):
        return 0.0
