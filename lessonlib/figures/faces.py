"""Figures of the chapter *Warm-up: faces*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lessonlib.figures.style import PALETTE, course_style, show_image

_LOOKS = [
    (PALETTE["blue"], "o", "-"),
    (PALETTE["vermillion"], "s", "--"),
    (PALETTE["green"], "^", "-."),
    (PALETTE["purple"], "D", ":"),
]


def cosines(
    measured: Mapping[int, tuple[np.ndarray, np.ndarray]],
    exact: Mapping[int, tuple[np.ndarray, np.ndarray]],
    rough: Mapping[int, tuple[np.ndarray, np.ndarray]],
) -> Figure:
    """Draw expected cosines against noise for several dimensions, beside simulations.

    Parameters
    ----------
    measured, exact, rough : mapping of int to (noise, cosine)
        By dimension: simulated points, the exact curve and the approximation.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.2, 4.2))
        for dim, (colour, marker, _) in zip(exact, _LOOKS, strict=False):
            ax.plot(*exact[dim], color=colour, label=f"{dim} components, exact")
            ax.plot(*rough[dim], color=colour, ls=":", lw=1.2)
            ax.plot(*measured[dim], marker, color=colour, mfc="white", ms=5)
        ax.plot([], [], "k:", lw=1.2, label="1 / (1 + Dσ²)")
        ax.plot([], [], "ko", mfc="white", label="simulated")
        ax.set(xscale="log", xlabel="noise per component, σ", ylabel="cosine of two photos")
        ax.legend()
    return figure


def strangers(
    cosine: np.ndarray, density: tuple[np.ndarray, np.ndarray], marks: Mapping[str, float]
) -> Figure:
    """Draw the cosines of pairs of two people beside their distribution, with thresholds.

    Parameters
    ----------
    cosine : numpy.ndarray, shape (n,)
    density : (cosine, density)
    marks : mapping of str to float
        Name and place of vertical lines.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.2, 3.4))
        ax.hist(cosine, bins=80, density=True, color="0.8", label="simulated pairs of two people")
        ax.plot(*density, color=PALETTE["blue"], label="beta distribution")
        for (name, place), (colour, _, line) in zip(marks.items(), _LOOKS[1:], strict=False):
            ax.axvline(place, color=colour, ls=line, label=name)
        ax.set(xlabel="cosine", ylabel="density", yticks=[])
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def marks(photo: np.ndarray, points: Mapping[str, np.ndarray]) -> Figure:
    """Show a photograph with its marks, and the same marks with noise.

    Parameters
    ----------
    photo : numpy.ndarray, shape (H, W, 3)
        In [0, 1].
    points : mapping of str to numpy.ndarray, shape (n, 2)
        Title and marks (x, y), one panel each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(1, len(points), figsize=(7.4, 4.0), squeeze=False)
        for ax, (title, xy) in zip(axes[0], points.items(), strict=True):
            show_image(ax, photo, title)
            ax.plot(*xy.T, "o", color=PALETTE["yellow"], mec="black", ms=5, mew=0.8)
            ax.set(xlim=(0, photo.shape[1] - 1), ylim=(photo.shape[0] - 1, 0))
    return figure


def portraits(pictures: Mapping[str, np.ndarray]) -> Figure:
    """Show portraits beside each other.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray, shape (H, W, 3)
        Title and picture in [0, 1].

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, axes = plt.subplots(1, len(pictures), figsize=(7.4, 2.9), squeeze=False)
        for ax, (title, picture) in zip(axes[0], pictures.items(), strict=True):
            show_image(ax, np.clip(picture, 0, 1), title)
    return figure


def misplacement(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    simulated: Mapping[str, tuple[np.ndarray, np.ndarray]],
    places: Mapping[str, float],
) -> Figure:
    """Draw how far points on the face's midline are misplaced, against how low they lie.

    Parameters
    ----------
    curves : mapping of str to (row, pixels)
        The formula, by way of alignment.
    simulated : mapping of str to (row, pixels)
    places : mapping of str to float
        Name and row of vertical lines.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.2, 3.6))
        for (name, curve), (colour, marker, line) in zip(curves.items(), _LOOKS, strict=False):
            ax.plot(*curve, color=colour, ls=line, label=name)
            ax.plot(*simulated[name], marker, color=colour, mfc="white")
        top = ax.get_ylim()[1]
        for name, place in places.items():
            ax.axvline(place, color="0.6", lw=1, zorder=0)
            ax.text(place, top, name, ha="center", va="bottom", fontsize=10)
        ax.set(xlabel="row of the aligned picture", ylabel="misplaced by, pixels", ylim=(0, top))
        ax.legend()
    return figure


