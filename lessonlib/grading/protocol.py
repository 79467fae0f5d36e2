"""What travels between the grader and a submission: frames of plain data, capped in every way.

A frame is a length, a JSON text and the bytes of the arrays that the text refers to. Nothing in
it can name a type to build or code to run, so the worst that a hostile reply can do is to be
refused. Both ends use this module; the end that a stranger's code lives in is never trusted.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np

#: The most bytes of one frame, arrays included.
FRAME_CAP = 64 * 2**20
#: The most bytes of a frame's JSON text: what bounds the memory that decoding it can take.
TEXT_CAP = 4 * 2**20
#: How deep lists, tuples and dicts may be nested.
DEPTH_CAP = 24
#: The most values in one frame, an array counting as one.
VALUE_CAP = 200_000
#: The most entries of one dict: colliding keys cost the square of their number.
ENTRY_CAP = 4096
#: Arrays: the types of number and the most axes.
DTYPES = frozenset(np.dtype(code).str for code in "?bBhHiIlLqQefdFD")
RANK_CAP = 8

_KEYS = (bool, int, float, str)
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
    if len(text) > TEXT_CAP or size > FRAME_CAP:
        raise ValueError(f"{size / 2**20:.0f} MB are too much for one answer")
    return b"".join((_HEADER.pack(size, len(text)), text, *buffers))


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


def decode(header: bytes, body: bytes) -> Any:
    """Turn a frame back into plain data, trusting nothing that it says.

    Parameters
    ----------
    header, body : bytes
        The first `HEADER_SIZE` bytes of a frame, and the `frame_size` bytes that follow.

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
    try:
        tree = json.loads(body[:length].decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a frame whose text is not JSON: {type(error).__name__}") from None
    reader = _Reader(memoryview(body)[length:])
    value = reader.unpack(tree, 0)
    if reader.offset != size - length:
        raise ProtocolError("bytes left over at the end of a frame")
    return value


class _Reader:
    """One frame being decoded: counts values and bytes as it goes."""

    def __init__(self, data: memoryview):
        self.data = data
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
        if dtype.itemsize * math.prod(max(length, 1) for length in shape) > FRAME_CAP:
            raise ProtocolError("an array larger than a frame")
        end = self.offset + dtype.itemsize * math.prod(shape)
        if end > len(self.data):
            raise ProtocolError("an array larger than its frame")
        array = np.frombuffer(self.data[self.offset : end], dtype).reshape(shape)
        self.offset = end
        # A byte of 2 in an array of bools is neither true nor false to NumPy.
        return array.view(np.uint8).astype(bool) if dtype.kind == "b" else array.copy()
