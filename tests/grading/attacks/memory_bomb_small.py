# ruff: noqa
"""Takes all memory, in small pieces.

Wins: nothing, it would take all memory of the machine
Status: memory, crashed
"""


class Target:
    def square(self, x):
        kept = []
        while True:
            kept.append(bytearray(4096))

    def secret(self):
        return 0.0
