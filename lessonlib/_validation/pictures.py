"""One policy for pictures that enter a network; torch is imported at the call.

A network that normalises its pictures itself takes them in [0, 1], and says so by an attribute
``normalises = True``. What it is given is converted where its meaning is certain and refused with a
remedy where it is not:

=====================  ===========================================================================
bool                   0 and 1
uint8                  0 to 255
uint16                 0 to 65,535 where the highest bit is used; refused below, where 12 bits
                       stored in 16 would come out nearly black
other whole numbers    refused: they have no range of their own
floats                 must lie in [0, 1], up to rounding
palette (PIL mode P)   the colours that the indices stand for
normalised before      refused, by the mark of :func:`is_marked` or by the range
NaN, infinity, masks   refused
=====================  ===========================================================================

A network that does not say so takes floats as they are, in the precision of its weights.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from lessonlib._validation.missing import without_mask

if TYPE_CHECKING:
    import torch
    from torch import nn

# How far rounding, in float32 and in half precision, may take a picture out of [0, 1].
_ROUNDING, _HALF_ROUNDING = 1e-5, 1e-3
_DIVIDE = "divide by the largest value that they can have: 255, or 4095 for 12 bits stored in 16"
_MODES = ("1", "L", "RGB", "I", "I;16", "I;16B", "I;16L", "F", "LA", "RGBA")


def is_marked(images: Any) -> bool:
    """Whether a pipeline has normalised these pictures and said so: ``normalised = True``."""
    return getattr(images, "normalised", False) is True


def pixels_of(name: str, image: Any) -> np.ndarray:
    """Return the pixels of a PIL image: ``(H, W)``, or ``(H, W, C)`` for colours.

    A palette's indices are replaced by what they stand for, which has one channel where all of
    its colours are grey.
    """
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        array = np.asarray(image)
        grey = (array[..., :1] == array[..., :3]).all()
        return array[..., 0] if grey and array.shape[-1] == 3 else array
    if image.mode not in _MODES:
        raise ValueError(
            f"{name} must have a PIL mode of {', '.join(_MODES)} or P, got {image.mode!r}: "
            f"{name}.convert('RGB') first"
        )
    return np.asarray(image)


def as_tensor(name: str, images: Any) -> torch.Tensor:
    """Return pictures as a tensor that shares memory with them where it can.

    Parameters
    ----------
    name : str
        The argument's name, for messages.
    images : array_like, torch.Tensor, PIL.Image.Image, or a list of these
        Arrays of any strides and byte order, read-only or not. A PIL image becomes
        ``(1, C, H, W)``.

    Returns
    -------
    torch.Tensor

    Raises
    ------
    TypeError, ValueError
        Where it holds no real numbers, is masked, or has a unit.
    """
    import torch

    if isinstance(images, torch.Tensor) and not hasattr(images, "get_mask"):
        short_float = images.is_floating_point() and images.dtype.itemsize == 1
        if images.is_nested or images.is_quantized or short_float:
            raise TypeError(
                f"{name} must be an ordinary tensor, got one that is nested, quantised or of 8-bit "
                f"floats ({images.dtype}): stack pictures of one size, .dequantize(), or .float()"
            )
        if images.is_complex():
            raise TypeError(f"{name} must hold real numbers, got {images.dtype}")
        return images.to_dense() if images.is_sparse else images
    pil = sys.modules.get("PIL.Image")
    if pil is not None and isinstance(images, pil.Image):
        array = pixels_of(name, images)
        array = array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)
        return as_tensor(name, array[None])
    if isinstance(images, list | tuple) and len(images):
        drawn = [pil is not None and isinstance(image, pil.Image) for image in images]
        if any(drawn) or all(isinstance(image, np.ndarray | torch.Tensor) for image in images):
            parts = [as_tensor(name, image) for image in images]
            if len({(part.shape, part.dtype) for part in parts}) > 1:  # 255 of one is 1 of another
                raise ValueError(
                    f"{name} must be of one size, mode and type, resize or convert them"
                )
            return torch.cat(parts) if any(drawn) else torch.stack(parts)
    array = np.asarray(without_mask(name, images))
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got {array.dtype}")
    if array.dtype.itemsize > 8:  # torch has no longer floats
        array = array.astype(np.float64)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        array = array.copy()  # torch takes neither
    return torch.from_numpy(array)


def range_of(
    name: str, pictures: torch.Tensor, value_range: tuple[float, float] | None = None, *,
    remedy: str = _DIVIDE,
) -> tuple[float, float]:  # fmt: skip
    """Return which values of pictures stand for 0 and 1, or refuse them.

    Parameters
    ----------
    name : str
        The argument's name, for messages.
    pictures : torch.Tensor
    value_range : (float, float), optional
        What the caller says.
    remedy : str
        What the messages advise.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        Where a value is not finite, or the range is not certain.
    """
    import torch

    if pictures.is_meta or not pictures.numel():
        return value_range or (0.0, 1.0)
    if is_marked(pictures):
        raise ValueError(
            f"{name} must lie in [0, 1] and not be normalised yet, as they are normalised again "
            "after this; got pictures that a pipeline has normalised: leave out its mean and std"
        )
    plain = pictures.detach()
    if plain.is_floating_point():
        low, high = (float(value) for value in plain.aminmax())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError(f"{name} must be finite, got NaN or infinite values: fill them first")
        half = plain.dtype in (torch.float16, torch.bfloat16)
        slack = _HALF_ROUNDING if half else _ROUNDING
        if value_range is None and (low < -slack or high > 1 + slack):
            what = " (normalised already? undo it: x * std + mean)" if low < 0 else ""
            raise ValueError(
                f"{name} of floats must lie in [0, 1], got {low:g} to {high:g}{what}: {remedy}"
            )
        return value_range or (0.0, 1.0)
    if value_range is not None:
        return value_range
    if plain.dtype in (torch.bool, torch.uint8):
        return 0.0, 1.0 if plain.dtype == torch.bool else 255.0
    if plain.dtype == torch.uint16:
        high = int(plain.to(torch.int32).max())
        if high >= 2**15:
            return 0.0, 65535.0
        raise ValueError(
            f"{name} of uint16 reach {high} only, so that the bits in use are not known: {remedy}"
        )
    raise ValueError(f"{name} of {plain.dtype} has no natural range: {remedy}")


def to_unit(pictures: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Return pictures as floats in which `low` is 0 and `high` is 1, cut off beyond.

    Floats that lie in [0, 1] already come back as they are.
    """
    import torch

    if (low, high) == (0.0, 1.0) and pictures.is_floating_point():
        least, most = pictures.detach().aminmax() if pictures.numel() else (0, 1)
        return pictures if least >= 0 and most <= 1 else pictures.clamp(0, 1)
    short = (torch.bool, torch.int8, torch.uint8, torch.int16, torch.uint16)
    narrow = pictures.dtype in (*short, torch.float16, torch.bfloat16, torch.float32)
    values = pictures.to(torch.float32 if narrow else torch.float64)
    return ((values - low) / (high - low)).to(torch.float32).clamp(0, 1)


