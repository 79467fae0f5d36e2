"""PneumoniaMNIST: children's chest X-rays at 28 by 28 pixels, downloaded on request or from a file.

The one data set of the course that is not installed with it. It is read from the file that the
environment variable :data:`VARIABLE` names, from the folder of all downloaded data, which
:data:`FOLDER` names, or from where the ``medmnist`` package keeps its downloads. Nothing is
downloaded unless one asks for it. A file that is not MedMNIST's own, byte for byte, is read too,
and is called a rebuilt copy wherever it is shown. Used in the chapter *PneumoniaMNIST*.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lessonlib.images._files import ImageFileError

#: The environment variable that names the file.
VARIABLE = "PNEUMONIAMNIST_FILE"
#: The environment variable that names the folder of all data that the course does not bring.
FOLDER = "COURSE_DATA"
#: The file's name there, and where the ``medmnist`` package keeps its downloads.
NAME = "pneumoniamnist.npz"
#: The file's MD5, as MedMNIST publishes it: it tells a copy from the original, no more.
MD5 = "28209eda62fecd6e6a2d98b1501bb15f"
SIDE = 28

CARD = """\
PneumoniaMNIST
  Shows   chests of children of one to five years, from the front, one hospital (Guangzhou)
  Labels  0 normal, 1 pneumonia; set by two physicians, the test set checked by a third
  Array   28 by 28, uint8: cropped to the middle square and shrunk from 127 to 2,916 pixels a side
  Splits  4,708 to train and 524 to validate, the source's training set cut 9 to 1; the 624 of
          the test are a set that the source keeps apart
  Licence CC BY 4.0
  Source  Kermany et al. 2018; MedMNIST v2, Yang et al. 2023: https://medmnist.com
  Note    No patient numbers and no original sizes: neither can be had back from this file."""

_SPLITS = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True, eq=False)
class LabelledPictures:
    """Pictures of one split.

    Attributes
    ----------
    images : numpy.ndarray of float32, shape (N, 1, 28, 28)
        In [0, 1], bone bright.
    labels : numpy.ndarray of int64, shape (N,)
        0 normal, 1 pneumonia.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_positive(self) -> int:
        """Pictures labelled pneumonia."""
        return int(self.labels.sum())


@dataclass(frozen=True, eq=False)
class PneumoniaMNIST:
    """The three splits, and which file they are from.

    Attributes
    ----------
    train, validation, test : LabelledPictures
    sha256 : str
        Of the file, in hexadecimal.
    original : bool
        Whether the file is MedMNIST's own, by the MD5 that MedMNIST publishes.
    """

    train: LabelledPictures
    validation: LabelledPictures
    test: LabelledPictures
    sha256: str
    original: bool

    @property
    def origin(self) -> str:
        """What to call the file beside everything made from it."""
        return "MedMNIST's file" if self.original else "rebuilt copy"

    def __str__(self) -> str:
        lines = [
            f"{name:11}{len(split):6,} pictures, {split.n_positive:5,} with pneumonia"
            for name, split in vars(self).items()
            if isinstance(split, LabelledPictures)
        ]
        what = "" if self.original else ": not the file that MedMNIST publishes, its MD5 differs"
        return "\n".join([*lines, f"sha256 {self.sha256}", self.origin + what])


def pneumonia_mnist(
    path: str | os.PathLike | None = None, *, download: bool = False
) -> PneumoniaMNIST:
    """Read PneumoniaMNIST.

    Parameters
    ----------
    path : path, optional
        The file ``pneumoniamnist.npz``; by default what :data:`VARIABLE` names, or else the one in
        the folder that :data:`FOLDER` names, or else what an earlier download left in
        ``~/.medmnist``.
    download : bool, default False
        Let the ``medmnist`` package download the file (4 MB) to ``~/.medmnist``, unless it lies
        there already, and read it. `path` and the variables are then not looked at.

    Returns
    -------
    PneumoniaMNIST
        Its arrays are the caller's own.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where there is no file, it is damaged or holds something else, or the download fails.

    References
    ----------
    .. [1] D. S. Kermany et al., "Identifying Medical Diagnoses and Treatable Diseases by
       Image-Based Deep Learning", Cell 172(5), 2018, 1122-1131.
       https://doi.org/10.1016/j.cell.2018.02.010
    .. [2] J. Yang et al., "MedMNIST v2 - A large-scale lightweight benchmark for 2D and 3D
       biomedical image classification", Scientific Data 10, 2023, 41.
       https://doi.org/10.1038/s41597-022-01721-8
    """
    file = _download() if download else _find(path)
    content = file.read_bytes()
    original = hashlib.md5(content, usedforsecurity=False).hexdigest() == MD5
    if download and not original:
        raise ImageFileError(
            f"{file} is not the file that MedMNIST publishes: delete it and download it again"
        )
    try:
        with np.load(file) as arrays:
            splits = {name: _split(arrays, key) for name, key in _SPLITS.items()}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ImageFileError(
            f"{file} is damaged or is no PneumoniaMNIST: {error}; {_remedy()}"
        ) from error
    return PneumoniaMNIST(**splits, sha256=hashlib.sha256(content).hexdigest(), original=original)


def _find(path: str | os.PathLike | None) -> Path:
    """Return the file that is asked for, or the first of the usual ones."""
    if path is not None:
        file, name = Path(path), "path"
    elif os.environ.get(VARIABLE):
        file, name = Path(os.environ[VARIABLE]).expanduser(), VARIABLE
    else:
        file, name = Path.home() / ".medmnist" / NAME, None
        shared = os.environ.get(FOLDER)
        if shared and (Path(shared).expanduser() / NAME).is_file():
            file = Path(shared).expanduser() / NAME
    if not file.is_file():
        if name is None:
            raise ImageFileError(f"PneumoniaMNIST is not on this computer: {_remedy()}")
        raise ImageFileError(f"{name} names {str(file)!r}, which is no file: {_remedy()}")
    return file


def _remedy() -> str:
    return (
        "pneumonia_mnist(download=True) fetches it once, 4 MB from zenodo.org; or set the "
        f"environment variable {VARIABLE} to the path of a {NAME}, or {FOLDER} to the folder "
        "that holds it"
    )


def _download() -> Path:
    """Have the file downloaded by the package that publishes it, which checks its MD5."""
    from medmnist import PneumoniaMNIST as Publisher

    try:
        publisher = Publisher(split="train", download=True)
    except (RuntimeError, OSError, ValueError) as error:
        message = " ".join(str(error).split())
        raise ImageFileError(f"PneumoniaMNIST could not be downloaded: {message}") from error
    return Path(publisher.root) / NAME


def _split(arrays, key: str) -> LabelledPictures:
    images, labels = arrays[f"{key}_images"], arrays[f"{key}_labels"]
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or images.dtype != np.uint8:
        raise ValueError(
            f"{key}_images must be uint8 of shape (N, 28, 28), got {images.dtype} {images.shape}"
        )
    if labels.shape != (len(images), 1) or not np.isin(labels, (0, 1)).all():
        raise ValueError(
            f"{key}_labels must be 0 or 1, of shape ({len(images)}, 1), got {labels.shape}"
        )
    return LabelledPictures(
        images=images[:, None].astype(np.float32) / np.float32(255),
        labels=labels[:, 0].astype(np.int64),
    )
