"""From the numbers in a product's file to reflectance, radiance and temperature."""

from __future__ import annotations

import math
import re
from typing import Any

from lessonlib._validation import check_number
from lessonlib.satellite._arrays import as_band, blank, cast, floating, library, to_float64
from lessonlib.scientific._images import check_nodata

#: What Sentinel-2 products divide by: a stored 10 000 is a reflectance of 1.
QUANTIFICATION = 10_000


def calibrate(stored: Any, scale: float, offset: float, *, nodata: float | None = None) -> Any:
    r"""Return ``scale * stored + offset``, with NaN where nothing was measured.

    Parameters
    ----------
    stored : array_like, torch.Tensor or dask.array.Array, any shape
        Numbers as the file holds them. A dask array stays lazy.
    scale, offset : float
        From the product's metadata.
    nodata : float, optional
        The number that marks pixels which were not measured; NaN and pixels that are masked always
        do.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array
        float32 for whole numbers of up to 16 bits and floats of up to 32, else float64; computed in
        float64 either way.

    Raises
    ------
    TypeError
        Where `stored` holds no real numbers.
    ValueError
        Where `scale` is 0, or a number is not finite.

    Notes
    -----
    .. math:: y = a \cdot \mathrm{DN} + b

    Landsat's reflectance and radiance, Sentinel-2's reflectance and the Hounsfield units of a CT
    are all of this form.

    Examples
    --------
    >>> import numpy as np
    >>> float(calibrate(np.int16([1064]), 1.0, -1024.0)[0])  # a CT
    40.0
    """
    scale, offset = check_number("scale", scale), check_number("offset", offset)
    if scale == 0:
        raise ValueError("scale must not be 0: every pixel would become the offset")
    stored, nodata = as_band("stored", stored), check_nodata(nodata)
    values = scale * to_float64(stored) + offset
    if nodata is not None:
        values = blank(values, stored == nodata)
    return cast(values, floating([stored]))


def sentinel2_offset(baseline: str) -> int:
    """Return the number that a Sentinel-2 product of this processing baseline asks one to add.

    Parameters
    ----------
    baseline : str
        As the metadata or the product's name has it: ``"04.00"``, ``"4.00"`` or ``"N0400"``.

    Returns
    -------
    int
        -1000 from baseline 04.00 on, 0 before.

    Raises
    ------
    TypeError
        Where `baseline` is no string.
    ValueError
        Where it has another form.

    Notes
    -----
    Holds for level 1C and level 2A. The product's own metadata has the last word: the field is
    called ``RADIO_ADD_OFFSET`` at level 1C and ``BOA_ADD_OFFSET`` at level 2A [1]_.

    References
    ----------
    .. [1] OPT-MPC, "Introduction of additional radiometric offset in PB04.00 products", ESA STEP
       forum, https://forum.step.esa.int/t/35431

    Examples
    --------
    >>> sentinel2_offset("02.04"), sentinel2_offset("N0511")
    (0, -1000)
    """
    if not isinstance(baseline, str):
        raise TypeError(f"baseline must be a string such as '04.00', got {baseline!r}")
    found = re.fullmatch(r"N(\d{2})(\d{2})|(\d{1,2})\.(\d{2})", baseline)
    if not found:
        raise ValueError(f"baseline must look like '04.00' or 'N0400', got {baseline!r}")
    major = int(found[1] or found[3])
    return -1000 if major >= 4 else 0


def sentinel2_reflectance(stored: Any, offset: int, *, nodata: int | None = 0) -> Any:
    r"""Return the reflectance of a Sentinel-2 band.

    Parameters
    ----------
    stored : array_like, torch.Tensor or dask.array.Array, any shape
        Numbers as the file holds them.
    offset : int
        From the product's metadata, or
        :func:`~lessonlib.satellite.sentinel2_offset`. There is no default: it is the number that
        gets forgotten.
    nodata : int or None, default 0
        The stored number of pixels that were never seen; they become NaN.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array
        1 is a white diffuser. Slightly negative values are noise over dark ground, and are kept.

    Raises
    ------
    TypeError
        Where `stored` holds no real numbers.
    ValueError
        Where a number is not finite.

    Notes
    -----
    .. math:: \rho = (\mathrm{DN} + \mathrm{offset}) / 10\,000

    References
    ----------
    .. [1] Norwegian satellite data portal, quoting the product specification,
       https://www.satellittdata.no/nb/node/311

    Examples
    --------
    >>> sentinel2_reflectance([5500, 0], offset=-1000)
    array([0.45,  nan])
    """
    offset = check_number("offset", offset)
    return calibrate(stored, 1 / QUANTIFICATION, offset / QUANTIFICATION, nodata=nodata)


