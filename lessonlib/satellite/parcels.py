"""Labelled pixels of two kinds: parcels drawn by hand, and spyndex's Landsat samples."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass, replace
from importlib import resources
from typing import NamedTuple

import numpy as np

from lessonlib._validation import as_generator, check_integer


class Parcel(NamedTuple):
    """A rectangle of one land cover.

    Parameters
    ----------
    cover : str
        Its class.
    row, column : int
        Upper left pixel, of 10 m.
    rows, columns : int
        Its sides in pixels of 10 m, multiples of 6.
    """

    cover: str
    row: int
    column: int
    rows: int
    columns: int

    @property
    def cut(self) -> tuple[slice, slice]:
        """The parcel as an index of an image ``(H, W)`` of 10 m."""
        return (
            slice(self.row, self.row + self.rows),
            slice(self.column, self.column + self.columns),
        )


@functools.cache
def parcels() -> tuple[Parcel, ...]:
    """Return the parcels of the Sentinel-2 scene.

    Returns
    -------
    tuple of Parcel
        42 rectangles in five classes: field, wood, marsh, water, sand.

    Notes
    -----
    Drawn for this course by hand, by looking at the scene in natural colour and in a composite of
    B08, B11 and B04. Nobody stood on the ground: what a classifier is tested against is how one
    person reads a picture.
    """
    text = resources.files("lessonlib.satellite").joinpath("parcels.toml").read_text("utf-8")
    return tuple(
        Parcel(cover, *corner)
        for cover, corners in tomllib.loads(text)["classes"].items()
        for corner in corners
    )


@dataclass(frozen=True, eq=False)
class LabelledPixels:
    """Spectra of single pixels with what they show and where they lie.

    Attributes
    ----------
    spectra : numpy.ndarray of float, shape (N, C)
        Reflectance, a column a band.
    cover : numpy.ndarray of str, shape (N,)
        The class of each pixel.
    parcel : numpy.ndarray of int, shape (N,)
        Which parcel a pixel is of; -1 where nobody wrote down where it was taken.
    block : numpy.ndarray of int, shape (N,)
        Which pixel of 60 m it lies in; -1 where unknown.
    bands : tuple of str
        Names of the columns.
    """

    spectra: np.ndarray
    cover: np.ndarray
    parcel: np.ndarray
    block: np.ndarray
    bands: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, sorted."""
        return tuple(np.unique(self.cover).tolist())

    def only(self, *bands: str) -> LabelledPixels:
        """Return the same pixels with some of their bands.

        Parameters
        ----------
        *bands : str
            Which.

        Returns
        -------
        LabelledPixels

        Raises
        ------
        ValueError
            Where a band does not exist, or none is named.
        """
        unknown = [band for band in bands if band not in self.bands]
        if unknown or not bands:
            raise ValueError(f"bands must be some of {', '.join(self.bands)}, got {bands}")
        columns = [self.bands.index(band) for band in bands]
        return replace(self, spectra=self.spectra[:, columns], bands=tuple(bands))

    def with_shuffled_parcels(self, seed: int | np.random.Generator) -> LabelledPixels:
        """Return the same pixels with the labels of whole parcels dealt out anew.

        Parameters
        ----------
        seed : int or numpy.random.Generator
            Of the deal.

        Returns
        -------
        LabelledPixels
            As many parcels of each class as before, and all pixels of a parcel of one class.
            Nothing about a class can be learned from it: on a parcel not seen before, no method
            does better than chance.

        Raises
        ------
        ValueError
            Where the parcels are unknown.
        """
        if (self.parcel < 0).any():
            raise ValueError("parcel must be known to deal out its labels, got -1")
        _, first, member = np.unique(self.parcel, return_index=True, return_inverse=True)
        dealt = as_generator(seed).permutation(self.cover[first])
        return replace(self, cover=dealt[member])


@functools.cache
def _scene():
    """Return the scene, read once: drawing pixels over many seeds is common."""
    from lessonlib import images

    return images.sentinel2()


def parcel_pixels(per_parcel: int = 60, *, seed: int | np.random.Generator = 0) -> LabelledPixels:
    """Draw pixels from the parcels of the Sentinel-2 scene.

    Parameters
    ----------
    per_parcel : int, default 60
        How many of each, drawn without replacement; the smallest parcel has 144.
    seed : int or numpy.random.Generator
        Of the draw.

    Returns
    -------
    LabelledPixels
        Of all 13 bands at 10 m, as :func:`lessonlib.images.sentinel2` has them: the numbers of a
        coarse band are repeated over the pixels it was measured over.

    Raises
    ------
    ValueError
        Where a parcel has fewer pixels.
    """
    per_parcel = check_integer("per_parcel", per_parcel, minimum=1)
    smallest = min(parcel.rows * parcel.columns for parcel in parcels())
    if per_parcel > smallest:
        raise ValueError(f"per_parcel must be at most {smallest}, got {per_parcel}")
    rng = as_generator(seed)
    scene = _scene()
    spectra, cover, member, block = [], [], [], []
    for number, parcel in enumerate(parcels()):
        rows, columns = np.unravel_index(
            rng.choice(parcel.rows * parcel.columns, per_parcel, replace=False),
            (parcel.rows, parcel.columns),
        )
        rows, columns = rows + parcel.row, columns + parcel.column
        spectra.append(scene.pixels[:, rows, columns].T)
        cover += [parcel.cover] * per_parcel
        member += [number] * per_parcel
        block.append(rows // 6 * 100 + columns // 6)
    return LabelledPixels(
        np.concatenate(spectra).astype(np.float64),
        np.array(cover),
        np.array(member),
        np.concatenate(block),
        scene.bands,
    )


def landsat_samples() -> LabelledPixels:
    """Return the 120 labelled Landsat-8 pixels that spyndex brings.

    Returns
    -------
    LabelledPixels
        Surface reflectance of seven bands and surface temperature in kelvin (``"ST_B10"``);
        classes Urban, Vegetation and Water. The package does not say who labelled them, nor where
        and when they were taken, so ``parcel`` and ``block`` are -1.

    References
    ----------
    .. [1] D. Montero et al., spyndex, https://github.com/awesome-spectral-indices/spyndex
    """
    import json

    import spyndex

    path = resources.files(spyndex).joinpath("data/spectral.json")
    table = json.loads(path.read_text("utf-8"))
    bands = tuple(name for name in table if name != "class")

    def column(name: str) -> np.ndarray:
        values = table[name]
        return np.array(list(values.values()) if isinstance(values, dict) else values)

    cover = column("class")
    unknown = np.full(len(cover), -1)
    return LabelledPixels(
        np.stack([column(band) for band in bands], axis=1), cover, unknown, unknown, bands
    )
