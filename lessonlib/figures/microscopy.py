"""Figures of the chapter *Microscopy*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lessonlib.evaluation import Interval
from lessonlib.figures.style import PALETTE, course_style, show_image

_COLOURS = ("blue", "vermillion", "green", "purple", "orange", "black")
_MARKERS = ("o", "s", "^", "D", "v", "P")


def puzzle(
    pictures: Mapping[str, np.ndarray],
    limits: Mapping[str, tuple[float, float]],
    corners: Mapping[str, tuple[slice, slice]],
) -> Figure:
    """Draw micrographs, and below each a part of it enlarged until the grain shows.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray, shape (H, W)
        Title to picture.
    limits : mapping of str to tuple of float
        Values shown as black and as white.
    corners : mapping of str to tuple of slice
        Rows and columns of the part.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(2, len(pictures), figsize=(7.6, 7.0),
                                    height_ratios=(1.6, 1))  # fmt: skip
        for column, (title, picture) in enumerate(pictures.items()):
            low, high = limits[title]
            show_image(grid[0, column], picture, title, vmin=low, vmax=high)
            rows, columns = corners[title]
            grid[0, column].add_patch(
                plt.Rectangle(
                    (columns.start, rows.start),
                    columns.stop - columns.start,
                    rows.stop - rows.start,
                    fill=False,
                    ec=PALETTE["orange"],
                    lw=1.5,
                )
            )
            show_image(grid[1, column], picture[rows, columns], vmin=low, vmax=high)
    return figure


def noise_curves(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    ylabel: str = "variance of the noise (counts²)",
) -> Figure:
    """Draw the variance of the noise against brightness, and a straight line through it.

    Parameters
    ----------
    curves : mapping of str to tuple of numpy.ndarray, shape (bins,)
        Title of a panel to brightness, variance, and the line at those brightnesses.
    ylabel : str
        Of all panels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(1, len(curves), figsize=(7.6, 3.4), squeeze=False)
        for ax, (title, (mean, variance, line)) in zip(axes.flat, curves.items(), strict=True):
            ax.plot(mean, line, color=PALETTE["vermillion"], label="fitted line")
            ax.plot(mean, variance, "o", ms=5, color=PALETTE["blue"], label="measured")
            ax.set(title=title, xlabel="brightness (counts)", ylim=(0, 1.1 * max(variance)))
        axes.flat[0].set_ylabel(ylabel)
        axes.flat[0].legend()
    return figure


def stabilised(
    panels: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]], labels: tuple[str, str]
) -> Figure:
    """Draw the strength of the noise by level of brightness, before and after a transform.

    Parameters
    ----------
    panels : mapping of str to tuple of numpy.ndarray, shape (bins,)
        Title to brightness, standard deviation before, and after; each divided by its own in the
        darkest level.
    labels : tuple of str
        What before and after are called.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(1, len(panels), figsize=(7.6, 3.4), sharey=True, squeeze=False)
        for ax, (title, (mean, before, after)) in zip(axes.flat, panels.items(), strict=True):
            ax.axhline(1, color="0.6", lw=1, ls=":")
            ax.plot(mean, before, "o-", color=PALETTE["blue"], label=labels[0])
            ax.plot(mean, after, "s--", color=PALETTE["vermillion"], label=labels[1])
            ax.set(title=title, xlabel="brightness (counts)")
        axes.flat[0].set_ylabel("noise, relative to the dark")
        axes.flat[0].set_ylim(0, None)
        axes.flat[0].legend()
    return figure


def biases(light: np.ndarray, bias: Mapping[str, np.ndarray]) -> Figure:
    """Draw by how much each way back misses the light.

    Parameters
    ----------
    light : numpy.ndarray, shape (n,)
        Photons expected, above 0.
    bias : mapping of str to numpy.ndarray, shape (n,)
        Name of the inverse to photons recovered less photons expected.

    Returns
    -------
    matplotlib.figure.Figure
    """
    styles = ("-", "--", ":")
    with course_style():
        figure, ax = plt.subplots(figsize=(7.6, 3.2))
        for (name, values), colour, style in zip(bias.items(), _COLOURS, styles, strict=False):
            ax.plot(light, values, style, color=PALETTE[colour], lw=2, label=name)
        ax.set(xscale="log", xlabel="photons expected", ylabel="bias (photons)")
        figure.legend(loc="outside lower center", ncols=3)
    return figure


