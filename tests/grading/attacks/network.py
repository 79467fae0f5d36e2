# ruff: noqa
"""Reaches out by TCP, UDP, local and abstract sockets.

Wins: network
Status: graded
"""

import socket


def tcp():
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(("127.0.0.1", TCP))


def udp():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", UDP))


def unix(address):
    socket.socket(socket.AF_UNIX).connect(address)


class Target:
    def square(self, x):
        for reach in (tcp, udp, lambda: unix(UNIX), lambda: unix(f"\0{ABSTRACT}")):
            try:
                reach()
            except OSError:
                pass
        return x

    def secret(self):
        return 0.0
