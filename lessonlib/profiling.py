"""How much a medical data set holds: prevalence, effective size, what its labels cost.

Taught in the chapter *Why medical imaging is different*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from lessonlib._validation import check_integer, check_number, each_number

__all__ = ["AnnotationCosts", "DatasetProfile", "MedicalDatasetProfiler", "effective_sample_size"]

# The limits below which a profile warns. They are the episode's, and they are habits, not laws.
SEVERE_IMBALANCE = 0.05
SMALL_DATASET = 1000
FEW_EFFECTIVE = 200


def effective_sample_size(n_positive: int, n_negative: int) -> float:
    r"""Size of the balanced data set that tells the two classes apart as precisely as this one.

    Parameters
    ----------
    n_positive, n_negative : int
        Cases of each class.

    Returns
    -------
    float
        Between ``2 min(n_positive, n_negative)`` and ``4 min(n_positive, n_negative)``, never more
        than their sum; 0.0 where a class is empty.

    Raises
    ------
    TypeError
        Where a count is no integer.
    ValueError
        Where a count is negative.

    Notes
    -----
    The difference of two class means has variance

    .. math:: \sigma^2 \left(\frac{1}{n_+} + \frac{1}{n_-}\right).

    A balanced set of :math:`n` cases, :math:`n/2` a class, reaches :math:`4\sigma^2/n`. The two are
    equal at

    .. math:: n_\text{eff} = \frac{4}{1/n_+ + 1/n_-},

    the weight that METAL [1]_ gives a case-control study. It assumes one :math:`\sigma` in both
    classes and independent cases: images of one patient are not.

    References
    ----------
    .. [1] C. J. Willer, Y. Li, G. R. Abecasis, "METAL: fast and efficient meta-analysis of
       genomewide association scans", Bioinformatics 26(17), 2010, 2190-2191.
       https://doi.org/10.1093/bioinformatics/btq340

    Examples
    --------
    >>> effective_sample_size(250, 250)
    500.0
    >>> effective_sample_size(15, 485)
    58.2
    """
    n_positive = check_integer("n_positive", n_positive, minimum=0)
    n_negative = check_integer("n_negative", n_negative, minimum=0)
    if n_positive == 0 or n_negative == 0:
        return 0.0
    # 4 / (1/n+ + 1/n-), with one division so that whole numbers come out whole
    return 4 * n_positive * n_negative / (n_positive + n_negative)


# a notebook's style sheet may make captions too pale for a dark page
_CAPTION = '<caption style="color: inherit">'


def _people(readers: int) -> str:
    return "1 reader" if readers == 1 else f"{readers} readers"


@dataclass(frozen=True)
class DatasetProfile:
    """What :meth:`MedicalDatasetProfiler.profile` found.

    Parameters
    ----------
    prevalence : float
        Share of positive cases.
    imbalance_ratio : float
        Negative cases for each positive one; ``inf`` without a positive case.
    effective_samples : float
        :func:`effective_sample_size` of the two counts.
    balanced_samples : int
        Cases left when the larger class is cut to the size of the smaller one.
    annotation_hours : float
        Reading time of all readers together, in hours.
    annotation_cost : float
        `annotation_hours` times the hourly rate, in the rate's currency.
    warnings : tuple of str
        What to worry about; empty where nothing is.
    n_total, n_positive : int
        The counts profiled.
    annotation_minutes, hourly_rate : float
        Minutes an image and reader, and the price of an hour.
    readers : int
        How many people read every image.
    """

    prevalence: float
    imbalance_ratio: float
    effective_samples: float
    balanced_samples: int
    annotation_hours: float
    annotation_cost: float
    warnings: tuple[str, ...]
    n_total: int
    n_positive: int
    annotation_minutes: float
    hourly_rate: float
    readers: int

    def _lines(self) -> list[tuple[str, str]]:
        return [
            ("Cases", f"{self.n_total:,}"),
            ("Positive", f"{self.n_positive:,} ({100 * self.prevalence:.3g}%)"),
            ("Negative per positive", f"{self.imbalance_ratio:.1f}"),
            ("Effective sample size", f"{self.effective_samples:,.1f}"),
            ("Left after balancing", f"{self.balanced_samples:,}"),
            ("Annotation", f"{self.annotation_hours:,.0f} h ({_people(self.readers)})"),
            (
                "Annotation cost",
                f"${self.annotation_cost:,.0f} at ${self.hourly_rate:,.0f} an hour",
            ),
        ]

    def __str__(self) -> str:
        lines = [f"{name:22} {value}" for name, value in self._lines()]
        return "\n".join(lines + [f"Warning: {text}" for text in self.warnings])

    def _repr_html_(self) -> str:
        body = [*self._lines(), *(("Warning", text) for text in self.warnings)]
        cells = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(name)}</th>'
            f'<td style="text-align:left">{escape(value)}</td></tr>'
            for name, value in body
        )
        return f"<table>{_CAPTION}Profile of the data set</caption><tbody>{cells}</tbody></table>"


@dataclass(frozen=True)
class AnnotationCosts:
    """Cost of labelling one data set under several assumptions.

    Parameters
    ----------
    minutes : numpy.ndarray, shape (M,)
        Minutes an image and reader.
    readers : numpy.ndarray, shape (R,)
        Readers of every image.
    hours : numpy.ndarray, shape (M, R)
        Reading time of all readers together.
    cost : numpy.ndarray, shape (M, R)
        `hours` times `hourly_rate`.
    n_total : int
        Images.
    hourly_rate : float
        The price of an hour.
    """

    minutes: np.ndarray
    readers: np.ndarray
    hours: np.ndarray
    cost: np.ndarray
    n_total: int
    hourly_rate: float

    def _caption(self) -> str:
        return f"Labelling {self.n_total:,} images at an assumed ${self.hourly_rate:,.0f} an hour"

    def __str__(self) -> str:
        head = "minutes an image" + "".join(f"{_people(n):>14}" for n in self.readers)
        rows = [
            f"{minutes:16g}" + "".join(f"{f'${cost:,.0f}':>14}" for cost in costs)
            for minutes, costs in zip(self.minutes, self.cost, strict=True)
        ]
        return "\n".join([self._caption(), head, *rows])

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{_people(n)}</th>' for n in self.readers)
        rows = "".join(
            f'<tr><th scope="row">{minutes:g} minutes an image</th>'
            + "".join(f"<td>${cost:,.0f}</td>" for cost in costs)
            + "</tr>"
            for minutes, costs in zip(self.minutes, self.cost, strict=True)
        )
        return (
            f"<table>{_CAPTION}{escape(self._caption())}</caption>"
            f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


class MedicalDatasetProfiler:
    """Profiles a two-class data set from its counts alone.

    Parameters
    ----------
    n_total : int
        Cases, at least 1.
    n_positive : int
        Those that have the condition, from 0 to `n_total`.
    annotation_minutes : float
        Minutes that one reader spends on one image: an assumption, to be replaced by a timed pilot.
    hourly_rate : float
        What an hour of a reader costs: an assumption as well.
    readers : int
        How many people read every image.

    Raises
    ------
    TypeError
        Where a count is no integer or a quantity no number.
    ValueError
        Where the counts cannot be: no case at all, a negative count, more positives than cases.

    Notes
    -----
    The attributes `n_total`, `n_pos`, `n_neg` and `ann_min` keep the episode's names.

    Examples
    --------
    >>> print(MedicalDatasetProfiler(5000, 250).profile())
    Cases                  5,000
    Positive               250 (5%)
    Negative per positive  19.0
    Effective sample size  950.0
    Left after balancing   500
    Annotation             1,250 h (1 reader)
    Annotation cost        $187,500 at $150 an hour
    Warning: only 250 of 5,000 cases in the smaller class: a model that ignores it is right \