def row(pictures: Mapping[str, np.ndarray], limits: tuple[float, float] | None = None) -> Figure:
    """Draw pictures side by side on one scale.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray, shape (H, W) or (H, W, 3)
        Title to picture.
    limits : tuple of float, optional
        Values shown as black and as white.

    Returns
    -------
    matplotlib.figure.Figure
    """
    low, high = limits or (None, None)
    with course_style():
        width = 7.6 / len(pictures)
        figure, axes = plt.subplots(1, len(pictures), figsize=(7.6, width + 0.5), squeeze=False)
        for ax, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
            show_image(ax, picture, title, vmin=low, vmax=high)
    return figure


def stains(
    rgb: np.ndarray, parts: Mapping[str, np.ndarray], residual: np.ndarray, top: float
) -> Figure:
    """Draw a section, each stain alone, and what no stain explains.

    Parameters
    ----------
    rgb : numpy.ndarray, shape (H, W, 3)
        The section.
    parts : mapping of str to numpy.ndarray, shape (H, W, 3)
        Name of a stain to its picture.
    residual : numpy.ndarray, shape (H, W)
        Optical density left over.
    top : float
        End of the residual's scale.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, grid = plt.subplots(2, 2, figsize=(7.6, 7.8))
        show_image(grid[0, 0], rgb, "the section")
        for ax, (name, picture) in zip(grid.flat[1:3], parts.items(), strict=True):
            show_image(ax, picture, f"{name} alone")
        artist = show_image(grid[1, 1], residual, "left over", cmap="cividis", vmin=0, vmax=top)
        figure.colorbar(artist, ax=grid[1, 1], shrink=0.7, label="optical density", extend="max")
    return figure


def _edges(ax, labels: np.ndarray, colour: str, style: str) -> None:
    """Draw the outline of every object along the borders of its pixels."""
    for number in np.unique(labels[labels > 0]):
        mask = np.pad(labels == number, 1)
        ax.contour(np.arange(mask.shape[1]) - 1, np.arange(mask.shape[0]) - 1, mask, [0.5],
                   colors=[PALETTE[colour]], linewidths=1.3, linestyles=style)  # fmt: skip


def outlines(
    picture: np.ndarray,
    true: np.ndarray,
    found: Mapping[str, np.ndarray],
    limits: tuple[float, float],
    columns: int = 3,
    aspect: float | str = "equal",
) -> Figure:
    """Draw the outlines of objects found over those that are there, a panel a method.

    Parameters
    ----------
    picture : numpy.ndarray, shape (H, W)
        What the outlines lie on.
    true : numpy.ndarray of int, shape (H, W)
        True labels: solid.
    found : mapping of str to numpy.ndarray of int, shape (H, W)
        Title to labels: dashed.
    limits : tuple of float
        Values shown as black and as white.
    columns : int
        How many panels stand side by side.
    aspect : float or "equal"
        Height of a pixel over its width.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(found) // columns)
    ratio = picture.shape[0] / picture.shape[1] * (1 if aspect == "equal" else aspect)
    with course_style():
        width = 7.6 / columns
        figure, grid = plt.subplots(
            rows, columns, figsize=(7.6, rows * (width * ratio + 0.3) + 0.35), squeeze=False
        )
        for ax in grid.flat:
            ax.set_axis_off()
        for ax, (title, labels) in zip(grid.flat, found.items(), strict=False):
            show_image(ax, picture, title, vmin=limits[0], vmax=limits[1], aspect=aspect)
            _edges(ax, true, "yellow", "solid")
            _edges(ax, labels, "sky", "dashed")
        handles = [
            plt.Line2D([], [], color=PALETTE["orange"], ls="-", label="true (yellow, solid)"),
            plt.Line2D([], [], color=PALETTE["sky"], ls="--", label="found (blue, dashed)"),
        ]
        handles[0].set_color(PALETTE["yellow"])
        legend = figure.legend(handles=handles, loc="outside lower center", ncols=2,
                               facecolor="0.25", labelcolor="white", frameon=True)  # fmt: skip
        legend.get_frame().set_edgecolor("none")
    return figure


