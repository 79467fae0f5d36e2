"""An acquisition model: what detector, dose and post-processing make of one and the same scene.

Taught in the chapter *Why medical imaging is different*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lessonlib._validation import as_generator, check_integer, check_number, check_rank
from lessonlib._validation.missing import plain_array

__all__ = ["Acquisition"]


@dataclass(frozen=True)
class Acquisition:
    r"""How one hospital's equipment turns a scene into an image.

    Parameters
    ----------
    gain : float
        Factor on the signal: dose and amplifier.
    gamma : float
        Exponent of the response curve; below 1 brightens the dark parts.
    blur : float
        Standard deviation of the system's point spread, in pixels.
    noise : float
        Standard deviation of the detector's additive noise, in units of the full range.
    binning : int
        Detector pixels are squares of this many pixels of the scene; the image keeps its shape.

    Raises
    ------
    TypeError
        Where a parameter is no number, `binning` no integer.
    ValueError
        Where it is negative, or `gain` or `gamma` is 0.

    Notes
    -----
    A scene :math:`s \in [0, 1]` becomes

    .. math:: \operatorname{clip}\bigl(g \, B(h_\sigma * s) + n, 0, 1\bigr)^\gamma,
              \qquad n \sim \mathcal{N}(0, \tau^2) \text{ per detector pixel},

    with the Gaussian :math:`h_\sigma` (`blur`), the mean :math:`B` over detector pixels
    (`binning`), the gain :math:`g`, the noise :math:`\tau` and the response :math:`\gamma`, in the
    order in which light or X-rays meet them: optics, pixel, amplifier, read-out, look-up table.
    It is a simple model: real detectors also have signal-dependent noise, scatter and edge
    enhancement.

    Examples
    --------
    >>> import numpy as np
    >>> scene = np.full((4, 4), 0.25)
    >>> Acquisition(gamma=0.5)(scene, seed=0)[0, 0]
    np.float64(0.5)
    """

    gain: float = 1.0
    gamma: float = 1.0
    blur: float = 0.0
    noise: float = 0.0
    binning: int = 1

    def __post_init__(self):
        check_number("gain", self.gain, above=0)
        check_number("gamma", self.gamma, above=0)
        check_number("blur", self.blur, minimum=0)
        check_number("noise", self.noise, minimum=0)
        check_integer("binning", self.binning, minimum=1)

    def __call__(
        self, scene: np.ndarray, seed: int | np.random.Generator | None = None
    ) -> np.ndarray:
        """Acquire a scene.

        Parameters
        ----------
        scene : numpy.ndarray, shape (H, W) or (N, H, W)
            Floats in [0, 1]; it is not changed.
        seed : int, numpy.random.Generator or None
            Source of the noise; ``None`` draws fresh noise.

        Returns
        -------
        numpy.ndarray, same shape and dtype
            In [0, 1].

        Raises
        ------
        TypeError
            Where `scene` does not hold floats.
        ValueError
            Where it has another rank, or values that are NaN or outside [0, 1].
        """
        scene = plain_array("scene", scene)
        if scene.dtype.kind != "f":
            raise TypeError(
                f"scene must hold floats in [0, 1], got {scene.dtype}; "
                "convert it to float and divide by its largest possible value"
            )
        check_rank("scene", scene, (2, 3), "(H, W) or (N, H, W)")
        if not (scene.min() >= 0 and scene.max() <= 1):  # also where there is a NaN
            raise ValueError(
                f"scene must lie in [0, 1], got values from {scene.min()} to {scene.max()}"
            )
        image = scene.astype(np.float64)
        if self.blur:
            image = ndimage.gaussian_filter(image, self.blur, axes=(-2, -1), mode="nearest")
        image = self.gain * _bin(image, self.binning)
        if self.noise:
            image += as_generator(seed).normal(0.0, self.noise, image.shape)
        image = np.clip(image, 0.0, 1.0) ** self.gamma
        return _unbin(image, self.binning, scene.shape).astype(scene.dtype)


def _bin(image: np.ndarray, size: int) -> np.ndarray:
    """Mean over squares of `size` pixels; the last ones repeat the border where they jut out."""
    if size == 1:
        return image
    height, width = image.shape[-2:]
    rim = [(0, 0)] * (image.ndim - 2) + [(0, -height % size), (0, -width % size)]
    image = np.pad(image, rim, mode="edge")
    rows, columns = image.shape[-2] // size, image.shape[-1] // size
    blocks = image.reshape(*image.shape[:-2], rows, size, columns, size)
    return blocks.mean(axis=(-3, -1))


def _unbin(image: np.ndarray, size: int, shape: tuple[int, ...]) -> np.ndarray:
    """Repeat every detector pixel over the square it covers, cut to `shape`."""
    if size == 1:
        return image
    image = image.repeat(size, axis=-2).repeat(size, axis=-1)
    return image[..., : shape[-2], : shape[-1]]
