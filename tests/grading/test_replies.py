"""No reply exhausts the process that judges: its memory is bounded whatever comes back."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest

from lessonlib.grading import compare, protocol
from lessonlib.grading.exercise import Mistake

#: Megabytes of address space that judging any one reply may add to a process that has all loaded.
BOUND = 250

JUDGE = """
import os, resource, sys, traceback
import numpy as np
import test_replies
from lessonlib.grading import protocol
from lessonlib.grading.checks import EXERCISES
from lessonlib.grading.exercise import Reply
from lessonlib.grading.grade import Report, generator

class Constant:
    def __init__(self, value): self.value = value
    def call(self, method, *args, init=None, assign=None, read=(), kwargs=None):
        return Reply(self.value, self.value if type(self.value) is str else "",
                     tuple(self.value for _ in args), {name: self.value for name in read})

def judge(value):
    for exercise in EXERCISES.values():
        report = Report("x", exercise)
        for criterion in exercise.criteria:
            report.judge(criterion, Constant(value), generator(1, criterion))
            verdict = report.verdicts[criterion.id]
            assert verdict and "MemoryError" not in verdict, verdict[:300]
        report.outcome(0.0)

def received(frame):
    data = bytearray()
    for start in range(0, len(frame), 2**18):  # as a channel does
        data += frame[start : start + 2**18]
    return bytes(data)

judge(0.5)  # what is loaded at first use
for name, make in test_replies.HOSTILE.items():
    frame = make()
    if os.fork() == 0:
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        most = used + int(sys.argv[1]) * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        try:
            judge(protocol.decode_reply(frame[:8], received(frame)[8:]))
            said = "judged"
        except protocol.ProtocolError:
            said = "refused"
        except BaseException:
            said = traceback.format_exc()[-300:].replace("\\n", " ")
        print(name, said, flush=True)
        os._exit(0)
    if os.wait()[1]:
        print(name, "died", flush=True)
