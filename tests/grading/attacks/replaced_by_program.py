# ruff: noqa
"""Becomes another program.

Wins: stop
Status: graded
"""

import os
import sys

COMMAND = [
    sys.executable or "/usr/bin/python3",
    "-S",
    "-c",
    f"import time; time.sleep(20)  # {MARKER}",
]


class Target:
    def square(self, x):
        os.execv(COMMAND[0], COMMAND)

    def secret(self):
        return 0.0
