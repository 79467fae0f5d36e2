# ruff: noqa
"""Waits for visitors from outside.

Wins: breach
Status: graded
"""

import socket


class Target:
    def square(self, x):
        socket.create_server(("127.0.0.1", 0))
        raise ValueError("BREACH")

    def secret(self):
        return 0.0
