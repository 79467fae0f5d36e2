"""Cosmic-ray hits planted over many seeds, and what each method makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_integer
from lessonlib.astronomy.cosmic import HitScore, plant_hits, score_mask
from lessonlib.evaluation import Interval, binomial_interval

#: Draws of whole frames behind an interval.
_DRAWS = 2000


@dataclass(frozen=True)
class HitTrials:
    """What one method made of frame after frame.

    Attributes
    ----------
    method : str
    scores : tuple of HitScore
        One a frame.
    """

    method: str
    scores: tuple[HitScore, ...]

    @property
    def hit_share(self) -> Interval:
        """Share of all hits that were found, with its 95% interval: hits are independent."""
        return binomial_interval(
            sum(score.found for score in self.scores), sum(score.hits for score in self.scores)
        )

    @property
    def pixel_share(self) -> Interval:
        """Share of all pixels hit that were flagged; interval by drawing whole frames anew."""
        return self._ratio("covered", "pixels")

    @property
    def false_per_million(self) -> Interval:
        """Clean pixels flagged, of a million; interval by drawing whole frames anew."""
        return Interval(*(1e6 * value for value in self._ratio("false", "clean")))

    def _ratio(self, above: str, below: str) -> Interval:
        counts = np.array([[getattr(s, above), getattr(s, below)] for s in self.scores])
        # the same frames are drawn for every method, so that differences are not the draw's
        rows = np.random.default_rng(0).integers(len(counts), size=(_DRAWS, len(counts)))
        drawn = counts[rows].sum(axis=1)
        low, high = np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
        total = counts.sum(axis=0)
        return Interval(float(total[0] / total[1]), float(low), float(high))

    def __str__(self) -> str:
        return (
            f"{self.method}: hits {self.hit_share:.2f}, pixels {self.pixel_share:.2f}, "
            f"false {self.false_per_million:.0f} in a million"
        )


def hit_trials(
    scene: Callable[[np.random.Generator], np.ndarray],
    find: Callable[[np.ndarray], Mapping[str, np.ndarray]],
    *,
    deviation: float | np.ndarray,
    n_hits: int = 20,
    seeds: int = 10,
    ignore: np.ndarray | None = None,
) -> dict[str, HitTrials]:
    """Plant hits in frame after frame and score every method on the same frames.

    Parameters
    ----------
    scene : callable
        Given a generator, returns an image ``(H, W)`` in electrons without hits.
    find : callable
        Given an image, returns a boolean mask of its shape for each method, by the method's name.
    deviation : float or numpy.ndarray, shape (H, W)
        Standard deviation of the noise, for :func:`score_mask`.
    n_hits : int, default 20
        In a frame, at least 1.
    seeds : int, default 10
        Number of frames, at least 2.
    ignore : numpy.ndarray of bool, shape (H, W), optional
        Pixels that count neither way.

    Returns
    -------
    dict of str to HitTrials

    Raises
    ------
    TypeError, ValueError
        Where a number is of another type or out of range.
    """
    check_integer("n_hits", n_hits, minimum=1)
    scores: dict[str, list[HitScore]] = {}
    for seed in range(check_integer("seeds", seeds, minimum=2)):
        generator = np.random.default_rng(seed)
        hits = plant_hits(scene(generator), n_hits, seed=generator)
        for name, mask in find(hits.image).items():
            scores.setdefault(name, []).append(score_mask(mask, hits, deviation, ignore=ignore))
    return {name: HitTrials(name, tuple(found)) for name, found in scores.items()}