4,750 times; report sensitivity and specificity, not accuracy
    """

    def __init__(
        self,
        n_total: int,
        n_positive: int,
        annotation_minutes: float = 15,
        *,
        hourly_rate: float = 150.0,
        readers: int = 1,
    ):
        self.n_total = check_integer("n_total", n_total, minimum=1)
        self.n_pos = check_integer("n_positive", n_positive, minimum=0)
        if self.n_pos > self.n_total:
            raise ValueError(
                f"n_positive must be at most n_total ({self.n_total}), got {self.n_pos}; "
                "n_total counts the positive and the negative cases"
            )
        self.n_neg = self.n_total - self.n_pos
        self.ann_min = check_number("annotation_minutes", annotation_minutes, minimum=0)
        self.hourly_rate = check_number("hourly_rate", hourly_rate, minimum=0)
        self.readers = check_integer("readers", readers, minimum=1)

    def profile(self) -> DatasetProfile:
        """Work out prevalence, effective size, labelling cost and warnings.

        Returns
        -------
        DatasetProfile
            With an empty class the effective and the balanced size are 0 and a warning says so;
            without a positive case the imbalance ratio is ``inf``.
        """
        hours = self.n_total * self.ann_min * self.readers / 60
        effective = effective_sample_size(self.n_pos, self.n_neg)
        return DatasetProfile(
            prevalence=self.n_pos / self.n_total,
            imbalance_ratio=self.n_neg / self.n_pos if self.n_pos else float("inf"),
            effective_samples=effective,
            balanced_samples=2 * min(self.n_pos, self.n_neg),
            annotation_hours=hours,
            annotation_cost=hours * self.hourly_rate,
            warnings=tuple(self._warnings(effective)),
            n_total=self.n_total,
            n_positive=self.n_pos,
            annotation_minutes=self.ann_min,
            hourly_rate=self.hourly_rate,
            readers=self.readers,
        )

    def _warnings(self, effective: float):
        smaller = min(self.n_pos, self.n_neg)
        if smaller == 0:
            name = "positive" if self.n_pos == 0 else "negative"
            yield f"no {name} case: nothing can be learned about telling the classes apart"
        # The limit is inclusive: a set with exactly 5% positives is meant to be warned about.
        elif smaller <= SEVERE_IMBALANCE * self.n_total:
            yield (
                f"only {smaller:,} of {self.n_total:,} cases in the smaller class: a model that "
                f"ignores it is right {self.n_total - smaller:,} times; report sensitivity and "
                "specificity, not accuracy"
            )
        if self.n_total < SMALL_DATASET:
            yield f"{self.n_total:,} cases are few: start from pretrained weights"
        if effective < FEW_EFFECTIVE:
            yield (
                f"effective sample size {effective:.0f}: give every estimate its interval and "
                "collect more of the smaller class first"
            )

    def cost_range(
        self, minutes: Sequence[float] = (10, 20, 30), readers: Sequence[int] = (1, 2, 3)
    ) -> AnnotationCosts:
        """Work out the labelling cost for several reading times and numbers of readers.

        Parameters
        ----------
        minutes : sequence of float
            Minutes an image and reader.
        readers : sequence of int
            Readers of every image.

        Returns
        -------
        AnnotationCosts
            The object's own `annotation_minutes` and `readers` are not used, its rate is.
        """
        time = np.array(each_number("minutes", minutes, minimum=0))
        people = np.array(each_number("readers", readers, check_integer, minimum=1))
        hours = self.n_total * np.outer(time, people) / 60
        return AnnotationCosts(
            minutes=time,
            readers=people,
            hours=hours,
            cost=hours * self.hourly_rate,
            n_total=self.n_total,
            hourly_rate=self.hourly_rate,
        )
