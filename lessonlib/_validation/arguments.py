"""Checks of arguments whose errors name the argument, the value and what was expected."""

from __future__ import annotations

import math
import numbers
from collections.abc import Collection
from typing import Any

import numpy as np

from lessonlib._validation.missing import plain_array


def check_integer(name: str, value: Any, *, minimum: int | None = None) -> int:
    """Return `value` as an ``int``, or raise an error that names the argument.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : object
        What the caller passed; a NumPy integer counts, a ``bool`` does not.
    minimum : int, optional
        The smallest value allowed.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        Where `value` is no integer.
    ValueError
        Where it is below `minimum`.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {value!r} ({type(value).__name__})")
    if minimum is not None and value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    return int(value)


def check_number(
    name: str,
    value: Any,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
) -> float:
    """Return `value` as a finite ``float`` in ``[minimum, maximum]``, larger than `above`.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : object
        What the caller passed.
    minimum, maximum, above : float, optional
        Closed lower, closed upper and open lower bound.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        Where `value` is no real number.
    ValueError
        Where it is not finite or outside the bounds.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r} ({type(value).__name__})")
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {value!r}")
    if minimum is not None and number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value!r}")
    if maximum is not None and number > maximum:
        raise ValueError(f"{name} must be at most {maximum}, got {value!r}")
    if above is not None and number <= above:
        raise ValueError(f"{name} must be greater than {above}, got {value!r}")
    return number


def each_number(name: str, values: Any, check: Any = check_number, **limits: Any) -> list:
    """Return a list or vector with each entry checked, or raise an error that names the argument.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : array_like, shape (N,)
    check : callable, default :func:`check_number`
        Or :func:`check_integer`.
    **limits
        For `check`.

    Returns
    -------
    list of float or int

    Raises
    ------
    TypeError, ValueError
        Where it is no list, or as `check` does.
    """
    array = plain_array(name, values)
    if array.ndim != 1:
        raise TypeError(f"{name} must be a list of numbers, got {values!r}")
    return [check(name, value, **limits) for value in array.tolist()]


