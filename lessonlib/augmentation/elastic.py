"""Elastic deformation of whatever holds a picture: arrays, PIL images, tensors, dask arrays."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from lessonlib._validation import as_generator, check_integer, check_number
from lessonlib._validation.missing import without_mask
from lessonlib.augmentation import containers
from lessonlib.augmentation.field import WIDEST, Field, displacement_sd, draw_field
from lessonlib.augmentation.warp import warp_planes


class ElasticDeformation:
    r"""Displaces every pixel by smoothed random noise, a new field at every call.

    Parameters
    ----------
    alpha : float
        Factor on the smoothed noise, in pixels. 0 changes nothing.
    sigma : float
        Standard deviation of the smoothing Gaussian, in pixels; at most 2048.
    generator : int, numpy.random.Generator or torch.Generator, optional
        Source of randomness; an integer seeds a new one. ``None`` takes fresh randomness from the
        operating system at every call. In a worker process of a torch ``DataLoader`` the worker's
        own seed is mixed in, so that workers that were forked with equal copies of the generator
        don't repeat each other.
    channel_axis : {None, 0, -1}
        Where the channels of arrays and tensors stand. 0: before the two image axes, ``(C, H, W)``
        and ``(N, C, H, W)``. -1: after them, ``(H, W, C)`` and ``(N, H, W, C)``. ``None`` is 0,
        but refuses a shape such as ``(512, 512, 3)``. Images without channels, ``(H, W)``, and
        PIL images need no such word.

    Raises
    ------
    TypeError, ValueError
        Where an argument is out of its range.

    See Also
    --------
    fold_fraction : Share of pixels at which a field turns the picture inside out.
    expected_fold_fraction : The same, from `alpha` and `sigma` alone.

    Notes
    -----
    For each axis, noise :math:`n` of variance 1 on every pixel is smoothed and scaled,

    .. math:: u = \alpha\, (G_\sigma * n), \qquad
              \mathrm{sd}(u) = \frac{\alpha}{2\sqrt{\pi}\,\sigma},

    and the pixel at :math:`(y, x)` is read at :math:`(y + u_y, x + u_x)`, bilinearly, with the
    border repeated beyond the frame [1]_. The field is drawn on a coarser grid with the same
    covariance. Taught in the chapter *Augmentation*.

    References
    ----------
    .. [1] P. Y. Simard, D. Steinkraus, J. C. Platt, "Best practices for convolutional neural
       networks applied to visual document analysis", ICDAR 2003, 958-963,
       doi:10.1109/ICDAR.2003.1227801.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.linspace(0, 1, 64 * 64).reshape(64, 64)
    >>> deform = ElasticDeformation(alpha=15, sigma=4, generator=0)
    >>> deform(image).shape, deform(image).dtype
    ((64, 64), dtype('float64'))
    >>> moved, mask = deform(image, image > 0.5)
    >>> mask.dtype
    dtype('bool')
    """

    def __init__(
        self,
        alpha: float = 50,
        sigma: float = 5,
        *,
        generator: int | np.random.Generator | Any | None = None,
        channel_axis: int | None = None,
    ):
        self.alpha = check_number("alpha", alpha, minimum=0)
        self.sigma = check_number("sigma", sigma, above=0, maximum=WIDEST)
        if channel_axis not in (None, 0, -1) or isinstance(channel_axis, bool):
            raise ValueError(f"channel_axis must be None, 0 or -1, got {channel_axis!r}")
        self.channel_axis = channel_axis
        if not (generator is None or containers.is_torch(generator, "Generator")):
            generator = as_generator(generator, "generator")
        self.generator = generator

    def __repr__(self) -> str:
        return f"ElasticDeformation(alpha={self.alpha:g}, sigma={self.sigma:g})"

    @property
    def sd(self) -> float:
        """Standard deviation of the displacement along each axis, in pixels."""
        return displacement_sd(self.alpha, self.sigma)

    def displacement(self, shape: tuple[int, int]) -> np.ndarray:
        """Draw a new displacement field.

        Parameters
        ----------
        shape : tuple of int
            ``(H, W)`` in pixels.

        Returns
        -------
        numpy.ndarray, shape (2, H, W), float32
            (dy, dx) in pixels: where each pixel is read, relative to itself.
        """
        if not isinstance(shape, tuple | list) or len(shape) != 2:
            raise ValueError(f"shape must be (H, W), got {shape!r}")
        height, width = (check_integer("shape", n, minimum=1) for n in shape)
        return self._draw((height, width)).tile((0, height), (0, width))

    def __call__(self, image: Any, mask: Any = None) -> Any:
        """Deform a picture, and its mask by the same field.

        Parameters
        ----------
        image : numpy.ndarray, PIL.Image.Image, torch.Tensor or dask.array.Array
            ``(H, W)``, ``(C, H, W)`` or a batch ``(N, C, H, W)``, which gets a field per picture
            (see `channel_axis` for other layouts). Dask arrays, ``(H, W)`` or ``(C, H, W)``, stay
            lazy; the field is drawn at the call. Tensors in the memory of a graphics card are
            moved there. NaN counts as missing and stays missing.
        mask : of the same kinds, optional
            Labels of the same picture, with or without the channel axis. Their bits are copied
            from the nearest pixel: no new label can appear.

        Returns
        -------
        image or (image, mask)
            In the container, shape and dtype that came in, within the range that came in;
            integers are rounded.

        Raises
        ------
        TypeError
            Where `image` or `mask` is of another kind or dtype.
        ValueError
            Where it is masked, empty, of another rank, infinite, or `mask` does not fit `image`.
        """
        if containers.is_dask(image):
            return self._deform_dask(image, mask)
        if containers.is_on_device(image):
            from lessonlib.augmentation.on_device import deform_on_device

            return deform_on_device(image, mask, self.channel_axis, self._draw)
        planes, pack = containers.unpack(image, self.channel_axis, "image")
        masks = None
        if mask is not None:
            masks, pack_mask = containers.unpack_mask(
                mask, planes.shape, self.channel_axis, batch=getattr(image, "ndim", 0) == 4
            )
        fields = [self._draw(planes.shape[2:]) for _ in planes]
        moved = pack(self._move(planes, fields, nearest=False, name="image"))
        if masks is None:
            return moved
        return moved, pack_mask(self._move(masks, fields, nearest=True, name="mask"))

    def _move(
        self, batch: np.ndarray, fields: list[Field], *, nearest: bool, name: str
    ) -> np.ndarray:
        """Move each picture of ``(N, C, H, W)`` by its own field."""
        if self.alpha == 0:
            return batch.copy()
        out = np.empty(batch.shape, batch.dtype)
        for target, planes, field in zip(out, batch, fields, strict=True):
            warp_planes(planes, field, target, nearest=nearest, name=name)
        return out

    def _deform_dask(self, image: Any, mask: Any) -> Any:
        """Build the lazy answer; nothing is computed but the field's nodes."""
        from lessonlib.augmentation.lazy import deform_blocks

        if not (mask is None or containers.is_dask(mask)):
            raise TypeError(f"mask must be a dask array as image is, got {type(mask).__name__}")
        without_mask("image", image)
        containers.check_layout(image, self.channel_axis, "image", most=3)
        field = self._draw(image.shape[-2:])
        moved = deform_blocks(image, field, name="image")
        if mask is None:
            return moved
        without_mask("mask", mask)
        containers.check_layout(mask, self.channel_axis, "mask", most=3)
        if mask.shape[-2:] != image.shape[-2:]:
            raise ValueError(
                f"mask must fit image: {image.shape[-2:]} pixels, got {mask.shape[-2:]}"
            )
        return moved, deform_blocks(mask, field, nearest=True, name="mask")

    def _draw(self, shape: tuple[int, int]) -> Field:
        return draw_field(shape, self.alpha, self.sigma, self._rng())

    def _rng(self) -> np.random.Generator:
        """Return the generator of the next field."""
        if self.generator is None:
            return np.random.default_rng()
        if isinstance(self.generator, np.random.Generator):
            rng = self.generator
        else:
            torch = sys.modules["torch"]
            where = self.generator.device
            seed = torch.randint(2**63 - 1, (), generator=self.generator, device=where).item()
            rng = np.random.default_rng(seed)
        data = sys.modules.get("torch.utils.data")
        worker = data.get_worker_info() if data else None
        if worker is None:
            return rng
        return np.random.default_rng([int(rng.integers(2**63)), worker.seed])
