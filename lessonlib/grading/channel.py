"""Frames to and from a child that may answer never, too much, or a byte at a time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from . import protocol

_PIECE = 2**18


class Channel:
    """Two pipes to a child, whoever waits at which is watching what the child takes.

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

    def ask(self, frame: bytes, watch: Callable[[], float]) -> tuple[bytes, bytes]:
        """Send a frame and wait for the one that answers it.

        Parameters
        ----------
        frame : bytes
            A whole frame.
        watch : callable
            Called again and again during the wait; returns the seconds until it wants to be called
            next, and raises what ends the wait.

        Returns
        -------
        header, body : bytes

        Raises
        ------
        EOFError
            Where the child has gone.
        ProtocolError
            Where the answer's header breaks the caps.
        """
        self._watch, self._due = watch, 0.0
        if self.polled:
            return self._ask(frame)
        stopped: list[Exception] = []
        answered = threading.Event()

        def look() -> None:
            try:
                while not answered.wait(watch()):
                    pass
            except Exception as reason:  # raised below, by whoever waits
                stopped.append(reason)
                self.kill()

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            return self._ask(frame)
        except (EOFError, OSError):
            if stopped:
                raise stopped[0] from None
            raise EOFError from None
        finally:
            answered.set()
            thread.join()

    def _ask(self, frame: bytes) -> tuple[bytes, bytes]:
        left = memoryview(frame)
        while left:
            self._wait(self.writer, True)
            try:
                left = left[os.write(self.writer, left[:_PIECE]) :]
            except BlockingIOError:
                continue
            except OSError:
                raise EOFError from None
        header = self._exactly(protocol.HEADER_SIZE)
        return header, self._exactly(protocol.reply_size(header))

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(self.reader, False)
            try:
                piece = os.read(self.reader, min(size - len(data), _PIECE))
            except BlockingIOError:
                continue
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _wait(self, descriptor: int, writing: bool) -> None:
        """Return once the pipe is ready; raise where the watch does."""
        if not self.polled:
            return
        import select  # `poll` is missing on Windows

        poll = select.poll()
        poll.register(descriptor, select.POLLOUT if writing else select.POLLIN)
        while True:
            if time.monotonic() >= self._due:
                self._due = time.monotonic() + self._watch()
            if poll.poll(max(self._due - time.monotonic(), 0) * 1000):
                return

    def close(self) -> None:
        """Close both pipes."""
        os.close(self.reader)
        os.close(self.writer)
