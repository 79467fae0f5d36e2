"""Figures of the chapter *Why medical imaging is different*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessonlib.figures.style import PALETTE, course_style, show_image


def pictures(
    images: Mapping[str, np.ndarray], *, height: float = 3.0, columns: int | None = None
) -> Figure:
    """Show images in [0, 1] side by side, each with its title above it.

    Parameters
    ----------
    images : mapping of str to numpy.ndarray, shape (H, W) or (H, W, 3)
        Title and picture.
    height : float
        Height of a row in inches.
    columns : int, optional
        Pictures a row; all in one row by default.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = columns or len(images)
    rows = -(-len(images) // columns)
    with course_style():
        figure, axes = plt.subplots(rows, columns, figsize=(7.6, rows * height), squeeze=False)
        for ax, (title, image) in zip(axes.flat, images.items(), strict=True):
            show_image(ax, image, title, vmin=0, vmax=1)
    return figure


def stored_and_meant(stored: np.ndarray, meant: np.ndarray) -> Figure:
    """Show a film as its numbers are stored and as they are meant, with both histograms.

    Parameters
    ----------
    stored, meant : numpy.ndarray, shape (H, W)
        The stored values and those in which bone is bright.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(
            2, 2, figsize=(7.2, 5.4), height_ratios=(3, 1), sharex="row", sharey="row"
        )
        columns = {"as stored, small numbers black": stored, "as meant, bone bright": meant}
        for (picture, histogram), (title, image) in zip(axes.T, columns.items(), strict=True):
            show_image(picture, image, title)
            histogram.hist(image.ravel(), bins=120, color=PALETTE["blue"])
            histogram.set(xlabel="pixel value", yticks=[])
            histogram.spines["left"].set_visible(False)
    return figure


def sides(film: np.ndarray, marks: Mapping[str, tuple[float, float]]) -> Figure:
    """Show a chest film between the patient's sides, with places named on it.

    Parameters
    ----------
    film : numpy.ndarray, shape (H, W)
        Bone bright, in [0, 1].
    marks : mapping of str to (x, y)
        What to name, and where it lies as a share of width and height.

    Returns
    -------
    matplotlib.figure.Figure
    """
    height, width = film.shape
    with course_style():
        figure, ax = plt.subplots(figsize=(5.6, 4.6))
        show_image(ax, film, vmin=0, vmax=1)
        for side, x, align in (
            ("patient's\nright", -0.03, "right"),
            ("patient's\nleft", 1.03, "left"),
        ):
            ax.text(x, 0.5, side, transform=ax.transAxes, ha=align, va="center")
        for name, (x, y) in marks.items():
            ax.annotate(
                name,
                (x * width, y * height),
                (1.03, 1 - y),
                textcoords="axes fraction",
                va="center",
                arrowprops={"arrowstyle": "->", "color": PALETTE["sky"], "lw": 2},
            )
    return figure


def boxes(picture: np.ndarray, places: Mapping[str, tuple[int, int, int, int]]) -> Figure:
    """Show a picture with named boxes on it.

    Parameters
    ----------
    picture : numpy.ndarray, shape (H, W, 3)
        Eight bits.
    places : mapping of str to (x, y, width, height)
        What is in each box, in pixels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.0, 5.3))
        show_image(ax, picture)
        for name, (x, y, width, height) in places.items():
            ax.add_patch(Rectangle((x, y), width, height, fill=False, ec=PALETTE["orange"], lw=2))
            above = y + height > 0.9 * len(picture)  # where there is no room below
            ax.annotate(
                name,
                (x + width / 2, y if above else y + height),
                (0, 4 if above else -4),
                textcoords="offset points",
                ha="center",
                va="bottom" if above else "top",
                color=PALETTE["orange"],
                bbox={"fc": "black", "lw": 0, "pad": 1.5},
            )
    return figure


