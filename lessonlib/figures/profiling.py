"""Figures of the data-set profiler: effective size and the price of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from lessonlib.figures.style import PALETTE, course_style
from lessonlib.profiling import AnnotationCosts


def effective_samples(
    negatives: Sequence[int],
    harmonic: Sequence[float],
    balanced: Sequence[float],
    auc: Sequence[tuple[float, float, float]],
    reference: tuple[str, float],
) -> Figure:
    """Draw effective size and AUC while the negatives grow and the positives stay.

    Parameters
    ----------
    negatives : sequence of int
        Negative cases.
    harmonic, balanced : sequence of float
        The two effective sizes for each.
    auc : sequence of (value, low, high)
        AUC after training on each, with its interval.
    reference : tuple of str and float
        Label and AUC of the training set drawn as a dashed line.

    Returns
    -------
    matplotlib.figure.Figure
    """
    value, low, high = np.transpose(auc)
    with course_style():
        figure, (size, score) = plt.subplots(1, 2, figsize=(7.6, 3.5))
        size.plot(negatives, harmonic, "o-", color=PALETTE["blue"])
        size.plot(negatives, balanced, "s--", color=PALETTE["vermillion"])
        size.annotate(
            "$4/(1/n_+ + 1/n_-)$",
            (negatives[-1], harmonic[-1]),
            (0, -40),
            textcoords="offset points",
            ha="right",
            va="top",
            color=PALETTE["blue"],
        )
        size.annotate(
            "$2\\,\\min(n_+, n_-)$",
            (negatives[-1], balanced[-1]),
            (0, -6),
            textcoords="offset points",
            ha="right",
            va="top",
            color=PALETTE["vermillion"],
        )
        size.set(ylim=(0, None), ylabel="effective sample size")
        score.errorbar(
            negatives,
            value,
            yerr=[value - low, high - value],
            fmt="o-",
            capsize=3,
            color=PALETTE["blue"],
        )
        score.axhline(reference[1], ls="--", color=PALETTE["black"], lw=1)
        score.annotate(
            reference[0],
            (negatives[0], reference[1]),
            (0, 5),
            textcoords="offset points",
            va="bottom",
        )
        score.set(ylabel="AUC of the trained classifier")
        for axes in (size, score):
            axes.set_xscale("log")
            axes.set_xticks(negatives, [str(n) for n in negatives])
            axes.minorticks_off()
            axes.set_xlabel("negative cases beside 15 positive ones")
    return figure


def annotation_cost(costs: AnnotationCosts, marks: Mapping[str, float]) -> Figure:
    """Draw what labelling costs against the minutes an image, a line for each number of readers.

    Parameters
    ----------
    costs : AnnotationCosts
        From :meth:`lessonlib.profiling.MedicalDatasetProfiler.cost_range`.
    marks : mapping of str to float
        Reading times to mark: label and minutes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(figsize=(7.2, 3.8))
        colours = [PALETTE[name] for name in ("blue", "orange", "vermillion")]
        for people, column, colour in zip(
            costs.readers, costs.cost.T, np.resize(colours, len(costs.readers)), strict=True
        ):
            axes.plot(costs.minutes, column, color=colour)
            axes.annotate(
                "1 reader" if people == 1 else f"{people} readers",
                (costs.minutes[-1], column[-1]),
                (4, 0),
                textcoords="offset points",
                va="center",
            )
        for label, minutes in marks.items():
            axes.axvline(minutes, ls=":", color=PALETTE["black"], lw=1)
            axes.annotate(
                label,
                (minutes, 0.97),
                (4, 0),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                va="top",
            )
        axes.set(
            xlabel="minutes an image and reader",
            ylabel=f"cost at an assumed ${costs.hourly_rate:,.0f} an hour",
            xlim=(0, None),
            ylim=(0, 1.25 * costs.cost.max()),  # room for the marks' labels above the lines
            title=f"Labelling {costs.n_total:,} images",
        )
        axes.yaxis.set_major_formatter(FuncFormatter(lambda dollars, _: f"${dollars:,.0f}"))
    return figure
