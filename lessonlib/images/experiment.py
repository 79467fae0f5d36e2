"""One data set for the whole pipeline: nodules drawn into pieces of the real chest X-ray.

What is real: the film, one film of one patient, and with it every rib, vessel and grain. What is
drawn: the nodules, the corner marker, and what the two hospitals' machines do to the picture. So
the truth is exact, place, size and contrast of every nodule, and the texture is not made up.

The lungs are cut into square *regions* that share no pixel. Whole zones of them go to training,
validation, the internal and the external test, so that no pixel of one is in another. However many
patches are cut, there are only so many regions, and only one patient: the set shows how a method
behaves, not how well it would do on people. Used from the chapter *Transfer learning* on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from lessonlib._validation import as_generator, check_choice, check_integer, check_number
from lessonlib.images.acquisition import Acquisition
from lessonlib.images.phantoms.lungs import FILM_HEIGHT, film
from lessonlib.images.phantoms.nodules import _sphere
from lessonlib.images.regions import PATCH, REGION, ZONES, region_table, split_regions

_BATCH = 500  # patches in float64 at a time

CARD = """\
Nodules in one chest X-ray
  Real    one radiograph (the card `chest_xray`): anatomy, texture, grain. One patient.
  Drawn   round nodules (a sphere's shadow added to the picture), the corner marker, and the
          hospitals: gain, blur, noise and response of an acquisition model.
  Truth   exact for every pixel, for what was drawn. The patient's own opacities are ringed by
          eye and avoided, and smaller ones may remain: they would count as negative.
  Splits  regions of 80 by 80 pixels, patches of 64 by 64 inside them; no region is shared.
  Use     comparing methods. One radiograph is not a population: no number measured here says
          how well anything works on patients."""


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


@dataclass(frozen=True, eq=False)
class NoduleSet:
    """Patches with everything known about them; row i of each array is patch i.

    Attributes
    ----------
    images : numpy.ndarray of float32, shape (N, 1, 64, 64)
        One channel in [0, 1], bone bright.
    labels : numpy.ndarray of int64, shape (N,)
        1 where a nodule was drawn, else 0.
    masks : numpy.ndarray of bool, shape (N, 64, 64)
        The nodule's pixels; empty where there is none.
    centers : numpy.ndarray of float64, shape (N, 2)
        Row and column of the nodule in its patch; NaN where there is none.
    radii, contrasts : numpy.ndarray of float64, shape (N,)
        Of the nodule, in pixels and in units of the full range before acquisition; NaN likewise.
    regions : numpy.ndarray of int64, shape (N,)
        Number of the region that the patch was cut from. Patches of one region overlap: resample
        regions, not patches.
    corners : numpy.ndarray of int64, shape (N, 2)
        Row and column of the patch's first pixel on the film.
    hospitals : numpy.ndarray of str, shape (N,)
        "A" or "B".
    marked : numpy.ndarray of bool, shape (N,)
        Whether the corner marker is on it.
    """

    images: np.ndarray
    labels: np.ndarray
    masks: np.ndarray
    centers: np.ndarray
    radii: np.ndarray
    contrasts: np.ndarray
    regions: np.ndarray
    corners: np.ndarray
    hospitals: np.ndarray
    marked: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_positive(self) -> int:
        """Patches with a nodule."""
        return int(self.labels.sum())

    @property
    def n_regions(self) -> int:
        """Regions that share no pixel: what the size of the set is worth at most."""
        return len(np.unique(self.regions))

    def __getitem__(self, index) -> NoduleSet:
        """Return the patches that a slice, a mask or an array of numbers picks."""
        if isinstance(index, int | np.integer):
            index = [index]
        return NoduleSet(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def __str__(self) -> str:
        where = " and ".join(np.unique(self.hospitals))
        return (
            f"{len(self):,} patches, {self.n_positive:,} with a nodule, from {self.n_regions} "
            f"regions of one film, hospital {where}"
        )


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


def _expose(scenes, hospital: Hospital, marked, generator) -> np.ndarray:
    """Acquire scenes (N, H, W) and burn the marker into those that are to have it."""
    images = hospital.acquisition(np.clip(scenes, 0, 1), generator).astype(np.float32)
    images[marked[:, None, None] & marker_mask(scenes.shape[1:])] = 1.0
    return images


def _range(name: str, values, **bounds) -> tuple[float, float]:
    """Check a pair (smallest, largest)."""
    low, high = (check_number(name, value, **bounds) for value in values)
    if low > high:
        raise ValueError(f"{name} must be (smallest, largest), got {values!r}")
    return low, high


def _stream(seed, split: str) -> np.random.Generator:
    """Return a generator of its own for each split, so that one seed serves all four."""
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
    generator = _stream(seed, check_choice("split", split, tuple(ZONES)))
    n = check_integer("n", n, minimum=1)
    name = ("B" if split == "external" else "A") if hospital is None else hospital
    place = HOSPITALS[check_choice("hospital", name, tuple(HOSPITALS))]
    share = place.prevalence if prevalence is None else prevalence
    share = check_number("prevalence", share, minimum=0, maximum=1)
    chances = [
        check_number("marker", chance, minimum=0, maximum=1)
        for chance in (place.marker if marker is None else marker)
    ]
    low, high = _range("radius", radius, above=0, maximum=19)
    contrast = _range("contrast", contrast, maximum=1)

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
        shadow = contrasts[k, None, None] * _sphere(squared)
        scenes = whole[rows, columns] + np.where(visible, shadow, 0.0)
        images[k, 0] = _expose(scenes, place, marked[k], generator)
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


def join(sets: Sequence[NoduleSet]) -> NoduleSet:
    """Put sets together, in order: training data from two hospitals, say.

    Parameters
    ----------
    sets : sequence of NoduleSet
        At least one.

    Returns
    -------
    NoduleSet

    Raises
    ------
    ValueError
        Where there is none.
    """
    if not sets:
        raise ValueError("sets must hold at least one NoduleSet, got none")
    return NoduleSet(
        **{f.name: np.concatenate([getattr(s, f.name) for s in sets]) for f in fields(NoduleSet)}
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
    check_choice("split", split, tuple(ZONES))
    name = ("B" if split == "external" else "A") if hospital is None else hospital
    place = HOSPITALS[check_choice("hospital", name, tuple(HOSPITALS))]
    n_nodules = check_integer("n_nodules", n_nodules, minimum=0)
    low, high = _range("radius", radius, above=0, maximum=REGION / 2 - 1)
    contrast = _range("contrast", contrast, maximum=1)
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
            scene += c * _sphere(squared)
            labels[squared <= 1] = k + 1
        image = _expose(scene[None], place, np.array([marker]), generator)[0]
        views.append(NoduleView(image, labels, zone, (int(corner[0]), int(corner[1]))))
    return views
