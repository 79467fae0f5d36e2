"""What travels between the grader and a submission: frames of plain data, capped in every way.

A frame is a length, a JSON text and the bytes of the arrays that the text refers to. Nothing in
it can name a type to build or code to run, so the worst that a hostile reply can do is to be
refused. Both ends use this module; the end that a stranger's code lives in is never trusted.
"""

from __future__ import annotations

import json
import math
import re
import struct
from typing import Any

import numpy as np

#: The most bytes of one frame, arrays included.
FRAME_CAP = 64 * 2**20
#: The most bytes of a reply, and the most numbers in all its arrays together: as float64 they take
#: no more than the reply itself, whatever type they came in.
REPLY_CAP = 32 * 2**20
NUMBER_CAP = REPLY_CAP // 8
#: The most bytes of a frame's JSON text.
TEXT_CAP = 4 * 2**20
#: How deep lists, tuples and dicts may be nested.
DEPTH_CAP = 24
#: The most values in one frame, an array counting as one.
VALUE_CAP = 200_000
#: The most quotes of a frame's text, and the most brackets and commas outside its strings.
MARK_CAP = 4 * VALUE_CAP
#: The most entries of one dict: colliding keys cost the square of their number.
ENTRY_CAP = 4096
#: Arrays: the types of number and the most axes.
DTYPES = frozenset(np.dtype(code).str for code in "?bBhHiIlLqQefdFD")
RANK_CAP = 8

_KEYS = (bool, int, float, str)
_TEXTS = re.compile(rb'"[^"]*"?')
_HEADER = struct.Struct(">II")
HEADER_SIZE = _HEADER.size
#: What a launcher tells the grader: a letter, a process id or exit status, kilobytes of memory.
TOLD = struct.Struct(">cii")


class ProtocolError(Exception):
    """A frame that breaks the protocol: no honest program sends one."""


def encode(value: Any) -> bytes:
    """Turn plain data into a frame.

    Parameters
    ----------
    value : object
        ``None``, ``bool``, ``int`` of 64 bits, ``float``, ``str``, ``list``, ``tuple``, ``dict``
        or :class:`numpy.ndarray` of numbers, nested as you like, of exactly these types.

    Returns
    -------
    bytes

    Raises
    ------
    TypeError
        For a value of another type.
    ValueError
        Where the frame would break one of the caps.
    """
    buffers: list[bytes] = []
    count = [0]
    text = json.dumps(_pack(value, buffers, count, 0)).encode("ascii")
    size = len(text) + sum(map(len, buffers))
    if len(text) > TEXT_CAP or size > FRAME_CAP or _marks(text) > MARK_CAP:
        raise ValueError(f"{size / 2**20:.0f} MB are too much for one frame")
    return b"".join((_HEADER.pack(size, len(text)), text, *buffers))


def _marks(text: bytes) -> int:
    """Count the quotes of a JSON text, or the brackets and commas outside its strings."""
    if len(text) <= MARK_CAP:
        return 0  # few enough, whatever they are
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    if (quotes := bare.count(b'"')) > MARK_CAP:
        return quotes
    bare = _TEXTS.sub(b"", bare)
    return sum(map(bare.count, (b",", b"[", b"{")))


def encode_reply(value: Any) -> bytes:
    """Turn plain data into a frame that `decode_reply` takes: see `encode`.

    Raises
    ------
    TypeError, ValueError
        Also for more than `REPLY_CAP` bytes or `NUMBER_CAP` numbers; the message names the limit.
    """
    numbers = _numbers(value)
    if numbers > NUMBER_CAP:
        raise ValueError(f"an answer of {numbers:,} numbers; the limit is {NUMBER_CAP:,}")
    frame = encode(value)
    if len(frame) > REPLY_CAP:
        size, most = len(frame) / 2**20, REPLY_CAP / 2**20
        raise ValueError(f"an answer of {size:.0f} MB; the limit is {most:.0f} MB")
    return frame


def copy(value: Any) -> Any:
    """Return plain data as it comes out at a reply's other end."""
    frame = encode_reply(value)
    return decode_reply(frame[:HEADER_SIZE], frame[HEADER_SIZE:])


def _numbers(value: Any) -> int:
    """Count the numbers of all arrays in plain data."""
    count, pending, seen = 0, [(value, 0)], 0
    while pending:
        item, depth = pending.pop()
        seen += 1
        if isinstance(item, np.ndarray):
            count += item.size
        elif isinstance(item, list | tuple | dict) and depth <= DEPTH_CAP and seen < VALUE_CAP:
            inner = item.values() if isinstance(item, dict) else item
            pending += [(each, depth + 1) for each in inner]
    return count


def _pack(value: Any, buffers: list[bytes], count: list[int], depth: int) -> Any:
    count[0] += 1
    if depth > DEPTH_CAP or count[0] > VALUE_CAP:
        raise ValueError("too many values, or nested too deeply, for one answer")
    kind = type(value)
    if value is None or kind in (bool, float, str):
        return value
    if kind is int:
        if not -(2**63) <= value < 2**64:
            raise ValueError("an integer of more than 64 bits")
        return value
    if kind is list:
        return [_pack(item, buffers, count, depth + 1) for item in value]
    if kind is tuple:
        return {"t": [_pack(item, buffers, count, depth + 1) for item in value]}
    if kind is dict:
        if len(value) > ENTRY_CAP:
            raise ValueError(f"a dict of more than {ENTRY_CAP} entries")
        if not all(key is None or type(key) in _KEYS for key in value):
            raise TypeError("a dict with a key that is no number and no string is no plain data")
        pairs = [item for pair in value.items() for item in pair]
        return {"d": [_pack(item, buffers, count, depth + 1) for item in pairs]}
    if kind is np.ndarray and value.dtype.newbyteorder("=").str in DTYPES:
        array = np.ascontiguousarray(value, value.dtype.newbyteorder("="))
        buffers.append(array.tobytes())
        return {"a": [array.dtype.str, list(value.shape)]}
    if kind is np.ndarray and value.dtype.kind == "U":
        return _pack(value.tolist(), buffers, count, depth)
    described = f"array of {value.dtype}" if kind is np.ndarray else kind.__name__
    raise TypeError(f"{described} is no plain data")


