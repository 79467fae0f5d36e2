"""Satellite scenes: 13 bands of Sentinel-2 and a cloudy Landsat-8, cut from CC0 test data."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lessonlib._validation import check_choice
from lessonlib.images._cards import card
from lessonlib.images._files import ImageFileError
from lessonlib.images._model import MultibandImage

# band: (centre in nm of Sentinel-2A, resolution in m); the order of the wavelengths
SENTINEL2_BANDS = {
    "B01": (442.7, 60.0),
    "B02": (492.4, 10.0),
    "B03": (559.8, 10.0),
    "B04": (664.6, 10.0),
    "B05": (704.1, 20.0),
    "B06": (740.5, 20.0),
    "B07": (782.8, 20.0),
    "B08": (832.8, 10.0),
    "B8A": (864.7, 20.0),
    "B09": (945.1, 60.0),
    "B10": (1373.5, 60.0),
    "B11": (1613.7, 20.0),
    "B12": (2202.4, 20.0),
}

# band: (centre in nm, resolution in m as delivered)
LANDSAT8_BANDS = {
    "B1": (443.0, 30.0),
    "B2": (482.0, 30.0),
    "B3": (561.0, 30.0),
    "B4": (655.0, 30.0),
    "B5": (865.0, 30.0),
    "B6": (1609.0, 30.0),
    "B7": (2201.0, 30.0),
    "B9": (1373.0, 30.0),
    "B10": (10895.0, 30.0),
    "B11": (12005.0, 30.0),
}


def _read(path) -> np.ndarray:
    import tifffile

    try:
        return tifffile.imread(path)
    except Exception as error:  # the checksum was right, so the reader is at fault
        raise ImageFileError(f"tifffile cannot read {path}: {error}") from error


def sentinel2_native() -> dict[str, np.ndarray]:
    """Return Sentinel-2's bands as stored, each on the grid on which it was measured.

    Returns
    -------
    dict of str to numpy.ndarray of uint16
        Band to stored numbers, in order of wavelength: ``(600, 600)`` for the bands of 10 m,
        ``(300, 300)`` for 20 m, ``(100, 100)`` for 60 m. All cover the same ground.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where a file is missing or damaged.
    """
    found = {}
    for path, names in zip(
        card("sentinel2").paths(),
        (
            ("B02", "B03", "B04", "B08"),
            ("B05", "B06", "B07", "B8A", "B11", "B12"),
            ("B01", "B09", "B10"),
        ),
        strict=True,
    ):
        found.update(zip(names, _read(path), strict=True))
    return {name: found[name] for name in SENTINEL2_BANDS}


def sentinel2(interpolation: str = "nearest") -> MultibandImage:
    r"""Return the Sentinel-2 scene as reflectance, all 13 bands on one grid of 10 m.

    Parameters
    ----------
    interpolation : {"nearest", "bilinear"}, default "nearest"
        How the bands of 20 and 60 m reach 10 m. ``"nearest"`` repeats each measured value over the
        2 × 2 or 6 × 6 pixels it was measured over: nothing is invented, and block means are the
        measurement. ``"bilinear"`` interpolates between pixel centres: smoother to look at, mixing
        neighbours.

    Returns
    -------
    MultibandImage
        ``pixels`` is float32 ``(13, 600, 600)``, top-of-atmosphere reflectance.

    Raises
    ------
    ValueError
        Where `interpolation` is something else.
    lessonlib.images.ImageFileError
        Where a file is missing or damaged.

    Notes
    -----
    .. math:: \rho = \mathrm{DN} / 10\,000

    without the offset of products from processing baseline 04.00 on; the card says why.

    References
    ----------
    .. [1] S2 MSI ESL team, "Introduction of additional radiometric offset in PB04.00 products",
       ESA STEP forum, https://forum.step.esa.int/t/35431

    Examples
    --------
    >>> from lessonlib import images
    >>> scene = images.sentinel2()
    >>> scene.band("B08").shape
    (600, 600)
    """
    check_choice("interpolation", interpolation, ("nearest", "bilinear"))
    pixels = np.empty((len(SENTINEL2_BANDS), 600, 600), dtype=np.float32)
    for target, stored in zip(pixels, sentinel2_native().values(), strict=True):
        factor = 600 // stored.shape[0]
        if factor == 1:
            target[:] = stored
        elif interpolation == "nearest":
            target[:] = stored.repeat(factor, axis=0).repeat(factor, axis=1)
        else:
            from scipy.ndimage import zoom

            # grid_mode: pixels are areas, so the corners of the two grids coincide
            target[:] = zoom(
                stored.astype(np.float32), factor, order=1, mode="nearest", grid_mode=True
            )
    pixels /= 10_000
    return MultibandImage(
        pixels,
        card("sentinel2"),
        spacing=(10.0, 10.0),
        bands=tuple(SENTINEL2_BANDS),
        wavelengths=tuple(nm for nm, _ in SENTINEL2_BANDS.values()),
        resolutions=tuple(metres for _, metres in SENTINEL2_BANDS.values()),
        natural=("B04", "B03", "B02"),
    )


@dataclass(frozen=True, eq=False, repr=False)
class LandsatImage(MultibandImage):
    """A Landsat-8 scene before Collection 1.

    Attributes
    ----------
    panchromatic : numpy.ndarray of uint16, shape (2 H, 2 W)
        Band 8, measured at 15 m.
    qa : numpy.ndarray of uint16, shape (H, W)
        The quality band.
    qa_bits : dict of str to tuple of int
        Field of the quality band to its lowest bit and its number of bits. A field of two bits
        says how likely the thing is: 0 not determined, 1 no, 2 maybe, 3 yes.
    reflectance_scale : tuple of float
        Factor and offset from DN to reflectance, bands 1 to 9, before the division by the sine of
        the sun's height.
    radiance_scale : tuple of float
        Factor and offset from DN to radiance in W m⁻² sr⁻¹ µm⁻¹, bands 10 and 11.
    thermal_constants : dict of str to tuple of float
        Band to K1 (in W m⁻² sr⁻¹ µm⁻¹) and K2 (in kelvin):
        ``temperature = K2 / log(K1 / radiance + 1)``.
    """

    panchromatic: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.uint16))
    qa: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.uint16))
    qa_bits: dict[str, tuple[int, int]] = field(default_factory=dict)
    reflectance_scale: tuple[float, float] = (2.0e-5, -0.1)
    radiance_scale: tuple[float, float] = (3.342e-4, 0.1)
    thermal_constants: dict[str, tuple[float, float]] = field(default_factory=dict)

    def qa_field(self, name: str) -> np.ndarray:
        """Return one field of the quality band.

        Parameters
        ----------
        name : str
            A key of ``qa_bits``.

        Returns
        -------
        numpy.ndarray of uint8, shape (H, W)

        Raises
        ------
        ValueError
            Where there is no such field.
        """
        lowest, width = self.qa_bits[check_choice("name", name, tuple(self.qa_bits))]
        return ((self.qa >> lowest) & ((1 << width) - 1)).astype(np.uint8)


def landsat8() -> LandsatImage:
    """Return the Landsat-8 scene as stored, with its quality band and the constants to scale it.

    Returns
    -------
    LandsatImage
        ``pixels`` is uint16 ``(10, 500, 500)``: bands 1–7, 9, 10, 11 at 30 m.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where a file is missing or damaged.

    Notes
    -----
    The package that the scene is from holds no metadata file. The factors and offsets are those
    which every Landsat-8 product of the time states. The bits of the quality band are those of
    the products before Collection 1 [1]_.

    References
    ----------
    .. [1] U.S. Geological Survey, "Landsat 8 Pre-Collection Quality Assessment band",
       https://landsat.usgs.gov/qualityband
    .. [2] U.S. Geological Survey, "Using the USGS Landsat Level-1 Data Product",
       https://www.usgs.gov/landsat-missions/using-usgs-landsat-level-1-data-product

    Examples
    --------
    >>> from lessonlib import images
    >>> scene = images.landsat8()
    >>> scene.qa_field("cloud").max()
    np.uint8(3)
    """
    at_30m, at_15m = map(_read, card("landsat8").paths())
    return LandsatImage(
        at_30m[:10].copy(),
        card("landsat8"),
        spacing=(30.0, 30.0),
        bands=tuple(LANDSAT8_BANDS),
        wavelengths=tuple(nm for nm, _ in LANDSAT8_BANDS.values()),
        resolutions=tuple(metres for _, metres in LANDSAT8_BANDS.values()),
        natural=("B4", "B3", "B2"),
        panchromatic=at_15m,
        qa=at_30m[10].copy(),
        qa_bits={
            "fill": (0, 1),
            "dropped_frame": (1, 1),
            "terrain_occlusion": (2, 1),
            "water": (4, 2),
            "snow_ice": (10, 2),
            "cirrus": (12, 2),
            "cloud": (14, 2),
        },
        thermal_constants={"B10": (774.8853, 1321.0789), "B11": (480.8883, 1201.1442)},
    )
