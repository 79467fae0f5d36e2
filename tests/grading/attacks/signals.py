# ruff: noqa
"""Stops or kills every process that it can name, by every call there is.

Wins: victim
Status: graded
"""

import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)


class Target:
    def square(self, x):
        for pid in (VICTIM, GRADER, os.getppid(), -os.getppid()):
            number = signal.SIGKILL if pid == VICTIM else 0
            for send in (
                lambda: os.kill(pid, number),
                lambda: os.killpg(abs(pid), number),
                lambda: libc.syscall(200, pid, number),  # tkill
                lambda: libc.syscall(234, pid, pid, number),  # tgkill
                lambda: signal.pidfd_send_signal(os.pidfd_open(pid), number),
            ):
                try:
                    send()
                except OSError:
                    pass
        return x

    def secret(self):
        return 0.0
