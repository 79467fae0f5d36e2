"""Figures of the chapter *Regulation and life after deployment*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lessonlib.figures.style import PALETTE, course_style

_LOOKS = [
    (PALETTE["blue"], "o"),
    (PALETTE["vermillion"], "s"),
    (PALETTE["green"], "^"),
    (PALETTE["purple"], "D"),
]


def weeks(p_values: Mapping[str, np.ndarray], level: float, change: int | None = None) -> Figure:
    """Draw the p-value of every weekly check, one panel a monitor, alarms filled.

    Parameters
    ----------
    p_values : mapping of str to numpy.ndarray, shape (W,)
        Title to p-values, in the order of the weeks.
    level : float
        Alarm at or below it.
    change : int, optional
        The first week of the new machine, from 1.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(
            len(p_values), 1, figsize=(7.4, 2.3 * len(p_values)), sharex=True, squeeze=False
        )
        for ax, (title, p) in zip(axes[:, 0], p_values.items(), strict=True):
            week = np.arange(1, len(p) + 1)
            alarm = p <= level
            ax.vlines(week, p, 1, color="0.8", lw=1)
            ax.plot(week[~alarm], p[~alarm], "o", mfc="white", color=PALETTE["blue"], label="quiet")
            ax.plot(week[alarm], p[alarm], "s", color=PALETTE["vermillion"], label="alarm")
            ax.axhline(level, color=PALETTE["black"], ls=":", lw=1.2)
            if change is not None:
                ax.axvspan(change - 0.5, len(p) + 0.5, color=PALETTE["sky"], alpha=0.18, lw=0)
            ax.set(yscale="log", ylim=(None, 1.25), ylabel="p-value", xlim=(0, len(p) + 1))
            ax.set_title(title, loc="left")
            ax.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
        axes[-1, 0].set_xlabel("week")
        handles, labels = [], []
        for ax in axes[:, 0]:
            for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
                if label not in labels:
                    handles.append(handle)
                    labels.append(label)
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def forest(panels: Mapping[str, Mapping[str, tuple[float, float, float]]], xlabel: str,
           zero: float | None = None) -> Figure:  # fmt: skip
    """Draw values with their intervals under each other, one panel a way of counting.

    Parameters
    ----------
    panels : mapping of str to mapping of str to (value, low, high)
        Title to rows, from top to bottom; the same rows in each panel.
    xlabel : str
    zero : float, optional
        A line at no difference. Rows whose interval leaves it out are drawn filled.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        rows = list(next(iter(panels.values())))
        figure, axes = plt.subplots(
            1, len(panels), figsize=(7.6, 0.42 * len(rows) + 1.1), sharey=True, squeeze=False
        )
        for ax, (title, found), (colour, marker) in zip(
            axes[0], panels.items(), _LOOKS, strict=False
        ):
            for i, name in enumerate(rows):
                value, low, high = found[name]
                apart = zero is not None and (low > zero or high < zero)
                ax.errorbar(
                    value, i, xerr=[[value - low], [high - value]], fmt=marker, color=colour,
                    mfc=colour if apart or zero is None else "white", capsize=3,
                )  # fmt: skip
            if zero is not None:
                ax.axvline(zero, color=PALETTE["black"], ls=":", lw=1.2)
            ax.set_title(title)
            ax.set_xlabel(xlabel)
        axes[0, 0].set_yticks(range(len(rows)), rows)
        axes[0, 0].invert_yaxis()
    return figure


def alarm_rates(
    rates: Mapping[str, Mapping[str, tuple[float, float, float]]], level: float, xlabel: str
) -> Figure:
    """Draw shares of alarms with their intervals: a group of rows for each, a colour a series.

    Parameters
    ----------
    rates : mapping of str to mapping of str to (value, low, high)
        Series to rows, from top to bottom.
    level : float
        A line at the share of false alarms that was asked for.
    xlabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        rows = list(next(iter(rates.values())))
        figure, ax = plt.subplots(figsize=(7.4, 0.62 * len(rows) + 1.5))
        for k, ((name, found), (colour, marker)) in enumerate(
            zip(rates.items(), _LOOKS, strict=False)
        ):
            value, low, high = np.transpose([found[row] for row in rows])
            height = np.arange(len(rows)) + 0.24 * (k - (len(rates) - 1) / 2)
            ax.errorbar(
                value, height, xerr=[value - low, high - value], fmt=marker, color=colour,
                capsize=3, label=name,
            )  # fmt: skip
        ax.axvline(level, color=PALETTE["black"], ls=":", lw=1.2)
        ax.set_yticks(range(len(rows)), rows)
        ax.invert_yaxis()
        ax.set(xlim=(-0.03, 1.03), xlabel=xlabel)
        figure.legend(loc="outside lower center", ncols=len(rates))
    return figure


def alarm_and_harm(
    points: Mapping[str, tuple[Sequence[float], Sequence[float]]], xlabel: str
) -> Figure:
    """Draw each state of the world by how often it raises an alarm and how well the model does.

    Parameters
    ----------
    points : mapping of str to ((rate, low, high), (auc, low, high))
        For each state the share of checks with an alarm, and the AUC.
    xlabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.2, 4.0))
        for (name, (rate, auc)), (colour, marker) in zip(points.items(), _LOOKS, strict=True):
            (x, x_low, x_high), (y, y_low, y_high) = rate, auc
            ax.errorbar(
                x, y, xerr=[[x - x_low], [x_high - x]], yerr=[[y - y_low], [y_high - y]],
                fmt=marker, ms=8, color=colour, capsize=3, label=name,
            )  # fmt: skip
        ax.axhline(0.5, color=PALETTE["black"], ls=":", lw=1)
        ax.set(xlim=(-0.05, 1.05), ylim=(0.45, 1), xlabel=xlabel, ylabel="AUC of the model")
        figure.legend(loc="outside lower center", ncols=2)
    return figure
