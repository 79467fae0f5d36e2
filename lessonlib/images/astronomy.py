"""Pictures of the sky: a raw CCD frame, and Hubble's deepest view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lessonlib.images._files import ImageFileError, SourceFile
from lessonlib.images._model import DataCard, Image
from lessonlib.images.medical import read_rgb

CCD_FRAME = DataCard(
    name="ccd_frame",
    title="Raw CCD frame",
    shows=(
        "a field with two bright and some faint stars, cosmic-ray hits, a few bad pixels, and the "
        "overscan strips at the sides: nothing has been corrected"
    ),
    modality="visible light, 150 s with the 1.0 m telescope at SAAO, camera STE3, 13 July 2013",
    units="analogue-to-digital units (ADU); 1.9 electrons each",
    array="(520, 536) uint16",
    package="ccdproc",
    version="2.5.1",
    files=(
        SourceFile(
            "ccdproc/tests/data/a8280271.fits",
            "f1a33e416b601c57a77893e11ab158e0216ab1f48c634adcabdb757d84111f02",
        ),
    ),
    licence="BSD-3, as released by ccdproc",
    source="South African Astronomical Observatory; test file of ccdproc",
    url="https://github.com/astropy/ccdproc",
    notes=(
        "Rows run up the sky: show it with `origin='lower'`.",
        "FITS counts from 1 and includes the end: TRIMSEC [17:528, 1:520] is `[0:520, 16:528]`.",
        "Read noise 5.0 electrons and gain 1.9 electrons per ADU stand in the header.",
    ),
)

HUBBLE = DataCard(
    name="hubble_deep_field",
    title="Hubble eXtreme Deep Field",
    shows="thousands of galaxies in a patch of sky, a few stars of our own galaxy with spikes",
    modality="visible and near-infrared exposures, combined into a colour picture",
    units="RGB, 0 to 255, after a stretch and JPEG compression: no longer proportional to light",
    array="(872, 1000, 3) uint8",
    package="scikit-image",
    version="0.26.0",
    files=(
        SourceFile(
            "skimage/data/hubble_deep_field.jpg",
            "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
        ),
    ),
    licence="public domain (NASA), as stated in scikit-image",
    source="NASA, ESA, Hubble Space Telescope, release 2012-37",
    url="http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
)

CARDS = (CCD_FRAME, HUBBLE)


@dataclass(frozen=True, eq=False)
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
    path = CCD_FRAME.paths()[0]
    try:
        from astropy.io import fits
    except ImportError:
        raise ImageFileError(f"astropy is needed to read {path}: pip install astropy") from None

    with fits.open(path, memmap=False) as file:
        pixels = np.asarray(file[0].data, dtype=np.uint16)
        header = {key: value for key, value in file[0].header.items() if key}
    return CCDFrame(
        pixels,
        CCD_FRAME,
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
    return read_rgb(HUBBLE)