def check_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """Return `value` where it is one of `choices`, or raise a ``ValueError`` that lists them."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def check_rank(name: str, array: Any, ranks: Collection[int], shapes: str) -> None:
    """Raise where `array` is empty or has a number of axes that is not in `ranks`.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    array : array_like with a ``shape``
        NumPy, torch or dask.
    ranks : collection of int
        Numbers of axes allowed.
    shapes : str
        The shapes expected, as the message should put them: ``"(H, W) or (C, H, W)"``.

    Raises
    ------
    ValueError
        Where the rank is another, or an axis has length 0.
    """
    shape = tuple(array.shape)
    if len(shape) not in ranks:
        raise ValueError(f"{name} must have shape {shapes}, got shape {shape}")
    if 0 in shape:
        raise ValueError(f"{name} must not be empty, got shape {shape}")


def as_generator(seed: int | np.random.Generator | None, name: str = "seed") -> np.random.Generator:
    """Return `seed` where it is a generator already, else a new one seeded with it.

    Parameters
    ----------
    seed : int, numpy.random.Generator or None
        ``None`` draws a fresh seed from the operating system.
    name : str
        The argument's name, for the message.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    TypeError
        Where `seed` is something else, a ``numpy.random.RandomState`` included.
    """
    if seed is None or isinstance(seed, np.random.Generator):
        return np.random.default_rng(seed)
    return np.random.default_rng(check_integer(name, seed, minimum=0))


def check_labels(name: str, labels: Any) -> np.ndarray:
    """Return labels 0 and 1 as booleans, or raise an error that names the argument.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    labels : array_like, shape (N,)
        Whole numbers, floats or booleans; nothing but 0 and 1.

    Returns
    -------
    numpy.ndarray of bool, shape (N,)

    Raises
    ------
    TypeError
        Where they are no numbers.
    ValueError
        Where the shape is another, there is none, or a label is missing or something else.
    """
    array = _vector(name, labels)
    if array.dtype.kind == "b":
        return array
    positive = array == 1
    wrong = ~(positive | (array == 0))
    if wrong.any():
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise ValueError(f"{name} must hold 0 and 1 only, got NaN at index {_first(array)}")
        found = ", ".join(str(value) for value in np.unique(array[wrong])[:5].tolist())
        raise ValueError(
            f"{name} must hold 0 and 1 only, got {found} as well; map your classes to 0 (negative) "
            "and 1 (positive)"
        )
    return positive


def check_scores(
    name: str, scores: Any, size: int | None = None, *, probabilities: bool = False
) -> np.ndarray:
    """Return scores as float64, or raise an error that names the argument.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    scores : array_like, shape (N,)
        Finite numbers.
    size : int, optional
        How many there must be.
    probabilities : bool, default False
        Whether they must lie in [0, 1].

    Returns
    -------
    numpy.ndarray of float64, shape (N,)

    Raises
    ------
    TypeError
        Where they are no numbers.
    ValueError
        Where the shape or the number is another, or one is not finite or out of range.
    """
    given = _vector(name, scores)
    array = given.astype(np.float64, copy=False)
    if size is not None and len(array) != size:
        raise ValueError(
            f"{name} must hold one score for each of the {size} labels, got {len(array)}"
        )
    if not np.isfinite(array).all():
        where = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite, got {array[where]} at index {where}")
    if probabilities and (array.min() < 0 or array.max() > 1):
        where = int(np.flatnonzero((array < 0) | (array > 1))[0])
        raise ValueError(
            f"{name} must hold probabilities in [0, 1], got {given[where]} at index {where}; "
            "turn logits into probabilities with a sigmoid"
        )
    return array


def _vector(name: str, values: Any) -> np.ndarray:
    """Return a non-empty array of real numbers with one axis."""
    array = check_numbers(name, values)
    check_rank(name, array, (1,), "(N,)")
    return array


def check_numbers(name: str, values: Any) -> np.ndarray:
    """Return an array of real numbers in its own dtype, or raise an error that names the argument.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : array_like
        Without masks, None and units; NaN passes.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    TypeError
        Where they are no real numbers, or have a unit.
    ValueError
        Where one is masked or None.
    """
    array = plain_array(name, values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, got {array.dtype}")
    return array


def check_shares(name: str, values: Any) -> np.ndarray:
    """Return numbers in [0, 1] as float64, of any shape.

    Raises
    ------
    TypeError
        Where they are no numbers.
    ValueError
        Where one is NaN, masked or outside.
    """
    given = check_numbers(name, values)
    array = given.astype(np.float64)
    wrong = ~((array >= 0) & (array <= 1))  # NaN is wrong too
    if wrong.any():
        raise ValueError(f"{name} must lie in [0, 1], got {given[wrong].flat[0]}")
    return array


def rounded_like(scores: Any, thresholds: Any) -> np.ndarray:
    """Return thresholds rounded as `scores` are: in their own floating type, as float64.

    A score of 0.7 in float32 is 0.699999988, below the float64 0.7. Who writes a threshold of 0.7
    means that score too, and NumPy and PyTorch compare in the scores' own type.

    Parameters
    ----------
    scores : array_like
        As they were given, before any conversion.
    thresholds : array_like of float

    Returns
    -------
    numpy.ndarray of float64
        As they came where the scores are whole numbers or float64.
    """
    thresholds = np.asarray(thresholds, dtype=np.float64)
    dtype = getattr(scores, "dtype", None)
    if str(dtype) == "torch.bfloat16":  # the upper half of a float32, rounded to even
        bits = thresholds.astype(np.float32).view(np.uint32).astype(np.uint64)
        bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
        return bits.astype(np.uint32).view(np.float32).astype(np.float64)
    # by name: a file's big-endian float32 is a float32
    kind = getattr(dtype, "name", str(dtype)).removeprefix("torch.").lower()
    if kind not in ("float16", "float32"):
        if dtype is not None:
            return thresholds
        kind = plain_array("scores", scores).dtype.name
        if kind not in ("float16", "float32"):
            return thresholds
    with np.errstate(over="ignore"):
        return thresholds.astype(kind).astype(np.float64)


def _first(array: np.ndarray) -> int:
    return int(np.flatnonzero(np.isnan(array))[0])
