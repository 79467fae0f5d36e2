# ruff: noqa
"""Ends the program while it is imported.

Wins: stop
Status: error, crashed
"""

import sys


class Target:
    pass


sys.exit(0)
