"""How much wrong work the checks let pass: the numbers stored beside them."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

_FOLDER = Path(__file__).parent / "checks" / "survivors"


def figure() -> dict[str, int]:
    """Return how many mutants of the worked solutions there are, and how many get full marks.

    A mutant is a solution in which one operator, constant, comparison, condition, keyword, slice,
    index, call or statement is changed. The tests mutate and grade all of them and compare.

    Returns
    -------
    dict of str to int
        ``mutants``; ``survivors``, of which ``equivalent`` (no call could tell them), ``free``
        (the exercise leaves the choice) and ``within chance`` (closer than what is drawn at
        random scatters).

    Examples
    --------
    >>> counts = figure()
    >>> counts["survivors"] == counts["equivalent"] + counts["free"] + counts["within chance"]
    True
    """
    counts = Counter(dict.fromkeys(("mutants", "survivors", "equivalent", "free"), 0))
    counts["within chance"] = 0
    for path in sorted(_FOLDER.glob("*.toml")):
        stored = tomllib.loads(path.read_text("utf-8"))
        counts["mutants"] += stored["mutants"]
        for reason in stored["reason"]:
            counts["survivors"] += len(reason["survivors"])
            counts[reason["kind"]] += len(reason["survivors"])
    return dict(counts)
