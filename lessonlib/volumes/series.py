"""Put a DICOM series together by where its slices lie in the patient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lessonlib.images._files import ImageFileError
from lessonlib.images.dicom import DicomFile, read_dicom
from lessonlib.volumes.volume import Volume

#: Positions and directions are stored as decimal strings: so many millimetres are rounding.
ROUNDING_MM = 0.01
#: Slices are evenly spaced where no step differs by more than this share of the usual one.
UNEVEN = 0.02
#: What may lie beside the slices in their folder and is no slice.
BESIDE = {".csv", ".json", ".md", ".pdf", ".png", ".jpg", ".txt", ".xml", ".zip"}
#: What all slices of one series have in common.
COMMON = ("SeriesInstanceUID", "FrameOfReferenceUID", "Rows", "Columns")


@dataclass(frozen=True)
class Slice:
    """One slice: its pixels, and where its first pixel's centre and its directions lie (LPS)."""

    name: str
    pixels: np.ndarray
    position: np.ndarray
    along_row: np.ndarray
    along_column: np.ndarray
    between_columns: float
    between_rows: float
    thickness: float | None
    common: Mapping[str, str]

    @property
    def normal(self) -> np.ndarray:
        """The direction that row × column gives."""
        return np.cross(self.along_row, self.along_column)


def read_series(path: str | Path | Iterable[str | Path]) -> Volume:
    """Read a DICOM series as a volume.

    Parameters
    ----------
    path : path, or several paths
        A folder with the slices of one series, the slices themselves, or one multi-frame file.

    Returns
    -------
    Volume
        float32, float64 where more than 16 bits are stored, rescaled slice by slice; slices
        ascend along the normal of row × column.

    Raises
    ------
    FileNotFoundError
        Where there is no such folder or file.
    ValueError
        Where a slice is damaged, missing, doubled or of another series, or slices are not evenly
        spaced; the message names the file, or the place in millimetres.

    Notes
    -----
    Neither file names nor InstanceNumber say where a slice lies: its ImagePositionPatient does,
    projected on the normal. The step between slices comes from the positions too; SliceThickness is
    how thick a slice was measured, and slices may overlap or leave gaps. A tilted gantry shifts
    every slice by the same vector: it is in the affine, whose third column then leans. For one
    slice alone the thickness stands for the step.

    DICOM counts millimetres to the patient's left and back, the affine to the right and front.
    """
    slices = [part for file in _paths(path) for part in _slices(file)]
    if not slices:
        raise ValueError(f"{path} holds no DICOM slices")
    first = slices[0]
    for other in slices[1:]:
        _refuse_mixed(first, other)
    slices.sort(key=lambda s: float(s.position @ first.normal))
    step = _step(slices)

    lps = np.eye(4)
    lps[:3, 0] = first.along_row * first.between_columns
    lps[:3, 1] = first.along_column * first.between_rows
    lps[:3, 2] = step
    lps[:3, 3] = slices[0].position
    return Volume(np.stack([s.pixels for s in slices]), np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps)


def _paths(path: str | Path | Iterable[str | Path]) -> list[Path]:
    """Return the files to read; what lies beside slices in a folder is passed over."""
    if not isinstance(path, str | Path):
        paths = [Path(each) for each in path]
        for each in paths:
            if not each.exists():
                raise FileNotFoundError(f"there is no file {each}")
        return paths
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no folder or file {path}")
    if not path.is_dir():
        return [path]
    return [
        each
        for each in sorted(path.iterdir())
        if each.is_file()
        and not each.name.startswith(".")
        and each.name != "DICOMDIR"
        and each.suffix.lower() not in BESIDE
    ]


def _slices(path: Path) -> list[Slice]:
    """Return the slices of a file: one, or one for each frame."""
    try:
        file = read_dicom(path)
    except ImageFileError as error:
        raise ValueError(str(error)) from error
    if file.stored.ndim - (file.photometric == "RGB") == 2:
        frames, places = file.stored[None], [file.dataset]
    else:
        frames = file.stored
        places = [_frame_header(file, i) for i in range(len(frames))]
    if file.photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ValueError(f"{path} is a picture in {file.photometric}, not a slice of one number")
    several = len(places) > 1
    return [
        _slice(f"{path.name}, frame {i + 1}" if several else path.name, pixels, place, file.dataset)
        for i, (pixels, place) in enumerate(zip(frames, places, strict=True))
    ]


def _frame_header(file: DicomFile, index: int):
    """Return the fields of one frame, its own or those that all frames share, in one data set."""
    import pydicom

    merged = pydicom.Dataset()
    per_frame = file.dataset.get("PerFrameFunctionalGroupsSequence")
    if not per_frame:
        return merged
    shared = file.dataset.get("SharedFunctionalGroupsSequence") or []
    for groups in [*shared, per_frame[index]]:
        for element in groups:
            if element.VR == "SQ":
                for item in element.value:
                    merged.update(item)
    return merged


