"""A frame of a microscope's camera, and a stack whose slices lie further apart than its pixels.

Run once, to cut the frame out of the package it comes from::

    pip download --no-deps spotiflow==0.6.5 && unzip spotiflow-0.6.5-*.whl
    python -m lessonlib.microscopy.samples spotiflow/sample_data/images/img_terra_2d.tif
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np

from lessonlib.images import DataCard, Image, ImageFileError, LabelledImage, SourceFile

DATA = Path(__file__).parent / "data"
#: Of the whole frame, 1024 × 1024, inside spotiflow 0.6.5.
SOURCE_SHA256 = "86d9bcd1c186b4e95272bf63511a53109c35930b8d928867aa38d85cdffb154b"
_WINDOW = np.s_[100:612, 330:842]

_FRAME = DataCard(
    name="camera_frame",
    title="Camera frame of cell nuclei",
    shows="nuclei of cultured cells in a protein's or an RNA's fluorescence, with bright spots in "
    "them; one compact and bright, the others dim",
    modality="fluorescence microscopy of the Terra data set of Spotiflow",
    units="counts of a scientific camera, not rescaled",
    array="(512, 512) uint16",
    package="lessonlib",
    version="0.1.0",
    files=(
        SourceFile(
            "terra_frame.tif", "58b289b08b87fe0dbdea9fc6710e92f3d1b316731708d82f1c98d694636be735"
        ),
    ),
    licence="BSD-3, as released by Spotiflow; its notice lies beside the file",
    source="crop [100:612, 330:842] of img_terra_2d.tif in spotiflow 0.6.5 (Dominguez Mantes, "
    "Weigert et al., Nature Methods 2025)",
    url="https://doi.org/10.1038/s41592-025-02662-x",
    notes=(
        "The file names neither camera nor gain nor offset.",
        "The noise of a pixel and that of the one below correlate at one half, as if each row had "
        "been averaged with the next; rows two apart share nothing.",
    ),
)

_STACK = DataCard(
    name="nuclei_stack",
    title="Stack of drawn nuclei",
    shows="51 crowded nuclei in three dimensions, each outlined; flat along the first axis, "
    "because the slices lie further apart than the pixels",
    modality="a simulated fluorescence stack: StarDist's code calls it synthetic",
    units="counts",
    array="(31, 61, 57) uint16",
    package="stardist",
    version="0.9.2",
    files=(
        SourceFile(
            "stardist/data/images/img3d.tif",
            "f5626d500c7a738cd321698f43df36e2ac149d98456579c5cbcf8af48c7253e8",
        ),
        SourceFile(
            "stardist/data/images/mask3d.tif",
            "a2ff51b712941a90cf3a5628b11f04f5d7fa3f29c808c065d3be6ff938b215a1",
        ),
    ),
    licence="BSD-3, as released by StarDist",
    source="test image of StarDist (Weigert et al. 2020)",
    url="https://github.com/stardist/stardist",
    notes=(
        "The distance between slices is not stored. `spacing` is estimated from the masks: the "
        "median nucleus is half as many slices thick as it is pixels wide.",
        "The masks are numbered to 162 with gaps; `labels` renumbers them 1 to 51.",
    ),
)


def camera_frame() -> Image:
    """Return a frame of a fluorescence microscope's camera.

    Returns
    -------
    lessonlib.images.Image
        ``pixels`` uint16 ``(512, 512)``, counts that were not rescaled.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where the file is missing or damaged.
    """
    import tifffile

    path = DATA / _FRAME.files[0].path
    if not path.is_file() or _sha256(path) != _FRAME.files[0].sha256:
        raise ImageFileError(
            f"{path} is missing or damaged: restore it with git checkout -- {path}"
        )
    return Image(tifffile.imread(path), _FRAME, display_range=(95.0, 175.0))


def nuclei_stack() -> LabelledImage:
    """Return a drawn stack of nuclei with the mask of each.

    Returns
    -------
    lessonlib.images.LabelledImage
        ``pixels`` uint16 ``(31, 61, 57)``; ``labels`` int32, 51 objects; ``spacing`` (2, 1, 1) in
        units of a pixel.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where stardist's files are missing or damaged. The package itself is not imported.
    """
    import tifffile

    image_path, mask_path = _STACK.paths()
    mask = tifffile.imread(mask_path)
    _, numbered = np.unique(mask, return_inverse=True)
    return LabelledImage(
        tifffile.imread(image_path),
        _STACK,
        spacing=(2.0, 1.0, 1.0),
        labels=numbered.reshape(mask.shape).astype(np.int32),
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cut(source: str | Path, target: str | Path) -> str:
    """Write the crop, losslessly compressed.

    Parameters
    ----------
    source : str or pathlib.Path
        The whole frame, ``img_terra_2d.tif``.
    target : str or pathlib.Path
        File to write.

    Returns
    -------
    str
        sha256 of the crop.

    Raises
    ------
    ValueError
        Where `source` is another file.
    """
    import tifffile

    if _sha256(Path(source)) != SOURCE_SHA256:
        raise ValueError(f"source must be img_terra_2d.tif of spotiflow 0.6.5, got {source}")
    tifffile.imwrite(
        target,
        tifffile.imread(source)[_WINDOW],
        compression="zlib",
        compressionargs={"level": 9},
        predictor=True,
        metadata=None,
        software=False,
    )
    return _sha256(Path(target))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m lessonlib.microscopy.samples img_terra_2d.tif")
    cut(sys.argv[1], DATA / _FRAME.files[0].path)
