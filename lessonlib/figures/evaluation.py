"""Figures of the chapter *Evaluation*: thresholds, ROC curves, intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from lessonlib.evaluation import OperatingPoint
from lessonlib.figures.style import PALETTE, course_style

_LINES = (("blue", "-"), ("vermillion", "--"), ("green", "-."), ("purple", ":"))
_MARKS = (("blue", "o"), ("vermillion", "s"), ("green", "^"), ("purple", "D"))


def _unit_square(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], ":", color="0.5", lw=1)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.set(xlabel="1 − specificity", ylabel="sensitivity")


def equal_areas(
    curves: Mapping[str, np.ndarray], false_alarms: np.ndarray, lines: tuple[float, float]
) -> Figure:
    """Draw ROC curves whole, and both their ends enlarged.

    Parameters
    ----------
    curves : mapping of str to numpy.ndarray, shape (K,)
        Name to sensitivity at each share of false alarms.
    false_alarms : numpy.ndarray, shape (K,)
        Share of the negative cases that are called.
    lines : (float, float)
        Sensitivity and share of false alarms that are marked.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, (whole, screening, confirming) = plt.subplots(1, 3, figsize=(7.6, 3.1))
        for axes in (whole, screening, confirming):
            for (name, curve), (colour, style) in zip(curves.items(), _LINES, strict=False):
                axes.plot(false_alarms, curve, style, color=PALETTE[colour], lw=2, label=name)
        _unit_square(whole)
        whole.set_title("the whole curve")
        screening.axhline(lines[0], color="0.3", lw=1)
        screening.set(xlim=(0, 1), ylim=(0.8, 1.002), title="screening", xlabel="1 − specificity")
        confirming.axvline(lines[1], color="0.3", lw=1)
        confirming.set(xlim=(0, 0.05), ylim=(0, 1), title="confirming", xlabel="1 − specificity")
        figure.legend(*whole.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def scores_by_class(
    panels: Mapping[str, tuple[np.ndarray, np.ndarray]], thresholds: Mapping[str, float]
) -> Figure:
    """Draw histograms of the scores of both classes, with thresholds.

    Parameters
    ----------
    panels : mapping of str to pair of numpy.ndarray
        Title to the scores without and with the condition, in [0, 1].
    thresholds : mapping of str to float
        Name to threshold, drawn in every panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(
            1, len(panels), figsize=(7.6, 3.0), sharex=True, sharey=True, squeeze=False
        )
        bins = np.linspace(0, 1, 26)
        for axes, (title, (healthy, ill)) in zip(grid.flat, panels.items(), strict=True):
            axes.hist(healthy, bins, density=True, color=PALETTE["sky"], label="no nodule")
            axes.hist(
                ill,
                bins,
                density=True,
                histtype="step",
                lw=2,
                color=PALETTE["vermillion"],
                label="nodule",
            )
            for (name, value), style in zip(thresholds.items(), ("--", ":"), strict=False):
                axes.axvline(value, ls=style, color=PALETTE["black"], label=name)
            axes.set(title=title, xlabel="score")
        grid.flat[0].set_ylabel("density")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def fresh_sensitivity(
    true: np.ndarray, goal: float, counts: Sequence[int], reach: np.ndarray
) -> Figure:
    """Draw what thresholds chosen on few positives are worth, and what more positives change.

    Parameters
    ----------
    true : numpy.ndarray, shape (R,)
        Sensitivity in everyone, of one threshold a run.
    goal : float
        Sensitivity asked for.
    counts : sequence of int, length K
        Numbers of positive cases.
    reach : numpy.ndarray, shape (K, 2)
        Range that holds 95% of the runs for each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.1))
        bins = np.arange(np.floor(100 * true.min()), 101) / 100
        heights, _, bars = left.hist(true, bins, color=PALETTE["blue"])
        for bar in bars:
            if bar.get_x() < goal - 1e-9:
                bar.set_facecolor(PALETTE["orange"])
        left.axvline(goal, color=PALETTE["black"], ls="--")
        left.set(xlabel="sensitivity in everyone", ylabel="runs")
        left.set_ylim(0, 1.05 * heights.max())
        right.fill_between(counts, *reach.T, color=PALETTE["sky"], alpha=0.6, lw=0)
        right.axhline(goal, color=PALETTE["black"], ls="--")
        right.set(
            xscale="log",
            xlabel="positive cases to choose on",
            ylabel="sensitivity in everyone",
            ylim=(None, 1),
        )
        right.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    return figure


