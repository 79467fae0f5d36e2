# ruff: noqa
"""Sends its answer a byte at a time, for ever.

Wins: nothing, pipes exist only in this grader
Status: timeout, forbidden, graded
"""

import os
import time


class Target:
    def square(self, x):
        os.write(41, b"\x00\x10\x00\x00\x00\x00\x10\x00")
        while True:
            os.write(41, b" ")
            time.sleep(0.05)

    def secret(self):
        return 0.0
