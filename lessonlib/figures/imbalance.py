"""Figures of the chapter *Class imbalance*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from lessonlib.figures.style import PALETTE, course_style, show_image

_COLOURS = [PALETTE[n] for n in ("blue", "vermillion", "green", "purple", "orange", "sky", "black")]
_MARKERS = "os^Dv<*"
_LINES = ("-", "--", "-.", ":")


def crowd(images: np.ndarray, columns: int = 10, truth: np.ndarray | None = None) -> Figure:
    """Show many patches side by side.

    Parameters
    ----------
    images : numpy.ndarray, shape (N, H, W)
        In [0, 1].
    columns : int, default 10
    truth : numpy.ndarray of bool, shape (N, H, W), optional
        What is to be outlined.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(images) // columns)
    with course_style():
        figure, grid = plt.subplots(rows, columns, figsize=(7.6, 7.9 * rows / columns))
        for k, ax in enumerate(grid.flat):
            show_image(ax, images[k], vmin=0.25, vmax=0.95)
            if truth is not None and truth[k].any():
                ax.contour(truth[k], [0.5], colors=PALETTE["orange"], linewidths=1.6)
        figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0, hspace=0)
    return figure


def focal(curves: Mapping[str, object]) -> Figure:
    """Draw loss and gradient against the probability given to the true class.

    Parameters
    ----------
    curves : mapping of str to FocalCurve
        Name to curve.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.4))
        for (name, curve), colour, style in zip(curves.items(), _COLOURS, _LINES, strict=False):
            left.plot(curve.p, curve.loss, style, color=colour, lw=2, label=name)
            right.plot(curve.p, curve.gradient, style, color=colour, lw=2)
        left.set(ylim=(0, 4), ylabel="loss")
        right.set(ylim=(0, 1.5), ylabel="size of the gradient by the logit")
        for ax in (left, right):
            ax.set(xlim=(0, 1), xlabel="probability given to the true class")
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def epoch(seen: Mapping[str, np.ndarray]) -> Figure:
    """Draw how often the cases of each class were drawn in an epoch.

    Parameters
    ----------
    seen : mapping of str to numpy.ndarray of int, shape (n,)
        Name of the class to the number of times that each of its cases was drawn.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(1, len(seen), figsize=(7.6, 3.0))
        for ax, (name, times), colour in zip(axes, seen.items(), _COLOURS, strict=False):
            counts = np.bincount(times) / len(times)
            bars = ax.bar(range(len(counts)), counts, color=colour)
            bars[0].set(facecolor="white", edgecolor=colour, hatch="///")
            ax.set(title=name, xlabel="times drawn in one epoch")
            ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes[0].set_ylabel("share of the cases")
    return figure


def operating_points(
    curve: tuple[np.ndarray, np.ndarray],
    points: Mapping[str, tuple[float, float]],
    curve_name: str,
) -> Figure:
    """Draw one ROC curve and the points at which several models stand.

    Parameters
    ----------
    curve : (specificity, sensitivity), numpy.ndarray, shape (K,) each
    points : mapping of str to (specificity, sensitivity)
    curve_name : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.6, 4.4))
        ax.plot(1 - curve[0], curve[1], color="0.45", lw=2, label=curve_name, zorder=1)
        for (name, (x, y)), colour, marker in zip(
            points.items(), (*_COLOURS, PALETTE["blue"]), (*_MARKERS, "P"), strict=False
        ):
            ax.plot(1 - x, y, marker, color=colour, ms=10, mec="white", ls="none", label=name)
        ax.set(xlim=(-0.01, 0.4), ylim=(0, 1), xlabel="1 − specificity", ylabel="sensitivity")
        figure.legend(loc="outside right upper")
    return figure


def strategies(
    rows: Mapping[str, Mapping[str, Sequence[float]]],
    panels: Mapping[str, str],
    marks: Mapping[str, float] | None = None,
    second: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    names: tuple[str, str] = ("as trained", "restored"),
    log: Sequence[str] = (),
) -> Figure:
    """Draw values with their intervals, a row a strategy and a panel a measure.

    Parameters
    ----------
    rows : mapping of str to mapping of str to (value, low, high)
        Strategy to measure to value with its interval.
    panels : mapping of str to str
        Measure to the label of its axis.
    marks : mapping of str to float, optional
        Measure to a value that is marked by a line.
    second : mapping like `rows`, optional
        Drawn below each of the first, hollow.
    names : (str, str)
        What `rows` and `second` are.
    log : sequence of str
        Measures whose axis is logarithmic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    height = np.arange(len(rows))
    sets = [(rows, PALETTE["blue"], "o", 0.0 if second is None else -0.16)]
    if second is not None:
        sets.append((second, PALETTE["vermillion"], "s", 0.16))
    with course_style():
        figure, axes = plt.subplots(
            1, len(panels), figsize=(7.6, 0.42 * len(rows) + 1.3), sharey=True, squeeze=False
        )
        for ax, (measure, label) in zip(axes[0], panels.items(), strict=True):
            for (table, colour, marker, shift), name in zip(sets, names, strict=False):
                value, low, high = np.array([table[k][measure] for k in rows], dtype=float).T
                ax.errorbar(
                    value, height + shift, xerr=[value - low, high - value], fmt=marker,
                    color=colour, ms=6, capsize=2, mfc="white" if marker == "s" else colour,
                    label=name,
                )  # fmt: skip
            if marks and measure in marks:
                ax.axvline(marks[measure], color="0.45", ls=":", zorder=0)
            if measure in log:
                ax.set_xscale("log")
                ax.set_xticks([], minor=True)
                ax.set_xticks([0.01, 0.02, 0.05, 0.1, 0.2, 0.4])
                ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:g}%"))
            ax.set_xlabel(label)
            ax.grid(axis="y", color="0.92")
        axes[0, 0].set_yticks(height, list(rows))
        axes[0, 0].invert_yaxis()
        if second is not None:
            figure.legend(
                *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2
            )
    return figure