def turned(panels: Mapping[str, Mapping[str, np.ndarray]], frame: int = 224) -> Figure:
    """Draw aligned marks, one panel a way of alignment, a colour each pose.

    Parameters
    ----------
    panels : mapping of str to mapping of str to numpy.ndarray, shape (5, 2)
        Title to pose to marks.
    frame : int, default 224
        Side of the crop, which is outlined.

    Returns
    -------
    matplotlib.figure.Figure
    """
    outline = [0, 1, 4, 3, 0]
    with course_style():
        figure, axes = plt.subplots(
            1, len(panels), figsize=(7.4, 4.3), sharex=True, sharey=True, squeeze=False
        )
        for ax, (title, poses) in zip(axes[0], panels.items(), strict=True):
            for (name, xy), (colour, marker, line) in zip(poses.items(), _LOOKS, strict=False):
                ax.plot(*xy[outline].T, line, marker=marker, color=colour, ms=5, lw=1, label=name)
                ax.plot(*xy[2], marker, color=colour, mfc="white", ms=6)
            ax.plot([0, frame, frame, 0, 0], [0, 0, frame, frame, 0], color="0.5", lw=1)
            ax.set(title=title, aspect="equal", xlim=(-8, frame + 8), ylim=(frame + 62, 60))
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def ranks(
    names: Sequence[str], counts: np.ndarray, low: np.ndarray, high: np.ndarray, top: int,
    built_in: Sequence[bool],
) -> Figure:  # fmt: skip
    """Draw the interval of ranks of each error, most frequent first.

    Parameters
    ----------
    names : sequence of str
        Of the errors that are shown.
    counts, low, high : numpy.ndarray, shape (n,)
        How often it occurred, and the ends of its ranks.
    top : int
        The ranks that are called the top, shaded.
    built_in : sequence of bool
        Whether the error is one that was built in.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.4, 0.36 * len(names) + 1.3))
        ax.axvspan(0.5, top + 0.5, color=PALETTE["sky"], alpha=0.2, lw=0)
        for i, (start, stop, meant) in enumerate(zip(low, high, built_in, strict=True)):
            colour = PALETTE["vermillion"] if meant else PALETTE["blue"]
            ax.plot([start, stop], [i, i], color=colour, lw=2.2)
            ax.plot(i + 1, i, "s" if meant else "o", color=colour, ms=6)
        labels = [f"{name}: {count}" for name, count in zip(names, counts, strict=True)]
        ax.set_yticks(range(len(names)), labels)
        ax.invert_yaxis()
        ax.set(xlabel="rank among all errors", xlim=(0.3, None))
        ax.plot([], [], "s-", color=PALETTE["vermillion"], label="built in as frequent")
        ax.plot([], [], "o-", color=PALETTE["blue"], label="any other")
        ax.legend(loc="lower right" if high[0] < 10 else "upper right")
    return figure


def orders(
    sizes: Sequence[int], exact: Mapping[str, np.ndarray], studies: Mapping[str, np.ndarray]
) -> Figure:
    """Draw how often a statement about a ranking holds, against the size of the study.

    Parameters
    ----------
    sizes : sequence of int
    exact : mapping of str to numpy.ndarray, shape (len(sizes),)
        Drawn as lines.
    studies : mapping of str to numpy.ndarray, shape (len(sizes),)
        Drawn as points joined by thin lines.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        figure, ax = plt.subplots(figsize=(7.2, 3.8))
        for (name, values), (colour, _, line) in zip(exact.items(), _LOOKS, strict=False):
            ax.plot(sizes, values, color=colour, ls=line, label=name)
        for (name, values), (colour, marker, _) in zip(studies.items(), _LOOKS[::-1], strict=False):
            ax.plot(sizes, values, marker, ls="-", lw=0.8, color=colour, mfc="white", label=name)
        ax.set(xscale="log", xlabel="samples of each class", ylabel="chance", ylim=(-0.02, 1.03))
        ax.set_xticks(list(sizes), [f"{n:,}" for n in sizes])
        ax.minorticks_off()
        figure.legend(loc="outside lower center", ncols=2)
    return figure
