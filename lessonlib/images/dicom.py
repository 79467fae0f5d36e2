"""Read a DICOM file, or say which file and which transfer syntax stopped it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lessonlib.images._files import ImageFileError

if TYPE_CHECKING:
    import pydicom

#: Technical fields. Everything that can name a person, a place or a day stays out.
TECHNICAL = (
    "Modality",
    "Manufacturer",
    "BodyPartExamined",
    "ViewPosition",
    "Laterality",
    "PatientOrientation",
    "PatientPosition",
    "ImageOrientationPatient",
    "PhotometricInterpretation",
    "SamplesPerPixel",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelSpacing",
    "SliceThickness",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "WindowCenter",
    "WindowWidth",
    "KVP",
    "ConvolutionKernel",
    "MagneticFieldStrength",
    "RepetitionTime",
    "EchoTime",
    "FlipAngle",
)


#: Elements that can hold a picture's values.
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


@dataclass(frozen=True, eq=False)
class DicomFile:
    """A DICOM file that has been read and decoded.

    Attributes
    ----------
    stored : numpy.ndarray
        The stored values, ``(H, W)``, ``(H, W, 3)``, ``(frames, H, W)`` or ``(frames, H, W, 3)``.
        Luminance and chrominance (YBR) come decoded to red, green and blue; the values of
        "PALETTE COLOR" are indices into the header's palette.
    photometric : str
        What `stored` holds: "MONOCHROME1", "MONOCHROME2", "RGB", "PALETTE COLOR". The header's own
        word, but where the colours were decoded.
    dataset : pydicom.Dataset
        The whole header, as the file has it. It may name people: see :meth:`technical`.
    """

    stored: np.ndarray
    photometric: str
    dataset: pydicom.Dataset

    def technical(self) -> dict[str, object]:
        """Return the header's technical fields by keyword, as plain numbers, strings and tuples.

        "PhotometricInterpretation" is that of the pixels as they were read.
        """
        found = {}
        for keyword in TECHNICAL:
            value = self.dataset.get(keyword)
            if value is None or value == "":
                continue
            if isinstance(value, str | int):
                found[keyword] = value
            elif hasattr(value, "__iter__"):
                found[keyword] = tuple(v if isinstance(v, str) else float(v) for v in value)
            else:
                found[keyword] = float(value)
        return found | {"PhotometricInterpretation": self.photometric}


def read_dicom(path: str | Path) -> DicomFile:
    """Read a DICOM file and decode its pixels.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.

    Returns
    -------
    DicomFile

    Raises
    ------
    ImageFileError
        Where the file is missing, is no DICOM file, holds no picture, is damaged, or is compressed
        in a way that no installed decoder reads. The message names the file, its transfer syntax
        and which of these it is; where a decoder gave up, in the decoder's own words.

    Examples
    --------
    >>> from lessonlib import images
    >>> file = read_dicom(images.cards()["head_ct"].paths()[0])
    >>> file.dataset.file_meta.TransferSyntaxUID.name
    'Explicit VR Little Endian'
    """
    path = Path(path)
    try:
        import pydicom
        from pydicom.errors import InvalidDicomError
    except ImportError:
        raise ImageFileError(f"pydicom is needed to read {path}: pip install pydicom") from None

    try:
        dataset = pydicom.dcmread(path)
    except InvalidDicomError:
        raise ImageFileError(
            f"{path} is not a DICOM file: the mark 'DICM' is missing after its first 128 bytes "
            "(data from before that mark: pydicom.dcmread(path, force=True) reads them)"
        ) from None
    except OSError as error:
        raise ImageFileError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # a damaged header can break the parser anywhere
        raise ImageFileError(f"{path} is a damaged DICOM file: {error}") from error

    syntax = getattr(dataset.file_meta, "TransferSyntaxUID", None)
    if not any(keyword in dataset for keyword in PIXELS):
        raise ImageFileError(f"{path} {_no_picture(dataset)}")
    if syntax is None:
        raise ImageFileError(
            f"{path} is a damaged DICOM file: its header names no transfer syntax, which says how "
            "the pixels are stored"
        )
    stored, photometric = _decode(path, dataset, syntax)
    return DicomFile(np.array(stored), photometric, dataset)


def _no_picture(dataset: pydicom.Dataset) -> str:
    """Return why a file without pixels has none."""
    if "Rows" in dataset and "Columns" in dataset:
        return (
            f"is a damaged DICOM file: its header announces {dataset.Rows} rows of "
            f"{dataset.Columns} pixels, and it ends before them"
        )
    kind = dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID")
    if kind is None:
        return "is a DICOM file without a picture, and does not say what else it is"
    name = getattr(kind, "name", str(kind))
    if "Image Storage" in name:
        return f"is a damaged DICOM file: its kind is '{name}', and the pixels are not there"
    return f"holds no picture: its kind is '{name}'"


def _decode(path: Path, dataset: pydicom.Dataset, syntax: pydicom.uid.UID) -> tuple:
    """Return a file's pixels and what they are, or say truly what stood in the way."""
    from pydicom.pixels import get_decoder

    named = f"'{syntax.name}' ({syntax})"
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise ImageFileError(
            f"{path} is in transfer syntax {named}, which pydicom does not decode; convert it "
            "with a tool of the device's maker"
        ) from None
    if not decoder.is_available:
        raise ImageFileError(
            f"{path} is compressed in transfer syntax {named}, and no installed decoder reads it; "
            "pip install pylibjpeg[all]  brings decoders for the JPEG family"
        )
    try:
        stored, meta = decoder.as_array(dataset)
    except Exception as error:  # what a decoder raises on broken data is up to the decoder
        words = " ".join(str(error).split())
        if syntax.is_compressed and isinstance(error, RuntimeError):
            raise ImageFileError(
                f"{path}, in transfer syntax {named}, could not be read by the decoder that is "
                f"installed for it; the file is damaged, or of a kind that this decoder lacks. In "
                f"its words: {words}"
            ) from error
        raise ImageFileError(f"{path}, in transfer syntax {named}, is damaged: {words}") from error
    return stored, str(meta["photometric_interpretation"])