def said_and_true(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], mark: float) -> Figure:
    """Draw what a fully trained model says against the true probability, both logarithmic in odds.

    Parameters
    ----------
    curves : mapping of str to (true, said), numpy.ndarray, shape (K,) each
    mark : float
        A true probability that is marked.

    Returns
    -------
    matplotlib.figure.Figure
    """
    ticks = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99]
    with course_style():
        figure, ax = plt.subplots(figsize=(6.6, 4.2))
        for (name, (true, said)), colour, style in zip(
            curves.items(), _COLOURS, ("-", "--", "-.", ":"), strict=False
        ):
            ax.plot(true, said, style, color=colour, lw=2, label=name)
        ax.axvline(mark, color="0.6", lw=1, zorder=0)
        ax.set(xscale="logit", yscale="logit", xlim=(5e-4, 0.995), ylim=(5e-4, 0.999))
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_ticks(ticks, [f"{100 * t:g}%" for t in ticks])
            axis.set_minor_formatter("")
            axis.set_ticks([], minor=True)
        ax.set(xlabel="true probability", ylabel="what the model says")
        ax.legend(loc="lower right")
    return figure


def leak(values: Mapping[str, Mapping[str, np.ndarray]], xlabel: str, chance: float) -> Figure:
    """Draw every run of a leaking and of a clean experiment, by model.

    Parameters
    ----------
    values : mapping of str to mapping of str to numpy.ndarray, shape (runs,)
        Model to experiment to values.
    xlabel : str
    chance : float
        Marked: what is to be found.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.6, 2.8))
        ticks = []
        for row, (model, experiments) in enumerate(values.items()):
            for k, (name, runs) in enumerate(experiments.items()):
                y = row + 0.36 * k - 0.18
                jitter = 0.2 * (np.arange(len(runs)) / max(len(runs) - 1, 1) - 0.5)
                ax.plot(
                    runs, y + jitter, _MARKERS[k], color=_COLOURS[1 - k], ms=5, alpha=0.7,
                    mec="none", label=name if row == 0 else None,
                )  # fmt: skip
                ax.vlines(np.mean(runs), y - 0.16, y + 0.16, PALETTE["black"], lw=2)
            ticks.append(model)
        ax.axvline(chance, color="0.45", ls=":")
        ax.set_yticks(range(len(ticks)), ticks)
        ax.invert_yaxis()
        ax.set(xlabel=xlabel)
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def new_rows(
    rare: np.ndarray, others: np.ndarray, made: np.ndarray, labels: tuple[str, str]
) -> Figure:
    """Draw the cases of both classes in two measurements, and the rows that SMOTE made.

    Parameters
    ----------
    rare, others, made : numpy.ndarray, shape (n, 2)
    labels : (str, str)
        Names of the two measurements.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(6.6, 4.0))
        ax.plot(*others.T, "o", color="0.75", ms=4, mec="none", label="benign")
        ax.plot(*made.T, ".", color=PALETTE["orange"], ms=4, label="made by SMOTE")
        ax.plot(*rare.T, "s", color=PALETTE["blue"], ms=8, mec="white", label="malignant, real")
        ax.set(xlabel=labels[0], ylabel=labels[1])
        ax.legend()
    return figure
