"""Whole zones of the lungs as single pictures, with several nodules each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_integer
from lessonlib.images.experiment.hospitals import expose, hospital_of
from lessonlib.images.experiment.patches import check_range
from lessonlib.images.phantoms.lungs import FILM_HEIGHT, film
from lessonlib.images.phantoms.nodules import sphere_shadow
from lessonlib.images.regions import REGION, ZONES, region_table


@dataclass(frozen=True, eq=False)
class NoduleView:
    """A zone of the lungs as one picture, with several nodules.

    Attributes
    ----------
    image : numpy.ndarray of float32, shape (H, W)
        In [0, 1].
    labels : numpy.ndarray of int32, shape (H, W)
        0 where nothing was drawn, else the number of the nodule.
    zone : str
        Band and side, such as ``"aR"``.
    corner : (int, int)
        Row and column of the first pixel on the film.
    """

    image: np.ndarray
    labels: np.ndarray
    zone: str
    corner: tuple[int, int]


def zone_views(
    split: str,
    *,
    hospital: str | None = None,
    n_nodules: int = 4,
    marker: bool | None = None,
    radius: tuple[float, float] = (5.0, 11.0),
    contrast: tuple[float, float] = (0.03, 0.10),
    seed: int | np.random.Generator = 0,
) -> list[NoduleView]:
    """Return each zone of a split as one whole view, with nodules in some of its regions.

    Parameters
    ----------
    split : {"train", "validation", "internal", "external"}
    hospital : {"A", "B"}, optional
        B for the external test and A for the rest by default.
    n_nodules : int, default 4
        In each view, at most one a region.
    marker : bool, optional
        Whether the marker is burned in; by the hospital's habit by default.
    radius, contrast : (float, float)
        As in :func:`nodule_set`.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    list of NoduleView
        Of different shapes; views of different splits share no pixel.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range, or there are fewer regions.
    """
    generator = as_generator(seed)
    _, place = hospital_of(split, hospital)
    n_nodules = check_integer("n_nodules", n_nodules, minimum=0)
    low, high = check_range("radius", radius, above=0, maximum=REGION / 2 - 1)
    contrast = check_range("contrast", contrast, maximum=1)
    marker = place.marker[0] > 0.5 if marker is None else bool(marker)
    views = []
    for zone in ZONES[split]:
        firsts = region_table()[zone][:, 1:]
        corner, end = firsts.min(axis=0), firsts.max(axis=0) + REGION
        firsts = firsts[(firsts > corner).any(axis=1)]  # the marker's corner stays empty
        if n_nodules > len(firsts):
            raise ValueError(
                f"n_nodules must be at most {len(firsts)}, the regions of zone {zone}, "
                f"got {n_nodules}"
            )
        scene = film(FILM_HEIGHT)[corner[0] : end[0], corner[1] : end[1]].astype(np.float64)
        labels = np.zeros(scene.shape, dtype=np.int32)
        y, x = np.ogrid[: scene.shape[0], : scene.shape[1]]
        for k, first in enumerate(generator.permutation(firsts)[:n_nodules] - corner):
            r, c = generator.uniform(low, high), generator.uniform(*contrast)
            row, column = first + generator.uniform(r, REGION - 1 - r, 2)
            squared = ((y - row) ** 2 + (x - column) ** 2) / r**2
            scene += c * sphere_shadow(squared)
            labels[squared <= 1] = k + 1
        image = expose(scene[None], place, np.array([marker]), generator)[0]
        views.append(NoduleView(image, labels, zone, (int(corner[0]), int(corner[1]))))
    return views
