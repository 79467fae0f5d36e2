"""Medical images: X-rays, CT, MR, ultrasound, a retina, and the brain template."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lessonlib.images._files import ImageFileError, SourceFile
from lessonlib.images._model import DataCard, DicomImage, Image
from lessonlib.images.dicom import read_dicom

_DICOM = {
    "package": "pydicom-data",
    "version": "1.0.0",
    "url": "https://github.com/pydicom/pydicom-data",
}
_MIT = "MIT, as released by pydicom-data; "
_NEMA = "NEMA, DICOM working group 4, compressed samples of 2004; test file of pydicom"

CHEST_XRAY = DataCard(
    name="chest_xray",
    title="Chest X-ray",
    shows=(
        "a woman's chest from behind (PA), with several round opacities of some centimetres in "
        "both lungs: this is not a healthy film. The heart's tip, the arch of the aorta and the "
        "air in the stomach lie on the RIGHT side of the picture"
    ),
    modality="computed radiography (selenium drum, Philips Thoravision), 150 kV",
    units="detector value after the maker's processing, 15 bits, inverted: bone is bright",
    array="(1955, 1841) uint16",
    files=(
        SourceFile(
            "data_store/data/RG1_UNCR.dcm",
            "946f28f48b9fbf360196a9b835c8fce83b0c654bf85a5107663c8a61df02e498",
        ),
    ),
    licence=_MIT + "terms of the original sample not stated there",
    source=_NEMA,
    notes=(
        "Stored as MONOCHROME1 (low is white); `pixels` is 2¹⁵ − 1 − `stored`.",
        "PatientOrientation is L\\F: columns run towards the patient's left, rows towards the "
        "feet. This is how chest films hang, as if the patient faced the reader. There is no "
        "L or R marker in the picture.",
        "PixelSpacing is stored as 0, so lengths in millimetres are not known. The collimator's "
        "edges, 368 by 392 apart, suggest 0.2 mm a pixel if they are millimetres.",
    ),
    **_DICOM,
)

LEG_XRAY = DataCard(
    name="leg_xray",
    title="Leg X-ray",
    shows=(
        "a lower leg and ankle from the front (AP) with a clear, well-bounded patch in the lower "
        "shin bone, which the file calls a non-ossifying fibroma. The letter R at the edge is "
        "mirrored"
    ),
    modality="computed radiography (Fuji)",
    units="detector value, 10 bits, inverted: bone is bright",
    array="(1760, 1760) uint16",
    files=(
        SourceFile(
            "data_store/data/RG3_UNCR.dcm",
            "6babfc42dd404213e1758d6dbb93648c248783cc23f593103fff4295c3374dfb",
        ),
    ),
    licence=_MIT + "terms of the original sample not stated there",
    source=_NEMA,
    notes=(
        "Stored as MONOCHROME1; `pixels` is 2¹⁰ − 1 − `stored`.",
        "The picture is a mirror image, as header and marker agree: PatientOrientation R\\F says "
        "that columns run towards the patient's right. A flip in an augmentation would un-mirror "
        "the letter.",
        "The white sides are the unexposed plate behind the collimator, not bone.",
    ),
    **_DICOM,
)

HEAD_CT = DataCard(
    name="head_ct",
    title="Head CT",
    shows=(
        "one axial slice of a head, 5 mm thick, without contrast. A large dark collection lies "
        "between skull and brain on the right side of the picture (the patient's left), and the "
        "midline is pushed away from it"
    ),
    modality="X-ray computed tomography, 140 kV",
    units="Hounsfield units (air −1000, water 0)",
    array="(512, 512) float32",
    files=(
        SourceFile(
            "data_store/data/693_UNCR.dcm",
            "cc4cdd599231922ecf63de2ddacf03d51c4588805c9154c2eef1ff49c23b32be",
        ),
    ),
    licence=(
        _MIT + "the patient's name in the header is CQ500-CT-310, a study of the CQ500 collection, "
        "which has terms of its own"
    ),
    source="Qure.ai, CQ500 (Chilamkurthy et al., Lancet 2018); test file of pydicom, issue 693",
    notes=(
        "HU = stored × slope + intercept, both from the header (1 and −1024).",
        "Pixels outside the reconstructed circle hold the padding value −2000, which becomes "
        "−3024 HU: no measurement, and colder than air.",
        "The window of the file is centre 40, width 100.",
    ),
    **_DICOM,
)

LIVER_MR = DataCard(
    name="liver_mr",
    title="Liver MR",
    shows=(
        "an axial slice of the upper abdomen with contrast: the liver on the left of the picture "
        "with a dark lesion in it, both kidneys, the aorta, the spine. Someone ringed a "
        "spot by hand; the ring is in `overlay`"
    ),
    modality="magnetic resonance, 1.5 T, T1-weighted 3-D gradient echo with fat suppression",
    units="arbitrary: MR numbers have no unit and compare only within one image",
    array="(484, 484) uint16",
    files=(
        SourceFile(
            "data_store/data/MR-SIEMENS-DICOM-WithOverlays.dcm",
            "094faf56c63bff84c30567e29de0c67d7c5a8ae05cf880ac12175491b6b645d2",
        ),
    ),
    licence=_MIT + "terms of the original not stated there",
    source="from the test files of GDCM; test file of pydicom",
    notes=(
        "`overlay` holds the ring, a box with the letter F and three letters, as drawn: an "
        "outline of one spot, no segmentation.",
        "The name was replaced, but the header still holds other fields that describe a person. "
        "`header` leaves all of them out.",
        "No segmentation of this slice exists in the package: see `liver_segmentation`.",
    ),
    **_DICOM,
)

LIVER_SEGMENTATION = DataCard(
    name="liver_segmentation",
    title="A liver, outlined",
    shows="a liver's mask in three neighbouring CT slices 1 mm apart; the CT itself is not there",
    modality="DICOM segmentation object (semi-automatic, 3D Slicer)",
    units="0 outside the liver, 1 inside",
    array="(3, 512, 512) bool",
    files=(
        SourceFile(
            "data_store/data/liver.dcm",
            "4f8fb316b6df067bdf2ef7bc2385fd571ad5be67e171aed3ed902a71293d9d5c",
        ),
    ),
    licence=_MIT + "terms of the original not stated there",
    source="University of Iowa, Quantitative Imaging Network, made with dcmqi by A. Fedorov",
    notes=(
        "It belongs to a CT of another patient and another year than the liver MR: the header "
        "refers to CT images by their identifiers. Drawing it over the MR would be wrong.",
    ),
    **_DICOM,
)

ULTRASOUND = DataCard(
    name="ultrasound",
    title="Ultrasound with text in the picture",
    shows=(
        "two lymph nodes with power Doppler in colour, and text written into the pixels: the "
        "hospital's name, numbers, settings"
    ),
    modality="ultrasound, power Doppler (GE Logiq 700)",
    units="RGB as shown on the screen, 0 to 255",
    array="(480, 640, 3) uint8",
    files=(
        SourceFile(
            "data_store/data/US1_UNCR.dcm",
            "af5a66e40cd49d15dfbf7b78c850eba0662bdc7339339c3fa13f123a57e812cb",
        ),
    ),
    licence=_MIT + "terms of the original sample not stated there",
    source=_NEMA,
    notes=(
        "The header's name was replaced; the name of the hospital is still legible in the "
        "pixels. Cleaning a header does not clean the picture, and a network can read.",
    ),
    **_DICOM,
)

RETINA = DataCard(
    name="retina",
    title="Retina",
    shows="the back of a healthy left eye: optic disc at the left, macula in the middle, vessels",
    modality="colour fundus photograph",
    units="RGB, 0 to 255",
    array="(1411, 1411, 3) uint8",
    package="scikit-image",
    version="0.26.0",
    files=(
        SourceFile(
            "skimage/data/retina.jpg",
            "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
        ),
    ),
    licence="CC0 1.0, as stated in scikit-image",
    source="Mikael Häggström, Medical gallery, WikiJournal of Medicine 1 (2), 2014",
    url="https://doi.org/10.15347/wjm/2014.008",
)

BRAIN_TEMPLATE = DataCard(
    name="brain_template",
    title="Brain template with tissue maps",
    shows=(
        "an average brain in the space MNI152, skull removed, with a map of grey and one of "
        "white matter: no single person"
    ),
    modality="magnetic resonance, T1-weighted, non-linear average of many brains",
    units="T1: arbitrary, 0 to 255. Tissue maps: probability, 0 to 1",
    array="(197, 233, 189) uint8",
    package="nilearn",
    version="0.14.1",
    files=(
        SourceFile(
            "nilearn/datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz",
            "421a10e872fd6cadae7f61d358dffbcc1795a497d61ee76c5dda2503e1a1e9e6",
        ),
        SourceFile(
            "nilearn/datasets/data/mni_icbm152_gm_tal_nlin_sym_09a_converted.nii.gz",
            "97a5ca69bd24db37a9cb7b32525e1733a209af904129bf1cd36da06d24243bed",
        ),
        SourceFile(
            "nilearn/datasets/data/mni_icbm152_wm_tal_nlin_sym_09a_converted.nii.gz",
            "382d92812de4744f9c86c7a0e4f680dc317a0a50e4da1f0153618a6798c7b7db",
        ),
    ),
    licence="nilearn is BSD-3; its description of this template says that its licence is unknown",
    source="McConnell Brain Imaging Centre, ICBM 2009 (Fonov et al. 2009, 2011)",
    url="https://www.bic.mni.mcgill.ca/ServicesAtlases/ICBM152NLin2009",
    notes=(
        "Axes run to the right, to the front and up (RAS), 1 mm a voxel; `pixels[x, y, z]`. "
        "For a picture transpose a slice and put the origin below.",
    ),
)

CARDS = (
    CHEST_XRAY,
    LEG_XRAY,
    HEAD_CT,
    LIVER_MR,
    LIVER_SEGMENTATION,
    ULTRASOUND,
    RETINA,
    BRAIN_TEMPLATE,
)


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
    return _radiograph(CHEST_XRAY)


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
    return _radiograph(LEG_XRAY)


def head_ct() -> DicomImage:
    r"""Return a slice of a head in Hounsfield units.

    Returns
    -------
    DicomImage
        ``pixels`` float32 ``(512, 512)``; ``spacing`` in mm; shown by :meth:`display` in the
        file's window.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where pydicom-data is missing or its file is damaged.

    Notes
    -----
    .. math:: \mathrm{HU} = m \cdot \mathrm{stored} + b
    """
    file = read_dicom(HEAD_CT.paths()[0])
    header = file.technical()
    hounsfield = file.stored * np.float32(header["RescaleSlope"]) + np.float32(
        header["RescaleIntercept"]
    )
    center, width = header["WindowCenter"], header["WindowWidth"]
    return DicomImage(
        hounsfield,
        HEAD_CT,
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
    file = read_dicom(LIVER_MR.paths()[0])
    header = file.technical()
    center, width = header["WindowCenter"][0], header["WindowWidth"][0]
    return DicomImage(
        file.stored,
        LIVER_MR,
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
    file = read_dicom(LIVER_SEGMENTATION.paths()[0])
    measures = file.dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    rows, columns = map(float, measures.PixelSpacing)
    return Image(
        file.stored.astype(bool),
        LIVER_SEGMENTATION,
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
    file = read_dicom(ULTRASOUND.paths()[0])
    return DicomImage(
        file.stored,
        ULTRASOUND,
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
    return read_rgb(RETINA)


@dataclass(frozen=True, eq=False)
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
    t1_path, grey_path, white_path = BRAIN_TEMPLATE.paths()
    try:
        import nibabel
    except ImportError:
        raise ImageFileError(f"nibabel is needed to read {t1_path}: pip install nibabel") from None

    t1 = nibabel.load(t1_path)
    grey, white = (
        np.asarray(nibabel.load(path).dataobj) / np.float32(255) for path in (grey_path, white_path)
    )
    return BrainTemplate(
        np.array(t1.dataobj),
        BRAIN_TEMPLATE,
        (1.0, 1.0, 1.0),
        (0.0, 255.0),
        grey_matter=grey,
        white_matter=white,
        affine=np.array(t1.affine),
    )