def steps(
    thresholds: Sequence[float],
    precision: Mapping[str, np.ndarray],
    gains: Mapping[str, Interval],
) -> Figure:
    """Draw average precision by threshold for each step, and what each step added.

    Parameters
    ----------
    thresholds : sequence of float
        Smallest intersections over union.
    precision : mapping of str to numpy.ndarray, shape (len(thresholds),)
        Step to average precision.
    gains : mapping of str to lessonlib.evaluation.Interval
        Step to what it added at the first threshold; the first step's is its score.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 4.2))
        for i, (name, values) in enumerate(precision.items()):
            left.plot(thresholds, values, f"{_MARKERS[i]}-", ms=5, color=PALETTE[_COLOURS[i]],
                      label=name)  # fmt: skip
        left.set(xlabel="IoU threshold", ylabel="average precision", ylim=(0, 1))
        figure.legend(loc="outside lower center", ncols=3)
        for i, (_, gain) in enumerate(gains.items()):
            right.errorbar(
                gain.value, i, xerr=[[gain.value - gain.low], [gain.high - gain.value]],
                fmt=_MARKERS[i], color=PALETTE[_COLOURS[i]], capsize=3,
            )  # fmt: skip
        right.axvline(0, color=PALETTE["black"], lw=1, ls=":")
        right.set_yticks(range(len(gains)), gains)
        right.invert_yaxis()
        right.set(xlabel=f"gain at IoU ≥ {thresholds[0]:g}")
    return figure


def optimism(own: np.ndarray, other: np.ndarray) -> Figure:
    """Draw the scores that tuning promised against those on the other half.

    Parameters
    ----------
    own, other : numpy.ndarray, shape (n,)
        Average precision on the half tuned on, and on the other, a split each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.6, 3.0))
        edges = np.linspace(min(own.min(), other.min()), max(own.max(), other.max()), 30)
        ax.hist(own, edges, color=PALETTE["orange"], alpha=0.65, label="half tuned on")
        ax.hist(other, edges, histtype="step", lw=2, color=PALETTE["blue"], label="other half")
        for values, colour in ((own, "orange"), (other, "blue")):
            ax.axvline(values.mean(), color=PALETTE[colour], ls="--")
        ax.set(xlabel="average precision at IoU ≥ 0.5", ylabel="splits")
        ax.legend(loc="upper left")
    return figure


def rays(
    head: np.ndarray, left: np.ndarray, noise: Mapping[str, np.ndarray], millimetres: np.ndarray
) -> Figure:
    """Draw a slice through a head, the light that passes it, and how noisy that light is.

    Parameters
    ----------
    head : numpy.ndarray, shape (H, W)
        In [0, 1].
    left : numpy.ndarray, shape (W,)
        Share of the photons that is left behind each column.
    noise : mapping of str to numpy.ndarray, shape (W,)
        Dose to relative noise behind each column.
    millimetres : numpy.ndarray, shape (W,)
        Place of each column.

    Returns
    -------
    matplotlib.figure.Figure
    """
    extent = (millimetres[0], millimetres[-1], head.shape[0] / head.shape[1] * np.ptp(millimetres),
              0)  # fmt: skip
    with course_style():
        figure, (top, middle, bottom) = plt.subplots(
            3, 1, figsize=(6.4, 7.4), sharex=True, height_ratios=(2.4, 1, 1)
        )
        top.imshow(head, cmap="gray", vmin=0, vmax=1, extent=extent)
        top.set(ylabel="mm")
        middle.semilogy(millimetres, left, color=PALETTE["black"])
        middle.set(ylabel="share of photons\nthat passes")
        for (name, values), colour, style in zip(
            noise.items(), _COLOURS, ("-", "--"), strict=False
        ):
            bottom.plot(millimetres, 100 * values, style, color=PALETTE[colour], label=name)
        bottom.set(xlabel="mm", ylabel="noise (%)", ylim=(0, None))
        bottom.legend(ncols=2)
    return figure
