# ruff: noqa
"""Lowers the limits of the grader and the launcher to nothing.

Wins: nothing, the parent of the unprotected runner is the test
Status: graded
"""

import os
import resource


class Target:
    def square(self, x):
        for pid in (os.getppid(), GRADER):
            for what in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_AS):
                try:
                    resource.prlimit(pid, what, (0, 0))
                except OSError:
                    pass
        return x

    def secret(self):
        return 0.0
