"""Comparison with messages: what passes, what does not, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from lessonlib.grading import compare
from lessonlib.grading.exercise import Mistake, Reply

IMAGE = np.arange(12.0).reshape(3, 4)


def said(function, *args, **options) -> str:
    with pytest.raises(Mistake) as caught:
        function(*args, **options)
    return str(caught.value)


@pytest.mark.parametrize("value", [[[1, 2], [3, 4]], ((1, 2), (3, 4)), np.array([[1, 2], [3, 4]])])
def test_nested_numbers_are_an_array(value):
    array = compare.as_array(value, "f()", (2, 2))
    assert array.dtype == np.float64
    assert array.tolist() == [[1, 2], [3, 4]]


def test_single_precision_passes_and_a_real_difference_does_not():
    compare.expect_same(np.float32(IMAGE) / 3, IMAGE / 3, "f()")
    text = said(compare.expect_same, IMAGE + 0.001, IMAGE, "f()", hint="look again")
    assert "12 of 12 values differ" in text
    assert "hint: look again" in text


def test_the_first_difference_is_shown_with_both_values_and_a_picture():
    wrong = IMAGE.copy()
    wrong[1, 2] = 60
    with pytest.raises(Mistake) as caught:
        compare.expect_same(wrong, IMAGE, "f(image)")
    assert "60 at [1, 2] (1 of 12 values differ)" in str(caught.value)
    assert "6 at [1, 2]" in str(caught.value)
    assert caught.value.picture["returned"] is not None
    np.testing.assert_array_equal(caught.value.picture["expected"], IMAGE)


def test_a_common_mistake_is_named_instead_of_the_general_hint():
    text = said(
        compare.expect_same,
        IMAGE[::-1],
        IMAGE,
        "flip(image)",
        hint="general",
        mistakes=[(IMAGE + 1, "another"), (IMAGE[::-1], "upside down")],
    )
    assert "upside down" in text
    assert "general" not in text


def test_nan_equals_nan_and_nothing_else():
    compare.expect_same(np.float64("nan"), np.float64("nan"), "f()")
    assert "expected: nan" in said(compare.expect_same, np.float64(0), np.float64("nan"), "f()")
    assert "nan at [1]" in said(compare.as_array, [1, float("nan")], "f()")


def test_swapped_axes_are_named():
    assert "axes are swapped" in said(compare.as_array, IMAGE, "f()", (4, 3))
    assert "axes are swapped" in said(compare.as_array, np.zeros((5, 6, 2)), "f()", (2, 5, 6))
    assert "swapped" not in said(compare.as_array, np.zeros((3, 5)), "f()", (3, 4))


@pytest.mark.parametrize(
    ("function", "good", "bad"),
    [
        (compare.as_bool, [True, False, np.array(True)], [1, 0.0, "True", None, np.array([True])]),
        (compare.as_number, [1, 2.5, np.array(3)], [True, "1", None, [1], np.array([1.0])]),
        (compare.as_array, [[1], [True], 3 * [[1.5]]], ["ab", None, [[1], [2, 3]], {"a": 1}, 5]),
    ],
)
def test_types(function, good, bad):
    for value in good:
        function(value, "f()")
    for value in bad:
        assert "called: f()" in said(function, value, "f()")


def test_a_forgotten_return_is_named():
    for function in (compare.as_bool, compare.as_number, compare.as_array):
        assert "return" in said(function, None, "f()")


def test_keys_are_compared_and_named():
    given = {"b": 1, "a": 2}
    assert compare.as_mapping(given, "f()", ("a", "b")) is given
    text = said(compare.as_mapping, {"a": 1, "c": 2}, "f()", ("a", "b"))
    assert "missing: b" in text
    assert "not asked: c" in text
    assert "order" in said(compare.as_mapping, given, "f()", ("a", "b"), ordered=True)


def test_sequences_have_a_length():
    assert compare.as_sequence((1, 2), "f()", 2, "(x, y)") == [1, 2]
    assert "2 items: (x, y)" in said(compare.as_sequence, [1], "f()", 2, "(x, y)")
    assert "(x, y)" in said(compare.as_sequence, {"x": 1}, "f()", 2, "(x, y)")


def test_changed_arguments_are_named_by_position():
    same = Reply(None, arguments=(IMAGE.copy(), {"a": 0.1}))
    compare.expect_unchanged(same, (IMAGE, {"a": 0.1}), "f()")
    changed = Reply(None, arguments=(IMAGE, {"a": 0.2}))
    assert "argument 2" in said(compare.expect_unchanged, changed, (IMAGE, {"a": 0.1}), "f()")
    bit = IMAGE.copy()
    bit[0, 0] = 1e-12
    changed = Reply(None, arguments=(bit,))
    assert "argument 1" in said(compare.expect_unchanged, changed, (IMAGE,), "f()")


def test_seeds():
    compare.expect_seeded(IMAGE, IMAGE.copy(), IMAGE + 1, "f()")
    compare.expect_seeded({"a": [1.0]}, {"a": [1.0]}, {"a": [2.0]}, "f()")
    assert "same seed" in said(compare.expect_seeded, IMAGE, IMAGE + 1, IMAGE + 2, "f()")
    assert "two seeds" in said(compare.expect_seeded, IMAGE, IMAGE, IMAGE, "f()")


@pytest.mark.parametrize(
    "value",
    [np.zeros((500, 500)), "x" * 10_000, list(range(10_000)), {k: k for k in range(5000)}],
    ids=["array", "string", "list", "dict"],
)
def test_what_is_shown_of_a_value_is_short(value):
    assert len(compare.shown(value)) < 400
