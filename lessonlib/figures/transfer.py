"""Figures of the chapter *Transfer learning*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessonlib.figures.style import PALETTE, course_style, show_image

_LINES = [
    ("o-", PALETTE["blue"]),
    ("s--", PALETTE["vermillion"]),
    ("^-.", PALETTE["green"]),
    ("D:", PALETTE["purple"]),
    ("v-", PALETTE["orange"]),
]


def patches(rows: Mapping[str, np.ndarray], *, truth: np.ndarray | None = None) -> Figure:
    """Show rows of patches under each other.

    Parameters
    ----------
    rows : mapping of str to numpy.ndarray, shape (k, H, W)
        Title and pictures of each row, in [0, 1].
    truth : numpy.ndarray of bool, shape (k, H, W), optional
        Outlined on the first row.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = max(len(pictures) for pictures in rows.values())
    with course_style():
        figure, axes = plt.subplots(
            len(rows), columns, figsize=(7.6, 1.25 * len(rows)), squeeze=False
        )
        for i, (title, pictures) in enumerate(rows.items()):
            for j, picture in enumerate(pictures):
                show_image(axes[i, j], picture, vmin=0.25, vmax=0.95)
                if truth is not None and i == 0 and truth[j].any():
                    axes[i, j].contour(truth[j], [0.5], colors=PALETTE["orange"], linewidths=1.4)
            axes[i, 0].set_title(title, loc="left")
    return figure


def regions(film: np.ndarray, squares: Mapping[str, np.ndarray], side: int) -> Figure:
    """Show which region of the film belongs to which split.

    Parameters
    ----------
    film : numpy.ndarray, shape (H, W)
        In [0, 1].
    squares : mapping of str to numpy.ndarray, shape (n, 3)
        For each split number, first row and first column of its regions.
    side : int
        Side of a region in pixels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    looks = [("sky", ""), ("yellow", "///"), ("orange", "xx"), ("purple", "...")]
    with course_style():
        figure, ax = plt.subplots(figsize=(6.4, 5.6))
        show_image(ax, film[::2, ::2], vmin=0, vmax=1)
        for (split, table), (colour, hatch) in zip(squares.items(), looks, strict=True):
            for k, (_, row, column) in enumerate(table):
                ax.add_patch(
                    Rectangle(
                        (column / 2, row / 2),
                        side / 2,
                        side / 2,
                        fill=False,
                        ec=PALETTE[colour],
                        hatch=hatch,
                        lw=1,
                        label=f"{split} ({len(table)})" if k == 0 else None,
                    )
                )
        figure.legend(loc="outside lower center", ncols=4)
    return figure


def learning_curves(
    sizes: Sequence[int],
    curves: Mapping[str, Mapping[int, tuple[float, float, float]]],
    *,
    ylabel: str,
    chance: float | None = 0.5,
    xlabel: str = "training patches",
) -> Figure:
    """Draw a score against the number of training pictures, a line for each strategy.

    Parameters
    ----------
    sizes : sequence of int
        The ticks.
    curves : mapping of str to mapping of int to (value, low, high)
        For each strategy the score at some of the sizes.
    ylabel : str
    chance : float, optional
        A dotted line at what guessing gives.
    xlabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.2, 4.2))
        for i, (name, points) in enumerate(curves.items()):
            style, colour = _LINES[i % len(_LINES)]
            n = np.array(sorted(points))
            value, low, high = np.transpose([points[k] for k in n])
            shift = 1.04 ** (i - (len(curves) - 1) / 2)  # so that intervals do not hide each other
            ax.errorbar(
                n * shift,
                value,
                yerr=[value - low, high - value],
                fmt=style,
                color=colour,
                capsize=3,
                label=name,
            )
        if chance is not None:
            ax.axhline(chance, color=PALETTE["black"], ls=":", lw=1)
        ax.set(xscale="log", xlabel=xlabel, ylabel=ylabel)
        ax.set_xticks(list(sizes), [f"{n:,}" for n in sizes])
        ax.minorticks_off()
        figure.legend(loc="outside lower center", ncols=min(3, len(curves)))
    return figure


def drift(changes: Mapping[str, tuple[np.ndarray, np.ndarray]], auc: Mapping[str, float]) -> Figure:
    """Draw how far features move while no weight does, and what that does to a trained head.

    Parameters
    ----------
    changes : mapping of str to (passes, change)
        For each way of freezing the relative change of the features.
    auc : mapping of str to float
        AUC of the same head for each way of freezing.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, (line, bars) = plt.subplots(1, 2, figsize=(7.6, 3.2), width_ratios=(2, 1))
        for i, (name, (passes, change)) in enumerate(changes.items()):
            style, colour = _LINES[i]
            line.plot(passes, change, style, color=colour, label=name)
            bars.bar(i, auc[name], color=colour, width=0.6, hatch="" if i else "//")
        line.set(xlabel="training-mode passes", ylabel="change of the features", ylim=(-0.03, None))
        line.legend(loc="center right")
        bars.axhline(0.5, color=PALETTE["black"], ls=":", lw=1)
        bars.set(ylabel="AUC of the same head", ylim=(0.4, 1), xticks=range(len(auc)))
        bars.set_xticklabels([name.replace(" ", "\n") for name in changes])
    return figure


def training(histories: Mapping[str, tuple[Sequence[float], Sequence[float], int]]) -> Figure:
    """Draw training and validation loss by round, and the round that early stopping kept.

    Parameters
    ----------
    histories : mapping of str to (train loss, validation loss, best round)

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(
            1, len(histories), figsize=(7.6, 3.2), sharey=True, squeeze=False
        )
        for ax, (name, (train, held_out, best)) in zip(axes[0], histories.items(), strict=True):
            rounds = np.arange(1, len(train) + 1)
            ax.plot(rounds, train, "o-", color=PALETTE["blue"], label="training")
            ax.plot(rounds, held_out, "s--", color=PALETTE["vermillion"], label="validation")
            ax.axvline(best + 1, color=PALETTE["black"], ls=":", lw=1.2, label="kept")
            ax.set(title=name, xlabel="round of 20 steps", xticks=rounds)
        axes[0, 0].set_ylabel("cross-entropy")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
