# ruff: noqa
"""Writes replies to every descriptor there is, before it is asked.

Wins: nothing, pipes exist only in this grader
Status: forbidden, graded, crashed
"""

import json
import os
import struct


def forge(value):
    text = json.dumps(
        {
            "d": [
                "id",
                "0" * 32,
                "value",
                value,
                "stdout",
                "",
                "arguments",
                {"t": [value]},
                "attributes",
                {"d": []},
            ]
        }
    ).encode()
    frame = struct.pack(">II", len(text), len(text)) + text
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, frame * 3)
        except OSError:
            pass


class Target:
    def square(self, x):
        forge(1.0)
        return x

    def secret(self):
        forge(1.0)
        return 0.0
