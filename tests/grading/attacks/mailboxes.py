# ruff: noqa
"""Leaves messages in kernel objects that outlive a process, for a friend to find.

Wins: breach
Status: graded
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


class Target:
    def square(self, x):
        made = []
        made.append(libc.shmget(0, 4096, 0o1600))
        made.append(libc.msgget(0, 0o1600))
        made.append(libc.semget(0, 1, 0o1600))
        libc.shmctl(made[0], 0, 0), libc.msgctl(made[1], 0, 0), libc.semctl(made[2], 0, 0)
        made.append(libc.syscall(240, MARKER.encode(), 0o102, 0o600, 0))  # mq_open
        libc.syscall(241, MARKER.encode())
        made.append(libc.syscall(319, MARKER.encode(), 0))  # memfd_create
        if max(made) >= 0:
            raise ValueError("BREACH")
        return x

    def secret(self):
        return 0.0
