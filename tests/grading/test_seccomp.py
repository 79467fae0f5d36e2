"""The filter of system calls, run by a small machine for such programs and by the kernel itself."""

from __future__ import annotations

import os
import re
import struct
import sys
from pathlib import Path

import pytest

from lessonlib.grading import seccomp

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
PID = 4321


def answer(machine, number, *arguments, architecture=None):
    """Run the filter on one call, as the kernel's documentation of the instructions says."""
    code = [
        struct.unpack("=HBBI", seccomp.program(machine, PID)[i : i + 8])
        for i in range(0, len(seccomp.program(machine, PID)), 8)
    ]
    architecture = MACHINES[machine][1] if architecture is None else architecture
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=iIQ6Q", number, architecture, 0, *(a % 2**64 for a in padded))
    at, register = 0, 0
    while True:
        operation, yes, no, k = code[at]
        at += 1
        if operation == 0x06:
            return {0x7FFF0000: "allow", 0x80000000: "kill", 0x50001: "deny", 0x50026: "missing"}[k]
        if operation == 0x20:
            (register,) = struct.unpack_from("=I", data, k)
        elif operation in (0x15, 0x35, 0x45):
            holds = {0x15: register == k, 0x35: register >= k, 0x45: bool(register & k)}
            at += yes if holds[operation] else no
        else:
            raise AssertionError(f"unknown instruction {operation:#x}")


def numbers(machine, name):
    column = MACHINES[machine][0]
    tables = (seccomp._DENIED, seccomp._ON_SELF, seccomp._ON_SELF_OR_ZERO)
    for table in tables:
        if name in table:
            return table[name][column]
    others = {"clone": seccomp._CLONE, "clone3": seccomp._CLONE3, "fcntl": seccomp._FCNTL}
    others |= {"ioctl": seccomp._IOCTL, "prctl": seccomp._PRCTL, "socketpair": seccomp._PAIR}
    return others[name][column]


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_are_decided_as_listed(machine):
    def decided(name, *arguments):
        return answer(machine, numbers(machine, name), *arguments)

    for name, columns in seccomp._DENIED.items():
        if columns[MACHINES[machine][0]] is not None:
            assert decided(name) == "deny", name
    assert decided("clone", 17) == "deny"  # what fork() becomes
    assert decided("clone", 0x3D0F00) == "allow"  # what a thread becomes
    assert decided("clone3") == "missing"
    assert answer(machine, 450) == answer(machine, 0x40000000 + 1) == "missing"
    assert answer(machine, 0 if machine == "x86_64" else 63) == "allow"  # read
    assert answer(machine, 1, architecture=0x40000003) == "kill"  # another machine's numbers
    for name in ("kill", "tgkill"):
        assert decided(name, PID, 9) == "allow"
        for other in (PID + 1, 0, -1, -PID):
            assert decided(name, other, 9) == "deny"
    assert decided("prlimit64", 0) == decided("prlimit64", PID) == "allow"
    assert decided("prlimit64", 1) == decided("sched_setaffinity", 1) == "deny"
    assert decided("fcntl", 0, 3) == "allow"  # F_GETFL
    for command in (8, 10, 15, 1024, 1026, 1031):
        assert decided("fcntl", 0, command) == "deny"
    assert decided("ioctl", 0, 0x5401) == "allow"
    assert decided("ioctl", 0, 0x5412) == decided("ioctl", 0, 0x40086602) == "deny"
    assert decided("prctl", 1, 0) == decided("prctl", 4, 0) == "deny"
    for flags in (0, 0x800, 0x80000, 0x80800):  # nothing, not blocking, not inherited, both
        assert decided("socketpair", 1, 1 | flags) == "allow"
        assert decided("socketpair", 1, 2 | flags) == "deny"  # datagrams
        assert decided("socketpair", 1, 5 | flags) == "deny"
        assert decided("socketpair", 30, 1 | flags) == "deny"  # another family
    assert decided("prctl", 15, 0) == "allow"


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_the_kernels(machine):
    if not HEADERS[machine].exists():
        pytest.skip("no kernel headers here")
    pattern = re.compile(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", re.MULTILINE)
    known = {name: int(n) for name, n in pattern.findall(HEADERS[machine].read_text())}
    names = [*seccomp._DENIED, *seccomp._ON_SELF, *seccomp._ON_SELF_OR_ZERO]
    for name in [*names, "clone", "clone3", "fcntl", "ioctl", "prctl", "socketpair"]:
        assert numbers(machine, name) == known.get(name), name


@pytest.mark.skipif(sys.platform != "linux", reason="a filter of Linux")
def test_the_kernel_takes_it():
    child = os.fork()
    if child == 0:
        code = 1
        try:
            seccomp.lock()
            os.getpid()
            try:
                os.fork()
            except PermissionError:
                code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
