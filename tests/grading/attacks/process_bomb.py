# ruff: noqa
"""Forks as often as it can.

Wins: nothing, it would take the machine down
Status: graded
"""

import os


class Target:
    def square(self, x):
        started = 0
        for _ in range(10000):
            try:
                if os.fork() == 0:
                    while True:
                        pass
                started += 1
            except OSError:
                break
        if started:
            raise ValueError("BREACH")
        return x

    def secret(self):
        return 0.0
