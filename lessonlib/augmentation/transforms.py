"""The training pipeline's arguments and what they mean; torch is imported when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lessonlib._validation import check_integer, check_number
from lessonlib.augmentation.field import WIDEST

if TYPE_CHECKING:
    import torch
    from torchvision.transforms import v2


def medical_train_transforms(
    size: int = 224,
    channels: int = 1,
    *,
    degrees: float = 10,
    translate: float = 0.05,
    scale: tuple[float, float] = (0.95, 1.15),
    elastic: tuple[float, float] | None = (15, 4),
    blur: tuple[float, float] | None = (0.1, 1.0),
    brightness: float = 0.2,
    contrast: float = 0.2,
    noise: float = 0.02,
    horizontal_flip: bool = False,
    value_range: tuple[float, float] | None = None,
    fill: float | None = None,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    generator: torch.Generator | None = None,
) -> v2.Compose:
    r"""Build a torchvision pipeline that augments radiographs by what a patient could cause.

    Parameters
    ----------
    size : int
        Side of the square answer in pixels.
    channels : int
        Channels of the answer. A one-channel image is repeated for 3, a colour image is turned
        grey for 1.
    degrees : float
        Rotation is drawn from ±`degrees`.
    translate : float
        Shift along each axis, drawn from ± this share of the side.
    scale : tuple of float
        Zoom, drawn log-uniformly, the same along both axes. Above 1 it crops.
    elastic : tuple of float, optional
        ``(alpha, sigma)`` of :class:`ElasticDeformation`, in pixels of the answer; ``None`` for
        none.
    blur : tuple of float, optional
        Range of the standard deviation of a 3 × 3 Gaussian blur, in pixels; ``None`` for none.
    brightness, contrast : float
        A factor is drawn from 1 ± this. Set both to 0 where the numbers are a calibrated
        quantity: Hounsfield units, reflectance, uptake.
    noise : float
        Standard deviation of additive Gaussian noise, as a share of the range.
    horizontal_flip : bool
        Mirror half of the images. Only where neither the label nor the protocol knows left from
        right.
    value_range : tuple of float, optional
        Values that become 0 and 1, such as the display window. ``None`` takes 0 to 255 for uint8,
        and [0, 1] for floats. A picture of uint16 is taken from 0 to 65,535 where it uses the
        highest bit and refused where it does not: 12 bits stored in 16 would come out nearly black.
    fill : float, optional
        Level beyond the frame, in [0, 1]; ``None`` takes the median of each image's own border.
    mean, std : float or sequence of float, optional
        What to normalise with: statistics of the training set in [0, 1], one number or one a
        channel, both or neither. ``None`` leaves the answer in [0, 1], as networks want it that
        normalise themselves, :class:`lessonlib.transfer.MedicalClassifier` among them. A normalised
        answer is marked, and such a network refuses it.
    generator : torch.Generator, optional
        Source of all randomness. ``None`` leaves it to torch's global generator
        (``torch.manual_seed``), as torchvision's own transforms do.

    Returns
    -------
    torchvision.transforms.v2.Compose
        Takes a PIL image, an array ``(H, W)`` or ``(H, W, C)`` or a tensor ``(C, H, W)``, alone
        or in a sample with ``tv_tensors.Mask`` and labels, and returns float32
        ``(channels, size, size)``. Masks are moved by the same draw, nearest pixel;
        labels of any size stay what they are.

    Raises
    ------
    TypeError, ValueError
        Where an argument is out of its range. The pipeline raises them for an image that is masked
        or not finite, whose range is not certain, or that has other channels, and for an array
        beside the image, which may be a mask that is not wrapped.

    Notes
    -----
    The image is padded to a square and resized, then rotation, shift, zoom, crop and elastic
    deformation are added up to one displacement field and read in a single bilinear look-up.
    Nothing is stretched along one axis: what was round stays round. Taught in the chapter
    *Augmentation*.

    Examples
    --------
    >>> import numpy as np
    >>> transform = medical_train_transforms(size=64)
    >>> transform(np.zeros((100, 80), np.uint8)).shape
    torch.Size([1, 64, 64])
    """
    if getattr(size, "ndim", 0) or hasattr(size, "mode"):
        raise TypeError(
            "size must be an integer, got a picture: build the pipeline first, "
            "transform = medical_train_transforms(), then call transform(image)"
        )
    size = check_integer("size", size, minimum=2)
    channels = check_integer("channels", channels, minimum=1)
    for name, value in {
        "degrees": degrees,
        "translate": translate,
        "brightness": brightness,
        "contrast": contrast,
        "noise": noise,
    }.items():
        check_number(name, value, minimum=0)
    if channels not in (1, 3) and (brightness or contrast):
        raise ValueError(
            f"brightness and contrast must be 0 for {channels} channels, got {brightness} and "
            f"{contrast}: bands of a spectrum must not change one by one"
        )
    _check_pair("scale", scale, above=0)
    if elastic is not None:
        alpha, sigma = _two("elastic", elastic, "(alpha, sigma)")
        check_number("elastic[0]", alpha, minimum=0)
        check_number("elastic[1]", sigma, above=0, maximum=WIDEST)
    if blur is not None:
        _check_pair("blur", blur, above=0)
    if value_range is not None:
        low, high = _two("value_range", value_range, "(lowest, highest)")
        check_number("value_range[1]", high, above=check_number("value_range[0]", low))
    if not isinstance(horizontal_flip, bool | np.bool_):
        raise TypeError(f"horizontal_flip must be True or False, got {horizontal_flip!r}")
    if fill is not None:
        check_number("fill", fill, minimum=0, maximum=1)

    from lessonlib.augmentation import pipeline

    if generator is not None and not isinstance(generator, pipeline.torch.Generator):
        raise TypeError(
            f"generator must be a torch.Generator or None, got {type(generator).__name__}"
        )
    means, stds = _per_channel("mean", mean, channels), _per_channel("std", std, channels, above=0)
    if (means is None) != (stds is None):
        raise ValueError(f"mean and std must be given both or neither, got {mean!r} and {std!r}")
    return pipeline.build(
        size,
        channels,
        degrees=degrees,
        translate=translate,
        scale=scale,
        elastic=elastic,
        blur=blur,
        brightness=brightness,
        contrast=contrast,
        noise=noise,
        horizontal_flip=horizontal_flip,
        value_range=value_range,
        fill=fill,
        mean=means,
        std=stds,
        generator=generator,
    )


def _check_pair(name: str, pair: tuple[float, float], **bounds: float) -> None:
    """Refuse a range whose ends are out of bounds or the wrong way round."""
    low, high = _two(name, pair, "(lowest, highest)")
    check_number(f"{name}[1]", high, minimum=check_number(f"{name}[0]", low, **bounds))


def _two(name: str, pair: Any, what: str) -> tuple[Any, Any]:
    """Return two values, or refuse what holds another number of them."""
    if isinstance(pair, str) or not hasattr(pair, "__len__") or len(pair) != 2:
        raise TypeError(f"{name} must be two numbers, {what}, got {pair!r}")
    first, second = pair
    return first, second


def _per_channel(name: str, value: Any, channels: int, **bounds: float) -> list[float] | None:
    """Return one number a channel, or ``None`` where nothing is given."""
    if value is None:
        return None
    several = getattr(value, "ndim", isinstance(value, Sequence) and not isinstance(value, str))
    values = list(value) if several else [value] * channels
    if len(values) != channels:
        raise ValueError(f"{name} must hold {channels} number(s), got {len(values)}")
    return [check_number(name, v, **bounds) for v in values]