def frame_size(header: bytes) -> int:
    """Return how many bytes follow a frame's header, or raise where that breaks the caps."""
    size, text = _HEADER.unpack(header)
    if size > FRAME_CAP or text > min(size, TEXT_CAP):
        raise ProtocolError(f"a frame of {size} bytes with {text} bytes of text")
    return size


def reply_size(header: bytes) -> int:
    """Return how many bytes follow a reply's header, or raise: a reply is smaller than a frame."""
    size = frame_size(header)
    if size + HEADER_SIZE > REPLY_CAP:
        raise ProtocolError(f"a reply of {size} bytes")
    return size


def decode_reply(header: bytes, body: bytes) -> Any:
    """Turn a reply back into plain data: `decode`, with the caps of a reply."""
    reply_size(header)
    return decode(header, body, NUMBER_CAP)


def decode(header: bytes, body: bytes, numbers: int = FRAME_CAP) -> Any:
    """Turn a frame back into plain data, trusting nothing that it says.

    Parameters
    ----------
    header, body : bytes
        The first `HEADER_SIZE` bytes of a frame, and the `frame_size` bytes that follow.
    numbers : int
        The most numbers in all arrays together.

    Returns
    -------
    object
        Plain data of exact types; arrays own their memory. Lone surrogates in strings are
        replaced, since no report could be written with them.

    Raises
    ------
    ProtocolError
        Where the frame is not one that `encode` could have made.
    """
    size, length = _HEADER.unpack(header)
    if frame_size(header) != len(body):
        raise ProtocolError("a frame cut short")
    text = body[:length]
    # Counted before anything is built of them: 4 MB of "[]," would become 100 MB of lists.
    if _marks(text) > MARK_CAP:
        raise ProtocolError("too many values")
    try:
        tree = json.loads(text.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a frame whose text is not JSON: {type(error).__name__}") from None
    reader = _Reader(memoryview(body)[length:], numbers)
    value = reader.unpack(tree, 0)
    if reader.offset != size - length:
        raise ProtocolError("bytes left over at the end of a frame")
    return value


class _Reader:
    """One frame being decoded: counts values and bytes as it goes."""

    def __init__(self, data: memoryview, numbers: int):
        self.data = data
        self.numbers = numbers
        self.offset = 0
        self.count = 0

    def unpack(self, node: Any, depth: int) -> Any:
        self.count += 1
        if depth > DEPTH_CAP or self.count > VALUE_CAP:
            raise ProtocolError("too many values, or nested too deeply")
        kind = type(node)
        if node is None or kind in (bool, float):
            return node
        if kind is str:
            return node.encode("utf-8", "replace").decode("utf-8")
        if kind is int:
            if not -(2**63) <= node < 2**64:
                raise ProtocolError("an integer of more than 64 bits")
            return node
        if kind is list:
            return [self.unpack(item, depth + 1) for item in node]
        if len(node) != 1:
            raise ProtocolError("an unknown kind of value")
        ((tag, content),) = node.items()
        if tag not in ("t", "d", "a") or type(content) is not list:
            raise ProtocolError("an unknown kind of value")
        if tag == "a":
            return self.array(content)
        items = [self.unpack(item, depth + 1) for item in content]
        return tuple(items) if tag == "t" else self.mapping(items)

    def mapping(self, items: list) -> dict:
        if len(items) % 2 or len(items) > 2 * ENTRY_CAP:
            raise ProtocolError("a dict with an odd number of items, or too many")
        keys = items[::2]
        if not all(key is None or type(key) in _KEYS for key in keys):
            raise ProtocolError("a dict with a key that is no number and no string")
        return dict(zip(keys, items[1::2], strict=True))

    def array(self, content: list) -> np.ndarray:
        if len(content) != 2 or type(content[0]) is not str or content[0] not in DTYPES:
            raise ProtocolError("an array of an unknown type")
        dtype, shape = np.dtype(content[0]), content[1]
        if type(shape) is not list or len(shape) > RANK_CAP:
            raise ProtocolError("an array of too many axes")
        if not all(type(length) is int and 0 <= length <= FRAME_CAP for length in shape):
            raise ProtocolError("an array with an impossible axis")
        # The axes of an empty array must be small too: others are built in its shape.
        entries = math.prod(max(length, 1) for length in shape)
        self.numbers -= entries
        if dtype.itemsize * entries > FRAME_CAP or self.numbers < 0:
            raise ProtocolError("an array larger than a frame, or too many numbers")
        end = self.offset + dtype.itemsize * math.prod(shape)
        if end > len(self.data):
            raise ProtocolError("an array larger than its frame")
        array = np.frombuffer(self.data[self.offset : end], dtype).reshape(shape)
        self.offset = end
        # A byte of 2 in an array of bools is neither true nor false to NumPy.
        return array.view(np.uint8).astype(bool) if dtype.kind == "b" else array.copy()
