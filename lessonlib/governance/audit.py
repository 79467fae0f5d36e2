"""For whom does it work? Sensitivity and specificity by subgroup, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from lessonlib._validation import (
    UNNAMED,
    as_generator,
    check_integer,
    check_labels,
    check_number,
    check_scores,
    is_missing,
    plain_array,
    rounded_like,
    subgroups_of,
)
from lessonlib.evaluation import Interval
from lessonlib.evaluation.intervals import check_level
from lessonlib.governance.gaps import Counter


@dataclass(frozen=True)
class Subgroup:
    """One subgroup at the model's threshold.

    Parameters
    ----------
    name : str
    n, n_positive : int
        Cases, and how many of them are positive.
    sensitivity, specificity : Interval
        Of the subgroup; NaN where nobody is in the denominator.
    sensitivity_gap, specificity_gap : Interval
        Subgroup minus all other cases. These intervals hold for all gaps of the audit at once.
    """

    name: str
    n: int
    n_positive: int
    sensitivity: Interval
    specificity: Interval
    sensitivity_gap: Interval
    specificity_gap: Interval

    @property
    def flagged(self) -> bool:
        """Whether a gap's interval leaves out zero."""
        return any(g.low > 0 or g.high < 0 for g in (self.sensitivity_gap, self.specificity_gap))


@dataclass(frozen=True, repr=False)
class SubgroupAudit:
    """What :func:`subgroup_audit` found.

    Parameters
    ----------
    subgroups : tuple of Subgroup
        In the order given.
    threshold : float
        Positive is ``score >= threshold``.
    level : float
        Coverage of each subgroup's own intervals, and of all gaps together.
    n_gaps : int
        Gaps that share ``1 - level``.
    n_clusters : int or None
        Patients behind the cases; None where each case was counted as one.
    """

    subgroups: tuple[Subgroup, ...]
    threshold: float
    level: float
    n_gaps: int
    n_clusters: int | None

    @property
    def flagged(self) -> tuple[str, ...]:
        """Names of the subgroups with a gap that is not put down to chance."""
        return tuple(s.name for s in self.subgroups if s.flagged)

    def __getitem__(self, name: str) -> Subgroup:
        for subgroup in self.subgroups:
            if subgroup.name == name:
                return subgroup
        names = ", ".join(s.name for s in self.subgroups)
        raise KeyError(f"no subgroup {name!r}; there are {names}")

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            (
                s.name + (" *" if s.flagged else ""),
                f"{s.n:,}",
                f"{s.n_positive:,}",
                _show(s.sensitivity),
                _show(s.sensitivity_gap, "+.2f"),
                _show(s.specificity),
                _show(s.specificity_gap, "+.2f"),
            )
            for s in self.subgroups
        ]

    def __str__(self) -> str:
        table = [_HEAD, *self._cells()]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in table
        )

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in _HEAD)
        body = "".join(
            f'<tr><th scope="row">{escape(first)}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
            + "</tr>"
            for first, *rest in self._cells()
        )
        unit = "cases" if self.n_clusters is None else f"{self.n_clusters} clusters"
        caption = (
            f"By subgroup, {self.level:.0%} intervals over {unit}; gaps are to all other cases, "
            f"their intervals hold for all {self.n_gaps} together, * leaves out 0"
        )
        return (
            f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )


_HEAD = ("subgroup", "cases", "positive", "sensitivity", "gap", "specificity", "gap")


def _show(interval: Interval, spec: str = ".2f") -> str:
    return "–" if math.isnan(interval.value) else format(interval, spec)


def _masks(subgroups, size: int) -> dict[str, np.ndarray]:
    if not isinstance(subgroups, Mapping):
        names, member = subgroups_of("subgroups", subgroups, size)
        return {name: member == k for k, name in enumerate(names)}
    masks = {}
    for key, mask in subgroups.items():
        name = UNNAMED if is_missing(key) else str(key)
        if name in masks:
            raise ValueError(f"subgroups must have different names, got two that read {name!r}")
        masks[name] = plain_array(f"subgroups[{name!r}]", mask)
    if not masks:
        raise ValueError("subgroups must hold at least one, got none")
    for name, mask in masks.items():
        if mask.shape != (size,) or mask.dtype != bool:
            raise ValueError(
                f"subgroups[{name!r}] must be {size} booleans, got {mask.dtype} of shape "
                f"{mask.shape}"
            )
    return masks


def subgroup_audit(
    y_true,
    y_score,
    subgroups,
    threshold: float = 0.5,
    *,
    level: float = 0.95,
    clusters=None,
    n_resamples: int = 4000,
    seed: int | np.random.Generator = 0,
) -> SubgroupAudit:
    r"""Report sensitivity and specificity by subgroup, and each subgroup's gap to the others.

    Parameters
    ----------
    y_true : array_like, shape (N,)
        Labels 0 and 1.
    y_score : array_like, shape (N,)
        Finite scores, larger where the model is surer of class 1.
    subgroups : array_like, shape (N,), or mapping of str to boolean array, shape (N,)
        A name for each case, or for each subgroup who is in it. Cases without a name (None, NaN,
        empty text) are the subgroup ``"(not named)"``. Subgroups of a mapping may overlap, and may
        leave cases out.
    threshold : float, default 0.5
        Positive is ``score >= threshold``, compared in the scores' own type.
    level : float, default 0.95
        Coverage.
    clusters : array_like, shape (N,), optional
        The patient of each case, none missing. Whole patients are resampled then. Without it, cases
        count as
        independent: exact intervals for shares, Newcombe's for gaps.
    n_resamples : int, default 4000
        Of the bootstrap over `clusters`.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    SubgroupAudit

    Raises
    ------
    TypeError
        Where an argument is of another type.
    ValueError
        Where one is empty, not finite, of another length or out of range.

    Notes
    -----
    Whoever looks at ten subgroups finds one with a gap by chance alone. Each gap's interval has
    coverage :math:`1 - (1 - \text{level})/G` where :math:`G` gaps are defined (Bonferroni), so
    that with the chance `level` at least, all of them hold together.

    With clusters the intervals are percentiles of a bootstrap. They need a dozen clusters or more:
    with fewer they are too narrow.

    A wide interval is no clean bill of health: it says that the audit had too few cases there.

    Examples
    --------
    >>> audit = subgroup_audit([1, 1, 1, 1, 0, 0], [0.9, 0.8, 0.2, 0.7, 0.1, 0.6], list("aabbab"))
    >>> print(audit["b"].sensitivity)
    0.500 [0.013, 0.987]
    """
    positive = check_labels("y_true", y_true)
    scores = check_scores("y_score", y_score, len(positive))
    threshold = check_number("threshold", threshold)
    level = check_level(level)
    n_resamples = check_integer("n_resamples", n_resamples, minimum=1)
    masks = _masks(subgroups, len(positive))
    count = Counter(clusters, len(positive), n_resamples, as_generator(seed))

    called = scores >= rounded_like(y_score, threshold)
    sides = ((positive, called), (~positive, ~called))  # who counts, and who of them is right
    defined = sum(
        bool((mask & of).any() and (~mask & of).any()) for mask in masks.values() for of, _ in sides
    )
    gap_level = 1 - (1 - level) / max(defined, 1)
    found = []
    for name, mask in masks.items():
        shares = [count.share(right, mask & of, level) for of, right in sides]
        gaps = [count.gap(right, mask & of, ~mask & of, gap_level) for of, right in sides]
        found.append(Subgroup(name, int(mask.sum()), int((mask & positive).sum()), *shares, *gaps))
    return SubgroupAudit(tuple(found), threshold, level, defined, count.n)
