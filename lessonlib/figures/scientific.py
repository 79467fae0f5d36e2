"""Figures of the chapter *Many channels*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lessonlib.figures.style import PALETTE, course_style, show_image

_RGB = {"red": "vermillion", "green": "green", "blue": "blue"}


def bands(pictures: Mapping[str, np.ndarray], columns: int = 5) -> Figure:
    """Draw many small pictures, grey ones between their own 1st and 99th percentiles.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray, shape (H, W) or (H, W, 3)
        Title to picture; colour pictures in ``[0, 1]``.
    columns : int
        How many stand side by side.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(pictures) // columns)
    with course_style():
        figure, grid = plt.subplots(rows, columns, figsize=(7.6, 1.72 * rows), squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, (title, picture) in zip(grid.flat, pictures.items(), strict=False):
            axes.set_axis_on()
            low, high = (None, None) if picture.ndim == 3 else np.percentile(picture, [1, 99])
            show_image(axes, picture, vmin=low, vmax=high)
            axes.set_title(title, fontsize=9)
    return figure


def ranges(
    groups: Mapping[str, Mapping[str, tuple[float, float, float]]],
    xlabel: str,
    impossible_below: float | None = None,
) -> Figure:
    """Draw intervals with a middle, a panel a group.

    Parameters
    ----------
    groups : mapping of str to mapping of str to (low, middle, high)
        Title of the panel to its rows, from top to bottom.
    xlabel : str
        What the numbers are.
    impossible_below : float, optional
        Values below it are shaded.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        height = 0.9 + 0.24 * max(map(len, groups.values()))
        figure, grid = plt.subplots(
            1, len(groups), figsize=(7.6, height), sharex=True, squeeze=False
        )
        for axes, (title, rows) in zip(grid.flat, groups.items(), strict=True):
            places = np.arange(len(rows))
            low, middle, high = np.transpose(list(rows.values()))
            axes.hlines(places, low, high, color=PALETTE["blue"], lw=4)
            axes.plot(middle, places, "o", color=PALETTE["black"], ms=4)
            axes.set_yticks(places, rows)
            axes.invert_yaxis()
            axes.set(title=title, xlabel=xlabel)
        if impossible_below is not None:
            left = grid.flat[0].get_xlim()[0]
            for axes in grid.flat:
                axes.axvspan(left, impossible_below, color=PALETTE["orange"], alpha=0.35, lw=0)
            grid.flat[0].set_xlim(left=left)
    return figure


def colour_ranges(rows: Mapping[str, np.ndarray], limits: tuple[float, float]) -> Figure:
    """Draw 1st to 99th percentile and mean of red, green and blue for several inputs.

    Parameters
    ----------
    rows : mapping of str to numpy.ndarray, shape (3, 3)
        Name of the input to its low ends, means and high ends, each for red, green and blue.
    limits : tuple of float
        Ends of the axis; what lies beyond is marked by an arrow and its mean.

    Returns
    -------
    matplotlib.figure.Figure
    """
    markers = {"red": "o", "green": "s", "blue": "^"}
    with course_style():
        figure, axes = plt.subplots(figsize=(7.6, 0.8 + 0.75 * len(rows)))
        axes.axvspan(-1, 1, color="0.9", lw=0)
        for place, (low, middle, high) in enumerate(rows.values()):
            for c, (name, colour) in enumerate(_RGB.items()):
                y = place + 0.24 * (c - 1)
                if low[c] > limits[1]:
                    axes.annotate(
                        f"{middle[c]:,.0f}",
                        (limits[1], y),
                        (-34, 0),
                        textcoords="offset points",
                        ha="right",
                        va="center",
                        fontsize=10,
                        color=PALETTE[colour],
                        arrowprops={"arrowstyle": "->", "color": PALETTE[colour]},
                    )
                    continue
                axes.hlines(y, low[c], high[c], color=PALETTE[colour], lw=3)
                axes.plot(middle[c], y, markers[name], color=PALETTE[colour], ms=6)
        for name, colour in _RGB.items():
            axes.plot([], [], markers[name], color=PALETTE[colour], label=name)
        axes.set_yticks(range(len(rows)), rows)
        axes.invert_yaxis()
        axes.set(xlim=limits, xlabel="value after normalisation")
        figure.legend(loc="outside upper right", ncols=3)
    return figure


def maps(
    pictures: Mapping[str, np.ndarray],
    limits: tuple[float, float],
    label: str,
    columns: int = 4,
    cmap: str = "cividis",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw maps that share one colour scale; missing pixels are hatched.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray, shape (H, W)
        Title to values, NaN where missing.
    limits : tuple of float
        Ends of the colour scale; a pointed end of the bar says that values lie beyond.
    label : str
        What the colours mean.
    columns : int
        How many maps stand side by side.
    cmap : str
        Name of the colour map.
    notes : sequence of str
        A line below each map.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(pictures) // columns)
    beyond = [
        any(np.nanmin(p) < limits[0] for p in pictures.values()),
        any(np.nanmax(p) > limits[1] for p in pictures.values()),
    ]
    extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[tuple(beyond)]
    with course_style():
        width = 7.6 / columns
        figure, grid = plt.subplots(
            rows, columns, figsize=(7.6, rows * (width + 0.35) + 0.6), squeeze=False
        )
        for axes, (title, picture) in zip(grid.flat, pictures.items(), strict=True):
            axes.set_facecolor("white")
            axes.patch.set(hatch="////", edgecolor="0.5")
            artist = show_image(
                axes,
                np.ma.masked_invalid(picture),
                title,
                cmap=cmap,
                vmin=limits[0],
                vmax=limits[1],
            )
        for axes, note in zip(grid.flat, notes, strict=False):
            axes.set_xlabel(note)
        figure.colorbar(
            artist,
            ax=grid,
            location="bottom",
            shrink=0.5,
            aspect=35,
            pad=0.03,
            label=label,
            extend=extend,
            ticks=MaxNLocator(5, steps=[1, 2, 5, 10]),
        )
    return figure


def twins(rows: Mapping[str, tuple[np.ndarray, np.ndarray]], titles: tuple[str, str]) -> Figure:
    """Draw pairs of pictures in ``[0, 1]``, a treatment a column and a scene a row.

    Parameters
    ----------
    rows : mapping of str to pair of numpy.ndarray, shape (H, W)
        Treatment to the two scenes after it.
    titles : tuple of str
        What the two scenes are.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(2, len(rows), figsize=(7.6, 5.4))
        for column, (treatment, pair) in enumerate(rows.items()):
            for row, picture in enumerate(pair):
                title = treatment if row == 0 else None
                show_image(grid[row, column], picture, title, vmin=0, vmax=1)
        for row, title in enumerate(titles):
            grid[row, 0].set_ylabel(title)
    return figure


def star(
    stretches: Mapping[str, np.ndarray], column: int, counts: np.ndarray, white: float
) -> Figure:
    """Draw a star after several stretches, and the values along a column through it.

    Parameters
    ----------
    stretches : mapping of str to numpy.ndarray, shape (H, W)
        Title to picture in ``[0, 1]``.
    column : int
        The column that is drawn as a curve.
    counts : numpy.ndarray, shape (H, W)
        What was measured.
    white : float
        Counts from which the first stretch is white.

    Returns
    -------
    matplotlib.figure.Figure
    """
    colours = ("vermillion", "blue")
    with course_style():
        figure, grid = plt.subplots(1, len(stretches) + 1, figsize=(7.6, 3.1))
        profile = grid[-1]
        for axes, (title, picture), colour, style in zip(
            grid, stretches.items(), colours, ("-", "--"), strict=False
        ):
            show_image(axes, picture, title, origin="lower", vmin=0, vmax=1)
            axes.axvline(column, color=PALETTE[colour], lw=1, ls=":")
            profile.plot(picture[:, column], style, color=PALETTE[colour], label=title)
        peak = counts.max()
        profile.plot(counts[:, column] / peak, ":", color=PALETTE["black"], label="counts / peak")
        profile.axhline(white / peak, color="0.6", lw=1)
        profile.set(ylim=(0, 1.05), xlabel="row", title="along the dotted line")
        figure.legend(*profile.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def scatter_pair(
    panels: Mapping[str, tuple[np.ndarray, np.ndarray]],
    marked: np.ndarray,
    labels: tuple[str, str],
    notes: Sequence[str],
) -> Figure:
    """Draw one channel against another, before and after, with some pixels marked.

    Parameters
    ----------
    panels : mapping of str to pair of numpy.ndarray, shape (n,)
        Title to the values of the two channels.
    marked : numpy.ndarray of bool, shape (n,)
        Pixels drawn larger and in another colour.
    labels : tuple of str
        Names of the two channels.
    notes : sequence of str
        A line inside each panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(1, len(panels), figsize=(7.6, 3.3))
        for axes, (title, (x, y)), note in zip(grid, panels.items(), notes, strict=True):
            axes.plot(x[~marked], y[~marked], ".", ms=2, color=PALETTE["blue"])
            axes.plot(x[marked], y[marked], "D", ms=5, color=PALETTE["vermillion"])
            axes.set(title=f"{title}: {note}", xlabel=labels[0], ylabel=labels[1])
    return figure
