# ruff: noqa
"""Imports the worked solution under another name.

Wins: score
Status: forbidden
"""

from solutions.target import Target as Answer


class Target(Answer):
    pass
