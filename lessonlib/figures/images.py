"""Figures of the data cards: each real image as it is looked at, each phantom with its truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from lessonlib.figures.style import PALETTE, course_style, show_image

if TYPE_CHECKING:
    from lessonlib.images import BrainTemplate, DicomImage, LabelledImage
    from lessonlib.images.phantoms import (
        ChestPhantom,
        LandCoverScene,
        NodulePhantom,
        NucleiField,
        StarField,
    )

_GROUND = {
    "water": PALETTE["blue"],
    "forest": PALETTE["green"],
    "crop": PALETTE["yellow"],
    "soil": PALETTE["vermillion"],
    "sand": PALETTE["orange"],
}


def panels(
    pictures: Mapping[str, np.ndarray],
    *,
    columns: int | None = None,
    width: float = 3.2,
    height: float | None = None,
    cmap: str = "gray",
    limits: tuple[float, float] | None = (0.0, 1.0),
    origin: str = "upper",
) -> Figure:
    """Show pictures side by side, a title above each.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray, shape (H, W) or (H, W, 3)
        Title to picture.
    columns : int, optional
        Pictures in a row; all of them in one row by default.
    width, height : float
        Size of a panel in inches; the height follows the first picture's proportion by default.
    cmap : str, default "gray"
        Colour map of pictures with one value a pixel.
    limits : (float, float), optional
        Values at the ends of the colour map; ``None`` takes each picture's own.
    origin : {"upper", "lower"}, default "upper"
        Where the first row lies.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    first = next(iter(pictures.values()))
    height = height or width * first.shape[0] / first.shape[1] + 0.3
    low, high = limits or (None, None)
    with course_style():
        fig, axes = plt.subplots(
            rows, columns, figsize=(width * columns, height * rows), squeeze=False
        )
        for ax in axes.flat[len(pictures) :]:
            ax.axis("off")
        for ax, (title, picture) in zip(axes.flat, pictures.items(), strict=False):
            show_image(
                ax,
                picture,
                title or None,
                cmap=cmap,
                vmin=low,
                vmax=high,
                origin=origin,
                interpolation="auto",
            )
    return fig


def _outline(ax, mask: np.ndarray, color: str, width: float = 1.2) -> None:
    ax.contour(mask, [0.5], colors=color, linewidths=width)


def liver_ring(image: DicomImage) -> Figure:
    """Show the liver MR beside the same with its overlay drawn in.

    Parameters
    ----------
    image : lessonlib.images.DicomImage
        With ``overlay``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        fig, axes = plt.subplots(1, 2, figsize=(8.4, 4.2))
        for ax, title in zip(axes, ("the pixels", "the pixels and the overlay"), strict=True):
            show_image(ax, image.display(), title, vmin=0, vmax=1)
        _outline(axes[1], image.overlay, PALETTE["orange"], 0.9)
    return fig


def labelled_nuclei(image: LabelledImage, brightest: float) -> Figure:
    """Show nuclei beside the same with every outline drawn.

    Parameters
    ----------
    image : lessonlib.images.LabelledImage
    brightest : float
        Value shown as white.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        fig, axes = plt.subplots(1, 2, figsize=(8.4, 4.4))
        for ax, title in zip(axes, ("the micrograph", "and its outlines"), strict=True):
            show_image(ax, image.pixels, title, vmin=0, vmax=brightest)
        _label_edges(axes[1], image.labels)
    return fig


def _label_edges(ax, labels: np.ndarray) -> None:
    """Outline every object; where two touch, the pixels between them are left out."""
    inside = labels > 0
    for axis in (0, 1):
        for step in (-1, 1):
            beside = np.roll(labels, step, axis)
            inside &= (beside == labels) | (beside == 0)
    _outline(ax, inside, PALETTE["orange"], 0.9)


def brain_slices(template: BrainTemplate, z: int) -> Figure:
    """Show one axial slice of the brain template with its two tissue maps.

    Parameters
    ----------
    template : lessonlib.images.BrainTemplate
    z : int
        Index of the slice.

    Returns
    -------
    matplotlib.figure.Figure
    """
    return panels(
        {
            "T1": template.pixels[:, :, z].T / 255,
            "grey matter": template.grey_matter[:, :, z].T,
            "white matter": template.white_matter[:, :, z].T,
        },
        width=2.8,
        origin="lower",
    )


