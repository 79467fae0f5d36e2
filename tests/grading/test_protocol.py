"""What travels to and from a submission: everything plain comes back, everything odd is refused."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lessonlib.grading import protocol

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
arrays = hnp.arrays(
    st.sampled_from(["?", "u1", "i2", "<i8", ">f4", "f8", "c16"]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
keys = st.integers(-5, 5) | st.text("abc", max_size=3) | st.none()
plain = st.recursive(
    scalars | arrays,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def sent(value):
    frame = protocol.encode(value)
    return protocol.decode(frame[: protocol.HEADER_SIZE], frame[protocol.HEADER_SIZE :])


def identical(a, b):
    if isinstance(a, np.ndarray):
        return (
            type(b) is np.ndarray
            and a.dtype.newbyteorder("=") == b.dtype
            and a.shape == b.shape
            and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
        )
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(identical(a[key], b[key]) for key in a)
    return a == b or (a != a and b != b)


@settings(max_examples=200, deadline=None)
@given(plain)
def test_plain_data_comes_back_as_it_was(value):
    assert identical(value, sent(value))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=50))
def test_noise_is_refused_and_nothing_else(text, rest):
    header = struct.pack(">II", len(text) + len(rest), len(text))
    try:
        protocol.decode(header, text + rest)
    except protocol.ProtocolError:
        return
    assert not rest  # the odd text that is JSON


@settings(max_examples=200, deadline=None)
@given(plain, st.data())
def test_a_changed_byte_is_refused_or_stays_plain(value, data):
    frame = bytearray(protocol.encode(value))
    place = data.draw(st.integers(protocol.HEADER_SIZE, len(frame) - 1))
    frame[place] = data.draw(st.integers(0, 255))
    try:
        sent_back = protocol.decode(bytes(frame[:8]), bytes(frame[8:]))
    except protocol.ProtocolError:
        return
    protocol.encode(sent_back)


class Sub(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        object(),
        1 + 2j,
        b"bytes",
        np.float64(1),
        np.array([object()]),
        np.zeros(2).view(Sub),
        np.array(["2026-01-01"], "M8[D]"),
        {(1, 2): 3},
        range(3),
    ],
)
def test_other_types_are_not_sent(value):
    with pytest.raises(TypeError, match="no plain data"):
        protocol.encode([value])


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [2**64, -(2**63) - 1, nested(100), [0] * 300_000, dict.fromkeys(range(5000)), "x" * 5_000_000],
)
def test_too_much_is_not_sent(value):
    with pytest.raises(ValueError, match=r"bits|too|much|entries"):
        protocol.encode(value)


def refused(text, rest=b"", size=None):
    if not isinstance(text, bytes):
        text = json.dumps(text).encode()
    body = text + rest
    header = struct.pack(">II", len(body) if size is None else size, len(text))
    with pytest.raises(protocol.ProtocolError):
        protocol.decode(header, body)


@pytest.mark.parametrize(
    "node",
    [
        {"a": ["|O", [1]]},
        {"a": ["<f8", [2]]},
        {"a": ["<f8", [-1]]},
        {"a": ["<f8", [2**40, 2**40]]},
        {"a": ["<f8", [0, 2**40]]},
        {"a": ["<f8", [1.0]]},
        {"a": ["<f8", [True]]},
        {"a": ["<f8", [0] * 9]},
        {"a": ["<f8"]},
        {"a": "<f8"},
        {"a": [["<f8"], [0]]},
        {"d": [1]},
        {"d": [[1], 2]},
        {"d": [{"t": [1]}, 2]},
        {"t": {}},
        {"t": [], "d": []},
        {},
        {"x": []},
        2**64,
        nested(100),
        [0] * 300_000,
        {"d": [0] * 20_000},
    ],
)
def test_what_encode_never_writes_is_refused(node):
    refused(node)


def test_bombs_are_refused_before_they_go_off():
    refused(b"[" * 1_000_000)
    refused(b"9" * 1_000_000)
    refused(b"[" + b"[]," * 1_300_000 + b"[]]")
    refused(b"\xff\xfe")
    refused([], rest=b"more")
    for header in (struct.pack(">II", 2**31, 10), struct.pack(">II", 10, 20)):
        with pytest.raises(protocol.ProtocolError):
            protocol.frame_size(header)


def test_bools_are_bools_and_arrays_own_their_memory():
    text = json.dumps({"a": ["|b1", [3]]}).encode()
    got = protocol.decode(struct.pack(">II", len(text) + 3, len(text)), text + b"\x00\x02\xff")
    assert got.tolist() == [False, True, True]
    assert got.view(np.uint8).tolist() == [0, 1, 1]
    array = sent(np.arange(3.0))
    array[0] = 7
    assert array.flags.owndata


def test_lone_surrogates_do_not_reach_a_report():
    assert sent(["a\ud800b"]) == ["a?b"]
