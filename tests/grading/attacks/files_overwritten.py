# ruff: noqa
"""Overwrites a classmate's submission and what else it finds.

Wins: files
Status: graded
"""

import os


class Target:
    def square(self, x):
        for path in (CLASSMATE, CANARY, SOLUTION):
            for change in (
                lambda: open(path, "w").write("class Target: pass"),
                lambda: open(path, "a").write("x"),
                lambda: open(path, "r+").write("x"),
                lambda: os.truncate(path, 0),
                lambda: os.replace(path, path + ".old"),
                lambda: os.unlink(path),
            ):
                try:
                    change()
                except OSError:
                    pass
        return x

    def secret(self):
        return 0.0