def clouds(natural: np.ndarray, kelvin: np.ndarray, certainty: np.ndarray) -> Figure:
    """Show a scene beside its temperature and what its quality band says of clouds.

    Parameters
    ----------
    natural : numpy.ndarray, shape (H, W, 3)
        In [0, 1].
    kelvin : numpy.ndarray, shape (H, W)
        Brightness temperature.
    certainty : numpy.ndarray, shape (H, W)
        0 not determined, 1 no, 2 maybe, 3 yes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        fig, axes = plt.subplots(1, 3, figsize=(9.2, 3.0))
        show_image(axes[0], natural, "natural colour", interpolation="auto")
        low, high = np.percentile(kelvin, [1, 99])
        heat = show_image(
            axes[1], kelvin, "brightness temperature", cmap="cividis", vmin=low, vmax=high
        )
        fig.colorbar(heat, ax=axes[1], label="kelvin", shrink=0.8)
        answers = ListedColormap(["#bbbbbb", PALETTE["blue"], PALETTE["sky"], "white"])
        cloud = show_image(axes[2], certainty, "cloud?", cmap=answers, vmin=-0.5, vmax=3.5)
        bar = fig.colorbar(cloud, ax=axes[2], ticks=range(4), shrink=0.8)
        bar.ax.set_yticklabels(["unknown", "no", "maybe", "yes"])
    return fig


def chest_phantom(phantom: ChestPhantom) -> Figure:
    """Show the chest phantom with its two discs outlined.

    Parameters
    ----------
    phantom : lessonlib.images.phantoms.ChestPhantom

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.3))
        for ax, title in zip(axes, ("the phantom", "and its truth"), strict=True):
            show_image(ax, phantom.image, title, vmin=0, vmax=1)
        _outline(axes[1], phantom.heart, PALETTE["orange"], 2)
        _outline(axes[1], phantom.nodule, PALETTE["sky"], 2)
    return fig


def nodules(phantom: NodulePhantom, lungs: np.ndarray) -> Figure:
    """Show the film with drawn nodules, beside the same with the truth and the lungs outlined.

    Parameters
    ----------
    phantom : lessonlib.images.phantoms.NodulePhantom
    lungs : numpy.ndarray of bool, shape (H, W)
        Where nodules may lie.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        fig, axes = plt.subplots(1, 2, figsize=(8.4, 4.9))
        for ax, title in zip(axes, ("real film, drawn nodules", "and its truth"), strict=True):
            show_image(ax, phantom.image, title, vmin=0.1, vmax=1)
        _outline(axes[1], lungs, PALETTE["sky"], 0.9)
        _outline(axes[1], phantom.labels > 0, PALETTE["orange"], 1.6)
    return fig


def land_cover(
    scene: LandCoverScene, red: str = "B04", green: str = "B03", blue: str = "B02"
) -> Figure:
    """Show a drawn landscape in natural colour beside its true classes.

    Parameters
    ----------
    scene : lessonlib.images.phantoms.LandCoverScene
    red, green, blue : str
        The bands shown in each colour.

    Returns
    -------
    matplotlib.figure.Figure
    """
    natural = np.stack([scene.pixels[scene.bands.index(b)] for b in (red, green, blue)], axis=-1)
    dark, bright = np.percentile(natural, [1, 99], axis=(0, 1))
    with course_style():
        fig, axes = plt.subplots(1, 2, figsize=(8.4, 4.0))
        show_image(axes[0], np.clip((natural - dark) / (bright - dark), 0, 1), "natural colour")
        colours = ListedColormap([_GROUND[name] for name in scene.names])
        artist = show_image(
            axes[1],
            scene.classes,
            "and its truth",
            cmap=colours,
            vmin=-0.5,
            vmax=len(scene.names) - 0.5,
        )
        bar = fig.colorbar(artist, ax=axes[1], ticks=range(len(scene.names)), shrink=0.8)
        bar.ax.set_yticklabels(scene.names)
    return fig


def star_field(field: StarField, rings: int = 25) -> Figure:
    """Show a star field beside the same with the brightest stars ringed.

    Parameters
    ----------
    field : lessonlib.images.phantoms.StarField
    rings : int, default 25
        How many stars to ring.

    Returns
    -------
    matplotlib.figure.Figure
    """
    low, high = field.background - 30, field.background + 150
    with course_style():
        fig, axes = plt.subplots(1, 2, figsize=(8.4, 4.4))
        for ax, title in zip(axes, ("the exposure", f"the {rings} brightest stars"), strict=True):
            show_image(ax, field.image, title, vmin=low, vmax=high, origin="lower")
        axes[1].scatter(
            field.columns[:rings],
            field.rows[:rings],
            s=90,
            facecolors="none",
            edgecolors=PALETTE["orange"],
        )
    return fig


def nuclei_field(field: NucleiField) -> Figure:
    """Show drawn nuclei beside the same with their true outlines.

    Parameters
    ----------
    field : lessonlib.images.phantoms.NucleiField

    Returns
    -------
    matplotlib.figure.Figure
    """
    with course_style():
        fig, axes = plt.subplots(1, 2, figsize=(8.4, 4.4))
        for ax, title in zip(axes, ("photons counted", "and the truth"), strict=True):
            show_image(ax, field.image, title, vmin=0, vmax=float(field.expected.max()))
        _label_edges(axes[1], field.labels)
    return fig
