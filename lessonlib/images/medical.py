"""Medical images: X-rays, CT, MR, ultrasound, a retina, and the brain template."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lessonlib.images._cards import DataCard, card
from lessonlib.images._files import ImageFileError
from lessonlib.images._model import DicomImage, Image
from lessonlib.images.dicom import read_dicom


def _radiograph(card: DataCard) -> DicomImage:
    """Read a MONOCHROME1 film and turn it so that bone is bright."""
    file = read_dicom(card.paths()[0])
    header = file.technical()
    top = (1 << header["BitsStored"]) - 1
    pixels = (top - file.stored).astype(np.uint16)
    center, width = header["WindowCenter"], header["WindowWidth"]
    # the window of the file is said in stored values, which run the other way
    shown = (top - center - width / 2, top - center + width / 2)
    return DicomImage(pixels, card, None, shown, stored=file.stored, header=header)


def chest_xray() -> DicomImage:
    """Return the chest X-ray as it is meant to be seen: bone bright.

    Returns
    -------
    DicomImage
        ``pixels`` uint16 ``(1955, 1841)``; ``stored`` the film as the file holds it (MONOCHROME1).

    Raises
    ------
    lessonlib.images.ImageFileError
        Where pydicom-data is missing or its file is damaged.
    """
    return _radiograph(card("chest_xray"))


def leg_xray() -> DicomImage:
    """Return the X-ray of a lower leg: bone bright, mirrored as stored.

    Returns
    -------
    DicomImage
        ``pixels`` uint16 ``(1760, 1760)``.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where pydicom-data is missing or its file is damaged.
    """
    return _radiograph(card("leg_xray"))


def head_ct() -> DicomImage:
    r"""Return a slice of a head in Hounsfield units.

    Returns
    -------
    DicomImage
        ``pixels`` float32 ``(512, 512)``; ``spacing`` in mm; ``display()`` shows it in the
        file's window.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where pydicom-data is missing or its file is damaged.

    Notes
    -----
    .. math:: \mathrm{HU} = m \cdot \mathrm{stored} + b
    """
    file = read_dicom(card("head_ct").paths()[0])
    header = file.technical()
    hounsfield = file.stored * np.float32(header["RescaleSlope"]) + np.float32(
        header["RescaleIntercept"]
    )
    center, width = header["WindowCenter"], header["WindowWidth"]
    return DicomImage(
        hounsfield,
        card("head_ct"),
        header["PixelSpacing"],
        (center - width / 2, center + width / 2),
        stored=file.stored,
        header=header,
    )


def liver_mr() -> DicomImage:
    """Return a slice of an abdomen with the ring that someone drew over it.

    Returns
    -------
    DicomImage
        ``pixels`` uint16 ``(484, 484)``; ``overlay`` bool ``(484, 484)``.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where pydicom-data is missing or its file is damaged.
    """
    file = read_dicom(card("liver_mr").paths()[0])
    header = file.technical()
    center, width = header["WindowCenter"][0], header["WindowWidth"][0]
    return DicomImage(
        file.stored,
        card("liver_mr"),
        header["PixelSpacing"],
        (center - width / 2, center + width / 2),
        stored=file.stored.copy(),
        header=header,
        overlay=file.dataset.overlay_array(0x6000).astype(bool),
    )


def liver_segmentation() -> Image:
    """Return the mask of a liver in three slices of a CT that is not in the package.

    Returns
    -------
    Image
        ``pixels`` bool ``(3, 512, 512)``, ``spacing`` of the three axes in mm. It does not belong
        to :func:`liver_mr`.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where pydicom-data is missing or its file is damaged.
    """
    file = read_dicom(card("liver_segmentation").paths()[0])
    measures = file.dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    rows, columns = map(float, measures.PixelSpacing)
    return Image(
        file.stored.astype(bool),
        card("liver_segmentation"),
        (float(measures.SpacingBetweenSlices), rows, columns),
        (0.0, 1.0),
    )


def ultrasound() -> DicomImage:
    """Return an ultrasound picture with text burned into its pixels.

    Returns
    -------
    DicomImage
        ``pixels`` uint8 ``(480, 640, 3)``.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where pydicom-data is missing or its file is damaged.
    """
    file = read_dicom(card("ultrasound").paths()[0])
    return DicomImage(
        file.stored,
        card("ultrasound"),
        None,
        (0.0, 255.0),
        stored=file.stored.copy(),
        header=file.technical(),
    )


def read_rgb(card: DataCard) -> Image:
    """Read a card's only file as an RGB picture of eight bits.

    Parameters
    ----------
    card : DataCard
        A card with one PNG or JPEG file.

    Returns
    -------
    Image
        ``pixels`` uint8 ``(H, W, 3)``.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where the package is missing or its file is damaged.
    """
    from PIL import Image as Pillow

    with Pillow.open(card.paths()[0]) as picture:
        return Image(np.array(picture.convert("RGB")), card, None, (0.0, 255.0))


def retina() -> Image:
    """Return a photograph of the back of an eye.

    Returns
    -------
    Image
        ``pixels`` uint8 ``(1411, 1411, 3)``.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where scikit-image's file is missing or damaged.
    """
    return read_rgb(card("retina"))


@dataclass(frozen=True, eq=False, repr=False)
class BrainTemplate(Image):
    """The average brain with its tissue maps.

    Attributes
    ----------
    grey_matter, white_matter : numpy.ndarray of float32
        Probability of the tissue in each voxel, same shape as ``pixels``.
    affine : numpy.ndarray, shape (4, 4)
        Voxel indices to millimetres in MNI space.
    """

    grey_matter: np.ndarray = field(default_factory=lambda: np.empty(0))
    white_matter: np.ndarray = field(default_factory=lambda: np.empty(0))
    affine: np.ndarray = field(default_factory=lambda: np.eye(4))


def brain_template() -> BrainTemplate:
    """Return the MNI152 brain at 1 mm with its maps of grey and white matter.

    Returns
    -------
    BrainTemplate
        ``pixels`` uint8 ``(197, 233, 189)``, axes to the right, to the front and up.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where nilearn or nibabel is missing or a file is damaged.
    """
    t1_path, grey_path, white_path = card("brain_template").paths()
    try:
        import nibabel
    except ImportError:
        raise ImageFileError(f"nibabel is needed to read {t1_path}: pip install nibabel") from None

    t1 = nibabel.load(t1_path)
    grey, white = (
        np.asarray(nibabel.load(path).dataobj) / np.float32(255) for path in (grey_path, white_path)
    )
    return BrainTemplate(
        np.asarray(t1.dataobj),
        card("brain_template"),
        (1.0, 1.0, 1.0),
        (0.0, 255.0),
        grey_matter=grey,
        white_matter=white,
        affine=np.array(t1.affine),
    )
