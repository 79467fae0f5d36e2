"""Whether a picture is an X-ray as `AugmentationValidator.generate` is to draw it.

The discs may lie in the same place for every seed or move with it, and noise may be strong. So the
mean of 16 draws is judged first, where noise is 4 times weaker; where the discs move and the mean
shows none, 15 of 16 single draws must show them.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from lessonlib.grading.exercise import Mistake

#: A difference of intensity counts from this many standard errors on: a normal tail of 6e-5.
ERRORS = 4


def judge_xrays(images: np.ndarray, called: str) -> None:
    """Raise `Mistake` unless the images show a noisy background, a heart and a nodule.

    Parameters
    ----------
    images : numpy.ndarray, shape (n, 64, 64)
        One draw for each seed.
    called : str
        The call, for the message.
    """
    for image in images:
        _judge_values(image, called)
    try:
        difference, error = _judge_discs(images.mean(axis=0), called)
    except Mistake as mistake:
        found, mistakes = [], []
        for image in images:
            try:
                found.append(_judge_discs(image, called))
            except Mistake as single:
                mistakes.append(single)
        if len(mistakes) > 1:
            raise mistakes[0] if len(found) > len(images) / 2 else mistake from None
        difference, error = np.array(found).T
    # Discs that move may differ in either sense: compare squares, of the mean where it is one.
    z = np.sqrt(np.mean((difference / error) ** 2))
    if z < ERRORS or np.abs(difference).mean() < 0.01:
        raise Mistake(
            called,
            "a heart and a nodule of the same intensity",
            "two different intensities",
            "The nodule is a disc of another intensity than the heart.",
            {"returned": images[0]},
        )


def _judge_values(image: np.ndarray, called: str) -> None:
    if image.min() < -1e-9 or image.max() > 1 + 1e-9:
        raise Mistake(
            called,
            f"values from {image.min():.3f} to {image.max():.3f}",
            "values in [0, 1]",
            "Noise carries some pixels out of the range: clip once it is added.",
            {"returned": image},
        )
    # Second differences vanish where an image is constant or a ramp, and nowhere in noise.
    if np.median(np.abs(np.diff(image, 2, axis=1))) < 1e-4:
        raise Mistake(
            called,
            f"a smooth image of {len(np.unique(image))} different values",
            "a noisy background",
            "Every pixel of the background gets a random number of its own.",
            {"returned": image},
        )


def _judge_discs(image: np.ndarray, called: str) -> tuple[float, float]:
    """Return nodule minus heart intensity and its standard error, or raise `Mistake`."""
    try:
        heart, nodule = _find_discs(image, called)
        if nodule["area"] >= heart["area"]:
            raise Mistake(
                called,
                f"a heart of about {heart['area']} pixels and a nodule of {nodule['area']}",
                "a nodule smaller than the heart",
                "",
                {"returned": image},
            )
    except Mistake as mistake:
        raise _explain_layout(image, mistake) from None
    left, right = image[:, :32].sum(), image[:, 32:].sum()
    if left - right < 0.02 * (left + right):
        raise Mistake(
            called,
            f"a left half that sums to {left:.0f}, a right half to {right:.0f}",
            "a left half that is clearly the brighter (by 2 % of the total at least)",
            "A larger or brighter heart, or a smaller or dimmer nodule, leaves more of a margin.",
            {"returned": image},
        )
    return nodule["level"] - heart["level"], max(np.hypot(heart["error"], nodule["error"]), 0.002)


def _find_discs(image: np.ndarray, called: str) -> tuple[dict, dict]:
    heart = _find_disc(image, "heart", called, np.ones(image.shape, bool))
    # Smoothing carries a bright heart's edge over the midline.
    elsewhere = ~ndimage.binary_dilation(heart["blob"], iterations=4)
    return heart, _find_disc(image, "nodule", called, elsewhere)


def _find_disc(image: np.ndarray, name: str, called: str, where: np.ndarray) -> dict:
    """Find the strongest blob of the disc's half and describe it; `Mistake` where it is no disc."""
    side, first, last, roundness = {
        "heart": ("left", 0, 31, 0.75),
        "nodule": ("right", 32, 63, 0.55),
    }[name]
    smooth = ndimage.gaussian_filter(image, 1.2, mode="nearest")
    background = float(np.median(image))
    contrast = smooth - background if name == "heart" else np.abs(smooth - background)
    inside = np.where(where, contrast, 0)
    inside[:, :first] = inside[:, last + 1 :] = 0
    peak = inside.max()
    labels, _ = ndimage.label(where & (contrast > peak / 2))
    blob = labels == labels[np.unravel_index(np.argmax(inside), image.shape)]
    rows, cols = np.nonzero(blob)
    area = len(rows)
    far = np.hypot(*(np.indices(image.shape) - np.reshape([rows.mean(), cols.mean()], (2, 1, 1))))
    disc = far <= np.sqrt(area / np.pi)
    core = image[far <= max(0.7 * np.sqrt(area / np.pi), 1)]

    def mistake(got: str, expected: str, hint: str = "") -> Mistake:
        return Mistake(called, got, expected, hint, {"returned": image})

    if peak < 0.05:
        hint = "It is to be brighter than the background." if name == "heart" else ""
        raise mistake(f"no {name} in the {side} half", f"a {name} disc in the {side} half", hint)
    # The edge of a noisy disc is known to a pixel.
    if cols.min() < first - 1 or cols.max() > last + 1:
        raise mistake(
            f"a {name} that reaches from column {cols.min()} to {cols.max()}",
            f"a {name} disc wholly in the {side} half, columns {first} to {last}",
        )
    if (blob & disc).sum() / (blob | disc).sum() < roundness:
        raise mistake(
            f"a {name} of about {area} pixels that is no disc",
            "the pixels within a radius of a centre",
            "Compare (row - centre_row)**2 + (col - centre_col)**2 with radius**2.",
        )
    error = core.std() / np.sqrt(len(core))
    return {"level": core.mean(), "area": area, "error": error, "blob": blob}


def _explain_layout(image: np.ndarray, mistake: Mistake) -> Mistake:
    """Say so where the picture is right but for a mirror or swapped axes."""
    swapped = "The axes are swapped: axis 0 is the row, axis 1 the column, image[row, col]."
    mirrored = "The halves are swapped: the left one has the small columns."
    candidates = (image.T, swapped), (image[:, ::-1], mirrored), (image.T[:, ::-1], swapped)
    for other, hint in candidates:
        try:
            heart, nodule = _find_discs(other, "")
        except Mistake:
            continue
        if nodule["area"] < heart["area"]:
            return Mistake(mistake.called, mistake.got, mistake.expected, hint, mistake.picture)
    return mistake
