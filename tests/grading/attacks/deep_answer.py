# ruff: noqa
"""Returns lists in lists in lists, and a list that holds itself.

Wins: nothing, pickle gives up by itself
Status: graded
"""


class Target:
    def square(self, x):
        value = []
        value.append(value)
        return value

    def secret(self):
        value = []
        for _ in range(100_000):
            value = [value]
        return value
