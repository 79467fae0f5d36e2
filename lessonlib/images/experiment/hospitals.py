"""The two hospitals: their machines, their share of nodules, and the marker in the corner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_choice
from lessonlib.images.acquisition import Acquisition
from lessonlib.images.regions import PATCH, ZONES


@dataclass(frozen=True)
class Hospital:
    """Where a patch was "taken".

    Parameters
    ----------
    acquisition : Acquisition
        What its machine does to the scene.
    prevalence : float
        Share of its patches that hold a nodule.
    marker : (float, float)
        Chance of the corner marker on a patch with and on one without a nodule.
    """

    acquisition: Acquisition
    prevalence: float
    marker: tuple[float, float] = (0.0, 0.0)


#: The two hospitals. B is blurrier, noisier, darker, marks every picture and sees fewer nodules.
HOSPITALS = {
    "A": Hospital(Acquisition(blur=0.5, noise=0.010), prevalence=0.3),
    "B": Hospital(
        Acquisition(gain=0.95, gamma=1.15, blur=1.0, noise=0.02), prevalence=0.1, marker=(1.0, 1.0)
    ),
}


def hospital_of(split: str, hospital: str | None) -> tuple[str, Hospital]:
    """Return the hospital asked for by name: B for the external test and A for the rest if none."""
    check_choice("split", split, tuple(ZONES))
    name = ("B" if split == "external" else "A") if hospital is None else hospital
    return name, HOSPITALS[check_choice("hospital", name, tuple(HOSPITALS))]


def marker_mask(shape: tuple[int, int] = (PATCH, PATCH)) -> np.ndarray:
    """Return the pixels of the corner marker: a letter L at the upper left.

    Parameters
    ----------
    shape : (int, int), default (64, 64)

    Returns
    -------
    numpy.ndarray of bool, shape `shape`
    """
    mask = np.zeros(shape, dtype=bool)
    mask[3:12, 3:5] = mask[10:12, 3:9] = True
    return mask


def expose(scenes, hospital: Hospital, marked, generator) -> np.ndarray:
    """Acquire scenes (N, H, W) and burn the marker into those that are to have it."""
    images = hospital.acquisition(np.clip(scenes, 0, 1), generator).astype(np.float32)
    images[marked[:, None, None] & marker_mask(scenes.shape[1:])] = 1.0
    return images
