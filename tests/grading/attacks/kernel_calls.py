# ruff: noqa
"""Asks the kernel for new powers by number.

Wins: breach
Status: graded, timeout
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "unshare": (272, 0x10000000),
    "io_uring_setup": (425, 1, ctypes.create_string_buffer(120)),
    "userfaultfd": (323, 1),
    "keyctl": (250, 0, -3, 1),
    "inotify_init": (253,),
    "memfd_secret": (447, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0),
    "bpf": (321, 0, 0, 0),
    "name_to_handle_at": (303, -100, b"/", 0, 0, 0),
    "kcmp": (312, 1, 1, 0, 0, 0),
    "personality": (135, 0x0040000),
    "clone3": (435, 0, 0),
    "fork": (57,),
    "vfork-like": (56, 17, 0),
}


class Target:
    def square(self, x):
        got = []
        for name, call in CALLS.items():
            answer = libc.syscall(*call)
            if answer >= 0:
                got.append(name)
                if answer == 0 and name in ("fork", "vfork-like"):
                    libc._exit(0)
        if got:
            raise ValueError("BREACH " + ", ".join(got))
        return x

    def secret(self):
        return 0.0
