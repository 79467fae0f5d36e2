"""One rule for the names of cases: which patient, which group, and what if nobody said.

A case without a name is refused where names say who belongs together (:func:`members`), and kept
in a group of its own where they only sort (:func:`subgroups_of`).
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from lessonlib._validation.missing import is_missing, plain_array, split, unwrapped

#: How a subgroup of cases without a name is called.
UNNAMED = "(not named)"
#: How a missing name is written where someone has turned names into text.
_WRITTEN = {"", "nan", "NaN", "None", "<NA>", "NaT"}


def members(name: str, values: Any, size: int, of: str = "labels") -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct names of patients or groups in order, and the number of each case's.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : array_like, shape (size,)
        A name for each case: text, numbers, or both.
    size : int
        How many there must be.
    of : str
        What each is a name for, in the plural, for the message.

    Returns
    -------
    names : numpy.ndarray, shape (G,)
    member : numpy.ndarray of int64, shape (size,)

    Raises
    ------
    ValueError
        Where the shape is another, or a case has no name: empty text, None, NaN, NA. Such cases
        are not one patient, and nobody knows how many they are.
    """
    array, unnamed = _names(name, values, size, of)
    if array.dtype.kind in "OUS":
        unnamed = unnamed | np.array([str(value).strip() in _WRITTEN for value in array], bool)
    if unnamed.any():
        where = int(np.flatnonzero(unnamed)[0])
        shown = "a masked name" if isinstance(values, np.ma.MaskedArray) else _shown(array[where])
        raise ValueError(
            f"{name} must name a group for every one of the {size} {of}, got "
            f"{shown} at index {where}: cases without a name are not one group; leave "
            "them out, or give each a name of its own"
        )
    return _distinct(name, array)


def in_class_order(name: str, values: Any) -> np.ndarray:
    """Return one value a class, class 0 first, as :func:`plain_array`.

    Raises
    ------
    ValueError
        Where `values` is a pandas Series that names its classes in another order, as
        ``value_counts()`` does, which puts the most frequent class first.
    """
    index = getattr(values, "index", None)
    if index is not None and not callable(index):
        order = list(index)
        if all(isinstance(one, numbers.Integral) for one in order) and order != sorted(order):
            raise ValueError(
                f"{name} must stand in the order of the classes, class 0 first, got an index of "
                f"{order}: {name}.sort_index() first"
            )
    return plain_array(name, values)


def subgroups_of(
    name: str, values: Any, size: int, of: str = "labels"
) -> tuple[list[str], np.ndarray]:
    """Return the names of subgroups as text, and the number of each case's subgroup.

    Parameters
    ----------
    name, values, size, of
        As for :func:`members`.

    Returns
    -------
    names : list of str
        In order; cases without a name are one subgroup, :data:`UNNAMED`, at the end.
    member : numpy.ndarray of int64, shape (size,)

    Raises
    ------
    ValueError
        Where the shape is another, or two names read alike.
    """
    array, unnamed = _names(name, values, size, of)
    if array.dtype.kind in "OUS":
        written = _WRITTEN - {"None"}  # no illness, no treatment: a subgroup's name like any other
        unnamed = unnamed | np.array([str(value).strip() in written for value in array], bool)
    member = np.empty(size, dtype=np.int64)
    found, member[~unnamed] = _distinct(name, array[~unnamed])
    names = [str(one) for one in found.tolist()]
    member[unnamed] = len(names)
    names += [UNNAMED] if unnamed.any() else []
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise ValueError(f"{name} must have one name for each subgroup, got two that read {twice}")
    return names, member


def _names(name: str, values: Any, size: int, of: str) -> tuple[np.ndarray, np.ndarray]:
    """Return names as a vector and which are missing; a list of text and NaN stays what it is."""
    values = unwrapped(values)
    mask = None
    if isinstance(values, list | tuple) and not all(map(_is_text_or_row, values)):
        array = np.empty(len(values), dtype=object)
        array[:] = values
    else:
        array, mask = split(name, values)
    if array.dtype.kind == "S":  # text as HDF5 and FITS tables keep it
        array = np.char.decode(array, "utf-8", "backslashreplace")
    elif array.dtype.kind == "O":
        array = np.array([_text(v) for v in array.ravel()] + [None], object)[:-1].reshape(
            array.shape
        )
    if array.shape != (size,):
        raise ValueError(
            f"{name} must name one for each of the {size} {of}, got shape {array.shape}"
        )
    if array.dtype.kind == "O":
        missing = np.array([is_missing(value) for value in array], bool)
    elif array.dtype.kind in "fcmM":
        missing = array != array
    else:
        missing = np.zeros(size, bool)
    return array, missing if mask is None else missing | mask


def _text(value: Any) -> Any:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def _is_text_or_row(value: Any) -> bool:
    return isinstance(value, str) or np.ndim(value) > 0


def _distinct(name: str, array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct entries in order, and the place of each among them."""
    if array.dtype.kind != "O":
        return np.unique(array, return_inverse=True)
    try:
        found = set(array.tolist())
    except TypeError:  # a list, a dict
        raise TypeError(f"{name} must be text or numbers, got {_shown(array[0])}") from None
    try:
        ordered = sorted(found)
    except TypeError:  # text beside numbers
        ordered = sorted(found, key=_numbers_first)
    place = {one: k for k, one in enumerate(ordered)}
    distinct = np.empty(len(ordered), dtype=object)
    distinct[:] = ordered
    return distinct, np.array([place[one] for one in array.tolist()], dtype=np.int64)


def _numbers_first(one: Any) -> tuple[bool, float, str]:
    number = isinstance(one, numbers.Real)
    return not number, float(one) if number else 0.0, str(one)


def _shown(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)
