"""The training pipeline for radiographs: one resampling, and only changes a patient could cause.

This module imports torch; :func:`lessonlib.augmentation.medical_train_transforms` loads it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_flatten, tree_unflatten
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F  # noqa: N812  (torchvision's own habit)

from lessonlib._validation.pictures import range_of, to_unit
from lessonlib.augmentation import sample
from lessonlib.augmentation.elastic import ElasticDeformation

_REMEDY = (
    "pass value_range=(lowest, highest), for instance the display window, or (0, 4095) for 12 bits "
    "stored in 16"
)


def build(
    size: int,
    channels: int,
    *,
    degrees: float,
    translate: float,
    scale: tuple[float, float],
    elastic: tuple[float, float] | None,
    blur: tuple[float, float] | None,
    brightness: float,
    contrast: float,
    noise: float,
    horizontal_flip: bool,
    value_range: tuple[float, float] | None,
    fill: float | None,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    generator: torch.Generator | None,
) -> SeededCompose:
    """Put the steps together; the arguments are those of ``medical_train_transforms``, checked."""
    steps: list[Any] = [
        UnitImage(channels, value_range),
        PadToSquare(fill),
        v2.Resize((size, size), antialias=True),
        OneResampling(degrees, translate, scale, elastic, fill),
    ]
    if horizontal_flip:
        steps.append(v2.RandomHorizontalFlip())
    if blur:
        steps.append(v2.GaussianBlur(3, sigma=blur))
    if brightness or contrast:
        steps.append(v2.ColorJitter(brightness=brightness, contrast=contrast))
    if noise:
        steps.append(v2.GaussianNoise(sigma=noise))
    normalised = mean is not None and (set(mean), set(std)) != ({0.0}, {1.0})
    if normalised:
        steps.append(v2.Normalize(list(mean), list(std)))
    return SeededCompose(steps, generator, normalised)


class SeededCompose(v2.Compose):
    """Runs transforms in order, drawing from a generator of its own where there is one.

    Parameters
    ----------
    transforms : sequence of callable
        The steps.
    generator : torch.Generator, optional
        ``None`` leaves the steps to torch's global generator, as torchvision does.
    normalised : bool
        Whether a step normalises, so that the answer has to say so.
    """

    def __init__(
        self, transforms: Sequence[Any], generator: torch.Generator | None, normalised: bool
    ):
        super().__init__(transforms)
        self.generator, self.normalised = generator, normalised

    def forward(self, *inputs: Any) -> Any:
        """Transform a sample: an image, or an image with masks and labels."""
        flat, spec = tree_flatten(inputs if len(inputs) > 1 else inputs[0])
        flat, decoders = sample.prepare(flat)
        if self.generator is None:
            moved = super().forward(flat)
        else:
            seed = int(torch.randint(2**63 - 1, (), generator=self.generator))
            worker = torch.utils.data.get_worker_info()
            # Workers are forked with equal copies of the generator; their own seeds tell them
            # apart.
            seed ^= worker.seed if worker else 0
            # torchvision's steps know the global generator alone: lend it and put it back.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                moved = super().forward(flat)
        for place, decode in decoders.items():
            moved[place] = decode(moved[place])
        if self.normalised:
            moved = [
                value.as_subclass(sample.NormalisedImage)
                if isinstance(value, tv_tensors.Image)
                else value
                for value in moved
            ]
        return tree_unflatten(moved, spec)


class UnitImage(v2.Transform):
    """Turns an image into a float32 tensor in [0, 1] with the channels asked for."""

    _transformed_types = (tv_tensors.Image,)

    def __init__(self, channels: int, value_range: tuple[float, float] | None):
        super().__init__()
        self.channels, self.value_range = channels, value_range

    def transform(self, inpt: Any, params: dict[str, Any]) -> tv_tensors.Image:
        """Convert one image."""
        low, high = range_of("image", inpt, self.value_range, remedy=_REMEDY)
        image = to_unit(inpt.as_subclass(torch.Tensor), low, high).to(torch.float32)
        if image.shape[-3] == 1 and self.channels == 3:
            image = image.expand(*image.shape[:-3], 3, *image.shape[-2:])
        elif image.shape[-3] == 3 and self.channels == 1:
            image = grey_of(image)
        if image.shape[-3] != self.channels:
            raise ValueError(
                f"image must have {self.channels} channel(s), got shape {tuple(image.shape)}: "
                "channels stand first in tensors and last in arrays, and transparency is none: "
                "image.convert('RGB') of a PIL image leaves it out"
            )
        return tv_tensors.Image(image)


def grey_of(image: torch.Tensor) -> torch.Tensor:
    """Return the luma of colours, exactly the grey level where the three are alike.

    torchvision's weights add up to 0.9999, which would darken greys that are stored as colours.
    """
    red, green, blue = image.unbind(dim=-3)
    return (green + 0.299 * (red - green) + 0.114 * (blue - green)).unsqueeze(-3)


class PadToSquare(v2.Transform):
    """Pads the shorter axis, so that resizing to a square stretches nothing."""

    def __init__(self, fill: float | None):
        super().__init__()
        self.fill = fill

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Work out the padding: left, top, right, bottom."""
        height, width = F.get_size(flat_inputs[0])
        x, y = max(0, height - width), max(0, width - height)
        return {"padding": [x // 2, y // 2, x - x // 2, y - y // 2]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Pad one image or mask."""
        fill = background(inpt, self.fill) if isinstance(inpt, tv_tensors.Image) else 0
        return self._call_kernel(F.pad, inpt, params["padding"], fill=fill)


class OneResampling(v2.Transform):
    r"""Rotation, shift, zoom, crop and elastic deformation as one look-up a pixel.

    Notes
    -----
    The answer at :math:`p`, measured from the centre, is read at

    .. math:: \frac{1}{z} R_{-\theta} (p - t) + u(p),

    bilinearly; masks are read at the nearest pixel of the same place.
    """

    def __init__(
        self,
        degrees: float,
        translate: float,
        scale: tuple[float, float],
        elastic: tuple[float, float] | None,
        fill: float | None,
    ):
        super().__init__()
        self.degrees, self.translate, self.scale = degrees, translate, scale
        self.elastic, self.fill = elastic, fill

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw one displacement, in torchvision's units: a side is 2 long."""
        height, width = F.get_size(flat_inputs[0])
        angle, shift_y, shift_x = (2 * torch.rand(3, dtype=torch.float64) - 1).tolist()
        angle *= math.radians(self.degrees)
        shift_y, shift_x = shift_y * self.translate * height, shift_x * self.translate * width
        low, high = (math.log(s) for s in self.scale)
        zoom = math.exp(low + (high - low) * torch.rand((), dtype=torch.float64).item())

        y = np.arange(height)[:, None] - (height - 1) / 2
        x = np.arange(width) - (width - 1) / 2
        cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
        dy = -sin * (x - shift_x) + cos * (y - shift_y) - y
        dx = cos * (x - shift_x) + sin * (y - shift_y) - x
        if self.elastic:
            seed = int(torch.randint(2**63 - 1, ()))
            uy, ux = ElasticDeformation(*self.elastic, generator=seed).displacement((height, width))
            dy, dx = dy + uy, dx + ux
        grid = np.stack([2 * dx / width, 2 * dy / height], axis=-1)[None]
        return {"displacement": torch.from_numpy(grid.astype(np.float32))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Move one image or mask."""
        if not isinstance(inpt, tv_tensors.Image | tv_tensors.Mask):
            raise TypeError(
                f"sample must hold images, masks and labels, got {type(inpt).__name__}: "
                "draw boxes and points as masks"
            )
        move = params["displacement"]
        if isinstance(inpt, tv_tensors.Mask):
            return self._call_kernel(F.elastic, inpt, move)
        # torchvision's own `fill` weighs the border pixels twice and leaves a dark seam there
        # (pytorch/vision, issue 8083).
        # With the background at 0 its zero padding is the fill.
        level = torch.tensor(background(inpt, self.fill))[:, None, None]
        return tv_tensors.wrap(F.elastic(inpt - level, move) + level, like=inpt)


def background(image: torch.Tensor, fill: float | None) -> list[float]:
    """Return the level of the surroundings, one a channel: `fill`, or the border's median."""
    channels = image.shape[-3]
    if fill is not None:
        return [fill] * channels
    border = torch.cat(
        [image[..., 0, :], image[..., -1, :], image[..., :, 0], image[..., :, -1]], dim=-1
    )
    return border.reshape(-1, channels, border.shape[-1])[0].median(dim=-1).values.tolist()
