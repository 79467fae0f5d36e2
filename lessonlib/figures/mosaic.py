"""The picture on the first page: six real images side by side."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from lessonlib import images
from lessonlib.figures.style import course_style, show_image


def _square(picture: np.ndarray, top: float = 0.5, left: float = 0.5) -> np.ndarray:
    """Cut the largest square; `top` and `left` say where, from 0 (start) to 1 (end)."""
    height, width = picture.shape[:2]
    side = min(height, width)
    y, x = int((height - side) * top), int((width - side) * left)
    return picture[y : y + side, x : x + side]


def _stretch(picture: np.ndarray, low: float, high: float) -> np.ndarray:
    """Rescale between two percentiles, for the eye only."""
    dark, bright = np.percentile(picture, [low, high], axis=(0, 1))
    return np.clip((picture - dark) / (bright - dark), 0, 1)


def mosaic():
    """Draw a chest X-ray, a head CT, a retina, nuclei, a satellite scene and the deep field.

    Returns
    -------
    matplotlib.figure.Figure
    """
    chest = images.chest_xray().pixels.astype(float)
    nuclei = images.nuclei().pixels.astype(float)
    scene = images.sentinel2()
    infrared = np.stack([scene.band(name) for name in ("B08", "B04", "B03")], axis=-1)
    head = images.head_ct().pixels[95:455, 90:450]  # without the table's rails
    pictures = [
        _stretch(_square(chest), 0.5, 99.8),
        images.window(head, center=40, width=80),
        _square(images.retina().pixels),
        _stretch(nuclei, 1, 99.7) ** 0.7,
        _stretch(_square(infrared), 1, 99),
        _square(images.hubble_deep_field().pixels),
    ]
    with course_style():
        figure, axes = plt.subplots(2, 3, figsize=(9, 6.03), layout="none", facecolor="black")
        figure.subplots_adjust(0, 0, 1, 1, wspace=0.012, hspace=0.012)
        for axis, picture in zip(axes.flat, pictures, strict=True):
            show_image(axis, picture, vmin=0, aspect="auto")
    return figure
