"""Spectral indices: spyndex's catalogue, guarded against whole numbers and 0 / 0."""

from __future__ import annotations

import difflib
import numbers
from typing import Any

import numpy as np

from lessonlib._validation import check_number
from lessonlib.satellite._arrays import (
    as_band,
    blank,
    cast,
    floating,
    library,
    one_library,
    one_shape,
    to_float64,
)
from lessonlib.scientific._images import is_dask


def spectral_index(name: str, **bands: Any) -> Any:
    """Return a spectral index of reflectance bands, by the formula in spyndex's catalogue.

    Parameters
    ----------
    name : str
        A name of the catalogue: ``"NDVI"``, ``"NDWI"`` (McFeeters: open water), ``"NDMI"`` (water
        in leaves, at 1.6 µm; Gao's index of this purpose, which he called NDWI, has 1.24 µm),
        ``"NBR"``, and some 270 more [1]_.
    **bands : array_like, torch.Tensor or dask.array.Array, one shape
        Reflectance by the catalogue's letters: ``B``, ``G``, ``R``, ``N`` (near infrared), ``S1``
        and ``S2`` (short-wave infrared near 1.6 and 2.2 µm), and more. Constants of a formula
        (``L`` of SAVI) may be given as numbers; those left out have the catalogue's default.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array
        NaN where a band is NaN or the formula divides by 0. float32 for whole numbers of up to 16
        bits and floats of up to 32, else float64; whole numbers are converted before anything is
        subtracted.

    Raises
    ------
    TypeError
        Where a band holds no real numbers, or bands are arrays of different libraries.
    ValueError
        Where the name is unknown, a band is missing or has no place in the formula, or the shapes
        differ: bands of 10 and 20 m have to be brought to one grid first.

    References
    ----------
    .. [1] D. Montero et al., "A standardized catalogue of spectral indices to advance the use of
       remote sensing in Earth system research", Scientific Data 10, 197, 2023.
       https://doi.org/10.1038/s41597-023-02096-0

    Examples
    --------
    >>> import numpy as np
    >>> round(float(spectral_index("NDVI", N=np.uint16([4500]), R=np.uint16([500]))[0]), 3)
    0.8
    """
    import spyndex

    if name not in spyndex.indices:
        near = difflib.get_close_matches(str(name), list(spyndex.indices), 3, 0.4)
        hint = f"; near to it: {', '.join(near)}" if near else ""
        raise ValueError(f"name must be an index of spyndex's catalogue, got {name!r}{hint}")
    formula = spyndex.indices[name]
    wanted = list(formula.bands)
    unknown = sorted(set(bands) - set(wanted))
    if unknown:
        raise ValueError(
            f"{name} = {formula.formula} takes {', '.join(wanted)}; "
            f"got {', '.join(unknown)} as well"
        )
    constants, arrays = {}, {}
    for letter in wanted:
        constant = spyndex.constants.get(letter)
        if constant is not None and isinstance(bands.get(letter, 0.0), numbers.Real):
            value = bands.get(letter, constant.default)
            constants[letter] = check_number(letter, value)
        elif letter in bands:
            arrays[letter] = as_band(letter, bands[letter])
        else:
            raise ValueError(f"{name} = {formula.formula} needs {letter} as well")
    one_library(**arrays)
    one_shape(**arrays)
    letters = list(arrays)

    def evaluate(*floats: Any) -> Any:
        parameters = dict(zip(letters, floats, strict=True)) | constants
        with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is answered by NaN below
            values = spyndex.computeIndex(name, params=parameters)
        return blank(values, ~library(values).isfinite(values))

    floats = [to_float64(band) for band in arrays.values()]
    if is_dask(floats[0]):
        values = library(floats[0]).core.elemwise(evaluate, *floats, dtype=np.float64)
    else:
        values = evaluate(*floats)
    return cast(values, floating(list(arrays.values())))
