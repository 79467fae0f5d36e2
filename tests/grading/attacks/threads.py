# ruff: noqa
"""Starts threads that go on for as long as they can.

Wins: files
Status: graded, memory, error
"""

import threading
import time


def later():
    time.sleep(0.1)
    while True:
        try:
            open(f"{ROOT}/thread", "w").write("x")
        except OSError:
            pass
        time.sleep(0.05)


class Target:
    def square(self, x):
        for _ in range(10):
            threading.Thread(target=later, daemon=True).start()
        time.sleep(0.2)
        return x

    def secret(self):
        return 0.0
