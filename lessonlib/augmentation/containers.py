"""Takes pictures out of arrays, tensors and PIL images as ``(N, C, H, W)``, and puts them back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from lessonlib._validation import check_rank
from lessonlib._validation.missing import without_mask

Pack = Callable[[np.ndarray], Any]

_PIL_MODES = ("1", "L", "LA", "RGB", "RGBA", "I", "I;16", "I;16B", "I;16L", "F")


def is_torch(value: Any, kind: str = "Tensor") -> bool:
    """Tell whether `value` is a torch object, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, getattr(torch, kind))


def is_on_device(value: Any) -> bool:
    """Tell whether `value` is a tensor in the memory of a graphics card."""
    return is_torch(value) and value.device.type in ("cuda", "xpu")


def is_dask(value: Any) -> bool:
    """Tell whether `value` is a dask array, without importing dask."""
    dask_array = sys.modules.get("dask.array")
    return dask_array is not None and isinstance(value, dask_array.Array)


def is_pil(value: Any) -> bool:
    """Tell whether `value` is a PIL image, without importing PIL."""
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(value, pil.Image)


def unpack(image: Any, channel_axis: int | None, name: str) -> tuple[np.ndarray, Pack]:
    """Return a picture or batch as an array, and the function that puts an answer back.

    Parameters
    ----------
    image : numpy.ndarray, PIL.Image.Image or torch.Tensor
        What came in.
    channel_axis : {None, 0, -1}
        Where the channels stand; PIL images know it themselves.
    name : str
        The argument's name, for messages.

    Returns
    -------
    planes : numpy.ndarray, shape (N, C, H, W)
        A view where possible.
    pack : callable
        Turns an array of the same shape into what `image` was.

    Raises
    ------
    TypeError
        Where `image` is of another kind or dtype.
    ValueError
        Where it is empty, of another rank, or looks like channels last.
    """
    if is_pil(image):
        if image.mode not in (*_PIL_MODES, "P") or (image.mode == "P" and name == "image"):
            raise ValueError(
                f"{name} must have a PIL mode of {', '.join(_PIL_MODES)}, got {image.mode!r}: "
                f"{name}.convert('RGB') first"
            )
        array, pack = unpack(np.asarray(image), -1, name)
        return array, lambda planes: _to_pil(pack(planes), image)
    if is_torch(image):
        array, restore = _from_torch(image, name)
        planes, pack = unpack(array, channel_axis, name)
        return planes, lambda planes: restore(pack(planes))
    if not isinstance(image, np.ndarray):
        raise TypeError(
            f"{name} must be a NumPy array, a PIL image, a torch tensor or a dask array, "
            f"got {type(image).__name__}"
        )
    without_mask(name, image)
    image = np.asarray(image)  # a subclass may index and reshape by rules of its own
    check_layout(image, channel_axis, name, most=4)
    planes = image[None] if image.ndim == 3 else image
    if image.ndim == 2:
        return image[None, None], lambda planes: planes[0, 0]
    if channel_axis == -1:
        planes = np.moveaxis(planes, -1, 1)
    shape = image.shape

    def put_back(planes: np.ndarray) -> np.ndarray:
        if channel_axis == -1:
            planes = np.ascontiguousarray(np.moveaxis(planes, 1, -1))
        return planes.reshape(shape)

    return planes, put_back


def unpack_mask(
    mask: Any, like: tuple[int, ...], channel_axis: int | None, *, batch: bool
) -> tuple[np.ndarray, Pack]:
    """Return a mask as ``(N, C, H, W)``, whether or not it has an axis of channels.

    Parameters
    ----------
    mask : numpy.ndarray, PIL.Image.Image or torch.Tensor
        What came in: ``(H, W)`` or ``(C, H, W)``; for a batch ``(N, H, W)`` or ``(N, C, H, W)``.
    like : tuple of int
        ``(N, C, H, W)`` of the image.
    channel_axis : {None, 0, -1}
        Where channels stand.
    batch : bool
        Whether the image came as a batch.

    Returns
    -------
    planes : numpy.ndarray, shape (N, C, H, W)
        The mask.
    pack : callable
        Turns an array of the same shape into what `mask` was.

    Raises
    ------
    TypeError, ValueError
        As :func:`unpack`, and where pixels or pictures do not match the image's.
    """
    if batch and getattr(mask, "ndim", None) == 3:
        planes, pack = unpack(mask[:, None], 0, "mask")
        answer = planes, lambda moved: pack(moved)[:, 0]
    else:
        answer = unpack(mask, channel_axis, "mask")
    shape = answer[0].shape
    if (shape[0], *shape[2:]) != (like[0], *like[2:]):
        raise ValueError(
            f"mask must fit image: {like[0]} picture(s) of {like[2]} × {like[3]} px, "
            f"got {shape[0]} of {shape[2]} × {shape[3]} px"
        )
    return answer


