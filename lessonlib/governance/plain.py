"""Watching a model in use, as short as it can be written: one idea a function, no checks.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np


def subgroup_sensitivity(y, called, group):
    """Return by group the number of positives and the share of them that was called."""
    found = {}
    for name in np.unique(group):
        hits = called[(group == name) & (y == 1)]
        found[name.item()] = (len(hits), float(hits.mean()) if len(hits) else np.nan)
    return found


def permutation_p(a, b, n, rng):
    """Return the p-value of the distance of two means, one value per patient in `a` and `b`.

    If both came from one source, any split of all patients into two such groups would do as well:
    p = (1 + shuffles at least as far apart) / (n + 1).
    """
    together, seen = np.concatenate([a, b]), abs(a.mean() - b.mean())
    further = 0
    for _ in range(n):
        shuffled = rng.permutation(together)
        apart = abs(shuffled[: len(a)].mean() - shuffled[len(a) :].mean())
        further += apart >= seen - 1e-12
    return (1 + further) / (n + 1)
