# ruff: noqa
"""Starts programs by every call that Python has.

Wins: survivor
Status: graded
"""

import os
import subprocess
import sys

COMMAND = [
    sys.executable or "/usr/bin/python3",
    "-S",
    "-c",
    f"import time; time.sleep(20)  # {MARKER}",
]


class Target:
    def square(self, x):
        for start in (
            lambda: subprocess.Popen(COMMAND, start_new_session=True),
            lambda: os.posix_spawn(COMMAND[0], COMMAND, {}),
            lambda: os.spawnv(os.P_NOWAIT, COMMAND[0], COMMAND),
        ):
            try:
                start()
            except OSError:
                pass
        return x

    def secret(self):
        return 0.0
