# ruff: noqa
"""Fills pipes, whose memory counts nowhere.

Wins: nothing, it would take memory of the machine
Status: graded, error
"""

import fcntl
import os


class Target:
    def square(self, x):
        pipes = []
        total = 0
        try:
            while True:
                reader, writer = os.pipe()
                pipes.append((reader, writer))
                try:
                    fcntl.fcntl(writer, 1031, 2**20)
                except OSError:
                    pass
                os.set_blocking(writer, False)
                while True:
                    total += os.write(writer, b"x" * 65536)
        except BlockingIOError:
            pass
        except OSError:
            pass
        if total > 64 * 2**20:
            raise ValueError("BREACH")
        return x

    def secret(self):
        return 0.0
