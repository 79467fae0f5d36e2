# ruff: noqa
"""Catches every exception and every signal, and goes on.

Wins: stop
Status: timeout
"""

import signal
import time

for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


class Target:
    def square(self, x):
        while True:
            try:
                time.sleep(1)
            except BaseException:
                pass

    def secret(self):
        return 0.0
