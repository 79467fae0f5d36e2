"""Figures of the chapter *Astronomy*. Rows of a CCD frame run up the sky, as on a star chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lessonlib.evaluation import Interval
from lessonlib.figures.style import PALETTE, course_style, show_image

_MARKS = ("o", "s", "^", "D", "v")
_COLOURS = ("blue", "vermillion", "green", "purple", "black")


def frames(
    pictures: Mapping[str, np.ndarray],
    *,
    circles: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    limits: Sequence[tuple[float, float] | None] | None = None,
    columns: int = 2,
    height: float | None = None,
    cmap: str = "gray",
) -> Figure:
    """Draw pictures side by side, rows upwards, with places ringed.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray, shape (H, W) or (H, W, 3)
        Title to picture.
    circles : mapping of str to sequence of (row, column), optional
        Title to the places that are ringed in that picture.
    limits : sequence of (float, float) or None, optional
        Values shown black and white, for each picture; its own extremes where ``None``.
    columns : int, default 2
    height : float, optional
        Of a row of pictures, in inches.
    cmap : str, default "gray"

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(pictures) // columns)
    height = height or 7.6 / columns
    circles = circles or {}
    limits = limits or [None] * len(pictures)
    with course_style():
        figure, grid = plt.subplots(rows, columns, figsize=(7.6, height * rows), squeeze=False)
        for axes in grid.flat[len(pictures) :]:
            axes.set_visible(False)
        for axes, (title, picture), ends in zip(grid.flat, pictures.items(), limits, strict=False):
            low, high = ends or (None, None)
            show_image(axes, picture, title, vmin=low, vmax=high, cmap=cmap, origin="lower")
            for row, column in circles.get(title, ()):
                axes.plot(
                    column, row, "o", ms=13, mfc="none", mec=PALETTE["orange"], mew=1.4, zorder=3
                )
    return figure


def hit_rates(results: Mapping[str, Mapping[str, Sequence[tuple[Interval, Interval]]]]) -> Figure:
    """Draw hits found against clean pixels flagged, a panel a kind of image.

    Parameters
    ----------
    results : mapping of str to mapping of str to sequence of (Interval, Interval)
        Title of the panel to method to, for each threshold, clean pixels flagged of a million, and
        the share of hits found.

    Returns
    -------
    matplotlib.figure.Figure
    """
    floor = 3.0  # none flagged is drawn here
    with course_style():
        figure, grid = plt.subplots(1, len(results), figsize=(7.6, 3.5), sharey=True, squeeze=False)
        for axes, (title, methods) in zip(grid.flat, results.items(), strict=True):
            for (name, points), mark, colour in zip(
                methods.items(), _MARKS, _COLOURS, strict=False
            ):
                x = [max(float(false), floor) for false, _ in points]
                share = np.array([tuple(found) for _, found in points])
                axes.errorbar(
                    x,
                    share[:, 0],
                    yerr=[share[:, 0] - share[:, 1], share[:, 2] - share[:, 0]],
                    fmt=mark + "-",
                    color=PALETTE[colour],
                    label=name,
                    ms=5,
                    lw=1.2,
                    elinewidth=1,
                )
            axes.set_xscale("log")
            axes.set_xlim(floor / 1.6, 1e5)
            axes.set_xticks([floor, 100, 10_000], ["0", "100", "10,000"])
            axes.minorticks_off()
            axes.set(title=title, ylim=(0, 1.04))
        grid[0, 0].set_ylabel("share of hits found")
        figure.supxlabel("clean pixels flagged, of a million", fontsize=11)
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def stretches(rows: Mapping[str, Sequence[tuple[str, np.ndarray]]]) -> Figure:
    """Draw a row of pictures, already in [0, 1], for each source.

    Parameters
    ----------
    rows : mapping of str to sequence of (str, numpy.ndarray)
        Name at the left to titled pictures.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = max(map(len, rows.values()))
    with course_style():
        figure, grid = plt.subplots(
            len(rows), columns, figsize=(7.6, 2.7 * len(rows)), squeeze=False
        )
        for line, (name, pictures) in zip(grid, rows.items(), strict=True):
            for axes, (title, picture) in zip(line, pictures, strict=True):
                show_image(axes, picture, title, vmin=0, vmax=1, origin="lower")
            line[0].set_ylabel(name)
    return figure


def alarms(expected: np.ndarray, poisson: np.ndarray, promised: float) -> Figure:
    """Draw the false-alarm rate of a threshold against the mean count.

    Parameters
    ----------
    expected : numpy.ndarray, shape (n,)
        Photons expected from the background.
    poisson : numpy.ndarray, shape (n,)
        Rate of a Poisson variable.
    promised : float
        Rate of a normal one.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(figsize=(7.0, 3.2))
        axes.loglog(expected, poisson, color=PALETTE["blue"], lw=1.3, label="counted photons")
        axes.axhline(promised, color=PALETTE["vermillion"], ls="--", label="normal distribution")
        axes.set(
            xlabel="photons expected from the background",
            ylabel="false alarms at 5 σ",
        )
        axes.legend()
    return figure


