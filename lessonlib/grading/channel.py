"""Frames to and from a child that may answer never, too much, or a byte at a time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from . import protocol

_PIECE = 2**18


class Channel:
    """Two pipes to a child, each wait of which ends by a deadline.

    Parameters
    ----------
    reader, writer : int
        This process's ends. The channel owns them.
    kill : callable
        Ends the child where a wait cannot be given a limit otherwise: on Windows, whose pipes no
        `select` can wait for.
    """

    def __init__(self, reader: int, writer: int, kill: Callable[[], object]):
        self.reader, self.writer, self.kill = reader, writer, kill
        self.polled = os.name == "posix"
        if self.polled:
            os.set_blocking(reader, False)
            os.set_blocking(writer, False)

    def ask(self, frame: bytes, deadline: float) -> tuple[bytes, bytes]:
        """Send a frame and wait for the one that answers it.

        Parameters
        ----------
        frame : bytes
            A whole frame.
        deadline : float
            On the clock of `time.monotonic`.

        Returns
        -------
        header, body : bytes

        Raises
        ------
        TimeoutError
            Where the deadline passed first.
        EOFError
            Where the child has gone.
        ProtocolError
            Where the answer's header breaks the caps.
        """
        if self.polled:
            return self._ask(frame, deadline)
        late = threading.Event()
        timer = threading.Timer(deadline - time.monotonic(), lambda: (late.set(), self.kill()))
        timer.start()
        try:
            return self._ask(frame, deadline)
        except (EOFError, OSError):
            if late.is_set():
                raise TimeoutError from None
            raise EOFError from None
        finally:
            timer.cancel()

    def _ask(self, frame: bytes, deadline: float) -> tuple[bytes, bytes]:
        left = memoryview(frame)
        while left:
            self._wait(self.writer, True, deadline)
            try:
                left = left[os.write(self.writer, left[:_PIECE]) :]
            except BlockingIOError:
                continue
            except OSError:
                raise EOFError from None
        header = self._exactly(protocol.HEADER_SIZE, deadline)
        return header, self._exactly(protocol.frame_size(header), deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(self.reader, False, deadline)
            try:
                piece = os.read(self.reader, min(size - len(data), _PIECE))
            except BlockingIOError:
                continue
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _wait(self, descriptor: int, writing: bool, deadline: float) -> None:
        """Return once the pipe is ready; raise where the deadline passes first."""
        if not self.polled:
            return
        import select  # `poll` is missing on Windows

        poll = select.poll()
        poll.register(descriptor, select.POLLOUT if writing else select.POLLIN)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError

    def close(self) -> None:
        """Close both pipes."""
        os.close(self.reader)
        os.close(self.writer)
