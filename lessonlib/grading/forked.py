"""A class of this process judged so that an endless loop in it ends, and the notebook goes on.

On Linux each part is judged in a fork of this process, which has the class and all that it uses,
and is killed where it takes too long. Elsewhere a loaded interpreter cannot be forked safely; there
the part is judged here and interrupted.
"""

from __future__ import annotations

import _thread
import contextlib
import io
import math
import os
import pickle
import signal
import struct
import sys
import tempfile
import threading
import time
import warnings
from typing import Any

import numpy as np

from . import messages, ways
from .exercise import Criterion, LocalRemote, SubmissionError
from .grade import Report, generator
from .sandbox import Limits

try:
    import resource
except ImportError:  # Windows, and Python in a browser
    resource = None

_LENGTH = struct.Struct(">Q")


def judge(report: Report, target: type, seed: int, limits: Limits) -> None:
    """Judge all parts of an exercise on a class of this process.

    Parameters
    ----------
    report : Report
        Gets the verdicts and the status.
    target : type
        The class.
    seed : int
        Of the inputs.
    limits : Limits
        Of processor time for all parts together, of which one may take half of what is left, of
        wall time in proportion, and of memory beside what this process has.
    """
    left, statuses = limits.seconds, []
    # As a file's class: what it saves must not land on what the learner has in the notebook's
    # folder, and what lies there is not there when others grade it.
    with tempfile.TemporaryDirectory(prefix="check-", ignore_cleanup_errors=True) as own:
        for criterion in report.exercise.criteria:
            rng, share = generator(seed, criterion), max(left / 2, 1)
            if ways.FORKS and resource:
                status, taken = _in_fork(report, criterion, target, rng, share, limits, own)
            else:
                with contextlib.chdir(own):
                    status, taken = _here(report, criterion, target, rng, share, limits)
            statuses.append(status)
            left -= taken
    report.status = next(filter(None, statuses), "graded")


def _in_fork(
    report: Report,
    criterion: Criterion,
    target: type,
    rng: np.random.Generator,
    seconds: float,
    limits: Limits,
    own: str,
) -> tuple[str, float]:
    """Judge one part in a fork that works in the folder `own`.

    Return how that ended, where it did, and the seconds it took.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():  # a fork has one thread, and uses no lock of the others
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            os.close(reader)
            os.chdir(own)
            _limit(seconds, limits.memory)
            _serve(writer, report, criterion, target, rng)
        finally:
            os._exit(0)
    os.close(writer)
    called, verdict, until = "", None, time.monotonic() + _wait(seconds, limits)
    try:
        for kind, content in _told(reader, until):
            called, verdict = (content, None) if kind == "called" else (called, content)
    finally:  # an interruption by the learner, too
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)
    taken = usage.ru_utime + usage.ru_stime
    if verdict is not None:
        report.verdicts[criterion.id], picture = verdict
        if picture:
            report.pictures[criterion.id] = picture
        return "", taken
    code = os.waitstatus_to_exitcode(status)
    if code in (-signal.SIGKILL, -signal.SIGXCPU):
        return _ended(report, criterion, called, taken, seconds, limits), taken
    how = f"ended itself with status {code}" if code >= 0 else f"died of signal {-code}"
    error = SubmissionError("crashed", "", None, f"the process of the check {how}")
    error.called = called
    report.verdicts[criterion.id] = messages.described(error)
    return "crashed", taken


def _wait(seconds: float, limits: Limits) -> float:
    """Return the wall time that goes with a share of the processor time."""
    return seconds * limits.wall / limits.seconds


def _ended(
    report: Report,
    criterion: Criterion,
    called: str,
    taken: float,
    seconds: float,
    limits: Limits,
) -> str:
    """Note that a part took too long; return the status that it leads to."""
    text = f"stopped after {taken:.1f} s of processor time without an answer; the limit of "
    waits = taken < 0.9 * seconds  # the kernel counts in ticks
    text += f"waiting is {limits.wall:g} s" if waits else f"time is {limits.seconds:g} s"
    error = SubmissionError("timeout", "", None, text)
    error.called = called
    report.verdicts[criterion.id] = messages.described(error)
    return "timeout"


def _serve(
    writer: int, report: Report, criterion: Criterion, target: type, rng: np.random.Generator
) -> None:
    """Judge one part and tell how it went; in the fork."""
    sys.stdout = sys.stderr = io.StringIO()  # what a notebook's own would do is the parent's

    def tell(*message: Any) -> None:
        data = pickle.dumps(message)
        data = memoryview(_LENGTH.pack(len(data)) + data)
        while data:
            data = data[os.write(writer, data) :]

    with contextlib.suppress(ImportError):
        # OpenMP's threads have not come along, and whoever asks for them would wait for ever.
        import threadpoolctl

        threadpoolctl.threadpool_limits(1)
    name = report.exercise.name
    remote = messages.Narrated(LocalRemote(target), name, lambda called: tell("called", called))
    report.judge(criterion, remote, rng)
    picture = report.pictures.get(criterion.id)
    tell("verdict", (report.verdicts[criterion.id], picture))


def _told(reader: int, until: float) -> Any:
    """Yield what a fork tells, until it has ended or the time is over."""
    import select  # not in every Python that runs in a browser

    data = bytearray()
    while select.select([reader], [], [], max(until - time.monotonic(), 0))[0]:
        piece = os.read(reader, 2**20)
        if not piece:
            return
        data += piece
        while len(data) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(data)[0]
            if len(data) < end:
                break
            yield pickle.loads(bytes(data[_LENGTH.size : end]))
            del data[:end]


def _limit(seconds: float, memory: int) -> None:
    most = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm") as file:
            mapped = int(file.read().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory * 2**20, hard))


def _here(
    report: Report,
    criterion: Criterion,
    target: type,
    rng: np.random.Generator,
    seconds: float,
    limits: Limits,
) -> tuple[str, float]:
    """Judge one part in this process, as `_in_fork` does: only Python's own loops can be ended."""
    calls = [""]
    remote = messages.Narrated(LocalRemote(target), report.exercise.name, calls.append)
    started, begun = time.monotonic(), time.process_time()
    done, late, before = threading.Event(), threading.Event(), None

    def watch() -> None:
        while not done.wait(0.1):
            taken, waited = time.process_time() - begun, time.monotonic() - started
            if taken > seconds or waited > _wait(seconds, limits):
                late.set()
                return _thread.interrupt_main()

    try:
        if threading.current_thread() is threading.main_thread():  # others cannot be interrupted
            with contextlib.suppress(RuntimeError):  # no threads here, as in a browser
                # A shell's background job is deaf to interruptions, those of its own too.
                before = signal.signal(signal.SIGINT, signal.default_int_handler)
                threading.Thread(target=watch, daemon=True).start()
        report.judge(criterion, remote, rng)
        done.set()
        if late.is_set():
            time.sleep(1)  # the interruption is on its way
    except KeyboardInterrupt:
        if not late.is_set():
            raise
        taken = time.process_time() - begun
        return _ended(report, criterion, calls[-1], taken, seconds, limits), seconds
    finally:
        done.set()
        if before is not None:
            signal.signal(signal.SIGINT, before)
    return "", time.process_time() - begun
