# ruff: noqa
"""Ends the process in a call.

Wins: stop
Status: crashed
"""

import os


class Target:
    def square(self, x):
        os._exit(0)

    def secret(self):
        os._exit(0)