def _slice(name: str, pixels: np.ndarray, place, dataset) -> Slice:
    def numbers(keyword: str, count: int) -> np.ndarray:
        value = place.get(keyword) if place.get(keyword) is not None else dataset.get(keyword)
        try:
            found = np.array(value, dtype=np.float64).ravel()
        except (TypeError, ValueError):
            found = np.empty(0)
        if found.shape != (count,) or not np.isfinite(found).all():
            lacks = "how it is scaled" if keyword.startswith("Rescale") else "where it lies"
            raise ValueError(f"{name} does not say {lacks}: its {keyword} is {value}")
        return found

    position = numbers("ImagePositionPatient", 3)
    directions = numbers("ImageOrientationPatient", 6)
    between_rows, between_columns = numbers("PixelSpacing", 2)
    along_row, along_column = directions[:3], directions[3:]
    lengths = np.linalg.norm(along_row), np.linalg.norm(along_column)
    if max(abs(np.array(lengths) - 1)) > 1e-3 or abs(along_row @ along_column) > 1e-3:
        raise ValueError(
            f"{name} has an ImageOrientationPatient that is no pair of perpendicular directions: "
            f"{directions.tolist()}"
        )
    if between_rows <= 0 or between_columns <= 0:
        raise ValueError(f"{name} has a PixelSpacing of {between_rows}, {between_columns} mm")
    slope, intercept = (
        numbers(key, 1)[0] if key in place or key in dataset else absent
        for key, absent in (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0))
    )
    if slope == 0:
        raise ValueError(f"{name} has a RescaleSlope of 0, which makes all its pixels alike")
    if "ModalityLUTSequence" in dataset:
        from pydicom.pixels import apply_modality_lut

        pixels, slope, intercept = apply_modality_lut(pixels, dataset), 1.0, 0.0
    exact = pixels.dtype.itemsize <= 2 or pixels.dtype == np.float32
    thickness = place.get("SliceThickness", dataset.get("SliceThickness"))
    return Slice(
        name,
        (pixels * slope + intercept).astype(np.float32 if exact else np.float64),
        position,
        along_row / lengths[0],
        along_column / lengths[1],
        float(between_columns),
        float(between_rows),
        float(thickness) if thickness else None,
        {key: str(dataset.get(key, "")) for key in COMMON},
    )


def _refuse_mixed(first: Slice, other: Slice) -> None:
    """Refuse a slice that is not of the first one's series or grid."""
    for key in COMMON:
        if first.common[key] != other.common[key]:
            raise ValueError(
                f"{other.name} is not of the same series as {first.name}: its {key} is "
                f"{other.common[key]}, not {first.common[key]}"
            )
    turned = max(
        np.abs(first.along_row - other.along_row).max(),
        np.abs(first.along_column - other.along_column).max(),
    )
    if turned > 1e-3:
        raise ValueError(f"{other.name} runs in other directions than {first.name}")
    steps = (first.between_rows, first.between_columns), (other.between_rows, other.between_columns)
    if not np.allclose(*steps, rtol=1e-3):
        raise ValueError(f"{other.name} has pixels of {steps[1]} mm, {first.name} of {steps[0]} mm")


def _step(slices: Sequence[Slice]) -> np.ndarray:
    """Return the vector from one slice to the next, or say where they are not evenly spaced."""
    normal = slices[0].normal
    if len(slices) == 1:
        if not (slices[0].thickness and 0 < slices[0].thickness < np.inf):
            raise ValueError(
                f"{slices[0].name} is one slice alone, without a SliceThickness in millimetres: "
                f"got {slices[0].thickness}"
            )
        return normal * slices[0].thickness
    along = np.array([s.position @ normal for s in slices])
    gaps = np.diff(along)
    for one, other, gap in zip(slices, slices[1:], gaps, strict=False):
        if gap < ROUNDING_MM:
            raise ValueError(
                f"two slices lie at {one.position @ normal:.2f} mm along the normal: {one.name} "
                f"and {other.name}"
            )
    usual = float(np.median(gaps))
    for i in np.flatnonzero(np.abs(gaps - usual) > max(UNEVEN * usual, ROUNDING_MM)):
        times = gaps[i] / usual
        lacking = round(times) - 1
        what = (
            f"{lacking} {'slice is' if lacking == 1 else 'slices are'} missing"
            if lacking >= 1 and abs(times - round(times)) < 0.1
            else "slices are not evenly spaced"
        )
        raise ValueError(
            f"{what} between {along[i]:.2f} mm ({slices[i].name}) and {along[i + 1]:.2f} mm "
            f"({slices[i + 1].name}) along the normal: {gaps[i]:.2f} mm apart, elsewhere "
            f"{usual:.2f} mm"
        )
    step = (slices[-1].position - slices[0].position) / (len(slices) - 1)
    for i, s in enumerate(slices):
        off = np.linalg.norm(slices[0].position + i * step - s.position)
        if off > max(5 * ROUNDING_MM, UNEVEN * usual):
            raise ValueError(f"{s.name} lies {off:.2f} mm beside the line of the other slices")
    return step