def landsat_reflectance(
    stored: Any,
    scale: float,
    offset: float,
    *,
    sun_elevation: float | None = None,
    nodata: int | None = 0,
) -> Any:
    r"""Return the top-of-atmosphere reflectance of a Landsat level-1 band.

    Parameters
    ----------
    stored : array_like, torch.Tensor or dask.array.Array, any shape
        Numbers as the file holds them.
    scale, offset : float
        ``REFLECTANCE_MULT_BAND_x`` and ``REFLECTANCE_ADD_BAND_x`` of the MTL file.
    sun_elevation : float, optional
        Height of the sun in degrees, ``SUN_ELEVATION`` of the MTL file. Without it the result
        lacks the division by its sine: too dark, by one factor for all bands.
    nodata : int or None, default 0
        The stored number of pixels that were never seen; they become NaN.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array

    Raises
    ------
    TypeError
        Where `stored` holds no real numbers.
    ValueError
        Where `sun_elevation` is not in (0, 90].

    Notes
    -----
    .. math:: \rho = (M \cdot \mathrm{DN} + A) / \sin\theta

    References
    ----------
    .. [1] U.S. Geological Survey, "Using the USGS Landsat Level-1 Data Product",
       https://www.usgs.gov/landsat-missions/using-usgs-landsat-level-1-data-product

    Examples
    --------
    >>> float(landsat_reflectance([20_000], 2e-5, -0.1, sun_elevation=30).round(3)[0])
    0.6
    """
    sine = 1.0
    if sun_elevation is not None:
        degrees = check_number("sun_elevation", sun_elevation, above=0, maximum=90)
        sine = math.sin(math.radians(degrees))
    scale, offset = check_number("scale", scale), check_number("offset", offset)
    return calibrate(stored, scale / sine, offset / sine, nodata=nodata)


def brightness_temperature(radiance: Any, k1: float, k2: float) -> Any:
    r"""Return the temperature of a black body that would send this radiance.

    Parameters
    ----------
    radiance : array_like, torch.Tensor or dask.array.Array, any shape
        In W m⁻² sr⁻¹ µm⁻¹: :func:`~lessonlib.satellite.calibrate` with
        ``RADIANCE_MULT_BAND_x`` and ``RADIANCE_ADD_BAND_x`` of the MTL file.
    k1 : float
        ``K1_CONSTANT_BAND_x``, in the same unit.
    k2 : float
        ``K2_CONSTANT_BAND_x``, in kelvin.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array
        Kelvin; NaN where `radiance` is not positive.

    Raises
    ------
    TypeError
        Where `radiance` holds no real numbers.
    ValueError
        Where a constant is not positive.

    Notes
    -----
    Planck's law for one band, solved for the temperature [1]_:

    .. math:: T = \frac{K_2}{\ln(K_1 / L + 1)}

    Not the temperature of the ground: that sends less than a black body, and the air between
    takes and adds its part.

    References
    ----------
    .. [1] U.S. Geological Survey, "Using the USGS Landsat Level-1 Data Product",
       https://www.usgs.gov/landsat-missions/using-usgs-landsat-level-1-data-product

    Examples
    --------
    >>> float(brightness_temperature([9.0], 774.8853, 1321.0789).round(1)[0])
    295.7
    """
    k1, k2 = check_number("k1", k1, above=0), check_number("k2", k2, above=0)
    radiance = as_band("radiance", radiance)
    values = to_float64(radiance)
    values = blank(values, values <= 0)
    return cast(k2 / library(values).log(k1 / values + 1), floating([radiance]))


def thermal_radiance(kelvin: Any, k1: float, k2: float) -> Any:
    r"""Return the radiance of a black body: the inverse of brightness temperature.

    Parameters
    ----------
    kelvin : array_like, torch.Tensor or dask.array.Array, any shape
        Temperature, above 0 K.
    k1, k2 : float
        The band's constants.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array
        W m⁻² sr⁻¹ µm⁻¹; NaN where `kelvin` is not positive. Radiances add up over the parts of a
        pixel; temperatures do not.

    Raises
    ------
    TypeError
        Where `kelvin` holds no real numbers.
    ValueError
        Where a constant is not positive.

    Notes
    -----
    .. math:: L = \frac{K_1}{\exp(K_2 / T) - 1}

    Examples
    --------
    >>> float(thermal_radiance([300.0], 774.8853, 1321.0789).round(2)[0])
    9.6
    """
    k1, k2 = check_number("k1", k1, above=0), check_number("k2", k2, above=0)
    kelvin = as_band("kelvin", kelvin)
    values = to_float64(kelvin)
    values = blank(values, values <= 0)
    # exp(-x) / (1 - exp(-x)): near 0 K, exp(x) would overflow
    decay = library(values).exp(-k2 / values)
    return cast(k1 * decay / (1 - decay), floating([kelvin]))
