"""Figures of the chapter *Explainability*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lessonlib.figures.style import PALETTE, course_style, show_image

_MAP = mpl.colormaps["plasma"]
_LINES = [
    ("o-", PALETTE["blue"]),
    ("s--", PALETTE["vermillion"]),
    ("^-.", PALETTE["green"]),
    ("D:", PALETTE["purple"]),
]
_FILMS = {"vmin": 0.25, "vmax": 1.0}


def _overlay(ax, picture: np.ndarray, heat: np.ndarray | None, nodule: np.ndarray | None) -> None:
    """Lay a map over a film: the higher, the less transparent; outline the nodule."""
    show_image(ax, picture, **_FILMS)
    if heat is not None:
        ax.imshow(_MAP(heat), alpha=0.75 * np.clip(heat, 0, 1), interpolation="bilinear")
    if nodule is not None and nodule.any():
        ax.contour(nodule, [0.5], colors="black", linewidths=2.6)
        ax.contour(nodule, [0.5], colors=PALETTE["sky"], linewidths=1.4)


def overlays(
    images: np.ndarray, nodules: np.ndarray, rows: Mapping[str, np.ndarray | None]
) -> Figure:
    """Show the same patches in rows under each other, with a map of each row laid over them.

    Parameters
    ----------
    images : numpy.ndarray, shape (k, H, W)
        In [0, 1].
    nodules : numpy.ndarray of bool, shape (k, H, W)
        Outlined.
    rows : mapping of str to numpy.ndarray of shape (k, H, W), or None
        Title of each row, and its maps in [0, 1]; ``None`` shows the films alone.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(
            len(rows), len(images), figsize=(7.6, 1.45 * len(rows)), squeeze=False
        )
        for line, (title, maps) in zip(axes, rows.items(), strict=True):
            for j, ax in enumerate(line):
                _overlay(
                    ax,
                    images[j],
                    None if maps is None else maps[j],
                    None if maps is None else nodules[j],
                )
            line[0].set_title(title, loc="left")
        bar = figure.colorbar(mpl.cm.ScalarMappable(cmap=_MAP), ax=axes, fraction=0.025, pad=0.01)
        bar.set_label("map / its maximum")
    return figure


def from_grid(
    image: np.ndarray, nodule: np.ndarray, raw: np.ndarray, enlarged: np.ndarray
) -> Figure:
    """Show how a map comes about: film, signed grid, rectified and enlarged.

    Parameters
    ----------
    image : numpy.ndarray, shape (H, W)
    nodule : numpy.ndarray of bool, shape (H, W)
    raw : numpy.ndarray, shape (h, w)
        The weighted sum of the channels.
    enlarged : numpy.ndarray, shape (H, W)
        In [0, 1].

    Returns
    -------
    matplotlib.figure.Figure
    """
    reach = np.abs(raw).max()
    with course_style():
        figure, axes = plt.subplots(1, 3, figsize=(7.6, 2.9))
        _overlay(axes[0], image, None, nodule)
        axes[0].set_title("film and nodule")
        artist = show_image(
            axes[1], raw, "weighted sum on the grid", cmap="PuOr_r", vmin=-reach, vmax=reach
        )
        figure.colorbar(artist, ax=axes[1], fraction=0.046, pad=0.03)
        _overlay(axes[2], image, enlarged, nodule)
        axes[2].set_title("cut at 0, enlarged, scaled")
    return figure


