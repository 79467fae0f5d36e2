"""Normalised differences of two bands, and the best known of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lessonlib.scientific._images import result_dtype


def _as_band(name: str, band: Any) -> np.ndarray:
    band = np.asarray(band)
    if band.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {band.dtype}")
    return band


def _difference(names: tuple[str, str], a: Any, b: Any) -> np.ndarray:
    a, b = _as_band(names[0], a), _as_band(names[1], b)
    if a.shape != b.shape:
        raise ValueError(
            f"{names[0]} and {names[1]} must have one shape, got {a.shape} and {b.shape}"
        )
    dtype = np.result_type(result_dtype(a.dtype), result_dtype(b.dtype))
    # Before any arithmetic: 100 - 200 is 156 in uint8.
    a, b = a.astype(np.float64), b.astype(np.float64)
    total = a + b
    with np.errstate(invalid="ignore"):
        quotient = np.divide(a - b, total, out=np.full_like(total, np.nan), where=total != 0)
    return quotient.astype(dtype)


def normalized_difference(a: Any, b: Any) -> np.ndarray:
    """Return ``(a - b) / (a + b)`` pixel by pixel.

    Parameters
    ----------
    a, b : array_like, shape (H, W) or any other
        Two bands on the same scale: reflectances, or the same factor times them.

    Returns
    -------
    numpy.ndarray, of the shape of `a`
        In ``[-1, 1]`` where both bands are positive, NaN where ``a + b`` is 0 or a band is NaN.
        float32 for bands of up to 32 bits, else float64; whole numbers are converted before they
        are subtracted.

    Raises
    ------
    TypeError
        Where a band holds no real numbers.
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


def ndvi(nir: Any, red: Any) -> np.ndarray:
    r"""Return the normalised difference vegetation index of two reflectance bands.

    Parameters
    ----------
    nir, red : array_like, shape (H, W) or any other
        Reflectance in the near infrared and in the red, on one scale and free of offsets.

    Returns
    -------
    numpy.ndarray, of the shape of `nir`
        Near 0 over bare ground, towards 1 over dense green leaves; NaN where both bands are 0 or
        one is NaN. The type is as in :func:`~lessonlib.scientific.normalized_difference`.

    Raises
    ------
    TypeError
        Where a band holds no real numbers.
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
