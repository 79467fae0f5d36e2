"""One rule for what is missing in an array, and for its unit.

A mask is honoured where a missing value has a meaning (:func:`with_nan`, :func:`with_mask`) and
refused by the argument's name everywhere else (:func:`plain_array`, :func:`without_mask`); a unit
is always refused, as every function names its own.

Masks are found in NumPy's masked arrays, astropy's ``NDData``, ``CCDData`` and ``Masked``, dask
arrays of masked arrays, PyTorch's masked tensors, and lists of any of these; None and pandas' NA
and NaT count as masked. None of the libraries is imported: an object of theirs can only arrive
where its library is loaded already.
"""

from __future__ import annotations

import numbers
import sys
from typing import Any

import numpy as np


def is_missing(value: Any) -> bool:
    """Whether one object stands for a missing value: None, NaN, pandas' NA or NaT, masked."""
    if value is None or value is np.ma.masked or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating | np.datetime64) and bool(value != value)


def plain_array(name: str, values: Any) -> np.ndarray:
    """Return `values` as a NumPy array, or raise by `name` where a mask or a unit would be lost.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : array_like
        A dask array is computed, a tensor detached and brought to the CPU.

    Returns
    -------
    numpy.ndarray
        NaN passes: what it means is the caller's question.

    Raises
    ------
    TypeError
        Where it has a unit.
    ValueError
        Where a value is masked, None, or pandas' NA.
    """
    array, mask = split(name, values)
    _refuse_masked(name, values, mask)
    return array


def with_nan(name: str, values: Any) -> Any:
    """Return `values` with NaN where a value is masked or None; a dask array stays lazy.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : array_like, torch.Tensor or dask.array.Array
        Whole numbers that are masked become float32 up to 16 bits, else float64.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array
        As it came where nothing is masked.

    Raises
    ------
    TypeError
        Where it has a unit, or what is masked is no number.
    """
    values = unwrapped(values)
    if is_dask(values):
        refuse_unit(name, values._meta)
        if not isinstance(values._meta, np.ma.MaskedArray):
            return values
        dtype = _floating(name, values.dtype)
        return values.map_blocks(
            lambda block: _filled(name, *split(name, block)).astype(dtype),
            dtype=dtype,
            meta=np.empty((0,) * values.ndim, dtype),
        )
    if is_tensor(values):
        if not hasattr(values, "get_mask"):
            _refuse_sparse(name, values)
            return values
        data = values.get_data()
        data = data if data.dtype.is_floating_point else data.double()
        return data.masked_fill(~values.get_mask(), float("nan"))
    return _filled(name, *split(name, values))


def nan_array(name: str, values: Any) -> np.ndarray:
    """Return what :func:`with_nan` does, as a NumPy array: a tensor detached, dask computed."""
    return _filled(name, *split(name, values))


