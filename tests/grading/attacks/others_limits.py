# ruff: noqa
"""Lowers the limits and the priority of another process.

Wins: victim
Status: graded
"""

import os
import resource


class Target:
    def square(self, x):
        for pid in (VICTIM,):
            for change in (
                lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, 3)),
                lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
                lambda: os.sched_setaffinity(pid, {0}),
            ):
                try:
                    change()
                except OSError:
                    pass
        return x

    def secret(self):
        return 0.0
