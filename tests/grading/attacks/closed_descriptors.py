# ruff: noqa
"""Closes and alters every descriptor that it has.

Wins: nothing, descriptors matter only in this grader
Status: crashed, forbidden, timeout
"""

import fcntl
import os


class Target:
    def square(self, x):
        for descriptor in range(64):
            try:
                fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_NONBLOCK)
                os.close(descriptor)
            except OSError:
                pass
        return x

    def secret(self):
        return 0.0
