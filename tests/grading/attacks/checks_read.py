# ruff: noqa
"""Reads the checks and tells what they say.

Wins: score, leak
Status: graded
"""


class Target:
    def square(self, x):
        raise ValueError(open(CHECKS).read())

    def secret(self):
        space = {}
        exec(open(CHECKS).read(), space)
        return space["SECRET"]
