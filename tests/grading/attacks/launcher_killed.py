# ruff: noqa
"""Kills the process that forked it.

Wins: nothing, the parent of the unprotected runner is the test
Status: graded
"""

import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)


class Target:
    def square(self, x):
        parent = os.getppid()
        for pid in (parent, -parent, 0, -1, 1):
            for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT):
                try:
                    if pid > 0 or pid < -1:
                        os.kill(pid, number)
                except OSError:
                    pass
        libc.syscall(234, parent, parent, 9)
        return x

    def secret(self):
        return 0.0
