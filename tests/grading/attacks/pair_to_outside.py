# ruff: noqa
"""Sends from a socketpair to an address outside, since a pair may be allowed.

Wins: breach
Status: graded
"""

import socket


class Target:
    def square(self, x):
        ours, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        raise ValueError("BREACH")

    def secret(self):
        return 0.0
