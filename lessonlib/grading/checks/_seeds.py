"""The seeds that submissions are asked with."""

from __future__ import annotations

import numpy as np

#: The largest seed, and a bit more: ``np.random.seed`` takes no more than 2**32 - 1, and learners
#: write ``self.seed * 1000 + k`` for a generator of its own in each method.
MOST = 100_000


def draw_seeds(rng: np.random.Generator, count: int) -> list[int]:
    """Draw different seeds from 1 to about `MOST`, each from a range of its own.

    Parameters
    ----------
    rng : numpy.random.Generator
        The grader's own generator.
    count : int
        How many.

    Returns
    -------
    list of int
    """
    width = MOST // count
    return [k * width + int(seed) for k, seed in enumerate(rng.integers(1, width, count))]
