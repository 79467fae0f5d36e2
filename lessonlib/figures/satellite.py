"""Figures of the chapter *Satellite*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from lessonlib.figures.style import PALETTE, course_style, show_image

#: A colour for each land cover, distinct without colour vision by its brightness as well.
COVER_COLOURS = {
    "field": "yellow",
    "wood": "green",
    "marsh": "purple",
    "water": "blue",
    "sand": "orange",
}
_LINES = (("-", "o"), ("--", "s"), ("-.", "^"), (":", "D"))


def pictures(
    pictures: Mapping[str, np.ndarray],
    *,
    notes: Sequence[str] = (),
    limits: Sequence[tuple[float, float] | None] = (),
    cmap: str = "gray",
    size: float = 3.0,
) -> Figure:
    """Draw pictures side by side, each with its own scale.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray, shape (H, W) or (H, W, 3)
        Title to picture; colour pictures in ``[0, 1]``.
    notes : sequence of str
        A line below each.
    limits : sequence of (float, float) or None
        What is drawn black and white, a pair for each picture; else its smallest and largest
        value.
    cmap : str
        Colour map of the grey ones.
    size : float
        Height in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    limits = limits or [None] * len(pictures)
    with course_style():
        figure, grid = plt.subplots(1, len(pictures), figsize=(7.6, size), squeeze=False)
        for axes, (title, picture), ends in zip(grid.flat, pictures.items(), limits, strict=True):
            low, high = (None, None) if ends is None else ends
            show_image(axes, picture, title, cmap=cmap, vmin=low, vmax=high)
        for axes, note in zip(grid.flat, notes, strict=False):
            axes.set_xlabel(note)
    return figure


def index_map(values: np.ndarray, limits: tuple[float, float], label: str) -> Figure:
    """Draw one map with its colour bar.

    Parameters
    ----------
    values : numpy.ndarray, shape (H, W)
        What is mapped.
    limits : tuple of float
        Ends of the colour scale.
    label : str
        What the colours mean.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(figsize=(5.6, 4.4))
        artist = show_image(axes, values, cmap="cividis", vmin=limits[0], vmax=limits[1])
        figure.colorbar(artist, ax=axes, shrink=0.8, label=label, extend="both")
    return figure


def offset_loss(
    totals: np.ndarray,
    curves: Mapping[str, np.ndarray],
    points: Mapping[str, tuple[float, float]],
) -> Figure:
    """Draw the share of an index that a forgotten offset leaves, against brightness.

    Parameters
    ----------
    totals : numpy.ndarray, shape (n,)
        Sum of the two reflectances.
    curves : mapping of str to numpy.ndarray, shape (n,)
        Name of an offset to the share left.
    points : mapping of str to (total, share)
        What was measured on some ground.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(figsize=(7.6, 3.4))
        for (name, share), (style, _), colour in zip(
            curves.items(), _LINES, ("blue", "vermillion"), strict=False
        ):
            axes.plot(totals, share, style, color=PALETTE[colour], label=name)
        for (name, (total, share)), (_, marker) in zip(points.items(), cycle(_LINES), strict=False):
            axes.plot(total, share, marker, color=PALETTE["black"], ms=7)
            axes.annotate(name, (total, share), (7, -11), textcoords="offset points")
        axes.set(
            xlabel="near-infrared + red reflectance",
            ylabel="share of the index left",
            xlim=(0, totals.max()),
            ylim=(0, 1.02),
        )
        axes.legend(loc="upper left")
    return figure


def bits(
    values: Sequence[int], rows: Mapping[str, Mapping[str, tuple[int, int]]], notes: Sequence[str]
) -> Figure:
    """Draw numbers as boxes of bits, the fields of a layout in turns light and dark.

    Parameters
    ----------
    values : sequence of int
        16-bit numbers, one for each row.
    rows : mapping of str to mapping of str to (lowest bit, number of bits)
        Title of the row to the layout by which it is read.
    notes : sequence of str
        What the row then says.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(
            len(rows), 1, figsize=(7.6, 1.25 * len(rows)), squeeze=False, layout="constrained"
        )
        for axes, value, (title, layout), note in zip(
            grid.flat, values, rows.items(), notes, strict=True
        ):
            for bit in range(16):
                axes.add_patch(Rectangle((15 - bit, 0), 1, 1, fc="white", ec="0.6"))
                axes.text(15.5 - bit, 0.5, value >> bit & 1, ha="center", va="center", fontsize=12)
            for (name, (lowest, width)), shade in zip(
                layout.items(), cycle(("sky", "orange")), strict=False
            ):
                axes.add_patch(
                    Rectangle((16 - lowest - width, 0), width, 1, fc=PALETTE[shade], alpha=0.45)
                )
                if width == 2:
                    axes.text(
                        15 - lowest,
                        -0.12,
                        name.replace("_", " "),
                        ha="center",
                        va="top",
                        fontsize=9,
                    )
            axes.set(xlim=(-0.1, 16.1), ylim=(-0.55, 1.1))
            axes.set_title(f"{title}: {note}", loc="left")
            axes.set_axis_off()
    return figure


def kept_contrast(
    metres: Sequence[float],
    methods: Mapping[str, Sequence[tuple[float, float, float]]],
    pixel: float,
) -> Figure:
    """Draw what is left of an object's contrast by its size, a panel a method.

    Parameters
    ----------
    metres : sequence of float
        Side of the object.
    methods : mapping of str to sequence of (low, mean, high)
        Title to the share left for each size, over all places.
    pixel : float
        Side of the coarse pixel in metres, drawn as a grey line.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(1, len(methods), figsize=(7.6, 2.9), sharey=True, squeeze=False)
        for axes, (title, rows) in zip(grid.flat, methods.items(), strict=True):
            low, mean, high = np.transpose(rows)
            axes.fill_between(metres, low, high, color=PALETTE["sky"], alpha=0.4, lw=0)
            axes.plot(metres, mean, "o-", color=PALETTE["blue"], ms=4)
            axes.axvline(pixel, color="0.5", lw=1, ls=":")
            axes.set(title=title, xlim=(0, max(metres)), ylim=(0, 1.03))
        grid[0, 0].set_ylabel("share of the contrast left")
        figure.supxlabel("side of the object in metres", fontsize=11)
    return figure


