# ruff: noqa
"""Stops its own process.

Wins: stop
Status: timeout
"""

import os
import signal


class Target:
    def square(self, x):
        os.kill(os.getpid(), signal.SIGSTOP)
        return x

    def secret(self):
        return 0.0
