"""What the chapter's sweep is to run; more can be added without making the rest outdated."""

from __future__ import annotations

from typing import Any

#: The largest training set; every other is the beginning of it.
LARGEST = 1500
SIZES = (50, 150, 500, LARGEST)
#: Sizes at which whole networks train, at about half a minute of one core a run.
TRAINED_SIZES = (500,)


def configs() -> list[dict[str, Any]]:
    """Return every run, in the order of running: three to five seeds of each.

    Returns
    -------
    list of dict
        The arguments of :func:`lessonlib.sweeps.transfer.run`.
    """
    frozen = [
        {"strategy": strategy, "n": n, "seed": seed, "max_regions": None}
        for strategy, seeds in (("frozen", 5), ("random frozen", 3))
        for seed in range(seeds)
        for n in SIZES
    ]
    trained = [
        {"strategy": strategy, "n": n, "seed": seed, "max_regions": None}
        for n in TRAINED_SIZES
        for seed in range(3)
        for strategy in ("gradual", "full", "random full")
    ]
    return frozen + trained
