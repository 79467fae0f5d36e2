"""Find a file inside an installed package, and check that it is the one the course describes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

#: The crops that live in the repository itself.
DATA = Path(__file__).parent / "data"


class ImageFileError(OSError):
    """An image file is missing, damaged, or not the one that its data card describes.

    The message names the file and, where a package should have brought it, the package to install.
    """


@dataclass(frozen=True)
class SourceFile:
    """A file inside a package.

    Attributes
    ----------
    path : str
        Its path, from where packages are installed; from ``lessonlib/images/data`` for a crop that
        lives in the repository.
    sha256 : str
        Checksum of its bytes, in hexadecimal.
    """

    path: str
    sha256: str


def locate(package: str, version: str, path: str) -> Path:
    """Return where a package's file lies, without importing the package.

    Parameters
    ----------
    package : str
        Name of the distribution, as ``pip`` knows it; ``"lessonlib"`` for the repository's crops.
    version : str
        The version that the course was tested with, for the error's remedy.
    path : str
        Path of the file inside the package.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ImageFileError
        Where the package is not installed or does not hold the file.
    """
    if package == "lessonlib":
        found = DATA / path
        if found.is_file():
            return found
        raise ImageFileError(f"{found} is missing: restore it with  git checkout -- {found}")
    remedy = f"install it with  pip install {package}=={version}"
    try:
        distribution = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        raise ImageFileError(
            f"the package {package} is not installed, and it holds {path}: {remedy}"
        ) from None
    found = Path(str(distribution.locate_file(path)))
    if not found.is_file():
        raise ImageFileError(
            f"{package} {distribution.version} is installed but does not hold {path}: {remedy}"
        )
    return found


def verified(package: str, version: str, file: SourceFile) -> Path:
    """Return where a package's file lies, once its checksum has been found right.

    Parameters
    ----------
    package, version : str
        As for :func:`locate`.
    file : SourceFile
        Path and expected checksum.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ImageFileError
        Where the file is missing, or its bytes are not the expected ones.
    """
    found = locate(package, version, file.path)
    digest = hashlib.sha256(found.read_bytes()).hexdigest()
    if digest != file.sha256:
        if package == "lessonlib":
            remedy = f"restore it with  git checkout -- {found}"
        else:
            remedy = f"install it anew with  pip install --force-reinstall {package}=={version}"
        raise ImageFileError(
            f"{found} is damaged or from another version of {package}: its sha256 is {digest}, "
            f"expected {file.sha256}; {remedy}"
        )
    return found