def unit_pictures(name: str, images: Any) -> torch.Tensor:
    """Return pictures as floats in [0, 1], or refuse them."""
    pictures = as_tensor(name, images)
    if pictures.is_meta:
        return pictures
    return to_unit(pictures, *range_of(name, pictures))


def for_network(
    network: nn.Module, name: str, images: Any
) -> tuple[torch.Tensor, Callable[[torch.Tensor], torch.Tensor]]:
    """Return pictures as they are stored, and what makes a batch of them fit for a network.

    Parameters
    ----------
    network : torch.nn.Module
        With ``normalises = True`` where it takes pictures in [0, 1].
    name : str
        The argument's name, for messages.
    images : array_like
        See :func:`as_tensor`.

    Returns
    -------
    pictures : torch.Tensor
        Not yet converted, so that a large set of uint8 stays small.
    convert : callable
        From some of them to floats in the precision of the network's weights.

    Raises
    ------
    TypeError, ValueError
        Where the policy refuses them.
    """
    import torch

    pictures = as_tensor(name, images)
    weight = next((p for p in network.parameters() if p.is_floating_point()), None)
    for what, tensor in ((name, pictures), (type(network).__name__, weight)):
        if tensor is not None and tensor.is_meta:
            raise ValueError(f"{what} must hold numbers, got the meta device: load or draw them")
    if getattr(network, "normalises", False):
        low, high = range_of(name, pictures)
        if pictures.dtype == torch.uint16:  # which torch does not index
            pictures, low, high = to_unit(pictures, low, high), 0.0, 1.0
        return pictures, lambda batch: _like(to_unit(batch, low, high), weight)
    if not pictures.is_floating_point():
        raise ValueError(
            f"{name} must be floats, scaled as {type(network).__name__} was trained, got "
            f"{pictures.dtype}: it does not say what its whole numbers would mean"
        )
    if not pictures.is_meta and not bool(pictures.detach().isfinite().all()):
        raise ValueError(f"{name} must be finite, got NaN or infinite values: fill them first")
    return pictures, lambda batch: _like(batch, weight)


def _like(batch: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    return batch if weight is None else batch.to(weight.dtype)
