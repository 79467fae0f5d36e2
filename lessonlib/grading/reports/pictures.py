"""Arrays as small PNG pictures: what was expected, what came back, and where they differ."""

from __future__ import annotations

import base64
import io

import numpy as np

_LARGEST = 256  # pixels of a picture's longer side
_DIFFERENCE = "difference (orange: too much, blue: too little)"
_HOLE = np.array([214, 39, 110], np.uint8)  # what is no finite number


@np.errstate(all="ignore")
def draw(arrays: dict[str, np.ndarray]) -> dict[str, str]:
    """Draw arrays on one scale, and the difference of the two first of one shape.

    Parameters
    ----------
    arrays : dict of str to numpy.ndarray
        ``(H, W)`` or ``(C, H, W)``, of which the first channel that differs is drawn.

    Returns
    -------
    dict of str to str
        PNG files in base64 by name; arrays of other shapes are left out.
    """
    images = {name: np.asarray(array, float) for name, array in arrays.items()}
    same = len({image.shape for image in images.values()}) == 1
    if same and next(iter(images.values())).ndim == 3:
        first, *others = images.values()
        differs = [
            any(not np.array_equal(first[c], o[c]) for o in others) for c in range(len(first))
        ]
        images = {name: image[int(np.argmax(differs))] for name, image in images.items()}
    images = {name: image for name, image in images.items() if image.ndim == 2 and image.size}
    if not images:
        return {}
    finite = np.concatenate([image[np.isfinite(image)] for image in images.values()])
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    drawn = {name: _png(_gray(image, low, high)) for name, image in images.items()}
    if same and len(images) >= 2:
        expected, returned = list(images.values())[:2]
        drawn[_DIFFERENCE] = _png(_diverging(returned - expected))
    return drawn


def _gray(image: np.ndarray, low: float, high: float) -> np.ndarray:
    scaled = (np.nan_to_num(image) - low) / ((high - low) or 1.0)
    rgb = np.repeat((255 * np.clip(scaled, 0, 1)).astype(np.uint8)[..., None], 3, axis=2)
    rgb[~np.isfinite(image)] = _HOLE
    return rgb


def _diverging(difference: np.ndarray) -> np.ndarray:
    """Blue where too little came back, orange where too much, white where it is right."""
    finite = np.abs(difference[np.isfinite(difference)])
    scaled = np.nan_to_num(difference) / (finite.max() if finite.size and finite.max() else 1.0)
    strength = np.clip(np.abs(scaled), 0, 1)[..., None]
    colour = np.where(scaled[..., None] < 0, [0, 114, 178], [213, 94, 0])
    rgb = (255 + strength * (colour - 255)).astype(np.uint8)
    rgb[~np.isfinite(difference)] = _HOLE
    return rgb


def _png(rgb: np.ndarray) -> str:
    from PIL import Image

    step = max(1, -(-max(rgb.shape[:2]) // _LARGEST))
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb[::step, ::step])).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")
