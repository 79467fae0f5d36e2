"""Microscope images: an immunohistochemical stain, and fluorescent nuclei with their outlines."""

from __future__ import annotations

import numpy as np

from lessonlib.images._cards import card
from lessonlib.images._model import Image, LabelledImage
from lessonlib.images.medical import read_rgb


def immunohistochemistry() -> Image:
    """Return a section of colon, stained brown for a protein and blue for nuclei.

    Returns
    -------
    Image
        ``pixels`` uint8 ``(512, 512, 3)``.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where scikit-image's file is missing or damaged.
    """
    return read_rgb(card("immunohistochemistry"))


def nuclei() -> LabelledImage:
    """Return fluorescent nuclei with the mask of each.

    Returns
    -------
    LabelledImage
        ``pixels`` uint16 ``(512, 512)``; ``labels`` int32, 125 objects.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where stardist's files are missing or damaged. The package itself is not imported.
    """
    import tifffile

    image_path, mask_path = card("nuclei").paths()
    mask = tifffile.imread(mask_path)
    _, numbered = np.unique(mask, return_inverse=True)
    return LabelledImage(
        tifffile.imread(image_path),
        card("nuclei"),
        labels=numbered.reshape(mask.shape).astype(np.int32),
    )
