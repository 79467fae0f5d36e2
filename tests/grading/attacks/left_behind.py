# ruff: noqa
"""Leaves a process that goes on after the grading.

Wins: survivor
Status: graded
"""

import os
import sys
import time


class Target:
    def square(self, x):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv(
                    sys.executable,
                    [sys.executable, "-S", "-c", f"import time; time.sleep(20)  # {MARKER}"],
                )
            os._exit(0)
        return x

    def secret(self):
        return 0.0
