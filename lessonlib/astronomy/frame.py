"""From a raw CCD frame to electrons: the electronic offset, the edges, the gain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_integer, check_number
from lessonlib.astronomy._checks import as_image
from lessonlib.images.astronomy import CCDFrame


@dataclass(frozen=True, eq=False)
class CalibratedFrame:
    """A frame in electrons, sky included.

    Attributes
    ----------
    image : numpy.ndarray of float64, shape (H, W)
        Electrons.
    deviation : numpy.ndarray of float64, shape (H, W)
        Standard deviation that photons and reading give each pixel, in electrons.
    offset : numpy.ndarray of float64, shape (rows,)
        Electronic offset subtracted from each row of the raw frame, in ADU.
    read_noise : float
        Standard deviation of the unexposed strip, in electrons: measured, beside the header's.
    dark_rows : int
        How many rows inside the header's section were never exposed, and are cut off here.
    """

    image: np.ndarray
    deviation: np.ndarray
    offset: np.ndarray
    read_noise: float
    dark_rows: int

    def __str__(self) -> str:
        height, width = self.image.shape
        return (
            f"{height} x {width} pixels, sky {np.median(self.image):.0f} electrons, "
            f"offset {np.median(self.offset):.0f} ADU, "
            f"read noise {self.read_noise:.1f} electrons measured"
        )


def calibrate(frame: CCDFrame, degree: int | None = 1) -> CalibratedFrame:
    r"""Turn a raw frame into electrons.

    ccdproc subtracts the offset that the overscan strip shows, cuts the strip off and multiplies by
    the gain. Rows at the upper edge that were never exposed although the header counts them as sky
    are cut off, too. There is no flat field to divide by and no dark frame to subtract.

    Parameters
    ----------
    frame : lessonlib.images.astronomy.CCDFrame
        As :func:`lessonlib.images.ccd_frame` gives it.
    degree : int or None, default 1
        Degree of the polynomial along the rows that is fitted to the medians of the strip's rows.
        ``None`` subtracts each row's own median, and with it the noise of that median.

    Returns
    -------
    CalibratedFrame

    Raises
    ------
    TypeError, ValueError
        Where `frame` is no frame, `degree` no integer of at least 0, or the frame's overscan
        section is empty or overlaps its sky.

    Notes
    -----
    With the counts :math:`N`, the offset :math:`o`, the gain :math:`g` and the read noise
    :math:`r`,

    .. math:: e = g\,(N - o), \qquad \sigma = \sqrt{\max(e, 0) + r^2}.

    References
    ----------
    .. [1] Craig, M. et al. ccdproc: data reduction for astronomical images.
       doi:10.5281/zenodo.1069648
    """
    if not isinstance(frame, CCDFrame):
        raise TypeError(f"frame must be a CCDFrame, got {type(frame).__name__}: see ccd_frame()")
    if degree is not None:
        degree = check_integer("degree", degree, minimum=0)
    import ccdproc
    from astropy import units
    from astropy.modeling.models import Chebyshev1D
    from astropy.nddata import CCDData

    pixels = as_image("frame.pixels", frame.pixels)
    check_number("frame.gain", frame.gain, above=0)
    check_number("frame.read_noise", frame.read_noise, minimum=0)
    seen, unexposed = np.zeros((2, *pixels.shape), dtype=bool)
    seen[frame.trim], unexposed[frame.overscan] = True, True
    if not seen.any() or not unexposed.any() or (seen & unexposed).any():
        raise ValueError(
            "frame.overscan must be an unexposed strip beside the sky of frame.trim, got "
            f"{frame.overscan} and {frame.trim}: without a strip the sky itself would be "
            "subtracted; a frame that has none needs its offset from a bias frame"
        )
    raw = CCDData(pixels, unit="adu")
    rows, columns = frame.overscan
    strip = raw[rows, columns]
    ccd = ccdproc.subtract_overscan(
        raw,
        overscan=strip,
        overscan_axis=1,
        median=True,
        model=None if degree is None else Chebyshev1D(degree),
    )
    offset = (raw.data - ccd.data)[:, 0]
    ccd = ccdproc.trim_image(ccd[frame.trim])
    ccd = ccdproc.gain_correct(ccd, frame.gain, gain_unit=units.electron / units.adu)
    image = np.asarray(ccd.data)

    level = np.median(image, axis=1)  # of each row
    exposed = level >= np.median(level) / 2
    top = int(np.flatnonzero(exposed)[-1]) + 1
    spread = np.diff(strip.data[:top], axis=1)  # neighbours share whatever drifts
    read_noise = float(frame.gain * np.std(spread, ddof=1) / np.sqrt(2))
    image = image[:top]
    return CalibratedFrame(
        image=image,
        deviation=np.sqrt(np.maximum(image, 0) + frame.read_noise**2),
        offset=offset,
        read_noise=read_noise,
        dark_rows=len(level) - top,
    )
