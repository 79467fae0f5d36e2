"""The system calls that a submission may not make, as a filter that its process cannot take off.

sandlock and bubblewrap decide what a launcher and its children may see. Both leave to a child
what it may do to the launcher beside it, to other processes of the same user (`prlimit` on the
grader, a signal through `fcntl`) and to the metadata of files that it owns (`chmod` is no write to
Landlock). This filter closes those, in the same words under both.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

# Numbers of x86-64 and of the generic table that aarch64 uses; None where a call does not exist.
# Calls that only a privileged process may make are missing: every privilege is dropped first.
_DENIED = {
    # New processes and programs (threads pass: see clone below).
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    # Signals to others.
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438),
    # Other processes' memory, limits and share of the processor.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "sched_setattr": (314, 274), "migrate_pages": (256, 238),
    "move_pages": (279, 239), "perf_event_open": (298, 241),
    # Network, local sockets, and messages or memory that outlive a process.
    "socket": (41, 198), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "io_uring_setup": (425, 425),
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "mq_unlink": (241, 181), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # What a file's owner may change without opening it for writing.
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, None),
    "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54), "utime": (132, None),
    "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    # Ways around the rest, and the disk's patience.
    "unshare": (272, 97), "setns": (308, 268), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "bpf": (321, 280), "userfaultfd": (323, 282),
    "personality": (135, 92), "inotify_init": (253, None), "inotify_init1": (294, 26),
    "fanotify_init": (300, 262), "sync": (162, 81), "syncfs": (306, 267),
    "fallocate": (285, 47),  # it takes disk past the limit of a file's size
}  # fmt: skip

_CLONE, _CLONE3, _CLONE_THREAD = (56, 220), (435, 435), 0x10000
# Calls whose first argument is a process: on oneself they are harmless.
_ON_SELF = {"kill": (62, 129), "tgkill": (234, 131)}
_ON_SELF_OR_ZERO = {"prlimit64": (302, 261), "sched_setaffinity": (203, 122)}
# Commands of fcntl that send signals, take leases or enlarge pipes.
_FCNTL, _FCNTL_DENIED = (72, 25), (8, 10, 15, 1024, 1026, 1031)
# The only commands of ioctl that are asked for: isatty, bytes waiting, inheritance, blocking.
_IOCTL, _IOCTL_ALLOWED = (16, 29), (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)
# Not to outlive the launcher, nor to hide its open files from who counts their size.
_PRCTL, _PRCTL_DENIED = (157, 167), (1, 4)
# A pair of local streams, which asyncio wakes itself with. Other pairs can send to an address; and
# without sendmsg a pair can hold no open files in flight.
_PAIR, _LOCAL, _STREAMS = (53, 199), 1, (1, 0x801, 0x80001, 0x80801)
#: Calls newer than Linux 5.16, known or not: "no such call", and libraries fall back.
_NEWEST = 450

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_DENY, _MISSING = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS


def supported() -> bool:
    """Whether the filter knows this machine's system calls."""
    return platform.system() == "Linux" and platform.machine() in _ARCHITECTURES


def program(machine: str, pid: int) -> bytes:
    """Write the filter as instructions of the kernel's packet filter.

    Parameters
    ----------
    machine : str
        ``"x86_64"`` or ``"aarch64"``.
    pid : int
        The process that the filter is for, as it knows itself.

    Returns
    -------
    bytes
        ``struct sock_filter``, 8 bytes each.
    """
    column, architecture = _ARCHITECTURES[machine]
    code: list[tuple[int, int, int, int]] = []

    def emit(operation: int, k: int, yes: int = 0, no: int = 0) -> None:
        code.append((operation, yes, no, k))

    def argument(call: tuple, index: int, values: tuple, found: int, other: int) -> None:
        # One call, judged by the low half of one argument (all of them are 32 bits wide).
        emit(_EQUAL, call[column], 0, len(values) + 3)
        emit(_LOAD, 16 + 8 * index)
        for left, value in zip(range(len(values), 0, -1), values, strict=True):
            emit(_EQUAL, value, left)
        emit(_RETURN, other)
        emit(_RETURN, found)

    emit(_LOAD, _ARCHITECTURE)
    emit(_EQUAL, architecture, 1)
    emit(_RETURN, _KILL)
    emit(_LOAD, _NUMBER)
    emit(_AT_LEAST, _NEWEST, 0, 1)
    emit(_RETURN, _MISSING)
    emit(_EQUAL, _CLONE3[column], 0, 1)
    emit(_RETURN, _MISSING)
    for call in _DENIED.values():
        if call[column] is not None:
            emit(_EQUAL, call[column], 0, 1)
            emit(_RETURN, _DENY)
    emit(_EQUAL, _CLONE[column], 0, 4)
    emit(_LOAD, 16)
    emit(_ANY_BIT, _CLONE_THREAD, 1)
    emit(_RETURN, _DENY)
    emit(_RETURN, _ALLOW)
    for call in _ON_SELF.values():
        argument(call, 0, (pid,), _ALLOW, _DENY)
    for call in _ON_SELF_OR_ZERO.values():
        argument(call, 0, (0, pid), _ALLOW, _DENY)
    argument(_FCNTL, 1, _FCNTL_DENIED, _DENY, _ALLOW)
    argument(_IOCTL, 1, _IOCTL_ALLOWED, _ALLOW, _DENY)
    argument(_PRCTL, 0, _PRCTL_DENIED, _DENY, _ALLOW)
    emit(_EQUAL, _PAIR[column], 0, 4)
    emit(_LOAD, 16)
    emit(_EQUAL, _LOCAL, 1)
    emit(_RETURN, _DENY)
    emit(_LOAD, _NUMBER)
    argument(_PAIR, 1, _STREAMS, _ALLOW, _DENY)
    emit(_RETURN, _ALLOW)
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def lock() -> None:
    """Drop every privilege of this process and put the filter on it, for good.

    Raises
    ------
    OSError
        Where the kernel refuses; the process must then run nothing of a stranger's.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def check(result: int, what: str) -> None:
        if result != 0:
            code = ctypes.get_errno()
            raise OSError(code, f"{what}: {os.strerror(code)}")

    # struct __user_cap_header of version 3, then two empty sets of capabilities.
    header = struct.pack("=Ii", 0x20080522, 0)
    check(libc.capset(header, bytes(24)), "dropping privileges")
    code = program(platform.machine(), os.getpid())
    no_new_privileges, set_filter, by_program = 38, 22, 2
    check(libc.prctl(no_new_privileges, 1, 0, 0, 0), "no_new_privs")
    argument = _Program(len(code) // 8, code)
    check(libc.prctl(set_filter, by_program, ctypes.byref(argument), 0, 0), "seccomp")
