"""Normalised differences of two bands, and the best known of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lessonlib._validation import with_nan
from lessonlib.scientific._images import flat, is_dask, is_tensor, pieces, result_dtype


def _check_bands(names: tuple[str, str], bands: tuple[Any, Any]) -> list[Any]:
    """Return two bands as arrays of one kind, or raise by name."""
    bands = tuple(with_nan(name, band) for name, band in zip(names, bands, strict=True))
    kinds = {is_tensor(band) for band in bands}
    if len(kinds) == 2:
        raise TypeError(
            f"{names[0]} and {names[1]} must both be tensors or neither, got "
            f"{type(bands[0]).__name__} and {type(bands[1]).__name__}"
        )
    if kinds == {False}:
        bands = tuple(band if is_dask(band) else np.asarray(band) for band in bands)
        real = [band.dtype.kind in "iuf" for band in bands]
    else:
        real = [not (band.is_complex() or str(band.dtype) == "torch.bool") for band in bands]
    for name, band, numbers in zip(names, bands, real, strict=True):
        if not numbers:
            raise TypeError(f"{name} must hold real numbers, got dtype {band.dtype}")
    if bands[0].shape != bands[1].shape:
        raise ValueError(
            f"{names[0]} and {names[1]} must have one shape, got {tuple(bands[0].shape)} and "
            f"{tuple(bands[1].shape)}"
        )
    return list(bands)


def _block_difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the normalised difference of two bands in memory, a piece at a time."""
    out = np.empty(a.shape, np.result_type(result_dtype(a.dtype), result_dtype(b.dtype)))
    for x, y, z in zip(pieces(flat(a)), pieces(flat(b)), pieces(out.reshape(-1)), strict=True):
        # Before any arithmetic: 100 - 200 is 156 in uint8.
        x, y = x.astype(np.float64), y.astype(np.float64)
        total = x + y
        with np.errstate(invalid="ignore"):
            z[:] = np.divide(x - y, total, out=np.full_like(total, np.nan), where=total != 0)
    return out


def _difference(names: tuple[str, str], a: Any, b: Any) -> Any:
    a, b = _check_bands(names, (a, b))
    if is_tensor(a):
        from lessonlib.scientific._torch import tensor_difference

        return tensor_difference(a, b)
    if is_dask(a) or is_dask(b):
        from lessonlib.scientific._dask import dask_difference

        return dask_difference(_block_difference, a, b)
    return _block_difference(a, b)


def normalized_difference(a: Any, b: Any) -> Any:
    """Return ``(a - b) / (a + b)`` pixel by pixel.

    Parameters
    ----------
    a, b : array_like, torch.Tensor or dask.array.Array, shape (H, W) or any other
        Two bands on the same scale: reflectances, or the same factor times them.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array, of the shape of `a`
        In ``[-1, 1]`` where both bands are positive, NaN where ``a + b`` is 0 or a band is NaN.
        float32 for bands of up to 32 bits, else float64; whole numbers are converted before they
        are subtracted. Of dask arrays it is lazy, of tensors on their device.

    Raises
    ------
    TypeError
        Where a band holds no real numbers, or one alone is a tensor.
    ValueError
        Where the shapes differ.

    Notes
    -----
    A factor that both bands share cancels; an offset does not.

    Examples
    --------
    >>> import numpy as np
    >>> normalized_difference(np.uint8([100, 200]), np.uint8([200, 100]))
    array([-0.33333334,  0.33333334], dtype=float32)
    """
    return _difference(("a", "b"), a, b)


def ndvi(nir: Any, red: Any) -> Any:
    r"""Return the normalised difference vegetation index of two reflectance bands.

    Parameters
    ----------
    nir, red : array_like, torch.Tensor or dask.array.Array, shape (H, W) or any other
        Reflectance in the near infrared and in the red, on one scale and free of offsets.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array, of the shape of `nir`
        Near 0 over bare ground, towards 1 over dense green leaves; NaN where both bands are 0 or
        one is NaN. The type is as in :func:`~lessonlib.scientific.normalized_difference`.

    Raises
    ------
    TypeError
        Where a band holds no real numbers, or one alone is a tensor.
    ValueError
        Where the shapes differ.

    Notes
    -----
    .. math:: \mathrm{NDVI} = \frac{\rho_\mathrm{NIR} - \rho_\mathrm{red}}
                                   {\rho_\mathrm{NIR} + \rho_\mathrm{red}}

    Compute it before any per-channel normalisation: an own offset and factor for each band leaves
    nothing of it.

    References
    ----------
    .. [1] C. J. Tucker, "Red and photographic infrared linear combinations for monitoring
       vegetation", Remote Sensing of Environment 8(2), 127-150, 1979.

    Examples
    --------
    >>> float(round(ndvi([0.45], [0.05])[0], 3))
    0.8
    """
    return _difference(("nir", "red"), nir, red)
