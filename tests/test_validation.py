"""Errors name the argument, the value and what was expected."""

from __future__ import annotations

import numpy as np
import pytest

from lessonlib._validation import (
    as_generator,
    check_choice,
    check_integer,
    check_number,
    check_rank,
)


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_integers_are_taken(value):
    assert check_integer("n", value, minimum=3) == 3
    assert type(check_integer("n", value)) is int


@pytest.mark.parametrize("value", [3.0, "3", True, np.bool_(True), None, [3]])
def test_what_is_no_integer_is_refused_by_name(value):
    with pytest.raises(TypeError, match=r"^n must be an integer, got"):
        check_integer("n", value)


def test_bounds_are_kept():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        check_integer("n", 0, minimum=1)
    with pytest.raises(ValueError, match=r"sigma must be greater than 0, got 0\.0"):
        check_number("sigma", 0.0, above=0)
    with pytest.raises(ValueError, match="p must be at most 1, got 2"):
        check_number("p", 2, maximum=1)
    assert check_number("p", np.float32(0.5), minimum=0, maximum=1) == 0.5


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -np.inf])
def test_numbers_are_finite(value):
    with pytest.raises(ValueError, match="alpha must be finite"):
        check_number("alpha", value)


def test_choices_are_listed():
    with pytest.raises(ValueError, match="order must be one of 'a', 'b', got 'c'"):
        check_choice("order", "c", ["a", "b"])


def test_rank_and_emptiness():
    check_rank("image", np.zeros((2, 3)), {2, 3}, "(H, W)")
    with pytest.raises(ValueError, match=r"image must have shape \(H, W\), got shape \(4,\)"):
        check_rank("image", np.zeros(4), {2}, "(H, W)")
    with pytest.raises(ValueError, match="image must not be empty"):
        check_rank("image", np.zeros((0, 3)), {2}, "(H, W)")


def test_generators():
    made = np.random.default_rng(5)
    assert as_generator(made) is made
    assert as_generator(5).random() == np.random.default_rng(5).random()
    with pytest.raises(TypeError, match="seed must be an integer"):
        as_generator(np.random.RandomState(0))
