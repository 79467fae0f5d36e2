"""Judge what came back: types first, then numbers, and say where and how they differ.

A reply is a stranger's data. Every function here takes it as it is and either returns it in the
form that a check can compute with, or raises `Mistake` with the call, what came back, what was
expected and a hint. Tolerances let single precision pass: what is asked is a method, not a dtype.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lessonlib.grading.exercise import Mistake, Remote, Reply, SubmissionError
from lessonlib.grading.protocol import NUMBER_CAP

#: Relative and absolute tolerance of a number that is not random.
RTOL, ATOL = 1e-5, 1e-6


def shown(value: Any, limit: int = 120) -> str:
    """Describe a value in a line: small ones in full, arrays by shape, dtype and range.

    Parameters
    ----------
    value : object
        Plain data.
    limit : int
        The most characters of anything but an array.

    Returns
    -------
    str
    """
    if isinstance(value, np.ndarray):
        if value.size <= 12 and value.ndim <= 2:
            return f"array({np.array2string(value, precision=4, separator=', ')})".replace("\n", "")
        text = f"array of shape {value.shape}, {value.dtype}"
        if value.dtype.kind in "iuf" and value.size:
            finite = value[np.isfinite(value)]
            if finite.size:
                text += f", from {finite.min():.4g} to {finite.max():.4g}"
            if finite.size < value.size:
                text += f", {value.size - finite.size} of {value.size} values not finite"
        return text
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple | list) and any(isinstance(item, np.ndarray) for item in value):
        inner = ", ".join(shown(item, limit) for item in value[:4])
        return f"{type(value).__name__} of {len(value)}: {inner}"[: 3 * limit]
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({type(value).__name__})"


def numbers(value: Any, most: int = NUMBER_CAP) -> np.ndarray:
    """Return an array, or nested lists of numbers, as an array: the one way from one to the other.

    What the conversion would make is known before it is made: 400 strings of unequal length in a
    list would become gigabytes in an array of strings.

    Parameters
    ----------
    value : object
        What came back.
    most : int
        The most numbers.

    Returns
    -------
    numpy.ndarray
        Of bool, integers or floats.

    Raises
    ------
    ValueError
        For anything else: ragged lists, other types, too many numbers.
    """
    count, pending = 0, [value]
    while pending:
        item = pending.pop()
        if isinstance(item, np.ndarray):
            if item.dtype.kind not in "biuf":
                raise ValueError(f"an array of {item.dtype} holds no numbers")
            count += item.size
        elif isinstance(item, bool | int | float | np.bool_ | np.integer | np.floating):
            count += 1
        elif isinstance(item, list | tuple):
            count += not item
            pending += item
        else:
            raise ValueError(f"{type(item).__name__} is no number")
        if count > most:
            raise ValueError(f"more than {most:,} numbers")
    try:
        array = np.asarray(value)
    except OverflowError as error:
        raise ValueError(str(error)) from None
    if array.dtype.kind not in "biuf":  # integers of more than 64 bits
        raise ValueError(f"an array of {array.dtype} holds no numbers")
    return array


def as_array(
    value: Any,
    called: str,
    shape: tuple[int, ...] | None = None,
    *,
    finite: bool = True,
    hint: str = "",
) -> np.ndarray:
    """Return an array or nested lists of numbers as float64, or raise `Mistake`.

    Parameters
    ----------
    value : object
        What came back.
    called : str
        The call, for the message.
    shape : tuple of int, optional
        The shape expected; swapped axes are named.
    finite : bool
        Whether NaN and infinities are mistakes.
    hint : str
        What to say beside a wrong shape.

    Returns
    -------
    numpy.ndarray of float64
    """
    expected = "an array of numbers" + (f" of shape {shape}" if shape is not None else "")
    if not isinstance(value, np.ndarray | list | tuple):
        raise Mistake(called, _kind(value), expected, hint or _forgotten(value))
    try:
        array = numbers(value)
    except ValueError:
        raise Mistake(called, shown(value), expected, hint or "Return numbers only.") from None
    if shape is not None and array.shape != shape:
        if len(shape) > 1 and array.ndim == len(shape) and sorted(array.shape) == sorted(shape):
            hint = f"The axes are swapped: {array.shape} where {shape} is asked. {hint}".strip()
        raise Mistake(called, f"shape {array.shape}", f"shape {shape}", hint)
    array = array.astype(np.float64)
    if finite and not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise Mistake(
            called,
            f"{array[where]} at {list(where)}",
            "finite numbers",
            hint or "Is something divided by zero, a constant channel's spread perhaps?",
        )
    return array


def as_labels(value: Any, called: str, length: int) -> np.ndarray:
    """Return labels, numbers or texts, as integers that are equal where the labels are."""
    if isinstance(value, list | tuple) and all(isinstance(label, str) for label in value):
        codes = {label: code for code, label in enumerate(sorted(set(value)))}
        value = np.array([codes[label] for label in value])
    array = as_array(value, called, (length,), hint="A label per row, numbers or strings.")
    return np.unique(array, return_inverse=True)[1]


def as_bool(value: Any, called: str) -> bool:
    """Return a bool, or raise `Mistake`: a number is not one, a NumPy bool is."""
    if isinstance(value, np.ndarray) and value.shape == () and value.dtype.kind == "b":
        value = bool(value)
    if not isinstance(value, bool):
        raise Mistake(called, _kind(value), "True or False", _forgotten(value))
    return value


def as_number(value: Any, called: str, *, finite: bool = True, hint: str = "") -> float:
    """Return a float, or raise `Mistake`: integers and arrays of one number count."""
    if isinstance(value, np.ndarray) and value.shape == () and value.dtype.kind in "iuf":
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Mistake(called, _kind(value), "a number", hint or _forgotten(value))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if finite and not math.isfinite(number):
        raise Mistake(called, shown(number), "a finite number", hint)
    return number


def as_mapping(value: Any, called: str, keys: Sequence[str], *, ordered: bool = False) -> dict:
    """Return a dict with exactly these keys, or raise `Mistake` that names what is missing.

    Parameters
    ----------
    value : object
        What came back.
    called : str
        The call, for the message.
    keys : sequence of str
        The keys expected.
    ordered : bool
        Whether they must come in this order.

    Returns
    -------
    dict
    """
    expected = f"a dict with the keys {', '.join(keys)}"
    if not isinstance(value, dict):
        raise Mistake(called, _kind(value), expected, _forgotten(value))
    found = [str(key) for key in value]
    if set(value) != set(keys):
        missing = [key for key in keys if key not in value]
        extra = [key for key in found if key not in keys]
        notes = [f"missing: {', '.join(missing)}"] if missing else []
        notes += [f"not asked: {', '.join(extra)[:200]}"] if extra else []
        raise Mistake(called, f"keys {', '.join(found)[:300]}", expected, "; ".join(notes) + ".")
    if ordered and found != list(keys):
        raise Mistake(
            called,
            f"keys in the order {', '.join(found)}",
            f"the order {', '.join(keys)}",
            "A dict keeps the order in which its keys are set.",
        )
    return value


def as_sequence(value: Any, called: str, length: int, what: str) -> list:
    """Return a tuple or list of `length` items, or raise `Mistake`; `what` describes it."""
    if not isinstance(value, tuple | list) and not (isinstance(value, np.ndarray) and value.ndim):
        raise Mistake(called, _kind(value), what, _forgotten(value))
    if len(value) != length:
        raise Mistake(called, f"{len(value)} items", f"{length} items: {what}")
    return list(value)


def same(got: Any, expected: Any, rtol: float = RTOL, atol: float = ATOL) -> bool:
    """Whether two arrays of one shape agree within the tolerance; NaN equals NaN."""
    got, expected = numbers(got), numbers(expected)
    return got.shape == expected.shape and bool(
        np.allclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    )


def expect_same(
    got: np.ndarray,
    expected: np.ndarray,
    called: str,
    *,
    rtol: float = RTOL,
    atol: float = ATOL,
    hint: str = "",
    mistakes: Iterable[tuple[Any, str]] = (),
) -> None:
    """Raise `Mistake` where arrays differ, with the first difference and the mistake's name.

    Parameters
    ----------
    got : numpy.ndarray
        What came back, as an array of `expected`'s shape.
    expected : numpy.ndarray
        What should have.
    called : str
        The call, for the message.
    rtol, atol : float
        Relative and absolute tolerance.
    hint : str
        What to say where no common mistake is recognised.
    mistakes : iterable of (array, str)
        Answers that common mistakes lead to, each with the hint that names its mistake.
    """
    got, expected = numbers(got).astype(float), numbers(expected).astype(float)
    if same(got, expected, rtol, atol):
        return
    for wrong, name in mistakes:
        if same(got, wrong, rtol, atol):
            hint = name
            break
    if expected.ndim == 0:
        raise Mistake(called, shown(float(got)), shown(float(expected)), hint)
    different = ~np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    first = tuple(int(i) for i in np.argwhere(different)[0])
    count, total = int(different.sum()), different.size
    picture = None
    if got.ndim == 2 and min(got.shape) > 1:
        picture = {"expected": expected, "returned": got}
    raise Mistake(
        called,
        f"{shown(got)}; {got[first]:.6g} at {list(first)} ({count} of {total} values differ)",
        f"{shown(expected)}; {expected[first]:.6g} at {list(first)}",
        hint,
        picture,
    )


def changes(reply: Reply, originals: Sequence[Any]) -> bool:
    """Whether the call changed one of its positional arguments."""
    try:
        expect_unchanged(reply, originals, "")
    except Mistake:
        return True
    return False


def expect_unchanged(reply: Reply, originals: Sequence[Any], called: str) -> None:
    """Raise `Mistake` where the call changed one of its positional arguments."""
    for position, (original, after) in enumerate(zip(originals, reply.arguments, strict=False)):
        if not _equal(original, after):
            raise Mistake(
                called,
                f"argument {position + 1} was changed by the call",
                "the arguments as they were",
                "The caller still needs what it passed. Work on a copy, and mind that `+=`, "
                "`image[...] = ` and `dict[key] = ` change the original.",
            )


def mutates(remote: Remote, method: str, *args: Any) -> bool:
    """Whether another part changes its arguments, so that it is blamed for it and not this one."""
    try:
        return changes(remote.call(method, *args), args)
    except SubmissionError:
        return False


def expect_seeded(first: Any, again: Any, other: Any, called: str) -> None:
    """Raise `Mistake` unless one seed gave one answer twice and another seed another one.

    Parameters
    ----------
    first, again : object
        The answers of two new objects with the same seed.
    other : object
        The answer of an object with another seed.
    called : str
        The call, for the message.
    """
    if not _equal(first, again, tolerance=1e-9):
        raise Mistake(
            called,
            "two answers that differ from two objects with the same seed",
            "the same answer",
            "Draw from np.random.default_rng(self.seed), not from a generator without a seed.",
        )
    if _equal(first, other):
        raise Mistake(
            called,
            "the same answer for two seeds",
            "another seed, another answer",
            "Is the seed of the constructor used? A seed written into the method is always the "
            "same one.",
        )


def works(check, remote: Remote, rng: np.random.Generator) -> bool:
    """Whether another part's check passes: what it explains is not held against this one."""
    try:
        check(remote, rng)
    except (Mistake, SubmissionError):
        return False
    return True


def _equal(a: Any, b: Any, tolerance: float = 0.0) -> bool:
    """Whether two pieces of plain data are equal; `tolerance` is relative, for numbers."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key], tolerance) for key in a)
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(_equal(x, y, tolerance) for x, y in zip(a, b, strict=True))
    numeric = (int, float, np.ndarray)
    if isinstance(a, numeric) and isinstance(b, numeric):
        try:
            return same(numbers(a), numbers(b), rtol=tolerance, atol=tolerance)
        except ValueError:  # of other types, complex numbers for one
            return np.shape(a) == np.shape(b) and np.array_equal(a, b)
    return type(a) is type(b) and a == b


def _kind(value: Any) -> str:
    if value is None or isinstance(value, np.ndarray):
        return shown(value)
    said = shown(value)
    kind = f" ({type(value).__name__})"
    return said if said.endswith(kind) else said + kind


def _forgotten(value: Any) -> str:
    return "Does the method end without a `return`?" if value is None else ""
