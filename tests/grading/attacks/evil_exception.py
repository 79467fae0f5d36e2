# ruff: noqa
"""Raises exceptions that cannot be described, and ones full of control characters.

Wins: nothing, it is about the report
Status: graded, crashed
"""


class Unspeakable(Exception):
    def __str__(self):
        raise self

    __repr__ = __str__


class Target:
    def square(self, x):
        raise Unspeakable

    def secret(self):
        raise ValueError(
            "\x1b[2J\x1b]0;title\x07 \ud800 =cmd|' /C calc'!A0 <script>alert(1)</script> [red]"
            + "x" * 10**6
        )
