# ruff: noqa
"""Takes disk past the limit of a file's size, by asking for room and by holes.

Wins: nothing, it would fill the disk of the machine
Status: graded
"""

import ctypes
import os


class Target:
    def square(self, x):
        file = open("f", "wb")
        libc = ctypes.CDLL(None, use_errno=True)
        made = libc.fallocate(file.fileno(), 1, ctypes.c_long(0), ctypes.c_long(10**9))
        try:
            os.posix_fallocate(file.fileno(), 0, 10**9)
            os.truncate("f", 10**9)
            os.pwrite(file.fileno(), b"x", 10**9)
        except OSError:
            pass
        if made == 0 or os.path.getsize("f") > 50 * 2**20:
            raise ValueError("BREACH")
        return x

    def secret(self):
        return 0.0