def screening(found: int, missed: int, recalled: int, cleared: int) -> Figure:
    """Draw one mark for each of the women screened.

    Parameters
    ----------
    found, missed, recalled, cleared : int
        Cancers found, cancers that surfaced later, women recalled without a cancer, the rest.

    Returns
    -------
    matplotlib.figure.Figure
    """
    groups = [
        ("cancers found at screening", found, "o", PALETTE["vermillion"]),
        ("cancers that surfaced before the next round", missed, "X", PALETTE["black"]),
        ("called back, no cancer", recalled, "^", PALETTE["orange"]),
        ("told that all is well, and it was", cleared, ".", "#b0b0b0"),
    ]
    place = np.arange(found + missed + recalled + cleared)
    x, y = place // 20, place % 20
    start = 0
    with course_style():
        figure, ax = plt.subplots(figsize=(7.6, 4.2))
        for label, count, marker, colour in groups:
            part = slice(start, start + count)
            ax.scatter(x[part], y[part], 26, color=colour, marker=marker, label=f"{count} {label}")
            start += count
        ax.invert_yaxis()
        ax.set_axis_off()
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def acquisitions(
    images: Mapping[str, np.ndarray],
    values: Mapping[str, Mapping[str, np.ndarray]],
    outlines: Mapping[str, np.ndarray],
    threshold: float,
) -> Figure:
    """Show one scene as two hospitals image it, over the brightness of patches of two kinds.

    Parameters
    ----------
    images : mapping of str to numpy.ndarray, shape (H, W)
        One picture a hospital, in [0, 1].
    values : mapping of str to mapping of str to numpy.ndarray
        For each hospital the mean brightness of patches, by kind.
    outlines : mapping of str to numpy.ndarray of bool, shape (H, W)
        Where the patches of each kind come from.
    threshold : float
        The brightness that the first hospital's rule splits at.

    Returns
    -------
    matplotlib.figure.Figure
    """
    kinds = dict(zip(outlines, ("sky", "orange"), strict=True))
    styles = dict(zip(outlines, ("solid", "dashed"), strict=True))
    with course_style():
        figure, axes = plt.subplots(
            2, len(images), figsize=(7.4, 6.0), height_ratios=(3, 1.1), sharex="row", sharey="row"
        )
        for (picture, histogram), (name, image) in zip(axes.T, images.items(), strict=True):
            show_image(picture, image, name, vmin=0, vmax=1)
            for kind, mask in outlines.items():
                colour = PALETTE[kinds[kind]]
                picture.contour(mask, [0.5], colors=colour, linewidths=1.6, linestyles=styles[kind])
                histogram.hist(values[name][kind], np.linspace(0, 1, 61), color=colour, label=kind)
            histogram.axvline(threshold, color=PALETTE["black"], ls="--", lw=1.2)
            histogram.set(xlabel="mean brightness of a patch", yticks=[], xlim=(0, 1))
            histogram.spines["left"].set_visible(False)
        axes[1, 0].legend(loc="upper left")
    return figure


def shifted(
    accuracy: Mapping[str, Sequence[tuple[float, float, float]]],
    auc: Mapping[str, Sequence[tuple[float, float, float]]],
    hospitals: Sequence[str],
) -> Figure:
    """Draw each rule's accuracy and AUC at two hospitals, with ranges over seeds.

    Parameters
    ----------
    accuracy, auc : mapping of str to sequence of (value, low, high)
        For each rule one value a hospital.
    hospitals : sequence of str
        Names of the hospitals, in the order of the values.

    Returns
    -------
    matplotlib.figure.Figure
    """
    looks = [("o", PALETTE["blue"]), ("s", PALETTE["vermillion"])]
    with course_style():
        figure, panels = plt.subplots(1, 2, figsize=(7.6, 3.3), sharey=True, sharex=True)
        for panel, title, results in zip(panels, ("accuracy", "AUC"), (accuracy, auc), strict=True):
            for hospital, name in enumerate(hospitals):
                marker, colour = looks[hospital]
                value, low, high = np.transpose([rule[hospital] for rule in results.values()])
                panel.errorbar(
                    value,
                    np.arange(len(results)) + 0.12 * (2 * hospital - 1),
                    xerr=[value - low, high - value],
                    fmt=marker,
                    color=colour,
                    capsize=3,
                    label=name,
                )
            panel.axvline(0.5, color=PALETTE["black"], ls=":", lw=1)
            panel.set(title=title, yticks=range(len(results)), xlim=(0.4, 1.02))
            panel.set_yticklabels(list(results))
        panels[0].invert_yaxis()
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
