"""Samples of the training pipeline: which part is the picture, and masks whose labels survive.

This module imports torch, as the pipeline does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image
from torchvision import tv_tensors

from lessonlib._validation.pictures import as_tensor, is_marked

_WRAP = "wrap a mask as torchvision.tv_tensors.Mask(mask), and pass other numbers as tensors"
# Their values pass torchvision's kernels, which compute in float32, unchanged.
_SHORT = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.float16, torch.float32)
# What moves numbers, or resamples pictures, and leaves their scale as it is.
_MOVES = {
    "T", "as_strided", "as_tensor", "bfloat16", "cat", "chunk", "clone", "column_stack", "concat",
    "concatenate", "contiguous", "cpu", "cuda", "data", "detach", "double", "dsplit", "dstack",
    "expand", "expand_as", "flatten", "flip", "fliplr", "flipud", "float", "gather", "grid_sample",
    "half", "hsplit", "hstack", "index_select", "interpolate", "mT", "moveaxis", "movedim",
    "nan_to_num", "narrow", "narrow_copy", "pad", "permute", "pin_memory", "ravel", "repeat",
    "repeat_interleave", "requires_grad", "reshape", "reshape_as", "resolve_conj", "resolve_neg",
    "roll", "rot90", "select", "share_memory", "split", "split_with_sizes", "squeeze", "stack",
    "swapaxes", "swapdims", "take_along_dim", "tensor_split", "tile", "to", "transpose", "type",
    "type_as", "unbind", "unflatten", "unfold", "unsqueeze", "view", "view_as", "vsplit", "vstack",
}  # fmt: skip


class NormalisedImage(tv_tensors.Image):
    """A picture that was normalised: a network that would do it again can refuse it.

    The mark survives what only moves numbers, such as the stacking of a batch; anything computed
    from the picture is an ordinary tensor.
    """

    normalised = True

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        """Call a function of torch, and mark what it only moved."""
        with torch._C.DisableTorchFunctionSubclass():
            answer = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name == "__get__":  # of an attribute
            name = func.__self__.__name__
        first = next(iter([*args, *(kwargs or {}).values()]), None)
        moved = name == "__getitem__" or name.rstrip("_") in _MOVES
        if not moved and name.endswith("_") and answer is first:
            first.normalised = False  # computed in place, to undo it perhaps
        parts = first if isinstance(first, tuple | list) else [first]
        kind = cls if moved and any(map(is_marked, parts)) else torch.Tensor
        if isinstance(answer, tuple | list):
            return type(answer)(_as(kind, part) for part in answer)
        return _as(kind, answer)


def _as(kind: type, value: Any) -> Any:
    if not isinstance(value, torch.Tensor) or type(value) is kind:
        return value
    return value.as_subclass(kind)


def prepare(flat: list[Any]) -> tuple[list[Any], dict[int, Callable[[Any], Any]]]:
    """Return the parts of a sample with its picture told apart, and how to undo coded masks.

    Parameters
    ----------
    flat : list
        A picture (array, PIL image, tensor), masks (``tv_tensors.Mask``) and labels.

    Returns
    -------
    flat : list
        With the picture as ``tv_tensors.Image``, its numbers as they came, and masks whose labels
        float32 cannot hold renumbered.
    decoders : dict of int to callable
        For the places of renumbered masks, what gives the labels back.

    Raises
    ------
    TypeError
        Where there is no picture, or something beside it may be a picture or a mask.
    ValueError
        Where a mask has another size, or the picture is normalised already.
    """
    flat = list(flat)
    places = [i for i, value in enumerate(flat) if isinstance(value, tv_tensors.Image)]
    bare = [i for i, value in enumerate(flat) if isinstance(value, Image.Image) or _is_array(value)]
    tensors = [
        i
        for i, value in enumerate(flat)
        if isinstance(value, torch.Tensor)
        and not isinstance(value, tv_tensors.TVTensor)
        and value.ndim >= 2
    ]
    if not places:
        chosen = bare or tensors
        if not chosen:
            kinds = ", ".join(sorted({type(value).__name__ for value in flat})) or "nothing"
            raise TypeError(f"sample must hold a picture, got {kinds}")
        places = chosen[:1]
    beside = [i for i in bare if i not in places]
    pictures = {i: _picture(flat[i]) for i in places}
    size = tuple(pictures[places[0]].shape[-2:])
    beside += [i for i in tensors if i not in places and tuple(flat[i].shape[-2:]) == size]
    if beside:
        extra = flat[beside[0]]
        raise TypeError(f"sample must hold one picture, got {_described(extra)} beside it: {_WRAP}")
    decoders = {}
    for i, picture in pictures.items():
        if is_marked(flat[i]):
            raise ValueError("image must not be normalised yet, got one that a pipeline normalised")
        flat[i] = tv_tensors.Image(picture)
    for i, value in enumerate(flat):
        if isinstance(value, tv_tensors.Mask):
            if tuple(value.shape[-2:]) != size:
                raise ValueError(
                    f"mask must have the picture's {size} pixels, got {tuple(value.shape[-2:])}"
                )
            if not _fits_float32(value):
                flat[i], decoders[i] = _coded(value)
    return flat, decoders


def _picture(value: Any) -> torch.Tensor:
    """Return a picture's numbers as they are, (C, H, W) or (..., C, H, W)."""
    if isinstance(value, Image.Image):
        return as_tensor("image", value)[0]
    if isinstance(value, torch.Tensor):
        value = as_tensor("image", value).as_subclass(torch.Tensor)
        planes = value[None] if value.ndim == 2 else value
    else:
        planes = as_tensor("image", value)
        if planes.ndim not in (2, 3):
            raise ValueError(
                f"image must be an array (H, W) or (H, W, C), got shape {tuple(planes.shape)}"
            )
        planes = planes[None] if planes.ndim == 2 else planes.movedim(-1, 0)
    if 0 in planes.shape:
        raise ValueError(f"image must not be empty, got shape {tuple(value.shape)}")
    return planes


def _is_array(value: Any) -> bool:
    return not isinstance(value, torch.Tensor) and getattr(value, "ndim", 0) >= 2


def _described(value: Any) -> str:
    shape = tuple(getattr(value, "shape", ())) or getattr(value, "size", "")
    return f"a {type(value).__name__} of size {shape}"


def _fits_float32(mask: torch.Tensor) -> bool:
    if mask.dtype in _SHORT or not mask.numel():
        return True
    if mask.dtype == torch.uint16:  # which torchvision does not resize
        return False
    if mask.is_floating_point():
        return bool((mask == mask.float()).all())
    low, high = mask.to(torch.int64).aminmax()
    return mask.dtype in (torch.int32, torch.int64) and max(-int(low), int(high)) <= 2**24


def _coded(mask: torch.Tensor) -> tuple[torch.Tensor, Callable[[Any], Any]]:
    """Return a mask with its labels renumbered from 1, and what undoes it; 0 stays beyond it."""
    array = mask.as_subclass(torch.Tensor).numpy()
    labels, codes = np.unique(array, return_inverse=True)
    table = np.concatenate([np.zeros(1, array.dtype), labels])
    codes = torch.from_numpy(codes.reshape(array.shape).astype(np.int32) + 1)

    def decode(moved: torch.Tensor) -> torch.Tensor:
        found = table[moved.as_subclass(torch.Tensor).numpy()]
        return tv_tensors.wrap(torch.from_numpy(found), like=mask)

    return tv_tensors.wrap(codes, like=mask), decode