def parcels(
    picture: np.ndarray, covers: Mapping[str, Sequence[tuple[int, int, int, int]]]
) -> Figure:
    """Draw rectangles over a picture, a colour a class.

    Parameters
    ----------
    picture : numpy.ndarray, shape (H, W, 3)
        In ``[0, 1]``.
    covers : mapping of str to sequence of (row, column, rows, columns)
        Class to its rectangles.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(figsize=(7.0, 5.4))
        show_image(axes, picture)
        for cover, corners in covers.items():
            colour = PALETTE[COVER_COLOURS[cover]]
            for row, column, rows, columns in corners:
                for edge, width in (("white", 3.2), (colour, 1.8)):
                    axes.add_patch(
                        Rectangle((column, row), columns, rows, fill=False, ec=edge, lw=width)
                    )
                if columns >= 36:  # a narrower one would not hold the word
                    axes.text(
                        column + columns / 2,
                        row + rows / 2,
                        cover,
                        color="white",
                        fontsize=9,
                        ha="center",
                        va="center",
                    )
        handles = [Patch(fc="none", ec=PALETTE[COVER_COLOURS[c]], lw=2, label=c) for c in covers]
        figure.legend(handles=handles, loc="outside right upper")
    return figure


def splits(
    rows: Mapping[str, Mapping[str, tuple[float, float, float]]], chance: Mapping[str, float]
) -> Figure:
    """Draw accuracies with their intervals, a line a problem and a marker a split.

    Parameters
    ----------
    rows : mapping of str to mapping of str to (value, low, high)
        Problem to split to accuracy.
    chance : mapping of str to float
        Problem to the accuracy of guessing, where it is known.

    Returns
    -------
    matplotlib.figure.Figure
    """
    colours = ("vermillion", "orange", "blue", "black")
    with course_style():
        figure, axes = plt.subplots(figsize=(7.6, 0.9 + 0.75 * len(rows)))
        for place, (problem, splits) in enumerate(rows.items()):
            for i, ((name, (value, low, high)), (_, marker), colour) in enumerate(
                zip(splits.items(), _LINES, colours, strict=False)
            ):
                y = place + 0.22 * (i - (len(splits) - 1) / 2)
                axes.hlines(y, low, high, color=PALETTE[colour], lw=2)
                label = name if place == 0 else None
                axes.plot(value, y, marker, color=PALETTE[colour], ms=7, label=label)
            if problem in chance:
                axes.vlines(chance[problem], place - 0.4, place + 0.4, color="0.5", ls=":")
        axes.set_yticks(range(len(rows)), rows)
        axes.invert_yaxis()
        axes.set(xlim=(0, 1.02), xlabel="share of the held-out pixels called right")
        figure.legend(loc="outside upper right", ncols=3)
    return figure


def covers(maps: Mapping[str, tuple[np.ndarray, Sequence[str]]]) -> Figure:
    """Draw land-cover maps side by side.

    Parameters
    ----------
    maps : mapping of str to (codes, classes)
        Title to an image of whole numbers ``(H, W)`` and the class that each stands for.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(1, len(maps), figsize=(7.6, 4.0), squeeze=False)
        seen: dict[str, str] = {}
        for axes, (title, (codes, classes)) in zip(grid.flat, maps.items(), strict=True):
            seen |= {name: PALETTE[COVER_COLOURS[name]] for name in classes}
            colours = ListedColormap([seen[name] for name in classes])
            show_image(axes, codes, title, cmap=colours, vmin=-0.5, vmax=len(classes) - 0.5)
        handles = [Patch(fc=colour, label=name) for name, colour in seen.items()]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure
