"""What the chapter's sweep is to run; more can be added without making the rest outdated."""

from __future__ import annotations

from typing import Any

#: The largest training set; every other is the beginning of it.
LARGEST = 1500
SIZES = (50, 150, 500, LARGEST)


def configs() -> list[dict[str, Any]]:
    """Return every run, in the order of running: five or three seeds of each.

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
    few = [
        {"strategy": "frozen", "n": LARGEST, "seed": seed, "max_regions": regions}
        for seed in range(5)
        for regions in (2, 5, 15)
    ]
    trained = [
        {"strategy": strategy, "n": n, "seed": seed, "max_regions": None}
        for n in (500, LARGEST, 50)
        for seed in range(3)
        for strategy in ("gradual", "full", "random full")
    ]
    extra = [
        {"strategy": strategy, "n": n, "seed": seed, "max_regions": None}
        for strategy, n in (
            ("gradual, adapting BatchNorm", 500),
            ("random full, long", LARGEST),
        )
        for seed in range(3)
    ]
    return frozen + trained + few + extra
