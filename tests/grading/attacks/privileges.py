# ruff: noqa
"""Uses what a privileged user may: the clock, mounts, devices, raised limits.

Wins: nothing, it would change the machine
Status: graded
"""

import ctypes
import os
import resource
import time

libc = ctypes.CDLL(None, use_errno=True)


class Target:
    def square(self, x):
        for use in (
            lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
            lambda: os.chroot("/"),
            lambda: os.mknod(f"/tmp/{MARKER}", 0o600 | 0o020000, os.makedev(1, 1)),
            lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
            lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (5000, 5000)),
            lambda: os.setuid(1),
            lambda: os.nice(-5),
            lambda: open("/dev/mem", "rb"),
            lambda: open("/proc/sysrq-trigger", "w"),
            lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
            lambda: 1 / int(libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0) == 0),
            lambda: 1 / int(libc.sethostname(b"x", 1) == 0),
        ):
            try:
                use()
            except (OSError, ValueError, ZeroDivisionError):
                continue
            raise ValueError("BREACH")
        return x

    def secret(self):
        return 0.0
