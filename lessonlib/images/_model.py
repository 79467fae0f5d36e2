"""What a loader returns: the picture, its unit, and how to look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lessonlib._validation import check_choice, check_number, check_numbers, nan_array
from lessonlib.images._cards import DataCard


def window(values: np.ndarray, center: float, width: float) -> np.ndarray:
    r"""Map a range of values to [0, 1] for display, and clip what lies outside.

    Parameters
    ----------
    values : numpy.ndarray
        Any shape; Hounsfield units for a CT. NaN, and what is masked, stays NaN.
    center, width : float
        Middle and width of the range, in the unit of `values`. The width is positive.

    Returns
    -------
    numpy.ndarray of float32
        Same shape, in [0, 1].

    Raises
    ------
    TypeError, ValueError
        Where `values` are no numbers, `center` is no finite number or `width` is not positive.

    Notes
    -----
    .. math:: v = \min(1, \max(0, (x - (c - w/2)) / w))

    This is DICOM's ``LINEAR_EXACT``. Its older ``LINEAR`` shifts the centre by half a unit and
    narrows the width by one, which matters only for narrow windows of integers.

    References
    ----------
    .. [1] DICOM PS3.3, section C.11.2.1.3, "VOI LUT Function".

    Examples
    --------
    >>> window(np.array([-1000.0, 0.0, 40.0, 80.0]), center=40, width=80).tolist()
    [0.0, 0.0, 0.5, 1.0]
    """
    center = check_number("center", center)
    width = check_number("width", width, above=0)
    numbers = check_numbers("values", nan_array("values", values))
    # in float64: a dose map's whole numbers beyond 2²⁴ are not all in float32
    shown = (numbers.astype(np.float64) - (center - width / 2)) / width
    return np.clip(shown, 0.0, 1.0).astype(np.float32)


def _between(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Map low to 0 and high to 1; a range without width, of a constant picture, becomes 0."""
    if not high > low:
        return np.where(np.isnan(values), np.nan, 0.0).astype(np.float32)
    shown = values.astype(np.float64)
    if high - low == np.inf:  # from one extreme of float64 to the other
        shown, low, high = shown / 2, low / 2, high / 2
    shown = (shown - low) / (high - low)
    return np.clip(shown, 0.0, 1.0).astype(np.float32)


def _range(pixels: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest pixel that is finite; 0 and 0 where none is."""
    finite = pixels[np.isfinite(pixels)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


@dataclass(frozen=True, eq=False, repr=False)
class Image:
    """A real image with its card. The arrays are the caller's own: each call reads them anew.

    Attributes
    ----------
    pixels : numpy.ndarray
        The values; ``card.array`` says the shape and dtype, ``card.units`` what they mean.
    card : DataCard
        Where it is from.
    spacing : tuple of float, optional
        Size of a pixel along each spatial axis: millimetres in medicine, metres on the ground;
        ``None`` where the file does not say.
    display_range : tuple of float, optional
        Values shown as black and as white.
    """

    pixels: np.ndarray
    card: DataCard
    spacing: tuple[float, ...] | None = None
    display_range: tuple[float, float] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.card.name}: {self.pixels.shape} {self.pixels.dtype})"

    def display(self) -> np.ndarray:
        """Return the picture as float32 in [0, 1], in the range in which it should be looked at.

        Returns
        -------
        numpy.ndarray of float32
            Same shape as ``pixels``; 0 everywhere where all pixels are alike, NaN where one is
            masked.

        Raises
        ------
        TypeError
            Where the pixels are no real numbers, or have a unit.
        """
        pixels = check_numbers("pixels", nan_array("pixels", self.pixels))
        if self.display_range is not None:
            low, high = self.display_range
        elif pixels.dtype == np.uint8:
            low, high = 0.0, 255.0
        else:
            low, high = _range(pixels)
        return _between(pixels, low, high)


@dataclass(frozen=True, eq=False, repr=False)
class DicomImage(Image):
    """An image from a DICOM file.

    Attributes
    ----------
    stored : numpy.ndarray
        The numbers as the file holds them, before any inversion or rescaling.
    header : mapping of str to object
        The technical fields of the header, by DICOM keyword. Fields that can name a person are
        left out, whether or not they were blanked in the file.
    overlay : numpy.ndarray of bool, optional
        Marks drawn over the image, kept apart from it, ``(H, W)``.
    """

    stored: np.ndarray = field(default_factory=lambda: np.empty(0))
    header: Mapping[str, object] = field(default_factory=dict)
    overlay: np.ndarray | None = None


@dataclass(frozen=True, eq=False, repr=False)
class LabelledImage(Image):
    """An image in which objects were outlined.

    Attributes
    ----------
    labels : numpy.ndarray of int32
        0 for background, else the number of the object, ``(H, W)``; 1 to n without gaps.
    """

    labels: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))


@dataclass(frozen=True, eq=False, repr=False)
class MultibandImage(Image):
    """Bands of one scene on one grid.

    Attributes
    ----------
    bands : tuple of str
        Name of each band, in the order of the first axis of ``pixels``, ``(C, H, W)``.
    wavelengths : tuple of float
        Centre of each band in nanometres.
    resolutions : tuple of float
        Pixel size in metres at which each band was measured.
    natural : tuple of str
        The bands seen by the eye as red, green and blue.
    """

    bands: tuple[str, ...] = ()
    wavelengths: tuple[float, ...] = ()
    resolutions: tuple[float, ...] = ()
    natural: tuple[str, str, str] = ("", "", "")

    def band(self, name: str) -> np.ndarray:
        """Return one band, ``(H, W)``: a view of ``pixels``.

        Parameters
        ----------
        name : str
            One of ``bands``.

        Returns
        -------
        numpy.ndarray

        Raises
        ------
        ValueError
            Where there is no such band.
        """
        return self.pixels[self.bands.index(check_choice("name", name, self.bands))]

    def composite(
        self, red: str, green: str, blue: str, low: float = 1.0, high: float = 99.0
    ) -> np.ndarray:
        """Return three bands as a picture, each stretched between two of its percentiles.

        Parameters
        ----------
        red, green, blue : str
            The band shown in each colour.
        low, high : float, default 1 and 99
            Percentiles shown as 0 and 1.

        Returns
        -------
        numpy.ndarray of float32, shape (H, W, 3)
            In [0, 1].
        """
        shown = []
        for name in (red, green, blue):
            values = self.band(name)
            finite = values[np.isfinite(values)]
            dark, bright = np.percentile(finite, [low, high]) if finite.size else (0.0, 0.0)
            shown.append(_between(values, dark, bright))
        return np.stack(shown, axis=-1)

    def display(self) -> np.ndarray:
        """Return the scene in natural colour, each band stretched between two percentiles.

        Returns
        -------
        numpy.ndarray of float32, shape (H, W, 3)
            In [0, 1].
        """
        return self.composite(*self.natural)
