"""What the chapter's sweep is to run; more can be added without making the rest outdated."""

from __future__ import annotations

from typing import Any

#: The largest training set; every other is the beginning of it.
LARGEST = 5000
SIZES = (50, 150, 500, 1500, LARGEST)
#: Sizes at which whole networks train, at about half a minute of one core a run: 120 steps of 16
#: see each of 1,500 patches about once, and would not see more of a larger set.
TRAINED_SIZES = (150, 500, 1500)
#: One more experiment: equally many patches, cut from so few regions.
PATCHES, REGIONS = 300, (2, 4, 8, 16)


def configs() -> list[dict[str, Any]]:
    """Return every run, in the order of running: three to five seeds of each.

    Returns
    -------
    list of dict
        The arguments of :func:`lessonlib.sweeps.transfer.run`.
    """
    frozen = [
        {"strategy": strategy, "n": n, "seed": seed, "max_regions": None}
        for strategy, seeds, sizes in (
            ("frozen", 5, (*SIZES, PATCHES)),
            ("random frozen", 3, SIZES),
        )
        for seed in range(seeds)
        for n in sizes
    ]
    from_few = [
        {"strategy": "frozen", "n": PATCHES, "seed": seed, "max_regions": regions}
        for seed in range(5)
        for regions in REGIONS
    ]
    trained = [
        {"strategy": strategy, "n": n, "seed": seed, "max_regions": None}
        for n in TRAINED_SIZES
        for seed in range(3)
        for strategy in ("gradual", "full", "random full")
    ]
    return frozen + from_few + trained
