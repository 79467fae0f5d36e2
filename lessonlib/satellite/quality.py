"""Quality bands: what the bits of each Landsat-8 generation mean, and the masks made of them."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from lessonlib._validation import check_choice
from lessonlib.satellite._arrays import as_band, library
from lessonlib.scientific._images import is_tensor

#: Generation of the product to its fields: the lowest bit and the number of bits. The same bit
#: means different things in each, and no number in the band says which generation it is of.
QA_LAYOUTS = MappingProxyType(
    {
        "pre-collection": MappingProxyType(
            {
                "fill": (0, 1),
                "dropped_frame": (1, 1),
                "terrain_occlusion": (2, 1),
                "water": (4, 2),
                "snow_ice": (10, 2),
                "cirrus": (12, 2),
                "cloud": (14, 2),
            }
        ),
        "collection-1": MappingProxyType(
            {
                "fill": (0, 1),
                "terrain_occlusion": (1, 1),
                "saturation": (2, 2),
                "cloud_flag": (4, 1),
                "cloud": (5, 2),
                "cloud_shadow": (7, 2),
                "snow_ice": (9, 2),
                "cirrus": (11, 2),
            }
        ),
        "collection-2": MappingProxyType(
            {
                "fill": (0, 1),
                "dilated_cloud": (1, 1),
                "cirrus_flag": (2, 1),
                "cloud_flag": (3, 1),
                "cloud_shadow_flag": (4, 1),
                "snow_flag": (5, 1),
                "clear_flag": (6, 1),
                "water_flag": (7, 1),
                "cloud": (8, 2),
                "cloud_shadow": (10, 2),
                "snow_ice": (12, 2),
                "cirrus": (14, 2),
            }
        ),
    }
)

_CONFIDENCE = {"maybe": 2, "yes": 3}


def qa_field(qa: Any, layout: str, name: str) -> Any:
    """Return one field of a Landsat-8 quality band.

    Parameters
    ----------
    qa : array_like, torch.Tensor or dask.array.Array of whole numbers, any shape
        The band as stored, 16 bits.
    layout : {"pre-collection", "collection-1", "collection-2"}
        Generation of the product: its file is called ``BQA`` in the first two (and the scene
        ``LC8…`` or ``LC08…``), ``QA_PIXEL`` in the third.
    name : str
        A field of ``QA_LAYOUTS[layout]``.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array of uint8
        0 or 1 for a field of one bit. For the confidences, of two bits: 0 not determined, 1 no
        (or low), 2 maybe (medium), 3 yes (high).

    Raises
    ------
    TypeError
        Where `qa` holds no whole numbers.
    ValueError
        Where there is no such layout or field.

    Notes
    -----
    Field of `n` bits from bit `b` on: ``(qa >> b) & (2**n - 1)``.

    References
    ----------
    .. [1] U.S. Geological Survey, "Landsat 8 Pre-Collection Quality Assessment band",
       https://landsat.usgs.gov/qualityband
    .. [2] U.S. Geological Survey, "Landsat Collection 1 Level-1 Quality Assessment band",
       https://landsat.usgs.gov/collectionqualityband
    .. [3] U.S. Geological Survey, "Landsat Collection 2 Quality Assessment bands",
       https://usgs.gov/core-science-systems/nli/landsat/landsat-collection-2-quality-assessment-bands

    Examples
    --------
    >>> qa_field([0b1101_0000_0000_0000], "pre-collection", "cloud")
    array([3], dtype=uint8)
    """
    fields = QA_LAYOUTS[check_choice("layout", layout, tuple(QA_LAYOUTS))]
    lowest, width = fields[check_choice("name", name, tuple(fields))]
    qa = as_band("qa", qa, kinds="iu")
    if is_tensor(qa):
        torch = library(qa)
        # PyTorch shifts no uint16
        return ((qa.to(torch.int64) >> lowest) & (2**width - 1)).to(torch.uint8)
    return ((qa.astype(np.int64) >> lowest) & (2**width - 1)).astype(np.uint8)


def cloud_mask(
    qa: Any, layout: str, fields: Sequence[str] = ("cloud", "cirrus"), *, least: str = "maybe"
) -> Any:
    """Return which pixels a Landsat-8 quality band calls clouded.

    Parameters
    ----------
    qa : array_like, torch.Tensor or dask.array.Array of whole numbers, any shape
        The band as stored.
    layout : {"pre-collection", "collection-1", "collection-2"}
        Generation of the product.
    fields : sequence of str, default ("cloud", "cirrus")
        Confidences to look at, of two bits each; a pixel is masked where any of them says so.
        ``"cloud_shadow"`` exists from Collection 1 on.
    least : {"maybe", "yes"}
        The least confidence that masks.

    Returns
    -------
    numpy.ndarray, torch.Tensor or dask.array.Array of bool
        ``True`` where the ground is hidden.

    Raises
    ------
    TypeError
        Where `qa` holds no whole numbers, or `fields` is one string.
    ValueError
        Where there is no such layout or confidence, or `fields` is empty.

    Examples
    --------
    >>> cloud_mask([20480, 36864, 28672], "pre-collection")
    array([False,  True,  True])
    """
    limit = _CONFIDENCE[check_choice("least", least, tuple(_CONFIDENCE))]
    known = QA_LAYOUTS[check_choice("layout", layout, tuple(QA_LAYOUTS))]
    confidences = tuple(name for name, (_, width) in known.items() if width == 2)
    confidences = tuple(name for name in confidences if name != "saturation")
    if isinstance(fields, str):
        raise TypeError(f"fields must be a sequence of names, got the string {fields!r}")
    if not len(fields):
        raise ValueError(f"fields must name at least one of {', '.join(confidences)}")
    masked = None
    for name in fields:
        value = qa_field(qa, layout, check_choice("fields", name, confidences))
        masked = value >= limit if masked is None else masked | (value >= limit)
    return masked
