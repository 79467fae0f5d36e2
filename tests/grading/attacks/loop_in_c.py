# ruff: noqa
"""Spends its time in C, where no exception reaches it.

Wins: stop
Status: timeout
"""

import re


class Target:
    def square(self, x):
        return re.match(r"(a+)+$", "a" * 60 + "b")

    def secret(self):
        return 0.0
