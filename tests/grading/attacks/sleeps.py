# ruff: noqa
"""Waits for a lock that nobody frees.

Wins: stop
Status: timeout
"""

import threading


class Target:
    def square(self, x):
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    def secret(self):
        return 0.0
