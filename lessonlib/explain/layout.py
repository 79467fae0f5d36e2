"""Where the channels are in what a layer puts out: CNN, channels-last and token layouts."""

from __future__ import annotations

import math

import torch
from torch import nn

#: What an output's axes can mean.
LAYOUTS = ("NCHW", "NHWC", "NTC")

_FIRST = (nn.Conv2d, nn.modules.batchnorm._BatchNorm, nn.MaxPool2d, nn.AvgPool2d)
_LAST = (nn.LayerNorm, nn.Linear)


def find_layout(layer: nn.Module, shape: tuple[int, ...], image: tuple[int, int]) -> str:
    """Tell what the axes of a layer's output are.

    Parameters
    ----------
    layer : torch.nn.Module
        The layer that put it out.
    shape : tuple of int
        Of its output, batch first.
    image : (int, int)
        Height and width of the pictures.

    Returns
    -------
    {"NCHW", "NHWC", "NTC"}

    Raises
    ------
    ValueError
        Where no reading fits, or two do and the layer's parts do not tell which.

    Notes
    -----
    A grid of places has the pictures' proportions, up to a cell of rounding; the axis of the
    channels does not, but by chance. Where chance will have it, convolutions speak for channels
    first, and linear layers or layer normalisation without any convolution for channels last.
    """
    if len(shape) == 3:
        return "NTC"
    if len(shape) == 4:
        fits = [
            name
            for name, grid in (("NCHW", shape[2:]), ("NHWC", shape[1:3]))
            if _is_grid(grid, image)
        ]
        if len(fits) == 2:
            parts = list(layer.modules())
            if any(isinstance(m, _FIRST) for m in parts):
                return "NCHW"
            if any(isinstance(m, _LAST) for m in parts):
                return "NHWC"
        if len(fits) == 1:
            return fits[0]
    raise ValueError(
        f"target_layer put out shape {tuple(shape)} for pictures of {image[0]} by {image[1]}: "
        "pass layout='NCHW', 'NHWC' or 'NTC' to say what the axes are, or take a layer that still "
        "knows places"
    )


def _is_grid(grid: tuple[int, int], image: tuple[int, int]) -> bool:
    (h, w), (H, W) = grid, image
    return h <= H and w <= W and abs(h * W - w * H) <= max(H, W)


def token_grid(tokens: int, image: tuple[int, int], prefix: int | None) -> tuple[int, int, int]:
    """Tell how tokens are laid out over the picture.

    Parameters
    ----------
    tokens : int
        How many there are, those that stand for no place (class token, registers) included.
    image : (int, int)
        Height and width of the picture.
    prefix : int or None
        How many stand for no place; they come first. ``None`` takes the smallest number that
        leaves a grid of the picture's proportions.

    Returns
    -------
    prefix, h, w : int

    Raises
    ------
    ValueError
        Where no such grid exists.
    """
    H, W = image
    for first in range(tokens) if prefix is None else [prefix]:
        places = tokens - first
        h = max(1, round(math.sqrt(max(places, 1) * H / W)))
        if places > 0 and places % h == 0 and abs(h * W - places // h * H) <= min(H, W) / 2:
            return first, h, places // h
    raise ValueError(
        f"{tokens} tokens, {'any' if prefix is None else prefix} of them without a place, make no "
        f"grid in the proportions of a picture of {H} by {W}: pass prefix_tokens="
    )


def channels_first(
    values: torch.Tensor, layout: str, image: tuple[int, int], prefix: int | None
) -> torch.Tensor:
    """Return a layer's output, or its gradient, as (N, C, h, w).

    Parameters
    ----------
    values : torch.Tensor
        In the layout.
    layout : {"NCHW", "NHWC", "NTC"}
    image : (int, int)
        Height and width of the pictures.
    prefix : int or None
        Tokens without a place, see :func:`token_grid`.

    Returns
    -------
    torch.Tensor, shape (N, C, h, w)
        A view.
    """
    if layout == "NCHW":
        return values
    if layout == "NHWC":
        return values.permute(0, 3, 1, 2)
    first, h, w = token_grid(values.shape[1], image, prefix)
    places = values[:, first:]
    return places.unflatten(1, (h, w)).permute(0, 3, 1, 2)
