"""What the sweep of the chapter on explainability is to run."""

from __future__ import annotations

from typing import Any

SEEDS = 5
#: Case: the chance of a marker on a training patch with, and on one without, a nodule.
HABITS = {
    "always": (1.0, 0.0),
    "mostly": (0.9, 0.1),
    "somewhat": (0.7, 0.3),
    "coin": (0.5, 0.5),
    "shuffled labels": (0.5, 0.5),
    "untrained": (0.5, 0.5),
}


def configs() -> list[dict[str, Any]]:
    """Return every run, in the order of running.

    Returns
    -------
    list of dict
        The arguments of :func:`lessonlib.sweeps.explain.run`.
    """
    return [
        {"body": body, "case": case, "seed": seed}
        for seed in range(SEEDS)
        for body, cases in (("conv", HABITS), ("transformer", ("mostly", "coin")))
        for case in cases
    ]
