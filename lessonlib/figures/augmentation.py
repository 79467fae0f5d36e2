"""Figures of the chapter *Augmentation*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap, TwoSlopeNorm
from matplotlib.figure import Figure

from lessonlib.figures.style import PALETTE, course_style, show_image
from lessonlib.figures.why_different import pictures

__all__ = [
    "covariance",
    "deformations",
    "fold_curve",
    "modalities",
    "pictures",
    "scores",
    "stretch",
    "verdicts",
]


def deformations(
    films: Mapping[str, np.ndarray], determinants: Sequence[np.ndarray], *, height: float = 2.45
) -> Figure:
    """Show deformed films above the maps of how each scales area, folds marked.

    Parameters
    ----------
    films : mapping of str to numpy.ndarray, shape (H, W)
        Title and film, in [0, 1].
    determinants : sequence of numpy.ndarray, shape (H, W)
        Jacobian determinant for each film.
    height : float
        Height of a row in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(2, len(films), figsize=(7.6, 2 * height), squeeze=False)
        for top, below, (title, film), det in zip(*axes, films.items(), determinants, strict=True):
            show_image(top, film, title, vmin=0, vmax=1)
            map_ = show_image(below, det, cmap="cividis", norm=TwoSlopeNorm(1, 0, 2.5))
            fold = np.ma.masked_where(det > 0, np.ones_like(det))
            show_image(below, fold, cmap=ListedColormap([PALETTE["vermillion"]]))
            below.set_xlabel(f"folded: {np.mean(det <= 0):.1%}")
        bar = figure.colorbar(map_, ax=axes, shrink=0.5, ticks=[0, 0.5, 1, 1.5, 2, 2.5])
        bar.set_label("area is read from")
        bar.ax.set_yticklabels(["0 ×", "½ ×", "1 ×", "1½ ×", "2 ×", "2½ ×"])
    return figure


def fold_curve(
    measured: Mapping[str, Sequence[tuple[float, float]]],
    curve: tuple[Sequence[float], Sequence[float]],
    named: Mapping[str, tuple[float, float]],
) -> Figure:
    """Draw the folded share over alpha / sigma², measured and from the formula.

    Parameters
    ----------
    measured : mapping of str to sequence of (x, y)
        For each sigma: alpha / sigma² and the share of pixels folded.
    curve : (x, y)
        The formula.
    named : mapping of str to (x, y)
        Two settings to name on the curve, the steeper one first.

    Returns
    -------
    matplotlib.figure.Figure
    """
    markers = ("o", "s", "^", "D")
    colours = (PALETTE["blue"], PALETTE["green"], PALETTE["purple"], PALETTE["orange"])
    with course_style():
        figure, ax = plt.subplots(figsize=(7.2, 3.9))
        ax.plot(*curve, color=PALETTE["black"], lw=1.2, label="½ exp(−4πσ⁴/α²)")
        for (name, points), marker, colour, size in zip(
            measured.items(), markers, colours, (11, 7.5, 4, 2), strict=False
        ):
            x, y = np.transpose(points)
            ax.plot(x, y, marker, mfc="none", mew=1.6, ms=size, color=colour, label=name)
        for (name, (x, y)), offset in zip(named.items(), ((24, -30), (-110, 24)), strict=True):
            ax.annotate(
                name,
                (x, y),
                offset,
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": PALETTE["black"], "lw": 0.8},
            )
        ax.set(yscale="log", ylim=(1e-6, 1), xlabel="α / σ²  (per pixel)")
        ax.set_ylabel("share of pixels folded")
        ax.legend(loc="lower right")
    return figure


def scores(
    groups: Mapping[str, Mapping[str, tuple[float, float, float]]], *, chance: float = 0.5
) -> Figure:
    """Draw values with their intervals, a panel a group and a line a setting.

    Parameters
    ----------
    groups : mapping of str to mapping of str to (value, low, high)
        Title of the panel, name of the setting, AUC with its interval.
    chance : float
        Drawn as a dashed line.

    Returns
    -------
    matplotlib.figure.Figure
    """
    ratio = [len(settings) for settings in groups.values()]
    with course_style():
        figure, axes = plt.subplots(
            len(groups), 1, figsize=(7.2, 0.5 * sum(ratio) + 1.4), height_ratios=ratio, sharex=True
        )
        for ax, (title, settings) in zip(axes, groups.items(), strict=True):
            rows = np.arange(len(settings))[::-1]
            value, low, high = np.transpose(list(settings.values()))
            ax.errorbar(
                value, rows, xerr=(value - low, high - value), fmt="o", color=PALETTE["blue"]
            )
            for row, text_at, v in zip(rows, high, value, strict=True):
                ax.annotate(
                    f"{v:.2f}", (text_at, row), (6, 0), textcoords="offset points", va="center"
                )
            ax.axvline(chance, color=PALETTE["black"], ls="--", lw=1)
            ax.set_yticks(rows, settings)
            ax.set_ylim(-0.6, len(settings) - 0.4)
            ax.set_title(title, loc="left")
        axes[-1].set(xlabel="AUC on films that were not mirrored", xlim=(0.42, 1.06))
        axes[0].annotate(
            "coin toss", (chance, axes[0].get_ylim()[1]), (4, -4),
            textcoords="offset points", va="top",
        )  # fmt: skip
    return figure


def covariance(
    lags: Sequence[float],
    correlations: Mapping[str, Sequence[float]],
    formula: Sequence[float],
    sds: Mapping[str, Sequence[float]],
    expected: float,
) -> Figure:
    """Compare two ways to draw a field: correlation over distance, and strength over draws.

    Parameters
    ----------
    lags : sequence of float
        Distances in pixels.
    correlations : mapping of str to sequence of float
        For each way the correlation at each distance.
    formula : sequence of float
        The correlation of smoothed noise.
    sds : mapping of str to sequence of float
        For each way the standard deviation of each draw, in pixels.
    expected : float
        The standard deviation of the formula.

    Returns
    -------
    matplotlib.figure.Figure
    """
    styles = (("o", PALETTE["blue"]), ("x", PALETTE["vermillion"]))
    with course_style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.3))
        left.plot(lags, formula, color=PALETTE["black"], lw=1.2, label="exp(−d²/4σ²)")
        for row, ((name, values), (marker, colour)) in enumerate(
            zip(correlations.items(), styles, strict=True)
        ):
            left.plot(lags, values, marker, mfc="none", color=colour, label=name)
            y = np.linspace(-0.25, 0.25, len(sds[name])) + 1 - row
            right.plot(sds[name], y, marker, mfc="none", color=colour, ms=4)
        left.set(xlabel="distance in pixels", ylabel="correlation")
        left.legend()
        right.axvline(expected, color=PALETTE["black"], lw=1.2)
        right.set_yticks([1, 0], list(sds))
        right.set(xlabel="standard deviation in pixels", ylim=(-0.6, 1.6))
    return figure


def stretch(
    film: np.ndarray, stretched: np.ndarray, ratios: Mapping[str, Sequence[float]]
) -> Figure:
    """Show a film before and after a stretching crop, and how much crops stretch.

    Parameters
    ----------
    film, stretched : numpy.ndarray, shape (H, W)
        The film with a circle on it, as it is and cropped.
    ratios : mapping of str to sequence of float
        Name of a picture's shape, and width over height of a round thing after each crop.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(1, 3, figsize=(7.6, 2.9), width_ratios=(1, 1, 1.35))
        show_image(axes[0], film, "as it is", vmin=0, vmax=1)
        show_image(axes[1], stretched, "random crop", vmin=0, vmax=1)
        bins = np.linspace(0.8, 1.36, 57)
        hues = (PALETTE["blue"], PALETTE["orange"], PALETTE["vermillion"])
        for (name, values), hue in zip(ratios.items(), hues, strict=False):
            axes[2].hist(values, bins, density=True, histtype="step", color=hue, lw=1.8, label=name)
        axes[2].set(xlabel="width / height of a round thing", yticks=[])
        axes[2].spines["left"].set_visible(False)
        axes[2].legend(loc="upper center", bbox_to_anchor=(0.5, 1.35))
    return figure


def modalities(rows: Mapping[str, Sequence[tuple[str, np.ndarray]]]) -> Figure:
    """Show for each kind of image the original, a change that is safe and one that is not.

    Parameters
    ----------
    rows : mapping of str to three (str, numpy.ndarray)
        Name of the kind of image; below each picture its text. Pictures are ``(H, W)`` or
        ``(H, W, 3)`` in [0, 1].

    Returns
    -------
    matplotlib.figure.Figure
    """
    heads = ("original", "safe", "not safe")
    marks = (PALETTE["black"], PALETTE["blue"], PALETTE["vermillion"])
    with course_style():
        figure, axes = plt.subplots(len(rows), 3, figsize=(7.4, 2.5 * len(rows)))
        for line, (name, cells) in zip(axes, rows.items(), strict=True):
            for ax, (text, picture), colour in zip(line, cells, marks, strict=True):
                show_image(ax, picture, vmin=0, vmax=1)
                ax.set_xlabel(text, color=colour)
            line[0].set_ylabel(name)
        for ax, head, colour in zip(axes[0], heads, marks, strict=True):
            ax.set_title(head, color=colour, fontweight="bold")
    return figure


def verdicts(
    rows: Mapping[str, tuple[np.ndarray, bool, bool, bool]], checks: Sequence[str]
) -> Figure:
    """Show changed pictures with what each check says, and whether it is right.

    Parameters
    ----------
    rows : mapping of str to (numpy.ndarray, bool, bool, bool)
        Name of the change; the picture, the truth, and what the two checks say.
    checks : sequence of str
        Names of the two checks.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = 5
    lines = -(-len(rows) // columns)
    with course_style():
        figure, axes = plt.subplots(lines, columns, figsize=(7.6, 2.35 * lines), squeeze=False)
        for ax in axes.flat:
            ax.axis("off")
        for ax, (name, (picture, truth, *said)) in zip(axes.flat, rows.items(), strict=False):
            ax.axis("on")
            show_image(ax, picture, name, vmin=0, vmax=1)
            for k, (check, answer) in enumerate(zip(checks, said, strict=True)):
                right = answer == truth
                ax.text(
                    0.5,
                    -0.13 - 0.17 * k,
                    f"{check}: {'kept' if answer else 'lost'} {'✓' if right else '✗'}",
                    color=PALETTE["blue"] if right else PALETTE["vermillion"],
                    transform=ax.transAxes,
                    ha="center",
                    va="center",
                    fontsize=10,
                )
    return figure
