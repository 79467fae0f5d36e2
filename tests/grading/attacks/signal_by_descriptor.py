# ruff: noqa
"""Has the kernel send a signal for it: fcntl's F_SETOWN and F_SETSIG on a pipe.

Wins: victim
Status: graded
"""

import fcntl
import os
import signal


class Target:
    def square(self, x):
        for pid in (VICTIM, os.getppid() if False else VICTIM):
            reader, writer = os.pipe()
            try:
                fcntl.fcntl(reader, fcntl.F_SETOWN, pid)
                fcntl.fcntl(reader, 10, signal.SIGSTOP)  # F_SETSIG
                fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
                os.write(writer, b"x")
            except OSError:
                pass
        return x

    def secret(self):
        return 0.0
