"""Images of many channels: statistics, normalisation and indices that survive real data.

``MultiChannelNormalizer`` learns per-channel statistics from any number of images, in one pass,
and applies them; ``channel_percentiles`` and ``clip_and_rescale`` stretch channels between
percentiles; ``normalized_difference`` and ``ndvi`` combine two bands; ``ScientificImageAnalyzer``
answers exercise 3. The chapter *Many channels* teaches all of them.

NumPy, PyTorch and dask arrays are taken as they come; importing this package loads neither
PyTorch nor dask.
"""

from __future__ import annotations

from lessonlib.scientific.analyzer import ScientificImageAnalyzer
from lessonlib.scientific.indices import ndvi, normalized_difference
from lessonlib.scientific.normalizer import MultiChannelNormalizer
from lessonlib.scientific.percentiles import channel_percentiles
from lessonlib.scientific.rescaling import clip_and_rescale
from lessonlib.scientific.table import ChannelTable, channel_table

__all__ = [
    "ChannelTable",
    "MultiChannelNormalizer",
    "ScientificImageAnalyzer",
    "channel_percentiles",
    "channel_table",
    "clip_and_rescale",
    "ndvi",
    "normalized_difference",
]
