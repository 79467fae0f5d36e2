"""Figures of the section on whole tiles in the chapter *Many channels*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessonlib.figures.style import PALETTE, course_style

_LINES = [("o-", PALETTE["blue"]), ("s--", PALETTE["vermillion"])]


def paved(picture: np.ndarray, *, side: float, scene: float, chunk: float) -> Figure:
    """Show a paved tile, the scene that it is paved with, and the chunks it is stored in.

    Parameters
    ----------
    picture : numpy.ndarray, shape (H, W, 3)
        The tile in [0, 1], at any resolution.
    side, scene, chunk : float
        Sides of the tile, of the scene and of a chunk, in kilometres.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(5.6, 5.2))
        ax.imshow(picture, extent=(0, side, side, 0))
        lines = np.arange(chunk, side - chunk / 2, chunk)
        ax.hlines(lines, 0, side, colors=PALETTE["yellow"], lw=0.8)
        ax.vlines(lines, 0, side, colors=PALETTE["yellow"], lw=0.8)
        ax.add_patch(Rectangle((0, 0), scene, scene, fill=False, ec=PALETTE["orange"], lw=2.5))
        ax.set(xlabel="km", ylabel="km", xlim=(-0.6, side), ylim=(side, -0.6))
    return figure


def cost(
    sizes: Sequence[int],
    seconds: Mapping[str, Mapping[int, float]],
    memory: Mapping[str, Mapping[int, float]],
    *,
    limit: float,
    stored: Mapping[int, float],
) -> Figure:
    """Draw time and memory against the side of an image, a line for each way of working.

    Parameters
    ----------
    sizes : sequence of int
        The ticks.
    seconds, memory : mapping of str to mapping of int to float
        For each way the seconds, and the largest resident size in MiB, at some of the sizes.
    limit : float
        A line across the memory, in MiB.
    stored : mapping of int to float
        Size of the image and its answers in MiB, for comparison.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.8))
        for ax, values in ((left, seconds), (right, memory)):
            for (name, points), (style, colour) in zip(values.items(), _LINES, strict=True):
                n = sorted(points)
                ax.plot(n, [points[k] for k in n], style, color=colour, label=name)
            ax.set(xscale="log", yscale="log", xlabel="side of the image (px)")
            ax.set_xticks(list(sizes), [f"{n}" for n in sizes], rotation=45)
            ax.minorticks_off()
        right.plot(
            sorted(stored),
            [stored[k] for k in sorted(stored)],
            ":",
            color=PALETTE["black"],
            label="image and answers on disk",
        )
        right.axhline(limit, color=PALETTE["black"], lw=1)
        right.text(min(sizes), limit * 1.15, f"{limit / 1024:g} GiB", va="bottom")
        left.set(ylabel="processor time (s)")
        right.set(ylabel="memory (MiB)")
        for ax in (left, right):
            low, high = ax.get_ylim()
            ticks = [t for k in range(-2, 6) if low <= (t := 10.0**k) <= high]
            ax.set_yticks(ticks, [f"{t:,g}" for t in ticks])
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
