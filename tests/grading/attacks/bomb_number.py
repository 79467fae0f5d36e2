# ruff: noqa
"""Sends a number of a million digits.

Wins: nothing, there is a decoder to bomb only in this grader
Status: forbidden, timeout
"""

import os
import struct


def frame(text):
    return struct.pack(">II", len(text), len(text)) + text


class Target:
    def square(self, x):
        data = memoryview(frame(b"9" * 1_000_000))
        while data:
            data = data[os.write(41, data) :]
        os._exit(0)

    def secret(self):
        return 0.0