def without_pixels(tensor: Any, name: str) -> np.ndarray:
    """Return an array of the shape and dtype of a tensor that takes no memory: for checks."""
    torch = sys.modules["torch"]
    empty = torch.empty(0, dtype=tensor.dtype, requires_grad=tensor.requires_grad)
    array, _ = _from_torch(empty, name)
    return np.broadcast_to(np.zeros((), array.dtype), tuple(tensor.shape))


def stack_of(tensor: Any, channel_axis: int | None) -> tuple[Any, Callable[[Any], Any]]:
    """Return a tensor as a view ``(N, C, H, W)``, and the function that puts an answer back."""
    shape = tensor.shape
    if tensor.ndim == 2:
        return tensor[None, None], lambda planes: planes.reshape(shape)
    if channel_axis == -1:
        moved = tensor.movedim(-1, -3)
        planes = moved if moved.ndim == 4 else moved[None]
        return planes, lambda planes: planes.movedim(-3, -1).reshape(shape)
    return tensor.reshape(-1, *shape[-3:]), lambda planes: planes.reshape(shape)


def check_layout(array: Any, channel_axis: int | None, name: str, most: int) -> None:
    """Refuse a dtype, rank or order of axes that can't be meant; for NumPy and dask arrays."""
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(f"{name} must have a real dtype of at most 8 bytes, got {array.dtype}")
    shapes = ("(H, W)", "(C, H, W)", "(N, C, H, W)")[: most - 1]
    check_rank(name, array, range(2, most + 1), " or ".join(shapes))
    if np.isnan(array.shape).any():
        raise ValueError(f"{name} must have known chunk sizes: {name}.compute_chunk_sizes() first")
    if array.ndim > 2 and channel_axis is None:
        channels, width = array.shape[-3], array.shape[-1]
        if width <= 4 and channels > 4 * width:
            raise ValueError(
                f"{name} of shape {array.shape} would be {channels} channels {width} px wide: "
                "pass channel_axis=-1 for channels last, channel_axis=0 if it is meant"
            )


def _to_pil(array: np.ndarray, like: Any) -> Any:
    """Return an array as a PIL image of the mode of `like`."""
    image = sys.modules["PIL.Image"].fromarray(array)
    if like.mode == "P":
        image.putpalette(like.getpalette())
    return image


def _from_torch(tensor: Any, name: str) -> tuple[np.ndarray, Callable[[np.ndarray], Any]]:
    """Return a tensor as an array, and the function that makes an array a tensor like it."""
    torch = sys.modules["torch"]
    without_mask(name, tensor)
    if tensor.is_nested or tensor.layout != torch.strided or tensor.is_quantized:
        raise TypeError(f"{name} must be an ordinary dense tensor: pass {name}.to_dense()")
    if tensor.is_meta or (tensor.dtype.itemsize == 1 and tensor.is_floating_point()):
        raise TypeError(
            f"{name} must hold numbers that NumPy knows, got {tensor.dtype} on {tensor.device}"
        )
    if tensor.requires_grad:
        raise ValueError(f"{name} must not require a gradient: pass {name}.detach()")
    # NumPy has no bfloat16; float32 holds it exactly.
    plain = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
    kind = type(tensor)

    def restore(array: np.ndarray) -> Any:
        answer = torch.from_numpy(array).to(device=tensor.device, dtype=tensor.dtype)
        return answer if kind is torch.Tensor else answer.as_subclass(kind)

    plain = plain.as_subclass(torch.Tensor).cpu().resolve_conj().resolve_neg()
    return plain.numpy(), restore
