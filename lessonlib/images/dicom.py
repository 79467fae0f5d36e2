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


@dataclass(frozen=True, eq=False)
class DicomFile:
    """A DICOM file that has been read and decoded.

    Attributes
    ----------
    stored : numpy.ndarray
        The stored values, ``(H, W)``, ``(H, W, 3)`` or ``(frames, H, W)``.
    dataset : pydicom.Dataset
        The whole header. It may name people: see :meth:`technical`.
    """

    stored: np.ndarray
    dataset: pydicom.Dataset

    def technical(self) -> dict[str, object]:
        """Return the header's technical fields by keyword, as plain numbers, strings and tuples."""
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
        return found


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
        Where the file is missing, is no DICOM file, is damaged, or is compressed in a way that no
        installed decoder reads. The message names the file and its transfer syntax.

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
            f"{path} is not a DICOM file: the mark 'DICM' is missing after its first 128 bytes"
        ) from None
    except OSError as error:
        raise ImageFileError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # a damaged header can break the parser anywhere
        raise ImageFileError(f"{path} is a damaged DICOM file: {error}") from error

    syntax = getattr(dataset.file_meta, "TransferSyntaxUID", None)
    named = "an unknown transfer syntax" if syntax is None else f"'{syntax.name}' ({syntax})"
    if "PixelData" not in dataset:
        raise ImageFileError(f"{path}, in {named}, holds no pixels: it may be cut short")
    try:
        stored = dataset.pixel_array
    except (RuntimeError, NotImplementedError) as error:
        raise ImageFileError(
            f"{path} is compressed in transfer syntax {named}, and no installed decoder reads it; "
            "pip install pylibjpeg[all]  brings decoders for the JPEG family"
        ) from error
    except Exception as error:  # what a decoder raises on broken data is up to the decoder
        raise ImageFileError(f"{path}, in transfer syntax {named}, is damaged: {error}") from error
    return DicomFile(np.array(stored), dataset)
