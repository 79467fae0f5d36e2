"""One classifier, three ways to hold pixels out: single pixels, blocks of 60 m, whole parcels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessonlib._validation import check_choice, check_integer, check_numbers, members
from lessonlib.evaluation import mean_interval
from lessonlib.evaluation.intervals import Interval
from lessonlib.satellite.parcels import LabelledPixels

#: What is held out together.
SPLITS = ("pixel", "block", "parcel")


def nearest_spectrum():
    """Return the classifier of the chapter: the class of the most similar spectrum in training.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Bands brought to mean 0 and standard deviation 1, then one nearest neighbour. It does
        openly what a large network can do in secret: remember.
    """
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=1))


def held_out_predictions(
    pixels: LabelledPixels, split: str, *, model: Any = None, folds: int = 5, seed: int = 0
) -> np.ndarray:
    """Predict each pixel's class by a model that was not trained on it.

    Parameters
    ----------
    pixels : LabelledPixels
        What to learn from.
    split : {"pixel", "block", "parcel"}
        What is held out together: single pixels at random, all pixels within one pixel of 60 m,
        or all pixels of a parcel. The last two need to know where the pixels lie.
    model : scikit-learn classifier, optional
        Default :func:`~lessonlib.satellite.nearest_spectrum`. It is cloned, not changed.
    folds : int, default 5
        How many times a part is held out.
    seed : int, default 0
        Of the shuffle before the parts are made.

    Returns
    -------
    numpy.ndarray of str, shape (N,)
        In the order of `pixels`.

    Raises
    ------
    ValueError
        Where the split is unknown or needs places that are not known, or a class has fewer
        pixels, blocks or parcels than `folds`.
    """
    from sklearn.model_selection import (
        GroupKFold,
        StratifiedGroupKFold,
        StratifiedKFold,
        cross_val_predict,
    )

    check_choice("split", split, SPLITS)
    folds = check_integer("folds", folds, minimum=2)
    seed = check_integer("seed", seed, minimum=0)
    spectra = check_numbers("pixels.spectra", pixels.spectra)
    members("pixels.cover", pixels.cover, len(spectra), "spectra")
    together = np.arange(len(pixels.cover)) if split == "pixel" else getattr(pixels, split)
    if (together < 0).any():
        raise ValueError(f"split={split!r} needs to know where the pixels lie: {split} is -1")
    fewest = min(len(np.unique(together[pixels.cover == c])) for c in pixels.classes)
    if fewest < folds:
        raise ValueError(f"folds must be at most {fewest}, the {split}s of one class; got {folds}")
    # Parcels are few, so each fold must be given some of each class; of blocks there are many.
    folder = {"pixel": StratifiedKFold, "block": GroupKFold, "parcel": StratifiedGroupKFold}[split]
    return cross_val_predict(
        nearest_spectrum() if model is None else model,
        spectra,
        pixels.cover,
        groups=None if split == "pixel" else together,
        cv=folder(folds, shuffle=True, random_state=seed),
    )


@dataclass(frozen=True, eq=False)
class SplitComparison:
    """Accuracies of one classifier by what was held out together.

    Attributes
    ----------
    accuracy : mapping of str to numpy.ndarray, shape (seeds,)
        Split to the share of pixels that were called right, a number for each seed.
    """

    accuracy: Mapping[str, np.ndarray]

    def interval(self, split: str) -> Interval:
        """Return the mean over the seeds with its 95% interval.

        Parameters
        ----------
        split : str
            A key of ``accuracy``.

        Returns
        -------
        lessonlib.evaluation.Interval
        """
        return mean_interval(self.accuracy[check_choice("split", split, tuple(self.accuracy))])

    def __str__(self) -> str:
        return "\n".join(f"{split:7}{self.interval(split)}" for split in self.accuracy)


def compare_splits(
    draw: Any, *, seeds: int = 20, splits: tuple[str, ...] = SPLITS, model: Any = None
) -> SplitComparison:
    """Compare ways to hold out, over draws of pixels and of folds.

    Parameters
    ----------
    draw : callable
        ``draw(seed)`` returns :class:`~lessonlib.satellite.LabelledPixels`:
        :func:`~lessonlib.satellite.parcel_pixels`, or the same with shuffled parcels.
    seeds : int, default 20
        How many draws.
    splits : tuple of str
        Which ways.
    model : scikit-learn classifier, optional
        Default :func:`~lessonlib.satellite.nearest_spectrum`.

    Returns
    -------
    SplitComparison

    Raises
    ------
    ValueError
        As :func:`~lessonlib.satellite.held_out_predictions` does.
    """
    seeds = check_integer("seeds", seeds, minimum=2)
    accuracy = {split: np.empty(seeds) for split in splits}
    for seed in range(seeds):
        pixels = draw(seed)
        for split, row in accuracy.items():
            called = held_out_predictions(pixels, split, model=model, seed=seed)
            row[seed] = np.mean(called == pixels.cover)
    return SplitComparison(accuracy)
