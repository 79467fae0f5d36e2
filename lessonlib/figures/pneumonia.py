"""Figures of the chapter *PneumoniaMNIST*."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from lessonlib.figures.style import PALETTE, course_style, show_image


def labelled(figure: Figure, origin: str) -> Figure:
    """Write on a figure which file its data are from.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    origin : str
        Such as "rebuilt copy".

    Returns
    -------
    matplotlib.figure.Figure
        The same one.
    """
    figure.suptitle(f"data: {origin}", x=0.99, ha="right", fontsize=9, color="0.35")
    return figure


def films(rows: Mapping[str, np.ndarray], origin: str) -> Figure:
    """Show rows of films under each other.

    Parameters
    ----------
    rows : mapping of str to numpy.ndarray, shape (k, H, W)
        Title and pictures of each row, in [0, 1].
    origin : str
        Which file they are from.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = max(len(pictures) for pictures in rows.values())
    with course_style():
        figure, axes = plt.subplots(
            len(rows), columns, figsize=(7.6, 1.3 * len(rows) + 0.3), squeeze=False
        )
        for line, (title, pictures) in zip(axes, rows.items(), strict=True):
            for ax, picture in zip(line, pictures, strict=True):
                show_image(ax, picture, vmin=0, vmax=1)
            line[0].set_title(title, loc="left")
        return labelled(figure, origin)


def shrunk(
    pictures: Mapping[int, np.ndarray], center: tuple[float, float], radius: float
) -> Figure:
    """Show one film at several sizes, with a ring around a place.

    Parameters
    ----------
    pictures : mapping of int to numpy.ndarray, shape (n, n)
        Side to picture, in [0, 1].
    center : (float, float)
        Row and column of the place, as shares of the side.
    radius : float
        Of the ring, likewise.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(1, len(pictures), figsize=(7.6, 2.3))
        for ax, (side, picture) in zip(axes, pictures.items(), strict=True):
            show_image(ax, picture, f"{side} × {side}", vmin=0, vmax=1, extent=(0, 1, 1, 0))
            ax.add_patch(Circle(center[::-1], radius, fill=False, ec=PALETTE["orange"], lw=1.6))
    return figure


def shift(rows: Mapping[str, Mapping[str, tuple[float, float, float]]], origin: str) -> Figure:
    """Draw how well two groups of films can be told apart.

    Parameters
    ----------
    rows : mapping of str to mapping of str to (AUC, low, high)
        Pair of splits to class to the AUC.
    origin : str
        Which file they are from.

    Returns
    -------
    matplotlib.figure.Figure
    """
    marks = (("blue", "o"), ("vermillion", "s"))
    with course_style():
        figure, ax = plt.subplots(figsize=(7.0, 2.4))
        for place, values in enumerate(rows.values()):
            for k, (name, (value, low, high)) in enumerate(values.items()):
                colour, marker = marks[k]
                ax.errorbar(
                    value,
                    place + 0.24 * (k - 0.5),
                    xerr=[[value - low], [high - value]],
                    fmt=marker,
                    color=PALETTE[colour],
                    capsize=3,
                    label=name if place == 0 else None,
                )
        ax.axvline(0.5, color=PALETTE["black"], ls=":", lw=1)
        ax.set_yticks(range(len(rows)), list(rows))
        ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel="AUC of telling the two splits apart")
        ax.legend(loc="upper right")
        return labelled(figure, origin)