def recovery(
    panels: Mapping[str, tuple[np.ndarray, np.ndarray, Sequence[tuple[float, Interval]]]],
    limit: Mapping[str, float],
) -> Figure:
    """Draw the share of planted stars found against their flux, beside the theory.

    Parameters
    ----------
    panels : mapping of str to (numpy.ndarray, numpy.ndarray, sequence of (float, Interval))
        Title to the theory's fluxes and shares, and to the planted fluxes with shares found.
    limit : mapping of str to float
        Title to the flux drawn as the threshold.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(1, len(panels), figsize=(7.6, 3.3), sharey=True, squeeze=False)
        for axes, (title, (flux, theory, planted)) in zip(grid.flat, panels.items(), strict=True):
            axes.plot(flux, theory, color=PALETTE["blue"], label="counting statistics")
            share = np.array([tuple(found) for _, found in planted])
            axes.errorbar(
                [f for f, _ in planted],
                share[:, 0],
                yerr=[share[:, 0] - share[:, 1], share[:, 2] - share[:, 0]],
                fmt="o",
                ms=4.5,
                color=PALETTE["vermillion"],
                label="planted stars",
            )
            axes.axvline(limit[title], color="0.5", ls=":", label="threshold")
            axes.set(title=title, xlabel="flux of the star in electrons", ylim=(-0.03, 1.03))
        grid[0, 0].set_ylabel("share found")
        grid[0, 0].legend(loc="lower right", fontsize=9)
    return figure


def shape_plane(
    values: np.ndarray, pictures: np.ndarray, drawn: Mapping[str, Sequence[tuple[float, float]]]
) -> Figure:
    """Draw galaxies at their concentration and asymmetry, as small pictures and as dots.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, 2)
        Concentration and asymmetry.
    pictures : numpy.ndarray of uint8, shape (n, S, S, 3)
        A picture of each; every one that finds room is shown.
    drawn : mapping of str to sequence of (float, float)
        Name to concentrations before and after the stretch, drawn as an arrow below the others.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    with course_style():
        figure, axes = plt.subplots(figsize=(7.6, 5.2))
        axes.plot(*values.T, ".", color="0.6", ms=5)
        shown: list[np.ndarray] = []
        for place, picture in zip(values, pictures, strict=True):
            if all(np.abs((place - other) / (0.155, 0.078)).max() >= 1 for other in shown):
                shown.append(place)
                thumb = OffsetImage(picture, zoom=0.6)
                axes.add_artist(AnnotationBbox(thumb, place, frameon=False))
        for i, ((name, ends), colour) in enumerate(zip(drawn.items(), _COLOURS, strict=False)):
            y = -0.09 - 0.075 * i
            (before, after), *_ = ends
            axes.annotate(
                "",
                (after, y),
                (before, y),
                arrowprops={"arrowstyle": "->", "color": PALETTE[colour], "lw": 1.8},
            )
            axes.text(before + 0.04, y, name, va="center", fontsize=10, color=PALETTE[colour])
        axes.set(xlabel="concentration", ylabel="asymmetry", xlim=(1.6, 4.7), ylim=(-0.22, 0.86))
    return figure


def retrieval(shares: Mapping[str, Mapping[str, Interval]]) -> Figure:
    """Draw how often a changed copy finds its original, by representation and change.

    Parameters
    ----------
    shares : mapping of str to mapping of str to Interval
        Representation to change to share.

    Returns
    -------
    matplotlib.figure.Figure
    """
    changes = list(next(iter(shares.values())))
    with course_style():
        figure, axes = plt.subplots(figsize=(7.6, 3.2))
        for i, ((name, found), mark, colour) in enumerate(
            zip(shares.items(), _MARKS, _COLOURS, strict=False)
        ):
            x = np.arange(len(changes)) + 0.16 * (i - (len(shares) - 1) / 2)
            share = np.array([tuple(found[change]) for change in changes])
            axes.errorbar(
                x,
                share[:, 0],
                yerr=[share[:, 0] - share[:, 1], share[:, 2] - share[:, 0]],
                fmt=mark,
                color=PALETTE[colour],
                label=name,
                ms=6,
            )
        axes.set_xticks(range(len(changes)), changes)
        axes.set(ylabel="share that find\ntheir original", ylim=(0, 1.04))
        figure.legend(loc="outside upper center", ncols=len(shares))
    return figure


def dose(
    lines: Mapping[str, tuple[np.ndarray, np.ndarray]],
    points: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> Figure:
    """Draw the faintest thing that is found against the light spent on it, on log axes.

    Parameters
    ----------
    lines, points : mapping of str to (numpy.ndarray, numpy.ndarray)
        Name to photons a pixel and limit: by theory, and measured.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(figsize=(7.0, 3.4))
        for (name, (x, y)), colour in zip(lines.items(), _COLOURS, strict=False):
            axes.loglog(x, y, color=PALETTE[colour], label=f"{name}, theory")
        for (name, (x, y)), mark, colour in zip(points.items(), _MARKS, _COLOURS, strict=False):
            axes.loglog(x, y, mark, color=PALETTE[colour], label=f"{name}, planted")
        axes.set(
            xlabel="photons a pixel",
            ylabel="contrast that half\nthe readings find",
        )
        axes.set_yticks([0.01, 0.02, 0.05, 0.1, 0.2], ["0.01", "0.02", "0.05", "0.1", "0.2"])
        axes.set_xticks([25, 100, 400, 1600], ["25", "100", "400", "1,600"])
        axes.minorticks_off()
        axes.legend(fontsize=9)
    return figure