def habits(
    areas: Mapping[str, Mapping[str, Sequence[tuple[float, float, float]]]], places: Sequence[str]
) -> Figure:
    """Draw the AUC of networks trained under different habits at places with other ones.

    Parameters
    ----------
    areas : mapping of str to mapping of str to sequence of (value, low, high)
        For each panel (a hospital) and each training habit, one a place.
    places : sequence of str
        The habits there, from left to right.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(1, len(areas), figsize=(7.6, 3.9), sharey=True, squeeze=False)
        for ax, (title, by_training) in zip(axes[0], areas.items(), strict=True):
            for i, (name, points) in enumerate(by_training.items()):
                style, colour = _LINES[i]
                value, low, high = np.transpose(points)
                x = np.arange(len(places)) + 0.07 * (i - (len(by_training) - 1) / 2)
                ax.errorbar(
                    x, value, yerr=[value - low, high - value], fmt=style, color=colour,
                    capsize=3, label=name,
                )  # fmt: skip
            ax.axhline(0.5, color=PALETTE["black"], ls=":", lw=1)
            ax.set(title=title, ylim=(-0.04, 1.04), xlabel="who is marked there")
            ax.set_xticks(range(len(places)), [place.replace(" ", "\n") for place in places])
        axes[0, 0].set_ylabel("AUC")
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(), loc="outside lower center",
            ncols=4, title="trained where the letter goes with the nodule",
        )  # fmt: skip
    return figure


def effects(nodule: np.ndarray, marker: np.ndarray, named: Mapping[str, np.ndarray]) -> Figure:
    """Plot what each patch's answer owes to the nodule and to the letter.

    Parameters
    ----------
    nodule, marker : numpy.ndarray, shape (k,)
        Fall of the log-odds without the one and without the other.
    named : mapping of str to numpy.ndarray of bool, shape (k,)
        What the map of each patch points at.

    Returns
    -------
    matplotlib.figure.Figure
    """
    looks = [("o", "orange"), ("^", "blue"), ("x", "black")]
    both = np.concatenate([nodule, marker])
    ends = both.min() - 0.5, both.max() + 0.5
    with course_style():
        figure, ax = plt.subplots(figsize=(7.6, 3.9))
        for (name, rows), (shape, colour) in zip(named.items(), looks, strict=True):
            ax.plot(nodule[rows], marker[rows], shape, color=PALETTE[colour], ms=5.5, alpha=0.8,
                    label=f"{name} ({int(rows.sum())})")  # fmt: skip
        ax.plot(ends, ends, color=PALETTE["black"], ls=":", lw=1, label="equal effects")
        ax.axhline(0, color=PALETTE["black"], lw=0.6)
        ax.set(
            xlabel="the log-odds owe to the nodule",
            ylabel="the log-odds owe to the letter",
            xlim=(nodule.min() - 0.7, nodule.max() + 0.7),
            ylim=(min(marker.min(), 0) - 0.7, marker.max() + 2.5),
        )
        ax.legend(title="the map points at", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def verdicts(shares: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> Figure:
    """Draw, for each layer, how many maps name the true reason, the other one, or neither.

    Parameters
    ----------
    shares : mapping of str to mapping of str to (right, wrong, neither)
        For each panel (what really counted) and each layer; they add up to 1.

    Returns
    -------
    matplotlib.figure.Figure
    """
    looks = [
        ("names it", PALETTE["blue"], ""),
        ("names the other", PALETTE["orange"], "//"),
        ("names neither", "#dddddd", ""),
    ]
    with course_style():
        figure, axes = plt.subplots(1, len(shares), figsize=(7.6, 3.3), sharey=True, squeeze=False)
        for ax, (title, by_layer) in zip(axes[0], shares.items(), strict=True):
            values = np.array(list(by_layer.values()))
            left = np.zeros(len(values))
            for k, (label, colour, hatch) in enumerate(looks):
                ax.barh(
                    range(len(values)), values[:, k], left=left, color=colour, hatch=hatch,
                    edgecolor="white", label=label,
                )  # fmt: skip
                left += values[:, k]
            ax.set(title=title, xlabel="share of the maps", xlim=(0, 1))
            ax.set_yticks(range(len(values)), list(by_layer))
            ax.set_ylim(len(values) - 0.5, -0.5)
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def randomisation(
    parts: Sequence[str], curves: Mapping[str, Sequence[tuple[float, float, float]]]
) -> Figure:
    """Draw how like the trained network's maps those of ever more randomised ones are.

    Parameters
    ----------
    parts : sequence of str
        What was randomised, from the top down.
    curves : mapping of str to sequence of (value, low, high)
        For each kind of map the rank correlation before (1) and after each step.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.6, 4.2))
        for i, (name, points) in enumerate(curves.items()):
            style, colour = _LINES[i]
            value, low, high = np.transpose(points)
            x = np.arange(len(value)) + 0.06 * (i - (len(curves) - 1) / 2)
            ax.errorbar(
                x, value, yerr=[value - low, high - value], fmt=style, color=colour, capsize=3,
                label=name,
            )  # fmt: skip
        ax.axhline(0, color=PALETTE["black"], ls=":", lw=1)
        ax.set(ylabel="rank correlation with\nthe trained network's map", ylim=(-1.05, 1.1))
        ax.set_xticks(range(len(parts) + 1), ["nothing", *parts], rotation=35, ha="right")
        ax.set_xlabel("randomised from the top down to")
        figure.legend(loc="outside lower center", ncols=2)
    return figure
