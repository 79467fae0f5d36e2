"""Elastic deformation of torch tensors where they live: the steps of `warp`, in torch.

The noise is drawn on the processor, as for every other container, so that a seed means the same
field everywhere; only the nodes of the field, a few thousand numbers, travel to the device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from lessonlib.augmentation import containers
from lessonlib.augmentation.field import _MARGIN, Field

# What float32 holds exactly; everything else is read in float64.
_EXACT = {torch.bool, torch.int8, torch.uint8, torch.int16, torch.uint16}
_EXACT |= {torch.float16, torch.bfloat16, torch.float32}
# torch indexes few unsigned types; their bits can be moved under a signed name.
_SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}


def deform_on_device(
    image: torch.Tensor,
    mask: Any,
    channel_axis: int | None,
    draw: Callable[[tuple[int, int]], Field],
) -> Any:
    """Move a tensor, and its mask, without a copy in the processor's memory.

    Parameters
    ----------
    image : torch.Tensor
        ``(H, W)``, ``(C, H, W)`` or ``(N, C, H, W)``, or with the channels last.
    mask : torch.Tensor or None
        Labels on the same device, with or without the channel axis.
    channel_axis : {None, 0, -1}
        Where the channels stand.
    draw : callable
        Gives a new field for ``(H, W)``.

    Returns
    -------
    torch.Tensor, or two of them
        Of the kind, shape, dtype and device that came in.

    Raises
    ------
    TypeError, ValueError
        As for pictures in the processor's memory, and where `mask` lies on another device.
    """
    like, _ = containers.unpack(containers.without_pixels(image, "image"), channel_axis, "image")
    shifts = [displacement_on(draw(like.shape[2:]), image.device) for _ in like]
    moved = _move(image, shifts, channel_axis, "image")
    if mask is None:
        return moved
    if not containers.is_torch(mask) or mask.device != image.device:
        got = f"one on {mask.device}" if containers.is_torch(mask) else type(mask).__name__
        raise TypeError(f"mask must be a tensor on {image.device} as image is, got {got}")
    batch = image.ndim == 4
    shell = containers.without_pixels(mask, "mask")
    containers.unpack_mask(shell, like.shape, channel_axis, batch=batch)
    if batch and mask.ndim == 3:  # (N, H, W): no axis of channels to look for
        return moved, _move(mask[:, None], shifts, 0, "mask").reshape(mask.shape)
    return moved, _move(mask, shifts, channel_axis, "mask")


def _move(
    tensor: torch.Tensor, shifts: list[torch.Tensor], channel_axis: int | None, name: str
) -> torch.Tensor:
    """Move each picture of a tensor by its own displacement."""
    stack, put_back = containers.stack_of(tensor.as_subclass(torch.Tensor), channel_axis)
    nearest = name == "mask"
    planes = [
        warp_on(picture, shift, nearest=nearest, name=name)
        for picture, shift in zip(stack, shifts, strict=True)
    ]
    return put_back(torch.stack(planes)).as_subclass(type(tensor))


def displacement_on(field: Field, device: torch.device) -> torch.Tensor:
    """Bring a field to every pixel, on a device.

    Parameters
    ----------
    field : Field
        The drawn field.
    device : torch.device
        Where the answer is to be.

    Returns
    -------
    torch.Tensor, shape (2, H, W), float32
        (dy, dx) in pixels, rounded to 1/4096 px as :meth:`Field.tile` rounds them.
    """
    fine = torch.from_numpy(np.ascontiguousarray(field.nodes)).to(device)
    for _ in range(field.levels):
        fine = _subdivide(_subdivide(fine, 1), 2)
    height, width = field.shape
    fine = fine[:, _MARGIN : _MARGIN + height, _MARGIN : _MARGIN + width]
    return fine + 3072 - 3072


def _subdivide(nodes: torch.Tensor, axis: int) -> torch.Tensor:
    """Halve the distance of nodes along an axis: the cubic B-spline's (1, 6, 1)/8 and (4, 4)/8.

    One node more than the picture needs stays at either end.
    """
    n = nodes.shape[axis]
    before, at, after = (nodes.narrow(axis, start, n - 2) for start in range(3))
    between = (nodes.narrow(axis, 0, n - 1) + nodes.narrow(axis, 1, n - 1)) / 2
    smoothed = (before + 6 * at + after) / 8
    size = list(nodes.shape)
    size[axis] = 2 * n - 3
    fine = nodes.new_empty(size).transpose(0, axis)
    fine[0::2], fine[1::2] = between.transpose(0, axis), smoothed.transpose(0, axis)
    return fine.transpose(0, axis)


def warp_on(
    planes: torch.Tensor, displacement: torch.Tensor, *, nearest: bool, name: str
) -> torch.Tensor:
    r"""Move every plane of a stack by the same field, on its own device.

    Parameters
    ----------
    planes : torch.Tensor, shape (C, H, W)
        What to move.
    displacement : torch.Tensor, shape (2, H, W), float32
        (dy, dx) in pixels, on the device of `planes`.
    nearest : bool
        Copy the nearest pixel instead of interpolating: for label masks.
    name : str
        The argument's name, for messages.

    Returns
    -------
    torch.Tensor, shape (C, H, W)
        In the dtype of `planes`, each plane within its own range. NaN stays missing.

    Raises
    ------
    ValueError
        Where a value is infinite, or an integer too large for float64.

    Notes
    -----
    With :math:`y_0 = \lfloor y \rfloor` and :math:`f = y - y_0`, and the same for x,

    .. math:: I(y, x) = (1-f_y)\,[(1-f_x) I_{00} + f_x I_{01}] + f_y\,[(1-f_x) I_{10} + f_x I_{11}].
    """
    if nearest:
        # Half-way between two pixels the farther one wins, as in `warp`.
        (y, _), (x, _) = _places((displacement + 0.5).floor())
        bits = planes.view(_SIGNED.get(planes.dtype, planes.dtype))
        return bits[:, y, x].view(planes.dtype)
    values = planes.to(torch.float32 if planes.dtype in _EXACT else torch.float64)
    low, high = _limits(values, planes.dtype, name)
    whole = displacement.floor()
    (top, bottom), (left, right) = _places(whole)
    fy, fx = (displacement - whole).to(values.dtype)
    above = torch.lerp(values[:, top, left], values[:, top, right], fx)
    below = torch.lerp(values[:, bottom, left], values[:, bottom, right], fx)
    found = torch.lerp(above, below, fy)
    if not planes.is_floating_point():
        found = found.round()
    return found.clamp(low, high).to(planes.dtype)


def _places(whole: torch.Tensor) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
    """Return the rows and columns, each with its successor, that whole displacements point to.

    Pixels are counted in integers, so that wide pictures lose nothing; beyond the frame the
    border is repeated.
    """
    height, width = whole.shape[1:]
    y = torch.arange(height, device=whole.device)[:, None] + whole[0].long()
    x = torch.arange(width, device=whole.device) + whole[1].long()
    return tuple(
        (at.clamp(0, last), (at + 1).clamp(0, last))
        for at, last in ((y, height - 1), (x, width - 1))
    )


def _limits(
    values: torch.Tensor, dtype: torch.dtype, name: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the range of each plane ``(C, 1, 1)``, NaN left out; refuse what can't be moved."""
    infinite = int(values.isinf().sum())
    if infinite:
        raise ValueError(
            f"{name} must have no infinite values, got {infinite}: "
            "set them to NaN (missing) or to a number"
        )
    flat = values.flatten(1)
    missing = flat.isnan()
    low = flat.masked_fill(missing, torch.inf).amin(1)
    high = flat.masked_fill(missing, -torch.inf).amax(1)
    if not dtype.is_floating_point and max(-float(low.min()), float(high.max())) > 2**53:
        raise ValueError(
            f"{name} must stay within ±2**53 in 64-bit integers, "
            f"got {float(low.min()):.17g} to {float(high.max()):.17g}"
        )
    return low[:, None, None], high[:, None, None]
