"""Read a NIfTI file as a volume."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from lessonlib.volumes.volume import Volume

#: Millimetres in the units that a header can name; "unknown" is taken for millimetres.
MILLIMETRES = {"meter": 1000.0, "mm": 1.0, "micron": 0.001}


def read_nifti(path: str | Path) -> Volume:
    """Read a NIfTI file, ``.nii`` or ``.nii.gz``.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    Volume
        Its voxels are scaled by the header's slope and intercept, if there are any; its affine is
        in millimetres, also where the header counts in metres or micrometres.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        Where it is damaged, no NIfTI, or no volume of three axes; the message names the file.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        image = nibabel.load(path)
        voxels = np.asanyarray(image.dataobj)
    except (ImageFileError, HeaderDataError, OSError, EOFError, ValueError, zlib.error) as error:
        raise ValueError(f"{path} is damaged or no NIfTI file: {error}") from error
    if not isinstance(image, nibabel.Nifti1Pair):
        raise ValueError(f"{path} is no NIfTI file: nibabel reads it as {type(image).__name__}")
    while voxels.ndim > 3 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    if voxels.ndim != 3:
        raise ValueError(
            f"{path} holds an array of shape {voxels.shape}, not one volume of three axes; read "
            "it with nibabel and choose one"
        )
    # nibabel hands on the header's own unit
    scale = MILLIMETRES.get(image.header.get_xyzt_units()[0], 1.0)
    try:
        return Volume(voxels.T, np.diag([scale, scale, scale, 1]) @ image.affine)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