def with_mask(name: str, values: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return `values` as a NumPy array with their own mask, ``None`` where nothing is masked.

    Raises
    ------
    TypeError
        Where they have a unit.
    """
    array, mask = split(name, values)
    return array, mask if mask is not None and mask.any() else None


def without_mask(name: str, values: Any) -> Any:
    """Return `values` in their own library, or raise as :func:`plain_array` does.

    A dask array stays lazy, so it is refused where its chunks are masked arrays at all.
    """
    values = unwrapped(values)
    if is_dask(values):
        refuse_unit(name, values._meta)
        if isinstance(values._meta, np.ma.MaskedArray):
            raise ValueError(
                f"{name} must not hold masked values, got a dask array of masked arrays: pass "
                f"dask.array.ma.filled({name}, value)"
            )
        return values
    if is_tensor(values) and not hasattr(values, "get_mask"):
        _refuse_sparse(name, values)
        return values
    return plain_array(name, values)


def split(name: str, values: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the numbers and which of them are masked, or ``None`` where nothing carries a mask."""
    values = unwrapped(values)
    if is_dask(values):
        refuse_unit(name, values._meta)
        return split(name, values.compute())
    if is_tensor(values):
        mask = ~values.get_mask() if hasattr(values, "get_mask") else None
        return _of_tensor(name, values), None if mask is None else mask.cpu().numpy()
    refuse_unit(name, values)
    if isinstance(values, np.ma.MaskedArray):
        array, mask = np.asarray(values.data), np.ma.getmaskarray(values)
    elif isinstance(values, np.ndarray) and hasattr(values, "unmasked"):  # astropy's Masked
        array, mask = np.asarray(values.unmasked), np.asarray(values.mask)
    elif _is_ndata(values):
        array, mask = np.asarray(values.data), values.mask
        mask = None if mask is None else np.broadcast_to(np.asarray(mask, bool), array.shape)
    elif isinstance(values, list | tuple) and any(map(_carries, values)):
        parts = [split(name, value) for value in values]
        array = np.array([part for part, _ in parts])
        mask = np.array([np.zeros(a.shape, bool) if m is None else m for a, m in parts])
    else:
        array, mask = as_array(name, values), None
    if mask is not None and mask.dtype.names:  # a record is masked where one of its fields is
        mask = mask.view(bool).reshape(*mask.shape, -1).any(axis=-1)
    return _of_objects(array, mask) if array.dtype.kind == "O" else (array, mask)


def as_array(name: str, values: Any) -> np.ndarray:
    """Return what NumPy makes of `values`, or raise by `name`."""
    try:
        return np.asarray(values)
    except ValueError as error:  # rows of several lengths
        raise ValueError(f"{name} must be an array of numbers: {error}") from None


def _of_objects(array: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return numbers kept as objects as numbers, with None and NA masked; others as they are."""
    if array.ndim == 0:
        return array, mask
    flat = [value.item() if isinstance(value, np.generic) else value for value in array.ravel()]
    gone = np.array([is_missing(v) and not isinstance(v, float) for v in flat], bool)
    if mask is not None:
        gone |= mask.ravel()
    real = [v for v, missing in zip(flat, gone, strict=True) if not missing]
    if not all(isinstance(value, numbers.Real) for value in real):
        return array, gone.reshape(array.shape) if gone.any() else None
    if gone.any():
        blank = False if real and all(isinstance(value, bool) for value in real) else 0
        flat = [blank if missing else v for v, missing in zip(flat, gone, strict=True)]
    found = np.array(flat if flat else [], dtype=None if flat else float).reshape(array.shape)
    return found, gone.reshape(array.shape) if gone.any() else None


def _filled(name: str, array: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    if mask is None or not mask.any():
        return array
    array = array.astype(_floating(name, array.dtype))
    array[mask] = np.nan
    return array


def _floating(name: str, dtype: np.dtype) -> np.dtype:
    """Return the floating type in which NaN can stand beside numbers of this type."""
    if dtype.kind in "fc":
        return dtype
    if dtype.kind not in "biu":
        raise TypeError(f"{name} must hold numbers, got {dtype}")
    return np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)


def _refuse_masked(name: str, values: Any, mask: np.ndarray | None) -> None:
    if mask is None or not mask.any():
        return
    where = np.argwhere(mask)[0].tolist()
    where = where[0] if len(where) == 1 else tuple(where)
    count = int(np.count_nonzero(mask))
    if is_dask(values):
        remedy = f": pass dask.array.ma.filled({name}, value)"
    elif _is_ndata(values):
        remedy = f": pass numpy.where({name}.mask, value, {name}.data)"
    elif hasattr(values, "filled"):
        remedy = f": pass {name}.filled(value)"
    elif hasattr(values, "fillna"):
        remedy = f": pass {name}.fillna(value)"
    else:
        remedy = ""
    raise ValueError(
        f"{name} must not hold masked or missing values, got {count} of {mask.size}, the first at "
        f"index {where}; leave those entries out of every argument, or fill them{remedy}"
    )


def refuse_unit(name: str, values: Any) -> None:
    """Raise where `values` carry a unit as an object; as text it is a remark beside the numbers."""
    if isinstance(values, list | tuple | str | dict) or _is_pandas(values):
        return
    unit = getattr(values, "unit", None)
    unit = getattr(values, "units", None) if unit is None else unit
    if unit is None or isinstance(unit, str) or callable(getattr(values, "isnull", None)):
        return
    if str(unit) in ("", "dimensionless"):
        return
    if _is_ndata(values):
        remedy = f"{name}.data" if values.mask is None else (
            f"numpy.ma.array({name}.data, mask={name}.mask)"
        )  # fmt: skip
    else:
        remedy = f"{name}.magnitude" if hasattr(values, "magnitude") else f"{name}.value"
    raise TypeError(
        f"{name} must be numbers without a unit, got the unit {unit}, which would be lost: convert "
        f"it to the unit that the reference names, and pass {remedy}"
    )


def _carries(value: Any) -> bool:
    """Whether an entry of a list may carry a mask or a unit."""
    if isinstance(value, int | float | str | bytes) or value is None:
        return False
    if isinstance(value, list | tuple):
        return any(map(_carries, value))
    return (
        isinstance(value, np.ma.MaskedArray)
        or _is_ndata(value)
        or is_tensor(value)
        or is_dask(value)
        or not isinstance(getattr(value, "unit", getattr(value, "units", None)), str | None)
    )


def unwrapped(values: Any) -> Any:
    """Return the array inside an xarray object, which may be a masked one or a dask array."""
    if type(values).__module__.partition(".")[0] == "xarray":
        return values.data
    return values


def _is_ndata(values: Any) -> bool:
    """Whether `values` are astropy's ``NDData`` or look the same: data beside a mask and a unit."""
    if isinstance(values, np.ndarray) or _is_pandas(values):
        return False
    return all(hasattr(values, part) for part in ("data", "mask", "unit"))


def _is_pandas(values: Any) -> bool:
    return type(values).__module__.partition(".")[0] == "pandas"


def is_tensor(values: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(values, torch.Tensor)


def is_dask(values: Any) -> bool:
    dask_array = sys.modules.get("dask.array")
    return dask_array is not None and isinstance(values, dask_array.Array)


def _refuse_sparse(name: str, tensor: Any) -> None:
    if tensor.is_meta or tensor.layout != sys.modules["torch"].strided:
        kind = "without numbers, on the device 'meta'" if tensor.is_meta else str(tensor.layout)
        raise TypeError(f"{name} must be a dense tensor with numbers, got one {kind}")


def _of_tensor(name: str, values: Any) -> np.ndarray:
    values = (values.get_data() if hasattr(values, "get_mask") else values).detach()
    _refuse_sparse(name, values)
    values = values.cpu()
    if str(values.dtype) == "torch.bfloat16":  # NumPy has no such type; float32 holds all of it
        values = values.float()
    return values.numpy()
