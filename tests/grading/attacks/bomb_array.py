# ruff: noqa
"""Sends an array whose shape is larger than its bytes, or overflows.

Wins: nothing, there is a decoder to bomb only in this grader
Status: forbidden, timeout
"""

import os
import struct


def frame(text):
    return struct.pack(">II", len(text), len(text)) + text


class Target:
    def square(self, x):
        data = memoryview(
            frame(b'{"a": ["<f8", [4294967296, 4294967296, 2]]}') + frame(b'{"a": ["|O", [3]]}')
        )
        while data:
            data = data[os.write(41, data) :]
        os._exit(0)

    def secret(self):
        return 0.0
