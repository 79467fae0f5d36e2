"""Figures of the chapter *Evaluation*: what a score means and whether acting on it helps."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from lessonlib.evaluation import DecisionCurve, ReliabilityCurve
from lessonlib.figures.style import PALETTE, course_style

_LINES = (("blue", "-"), ("vermillion", "--"), ("green", "-."))


def ppv_by_prevalence(
    prevalence: np.ndarray,
    curves: Mapping[str, np.ndarray],
    marks: Mapping[str, tuple[float, float]],
) -> Figure:
    """Draw PPV against prevalence, logarithmic, with places marked.

    Parameters
    ----------
    prevalence : numpy.ndarray, shape (K,)
    curves : mapping of str to numpy.ndarray, shape (K,)
        Name of the operating point to PPV.
    marks : mapping of str to (float, float)
        Name to prevalence and PPV.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(figsize=(6.2, 3.5))
        for (name, curve), (colour, style) in zip(curves.items(), _LINES, strict=False):
            axes.plot(prevalence, curve, style, color=PALETTE[colour], lw=2, label=name)
        for name, (x, y) in marks.items():
            axes.plot(x, y, "o", color=PALETTE["black"], ms=6)
            axes.annotate(
                name, (x, y), (-8, 6), textcoords="offset points", ha="right", va="bottom"
            )
        axes.set(xscale="log", ylim=(0, 1), xlabel="prevalence", ylabel="PPV")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
        axes.legend(loc="upper left")
    return figure


def reliability(panels: Mapping[str, ReliabilityCurve]) -> Figure:
    """Draw observed against predicted shares with exact intervals.

    Parameters
    ----------
    panels : mapping of str to ReliabilityCurve
        Title to curve.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(1, len(panels), figsize=(7.6, 3.0), sharey=True)
        for axes, (title, curve) in zip(grid, panels.items(), strict=True):
            axes.plot([0, 1], [0, 1], ":", color="0.5")
            axes.errorbar(
                curve.predicted,
                curve.observed,
                yerr=[curve.observed - curve.low, curve.high - curve.observed],
                fmt="o",
                color=PALETTE["blue"],
                capsize=2,
            )
            axes.set(title=title, xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=(0, 0.5, 1))
            axes.set_xlabel("predicted share")
        grid[0].set_ylabel("observed share")
    return figure


def decision_curves(panels: Mapping[str, Mapping[str, DecisionCurve]]) -> Figure:
    """Draw net benefit against the probability from which on one would act.

    Parameters
    ----------
    panels : mapping of str to mapping of str to DecisionCurve
        Title to the models' curves by name; treating all is drawn from the first.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(1, len(panels), figsize=(7.6, 3.3), squeeze=False)
        for axes, (title, curves) in zip(grid.flat, panels.items(), strict=True):
            for (name, curve), (colour, style) in zip(curves.items(), _LINES, strict=False):
                axes.plot(
                    curve.thresholds, curve.model, style, color=PALETTE[colour], lw=2, label=name
                )
            axes.plot(curve.thresholds, curve.treat_all, color="0.5", lw=1.5, label="refer all")
            axes.axhline(0, color=PALETTE["black"], lw=1, label="refer nobody")
            top = curve.prevalence
            axes.set(title=title, ylim=(-0.25 * top, 1.1 * top), xlabel="act from probability")
            axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        grid.flat[0].set_ylabel("net benefit")
        handles, labels = grid.flat[-1].get_legend_handles_labels()  # the panel with most curves
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure
