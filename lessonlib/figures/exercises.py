"""Figures of the exercise chapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lessonlib.figures.style import PALETTE, course_style, show_image

_COLOURS = [PALETTE[name] for name in ("blue", "vermillion", "green", "purple", "orange", "sky")]
_MARKERS = "osD^vP"


def strips(
    rows: Mapping[str, np.ndarray], xlabel: str, limits: tuple[float, float] | None = None
) -> Figure:
    """Draw every value of each row as a faint dot and the row's mean as a line.

    Parameters
    ----------
    rows : mapping of str to numpy.ndarray, shape (n,)
        Name to values, from top to bottom.
    xlabel : str
        What the values are.
    limits : tuple of float, optional
        Ends of the axis.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.2, 0.55 * len(rows) + 0.9))
        for row, values in enumerate(rows.values()):
            # Spread in the order of the draws: no random jitter, the same picture every time.
            height = row + 0.5 * (np.arange(len(values)) / max(len(values) - 1, 1) - 0.5)
            ax.plot(values, height, ".", color=PALETTE["blue"], alpha=0.35, ms=4)
            ax.vlines(np.mean(values), row - 0.36, row + 0.36, PALETTE["vermillion"], lw=2.5)
        ax.set_yticks(range(len(rows)), rows)
        ax.invert_yaxis()
        ax.set(xlabel=xlabel, xlim=limits)
    return figure


def trade_off(
    runs: Mapping[str, tuple[np.ndarray, np.ndarray]],
    curve: tuple[np.ndarray, np.ndarray],
    curve_name: str,
    limits: tuple[tuple[float, float], tuple[float, float]],
) -> Figure:
    """Draw single runs and their means over specificity and sensitivity, beside a curve.

    Parameters
    ----------
    runs : mapping of str to pair of numpy.ndarray
        Name to the specificities and the sensitivities of its runs.
    curve : pair of numpy.ndarray
        Specificities and sensitivities of one model at every threshold.
    curve_name : str
        What the curve is.
    limits : pair of (low, high)
        Ends of the axes of specificity and sensitivity.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.2, 4.6))
        ax.plot(*curve, color="0.35", lw=2, label=curve_name, zorder=2)
        styles = zip(_COLOURS, _MARKERS, strict=False)
        for (name, (x, y)), (colour, marker) in zip(runs.items(), styles, strict=False):
            ax.plot(x, y, marker, color=colour, alpha=0.3, ms=5, mec="none", zorder=1)
            ax.plot(
                np.mean(x), np.mean(y), marker, color=colour, ms=11, mec="white", zorder=3,
                ls="none", label=f"{name}, mean",
            )  # fmt: skip
        ax.set(xlabel="specificity", ylabel="sensitivity", xlim=limits[0], ylim=limits[1])
        ax.legend(loc="lower left")
    return figure


def histograms(
    panels: Mapping[str, Mapping[str, np.ndarray]],
    xlabel: str,
    bands: Mapping[str, tuple[float, float]] | None = None,
    bins: np.ndarray | int = 60,
) -> Figure:
    """Draw distributions above each other, a panel a setting; bands are shaded.

    Parameters
    ----------
    panels : mapping of str to mapping of str to numpy.ndarray
        Title of the panel to names and values.
    xlabel : str
        What the values are.
    bands : mapping of str to (low, high), optional
        Intervals to shade in every panel, with their names.
    bins : numpy.ndarray or int
        As :func:`numpy.histogram` takes them.

    Returns
    -------
    matplotlib.figure.Figure
    """
    hatches = ("", "//", "..")
    with course_style():
        figure, grid = plt.subplots(
            len(panels), 1, figsize=(7.2, 1.9 * len(panels) + 0.4), sharex=True, squeeze=False
        )
        for ax, (title, groups) in zip(grid[:, 0], panels.items(), strict=True):
            for (name, values), colour, hatch in zip(
                groups.items(), _COLOURS, hatches, strict=False
            ):
                counts, edges = np.histogram(values, bins=bins, density=True)
                ax.stairs(
                    counts, edges, fill=True, facecolor=colour + "55", edgecolor=colour,
                    hatch=hatch, lw=1.2, label=name,
                )  # fmt: skip
            for name, (low, high) in (bands or {}).items():
                ax.axvspan(low, high, color="0.85", zorder=0, label=name)
            ax.set_title(title, loc="left")
            ax.set_yticks([])
            ax.spines["left"].set_visible(False)
        grid[-1, 0].set_xlabel(xlabel)
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    points: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    labels: tuple[str, str],
    *,
    log_x: bool = False,
    marks: Mapping[str, float] | None = None,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw formulas as lines and measurements as points, on common axes.

    Parameters
    ----------
    lines, points : mapping of str to (x, y)
        Name to coordinates.
    labels : (str, str)
        What x and y are.
    log_x : bool
        Whether x is logarithmic.
    marks : mapping of str to float, optional
        Name and place of vertical lines.
    limits : tuple of float, optional
        Ends of the y axis.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.2, 3.6))
        for (name, (x, y)), dash in zip(lines.items(), ("-", "--", ":", "-."), strict=False):
            ax.plot(x, y, dash, color="0.35", lw=1.8, label=name)
        styles = zip(_COLOURS, _MARKERS, strict=False)
        for (name, (x, y)), (colour, marker) in zip(points.items(), styles, strict=False):
            ax.plot(x, y, marker, color=colour, ms=6, ls=":", lw=1, label=name)
        if log_x:
            ax.set_xscale("log")
        ax.set(xlabel=labels[0], ylabel=labels[1], ylim=limits)
        for name, place in (marks or {}).items():
            ax.axvline(place, color=PALETTE["black"], lw=1, ls="--")
            ax.annotate(
                name, (place, 0.98), (4, 0), xycoords=("data", "axes fraction"),
                textcoords="offset points", va="top", fontsize=10,
            )  # fmt: skip
        if len(lines) + len(points) > 1:
            figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def landmarks(
    panels: Mapping[str, Sequence[np.ndarray]], window: tuple[float, float, float, float]
) -> Figure:
    """Draw faces as five marks each, eyes and mouth corners joined, y downwards.

    Parameters
    ----------
    panels : mapping of str to sequence of numpy.ndarray, shape (5, 2)
        Title to faces: left eye, right eye, nose, left and right corner of the mouth.
    window : (left, right, top, bottom)
        Pixels shown.

    Returns
    -------
    matplotlib.figure.Figure
    """
    left, right, top, bottom = window
    with course_style():
        figure, grid = plt.subplots(1, len(panels), figsize=(7.6, 3.4), squeeze=False)
        for ax, (title, faces) in zip(grid[0], panels.items(), strict=True):
            for face, colour, marker in zip(faces, _COLOURS, _MARKERS, strict=False):
                for pair in (face[:2], face[3:]):
                    ax.plot(*np.transpose(pair), "-", color=colour, lw=1.6)
                ax.plot(*np.transpose(face), marker, color=colour, ms=5, mfc="white")
            ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
            ax.set_title(title)
            ax.set(xlabel="x in pixels")
        grid[0, 0].set_ylabel("y in pixels")
    return figure


def warped(pictures: Mapping[str, np.ndarray], lines: Sequence[float]) -> Figure:
    """Draw pictures with the same level lines across all of them.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray, shape (H, W, 3)
        Title to picture, in [0, 1].
    lines : sequence of float
        Rows at which a dashed line is drawn.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(1, len(pictures), figsize=(7.6, 2.4), squeeze=False)
        for ax, (title, picture) in zip(grid[0], pictures.items(), strict=True):
            show_image(ax, np.clip(picture, 0, 1), title)
            for row in lines:
                ax.axhline(row, color=PALETTE["yellow"], lw=1.5, ls="--")
    return figure


def confusion(panels: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Draw confusion matrices with their counts; rows are the true class.

    Parameters
    ----------
    panels : mapping of str to numpy.ndarray, shape (C, C)
        Title to counts.
    names : sequence of str
        The classes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(1, len(panels), figsize=(7.6, 4.1), squeeze=False)
        for ax, (title, cm) in zip(grid[0], panels.items(), strict=True):
            errors = np.where(np.eye(len(cm), dtype=bool), 0, cm)
            ax.imshow(errors, cmap="cividis", vmin=0)
            largest = errors.max()
            for (row, column), count in np.ndenumerate(cm):
                dark = errors[row, column] < 0.6 * largest
                ax.text(
                    column, row, str(count), ha="center", va="center", fontsize=9,
                    color="white" if dark else "black",
                )  # fmt: skip
            ax.set_xticks(range(len(cm)), names, rotation=60, ha="right", rotation_mode="anchor")
            ax.set_yticks(range(len(cm)), names if ax is grid[0, 0] else [])
            ax.tick_params(length=0)
            ax.set(title=title, xlabel="predicted")
        grid[0, 0].set_ylabel("true")
    return figure