"""


def frame(text, rest=b""):
    text = text if isinstance(text, bytes) else json.dumps(text).encode()
    return struct.pack(">II", len(text) + len(rest), len(text)) + text + rest


def arrays(dtype, shape, count=1):
    size = np.dtype(dtype).itemsize * int(np.prod(shape)) * count
    return frame([{"a": [np.dtype(dtype).str, list(shape)]}] * count, b"\1" * size)


def one_array(dtype, shape):
    size = np.dtype(dtype).itemsize * int(np.prod(shape))
    return frame({"a": [np.dtype(dtype).str, list(shape)]}, b"\1" * size)


HOSTILE = {
    "strings_of_unequal_length": lambda: frame(["x"] * 400 + ["y" * 2_000_000]),
    "rows_of_strings": lambda: frame([["x"] * 400, ["y" * 2_000_000] * 1]),
    "string_keys": lambda: frame({"d": [*("k" * i for i in range(800)), *"ab"]}),
    "a_million_lists": lambda: frame(b"[" + b"[]," * 1_300_000 + b"[]]"),
    "a_million_texts": lambda: frame(b"[" + b'"",' * 1_300_000 + b"0]"),
    "many_values": lambda: frame([0.5] * 199_000),
    "many_ints": lambda: frame([2**63] * 190_000),
    "signs_mixed": lambda: frame([2**63, -1] * 50_000),
    "many_rows": lambda: frame([[1]] * 90_000),
    "ragged": lambda: frame([[1] * i for i in range(600)]),
    "deep": lambda: frame(json.loads("[" * 22 + "1" + "]" * 22)),
    "too_deep": lambda: frame(b"[" * 2_000_000),
    "long_number": lambda: frame(b"9" * 4_000_000),
    "long_float": lambda: frame(b"0." + b"9" * 4_000_000),
    "one_text": lambda: frame("x" * 4_000_000),
    "wide_text": lambda: frame(b'"' + b"x" * 4_000_000 + b'\\ud83d\\ude00"'),
    "escapes": lambda: frame(b'"' + b"\\u001b" * 600_000 + b'"'),
    "bools": lambda: one_array("?", (4_000_000,)),
    "too_many_bools": lambda: one_array("?", (33_000_000,)),
    "bytes_in_a_square": lambda: one_array("i1", (2000, 2000)),
    "rows_of_bools": lambda: one_array("?", (4_000_000, 1)),
    "doubles": lambda: one_array("f8", (4_000_000,)),
    "doubles_in_a_square": lambda: one_array("f8", (2000, 2000)),
    "complex": lambda: one_array("D", (1_900_000,)),
    "eight_channels": lambda: one_array("f8", (8, 700, 700)),
    "a_list_of_arrays": lambda: arrays("f8", (400, 400), 20),
    "many_small_arrays": lambda: arrays("?", (1,), 150_000),
    "arrays_of_unequal_length": lambda: frame(
        [{"a": ["|b1", [i]]} for i in range(2000)], b"\1" * sum(range(2000))
    ),
    "an_empty_axis": lambda: frame({"a": ["<f8", [0, 60_000_000]]}),
    "empty_axes": lambda: frame([{"a": ["<f8", [0, 4_000_000]]}] * 10),
    "no_bytes_behind_a_shape": lambda: frame({"a": ["<f8", [2000, 2000]]}),
}


@pytest.fixture(scope="module")
def judged():
    """What became of each hostile reply, in a process that may take no more than the bound."""
    said = subprocess.run(
        [sys.executable, "-c", JUDGE, str(BOUND)],
        env={**os.environ, "PYTHONPATH": os.path.dirname(__file__), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    return dict(line.split(" ", 1) for line in said.stdout.splitlines()), said.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of address space there")
@pytest.mark.parametrize("name", HOSTILE)
def test_memory_stays_below_the_bound(name, judged):
    said, errors = judged
    assert said.get(name) in ("refused", "judged"), (said.get(name), errors[-2000:])


def test_strings_become_no_array():
    texts = ["x"] * 400 + ["y" * 2_000_000]
    for value in (texts, [texts], ("a",), [np.array(["a"])], [None], [{}], [[1, "1"]]):
        with pytest.raises(ValueError, match="no number"):
            compare.numbers(value)
        with pytest.raises(Mistake, match="numbers"):
            compare.as_array(value, "f()")


@pytest.mark.parametrize(
    "value",
    [
        3,
        True,
        2.5,
        [],
        [[]],
        [1, 2.5, True],
        [[1, 2], (3, 4)],
        (np.arange(3), [1, 2, 3]),
        np.zeros((2, 0)),
        [np.float32(1), 2],
        [-1, 2**63 - 1],
    ],
)
def test_numbers_are_what_numpy_makes_of_them(value):
    got, expected = compare.numbers(value), np.asarray(value)
    assert got.dtype == expected.dtype
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("value", [[[1], [1, 2]], [1, [2]], [2**80], [np.zeros(2), np.zeros(3)]])
def test_ragged_lists_and_huge_integers_are_refused(value):
    with pytest.raises(ValueError, match=r"inhomogeneous|large|no numbers|shape"):
        compare.numbers(value)


def test_more_than_the_limit_is_refused_by_its_name():
    with pytest.raises(ValueError, match="more than 10 numbers"):
        compare.numbers([[0] * 6, [0] * 6], 10)
    with pytest.raises(ValueError, match="the limit is 4,194,304"):
        protocol.encode_reply(np.zeros(4_200_000, bool))
    with pytest.raises(ValueError, match="the limit is 32 MB"):
        protocol.encode_reply(np.zeros(2_100_000, complex))
    honest = np.zeros((2048, 2000))
    assert protocol.copy([honest])[0].shape == honest.shape


def test_labels_may_be_numbers_or_texts():
    for labels in (["b", "a", "b"], ("b", "a", "b"), np.array([7, -1, 7]), [2.5, 1, 2.5]):
        assert compare.as_labels(labels, "labels", 3).tolist() == [1, 0, 1]
    for labels in (["a", 1, "a"], ["a", "b"], "abc", None, [[1], [2], [3]], [float("nan")] * 3):
        with pytest.raises(Mistake):
            compare.as_labels(labels, "labels", 3)
