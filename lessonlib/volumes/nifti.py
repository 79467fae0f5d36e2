"""Read a NIfTI file as a volume."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from lessonlib.volumes.volume import Volume


def read_nifti(path: str | Path) -> Volume:
    """Read a NIfTI file, ``.nii`` or ``.nii.gz``.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    Volume
        Its voxels are scaled by the header's slope and intercept, if there are any.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        Where it is damaged, no NIfTI, or no volume of three axes; the message names the file.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    path = Path(path)
    try:
        image = nibabel.load(path)
        voxels = np.asanyarray(image.dataobj)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}") from None
    except (ImageFileError, OSError, EOFError, ValueError, zlib.error) as error:
        raise ValueError(f"{path} is damaged or no NIfTI file: {error}") from error
    while voxels.ndim > 3 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    if voxels.ndim != 3:
        raise ValueError(
            f"{path} holds an array of shape {voxels.shape}, not one volume of three axes; read "
            "it with nibabel and choose one"
        )
    try:
        return Volume(voxels.T, image.affine)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
