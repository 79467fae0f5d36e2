"""Microscope images: an immunohistochemical stain, and fluorescent nuclei with their outlines."""

from __future__ import annotations

import numpy as np

from lessonlib.images._files import SourceFile
from lessonlib.images._model import DataCard, Image, LabelledImage
from lessonlib.images.medical import read_rgb

IMMUNOHISTOCHEMISTRY = DataCard(
    name="immunohistochemistry",
    title="Immunohistochemistry",
    shows=(
        "colonic glands in which the protein FHL2 is stained brown (DAB) and nuclei blue "
        "(haematoxylin)"
    ),
    modality="bright-field microscopy",
    units="RGB, 0 to 255: light that passes the section",
    array="(512, 512, 3) uint8",
    package="scikit-image",
    version="0.26.0",
    files=(
        SourceFile(
            "skimage/data/ihc.png",
            "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef",
        ),
    ),
    licence="no known copyright restrictions, as stated in scikit-image",
    source="Center for Microscopy and Molecular Imaging (CMMI)",
    url=(
        "https://scikit-image.org/docs/stable/api/skimage.data.html"
        "#skimage.data.immunohistochemistry"
    ),
)

NUCLEI = DataCard(
    name="nuclei",
    title="Fluorescent nuclei with masks",
    shows=(
        "125 nuclei of cultured cells, most of them dim, a few bright and condensed, some "
        "touching; each outlined"
    ),
    modality="fluorescence microscopy",
    units="counts of an 8-bit camera (0 to 235), stored in 16 bits",
    array="(512, 512) uint16",
    package="stardist",
    version="0.9.2",
    files=(
        SourceFile(
            "stardist/data/images/img2d.tif",
            "f9ccc1571b92c861ff87e28463068b43f61bd47357ed0503f711e5cd1eb97750",
        ),
        SourceFile(
            "stardist/data/images/mask2d.tif",
            "59ad5e820b7982ca9d13e946fa6e7f64e2714899e00a2ae6c69aa79aad53d46f",
        ),
    ),
    licence="BSD-3, as released by StarDist",
    source="test image of StarDist (Schmidt et al. 2018); the package does not say who imaged it",
    url="https://github.com/stardist/stardist",
    notes=(
        "The file numbers its outlines 1 to 183 with gaps; `labels` renumbers them 1 to 125.",
        "Neither the pixel size nor the gain of the camera is stored.",
    ),
)

CARDS = (IMMUNOHISTOCHEMISTRY, NUCLEI)


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
    return read_rgb(IMMUNOHISTOCHEMISTRY)


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

    image_path, mask_path = NUCLEI.paths()
    mask = tifffile.imread(mask_path)
    _, numbered = np.unique(mask, return_inverse=True)
    return LabelledImage(
        tifffile.imread(image_path),
        NUCLEI,
        labels=numbered.reshape(mask.shape).astype(np.int32),
    )
