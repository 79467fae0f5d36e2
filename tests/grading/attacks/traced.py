# ruff: noqa
"""Traces another process, or reads it with process_vm_readv.

Wins: breach, victim
Status: graded
"""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


class Target:
    def square(self, x):
        for pid in (VICTIM, os.getppid()):
            if libc.ptrace(16, pid, 0, 0) == 0:  # PTRACE_ATTACH
                raise ValueError("BREACH")
        return x

    def secret(self):
        buffer = ctypes.create_string_buffer(8)

        class Part(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

        here = Part(ctypes.addressof(buffer), 8)
        there = Part(id(self), 8)
        for pid in (VICTIM, os.getppid()):
            got = libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
            if got >= 0:
                raise ValueError("BREACH")
        return 0.0
