"""The seam between checks and submissions: replies as plain data, errors with their line."""

from __future__ import annotations

import collections
import enum

import numpy as np
import pytest
import submission_cases as cases

from lessonlib.grading.checks import EXERCISES
from lessonlib.grading.exercise import LocalRemote, Mistake, SubmissionError, plain

SOURCE = """
import json
import numpy as np


class FaceAligner:
    count = 0

    def __init__(self, start=5):
        self.start = start

    def compute_alignment(self, values, key="x"):
        print("computing", key)
        values[0] = -1
        FaceAligner.count += 1
        return np.float32(self.start), {"shape": values.shape, "count": FaceAligner.count}

    def apply_affine(self, text):
        return self.parse(text)

    def parse(self, text):
        return json.loads(text)

    def stop(self):
        raise SystemExit
"""


@pytest.fixture
def remote():
    return LocalRemote(cases.load("face_aligner", SOURCE, "<learner>"))


def test_a_call_reports_value_print_arguments_and_attributes(remote):
    values = np.arange(3.0)
    reply = remote.call("compute_alignment", values, init={"start": 2}, read=("start",))
    assert reply.value == (2.0, {"shape": (3,), "count": 1})
    assert type(reply.value[0]) is float
    assert reply.stdout == "computing x\n"
    assert reply.arguments[0][0] == -1
    assert values[0] == 0  # the grader's own input is out of reach
    assert reply.attributes == {"start": 2}
    reply = remote.call("compute_alignment", values, assign={"start": 9}, kwargs={"key": "k"})
    assert reply.value[0] == 9
    assert reply.stdout == "computing k\n"


def test_no_method_means_construct_and_read(remote):
    assert remote.call("", init={"start": 7}, read=("start",)).attributes == {"start": 7}


def test_an_error_names_the_learners_own_line(remote):
    with pytest.raises(SubmissionError) as caught:
        remote.call("apply_affine", "{oops")
    error = caught.value
    assert error.type_name == "JSONDecodeError"  # raised in the library, ...
    line = SOURCE.splitlines()[error.line - 1]
    assert line.strip() == "return json.loads(text)"  # ... called from here
    assert error.text.startswith("json.decoder.JSONDecodeError")


def test_a_missing_method_or_argument_is_the_submissions_error(remote):
    with pytest.raises(SubmissionError, match="no method `fly`; it has"):
        remote.call("fly")
    with pytest.raises(SubmissionError, match="unexpected keyword argument 'size'"):
        remote.call("parse", "1", init={"size": 3})


class Colour(enum.IntEnum):
    RED = 3


def test_plain_data_of_exact_types():
    point = collections.namedtuple("point", "x y")
    given = collections.OrderedDict(
        a=np.float64(1.5), b=np.bool_(True), c=point(1, np.int8(2)), d=Colour.RED, e=np.str_("s")
    )
    answer = plain(given)
    assert answer == {"a": 1.5, "b": True, "c": (1, 2), "d": 3, "e": "s"}
    assert type(answer) is dict
    assert [type(v) for v in answer.values()] == [float, bool, tuple, int, str]

    class Liar(np.ndarray):
        def __eq__(self, other):
            return True

    array = plain(np.zeros(3).view(Liar))
    assert type(array) is np.ndarray
    assert not (array == 1).any()


class Name(str, enum.Enum):  # noqa: UP042 - whose str() is "Name.BLUE"
    BLUE = "blue"


class Odd(str):
    def __str__(self):
        return "other"


class Whole(int):
    def __int__(self):
        return 7

    __index__ = __int__


class Share(float):
    def __float__(self):
        return 7.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Name.BLUE, "blue"),
        ({Name.BLUE: [Name.BLUE]}, {"blue": ["blue"]}),
        (np.str_("s"), "s"),
        (Odd("s"), "s"),
        (Whole(3), 3),
        (Share(2.5), 2.5),
        (np.longdouble(2.5), 2.5),
        (True, True),
    ],
)
def test_a_subclass_is_what_it_holds_not_what_it_says(value, expected):
    got = plain(value)
    assert got == expected
    assert type(got) is type(expected)


def test_arrays_of_long_doubles_and_of_texts_come_as_what_travels():
    assert plain(np.ones(2, np.longdouble)).dtype == np.float64
    texts = plain(np.array(["a", "bc"], np.dtypes.StringDType()))
    assert texts.dtype.kind == "U"
    assert texts.tolist() == ["a", "bc"]


def test_what_a_file_could_not_answer_a_class_cannot_either():
    answers = {"keys": {(1, 2): 3}, "long": 2**70, "many": np.zeros(5_000_000, bool), "ends": None}

    class Target:
        def answer(self, name):
            if name == "ends":
                raise SystemExit
            return answers[name]

    for name, says in (("keys", "key"), ("long", "64 bits"), ("many", "limit"), ("ends", "Exit")):
        with pytest.raises(SubmissionError, match=says):
            LocalRemote(Target).call("answer", name)


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, 1j, np.array([object()]), [[lambda: 0]], np.array([1j]), b"bytes"],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_refused(value):
    with pytest.raises(TypeError):
        plain(value)


def test_endless_nesting_is_refused():
    endless: list = []
    endless.append(endless)
    with pytest.raises(TypeError, match="nested"):
        plain(endless)


def test_labels_may_be_texts():
    stem = "embedding_similarity_analyzer"
    source = cases.solution(stem)
    old = "self.labels = np.repeat(np.arange(num_ids), photos_per)"
    assert old in source
    for new in ('[f"person {n}" for n in codes]', 'np.array([f"p{n}" for n in codes])'):
        text = f"codes = np.repeat(np.arange(num_ids), photos_per)\n        self.labels = {new}"
        changed = source.replace(old, text).replace("centroids[self.labels]", "centroids[codes]")
        graded = cases.grade(stem, cases.load(stem, changed))
        assert set(graded.values()) == {None}, graded


def test_a_mistake_reads_as_called_returned_expected_hint():
    text = str(Mistake("f(2)", "3", "4", "Add two."))
    assert text == "called: f(2)\nreturned: 3\nexpected: 4\nhint: Add two."
    assert str(Mistake("f(2)", "3", "4")) == "called: f(2)\nreturned: 3\nexpected: 4"


def test_exercises_are_in_the_order_of_the_course_and_worth_a_point_a_part():
    points = {name: exercise.max_score for name, exercise in EXERCISES.items()}
    assert points == {
        "AugmentationValidator": 6,
        "ImbalanceComparator": 6,
        "ScientificImageAnalyzer": 8,
        "EmbeddingSimilarityAnalyzer": 4,
        "FaceAligner": 2,
        "ExpressionAnalyzer": 3,
    }