def operating_points(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    points: Mapping[str, Sequence[OperatingPoint]],
) -> Figure:
    """Draw ROC curves of several data sets with the same thresholds marked on each.

    Parameters
    ----------
    curves : mapping of str to pair of numpy.ndarray
        Data set to sensitivity and specificity.
    points : mapping of str to sequence of OperatingPoint
        Purpose to the points on the curves, in their order; bars are 95% intervals.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(1, len(curves), figsize=(7.6, 3.2), sharey=True)
        for k, (axes, (title, (sensitivity, specificity))) in enumerate(
            zip(grid, curves.items(), strict=True)
        ):
            _unit_square(axes)
            axes.plot(1 - specificity, sensitivity, color="0.3", lw=1.5)
            for (name, row), (colour, marker) in zip(points.items(), _MARKS[1:], strict=False):
                at = row[k]
                y, x = at.sensitivity_interval(), at.specificity_interval()
                axes.errorbar(
                    1 - x.value,
                    y.value,
                    xerr=[[x.high - x.value], [x.value - x.low]],
                    yerr=[[y.value - y.low], [y.high - y.value]],
                    fmt=marker,
                    ms=7,
                    color=PALETTE[colour],
                    label=f"{name}",
                )
            axes.set(title=title, ylabel="sensitivity" if k == 0 else "")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def intervals(
    groups: Mapping[str, Mapping[str, tuple[float, float, float]]], xlabel: str
) -> Figure:
    """Draw values with intervals below each other, in groups.

    Parameters
    ----------
    groups : mapping of str to mapping of str to (value, low, high)
        Group to its rows, from top to bottom.
    xlabel : str
        What the numbers are.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = [
        (g, name, values)
        for g, (_, rows) in enumerate(groups.items())
        for name, values in rows.items()
    ]
    with course_style():
        figure, axes = plt.subplots(figsize=(7.0, 0.9 + 0.36 * (len(rows) + len(groups) - 1)))
        places = [k + g for k, (g, _, _) in enumerate(rows)]
        for place, (g, _, (value, low, high)) in zip(places, rows, strict=True):
            colour, marker = _MARKS[g]
            axes.hlines(place, low, high, color=PALETTE[colour], lw=3)
            axes.plot(value, place, marker, color=PALETTE[colour], ms=7, mec="white")
        axes.set_yticks(places, [f"{list(groups)[g]}, {name}" for g, name, _ in rows])
        axes.invert_yaxis()
        axes.set_xlabel(xlabel)
    return figure


def two_models(
    each: Mapping[str, tuple[float, float, float]],
    differences: Mapping[str, tuple[float, float, float]],
) -> Figure:
    """Draw two models' AUC with their own intervals, and intervals of the difference.

    Parameters
    ----------
    each, differences : mapping of str to (value, low, high)
        Name to numbers, from top to bottom.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(1, 2, figsize=(7.6, 2.1))
        titles = ("AUC, each by itself", "difference of the two")
        for axes, title, rows, (colour, marker) in zip(
            grid, titles, (each, differences), _MARKS, strict=False
        ):
            for place, (value, low, high) in enumerate(rows.values()):
                axes.hlines(place, low, high, color=PALETTE[colour], lw=3)
                axes.plot(value, place, marker, color=PALETTE[colour], ms=7, mec="white")
            axes.set_yticks(range(len(rows)), rows)
            axes.set(ylim=(len(rows) - 0.5, -0.5), title=title)
        grid[1].axvline(0, color=PALETTE["black"], ls="--", lw=1)
    return figure
