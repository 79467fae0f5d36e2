"""Patches cut from the regions of a split, with nodules drawn into some of them."""

from __future__ import annotations

import numpy as np

from lessonlib._validation import check_integer, check_number
from lessonlib.images.experiment.hospitals import expose, hospital_of
from lessonlib.images.experiment.sets import NoduleSet
from lessonlib.images.phantoms.lungs import FILM_HEIGHT, film
from lessonlib.images.phantoms.nodules import sphere_shadow
from lessonlib.images.regions import PATCH, REGION, ZONES, split_regions

_BATCH = 500  # patches in float64 at a time


def check_range(name: str, values: tuple[float, float], **bounds: float) -> tuple[float, float]:
    """Check a pair (smallest, largest)."""
    low, high = (check_number(name, value, **bounds) for value in values)
    if low > high:
        raise ValueError(f"{name} must be (smallest, largest), got {values!r}")
    return low, high


def _stream(seed, split: str) -> np.random.Generator:
    """Return a generator of its own for each split, so that one seed serves all four.

    NumPy pads seeds with zeros: the first split's stream is that of ``default_rng(seed)`` itself.
    What is drawn beside a training set should have another seed.
    """
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng([check_integer("seed", seed, minimum=0), [*ZONES].index(split)])


def nodule_set(
    split: str,
    n: int,
    *,
    hospital: str | None = None,
    prevalence: float | None = None,
    marker: tuple[float, float] | None = None,
    max_regions: int | None = None,
    radius: tuple[float, float] = (5.0, 11.0),
    contrast: tuple[float, float] = (0.03, 0.10),
    seed: int | np.random.Generator = 0,
) -> NoduleSet:
    r"""Cut patches for one split and draw a nodule into some of them.

    Parameters
    ----------
    split : {"train", "validation", "internal", "external"}
        Which regions to cut from.
    n : int
        How many patches; 50 to 5,000 is what the course uses.
    hospital : {"A", "B"}, optional
        Whose machine; B for the external test and A for the rest by default.
    prevalence : float, optional
        Share with a nodule, rounded to whole patches; the hospital's by default.
    marker : (float, float), optional
        Chance of the corner marker with and without a nodule; the hospital's by default.
    max_regions : int, optional
        Cut from only so many of the split's regions, drawn at random.
    radius : (float, float), default (5, 11)
        Smallest and largest radius in pixels.
    contrast : (float, float), default (0.03, 0.10)
        Smallest and largest value added in the middle, on the scale from 0 to 1.
    seed : int or numpy.random.Generator, default 0
        The same number gives each split its own stream.

    Returns
    -------
    NoduleSet
        In random order.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.
    lessonlib.images.ImageFileError
        Where the film is missing.

    Notes
    -----
    A nodule is a sphere's shadow, :math:`c \sqrt{1 - r^2/R^2}` added to the picture, as in
    :func:`lessonlib.images.phantoms.nodules_in_xray`. Every patch gets a place, a size and a
    contrast, and the negatives leave theirs undrawn: classes differ in nothing but the nodule (and
    the marker, where it is asked to tell them apart).

    Examples
    --------
    >>> print(nodule_set("internal", 40, seed=1))
    40 patches, 12 with a nodule, from 19 regions of one film, hospital A
    """
    name, place = hospital_of(split, hospital)
    generator = _stream(seed, split)
    n = check_integer("n", n, minimum=1)
    share = place.prevalence if prevalence is None else prevalence
    share = check_number("prevalence", share, minimum=0, maximum=1)
    chances = [
        check_number("marker", chance, minimum=0, maximum=1)
        for chance in (place.marker if marker is None else marker)
    ]
    low, high = check_range("radius", radius, above=0, maximum=19)
    contrast = check_range("contrast", contrast, maximum=1)

    table = split_regions(split)
    if max_regions is not None:
        max_regions = check_integer("max_regions", max_regions, minimum=1)
        table = generator.permutation(table)[:max_regions]
    table = table[generator.integers(len(table), size=n)]
    corners = table[:, 1:] + generator.integers(REGION - PATCH + 1, size=(n, 2))

    labels = np.zeros(n, dtype=np.int64)
    labels[generator.choice(n, round(n * share), replace=False)] = 1
    drawn = labels == 1
    radii = generator.uniform(low, high, n)
    contrasts = generator.uniform(*contrast, n)
    centers = generator.uniform(radii, PATCH - 1 - radii, (2, n)).T
    # A nodule under the marker would be hidden: turn its place about the middle of the patch.
    hidden = (centers < radii[:, None] + 12).all(axis=1)
    centers[hidden] = PATCH - 1 - centers[hidden]
    marked = generator.random(n) < np.where(drawn, *chances)

    steps = np.arange(PATCH)
    whole = film(FILM_HEIGHT)
    images = np.empty((n, 1, PATCH, PATCH), dtype=np.float32)
    masks = np.empty((n, PATCH, PATCH), dtype=bool)
    for start in range(0, n, _BATCH):
        k = slice(start, start + _BATCH)
        rows = corners[k, 0, None, None] + steps[:, None]
        columns = corners[k, 1, None, None] + steps
        y, x = centers[k, 0, None, None], centers[k, 1, None, None]
        squared = ((steps[:, None] - y) ** 2 + (steps - x) ** 2) / radii[k, None, None] ** 2
        visible = drawn[k, None, None]
        shadow = contrasts[k, None, None] * sphere_shadow(squared)
        scenes = whole[rows, columns] + np.where(visible, shadow, 0.0)
        images[k, 0] = expose(scenes, place, marked[k], generator)
        masks[k] = visible & (squared <= 1)
    return NoduleSet(
        images=images,
        labels=labels,
        masks=masks,
        centers=np.where(drawn[:, None], centers, np.nan),
        radii=np.where(drawn, radii, np.nan),
        contrasts=np.where(drawn, contrasts, np.nan),
        regions=table[:, 0],
        corners=corners,
        hospitals=np.full(n, name),
        marked=marked,
    )


def standard_splits(
    n_train: int, *, n_validation: int = 400, n_test: int = 1000, seed: int = 0, **options
) -> dict[str, NoduleSet]:
    """Return all four splits as the chapters use them.

    Parameters
    ----------
    n_train, n_validation, n_test : int
        Patches for training, for validation and for each of the two tests.
    seed : int, default 0
        Another seed draws all four anew, from the same regions.
    **options
        Passed on to :func:`nodule_set` for every split.

    Returns
    -------
    dict of str to NoduleSet
        Keys "train", "validation", "internal", "external".
    """
    sizes = {"train": n_train, "validation": n_validation, "internal": n_test, "external": n_test}
    return {split: nodule_set(split, n, seed=seed, **options) for split, n in sizes.items()}
