"""The look of every figure: colour-blind-safe, opaque, legible on light and dark pages."""

from __future__ import annotations

from contextlib import contextmanager

import matplotlib as mpl

#: Okabe and Ito's palette, which stays distinct under the common colour-vision deficiencies.
PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}

_RC = {
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "legend.fontsize": 10,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(color=[c for n, c in PALETTE.items() if n != "yellow"]),
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "legend.frameon": False,
}


@contextmanager
def course_style():
    """Draw in the course's style: ``with course_style(): fig, ax = plt.subplots()``."""
    # A notebook's first figure loads the inline backend, which switches interactive mode on.
    # Were that undone with the other settings, no later figure of the notebook would be shown.
    interactive = mpl.is_interactive()
    try:
        with mpl.rc_context(_RC):
            try:
                yield
            finally:
                interactive = mpl.is_interactive()
    finally:
        mpl.interactive(interactive)


def show_image(ax, image, title: str | None = None, **imshow):
    """Show an image on axes without ticks.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    image : numpy.ndarray, shape (H, W) or (H, W, 3)
        What to draw.
    title : str, optional
        The text above it.
    **imshow
        Passed on to :meth:`matplotlib.axes.Axes.imshow`.

    Returns
    -------
    matplotlib.image.AxesImage
        The artist, for a colour bar.
    """
    artist = ax.imshow(image, **imshow)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    if title:
        ax.set_title(title)
    return artist
