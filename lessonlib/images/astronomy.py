"""Pictures of the sky: a raw CCD frame, and Hubble's deepest view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lessonlib.images._cards import card
from lessonlib.images._files import ImageFileError
from lessonlib.images._model import Image
from lessonlib.images.medical import read_rgb


@dataclass(frozen=True, eq=False, repr=False)
class CCDFrame(Image):
    """A raw frame with what is needed to calibrate it.

    Attributes
    ----------
    gain : float
        Electrons per ADU.
    read_noise : float
        Standard deviation of the noise of reading a pixel, in electrons.
    exposure : float
        Seconds.
    trim, overscan : tuple of slice
        Where the sky is, and the unexposed strip that shows the electronic offset:
        ``frame.pixels[frame.trim]``.
    header : mapping of str to object
        The FITS header.
    """

    gain: float = 1.0
    read_noise: float = 0.0
    exposure: float = 0.0
    trim: tuple[slice, slice] = (slice(None), slice(None))
    overscan: tuple[slice, slice] = (slice(None), slice(None))
    header: Mapping[str, object] = field(default_factory=dict)


def _section(text: str) -> tuple[slice, slice]:
    """Turn a FITS section, columns first and counted from 1, into a pair of slices."""
    columns, rows = (
        slice(int(low) - 1, int(high))
        for low, high in (part.split(":") for part in text.strip("[] ").split(","))
    )
    return rows, columns


def ccd_frame() -> CCDFrame:
    """Return a raw frame of a one-metre telescope.

    Returns
    -------
    CCDFrame
        ``pixels`` uint16 ``(520, 536)`` in ADU.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where ccdproc's file is missing or damaged, or astropy is. ccdproc is not imported.
    """
    path = card("ccd_frame").paths()[0]
    try:
        from astropy.io import fits
    except ImportError:
        raise ImageFileError(f"astropy is needed to read {path}: pip install astropy") from None

    with fits.open(path, memmap=False) as file:
        pixels = np.asarray(file[0].data, dtype=np.uint16)
        header = {key: value for key, value in file[0].header.items() if key}
    return CCDFrame(
        pixels,
        card("ccd_frame"),
        display_range=tuple(float(v) for v in np.percentile(pixels, [1, 99.7])),
        gain=float(header["GAIN"]),
        read_noise=float(header["RDNOISE"]),
        exposure=float(header["EXPTIME"]),
        trim=_section(header["TRIMSEC"]),
        overscan=_section(header["BIASSEC"]),
        header=header,
    )


def hubble_deep_field() -> Image:
    """Return Hubble's eXtreme Deep Field as a colour picture.

    Returns
    -------
    Image
        ``pixels`` uint8 ``(872, 1000, 3)``.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where scikit-image's file is missing or damaged.
    """
    return read_rgb(card("hubble_deep_field"))
