"""A pretrained U-Net that finds cosmic-ray hits: the network, its weights, and how to run it."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lessonlib._validation import check_choice
from lessonlib._validation.state import evaluating
from lessonlib.astronomy._checks import as_image

if TYPE_CHECKING:
    from torch import nn

_DATA = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Weights:
    """Where a set of weights is from.

    Attributes
    ----------
    file : str
        Name of the file in ``lessonlib/astronomy/data``.
    sha256 : str
        Checksum of its bytes, in hexadecimal.
    trained_on : str
        The instrument and the images.
    origin : str
        The distribution that it was taken from, and the path in it.
    licence : str
        Its terms; the text lies beside the file.
    url : str
        Where the distribution is described.
    """

    file: str
    sha256: str
    trained_on: str
    origin: str
    licence: str
    url: str


@functools.cache
def _catalogue() -> dict[str, Weights]:
    content = tomllib.loads((_DATA / "weights.toml").read_text(encoding="utf-8"))
    return {name: Weights(**entry) for name, entry in content.items()}


def pretrained() -> dict[str, Weights]:
    """Return what weights there are, by name.

    Returns
    -------
    dict of str to Weights

    Examples
    --------
    >>> from lessonlib.astronomy import pretrained
    >>> sorted(pretrained())
    ['acs-wfc', 'decam']
    """
    return dict(_catalogue())


def cosmic_ray_network(weights: str = "decam") -> nn.Module:
    r"""Build the U-Net of deepCR and load its weights.

    Parameters
    ----------
    weights : {"decam", "acs-wfc"}
        The camera whose images it was trained on.

    Returns
    -------
    torch.nn.Module
        In evaluation mode, frozen. It takes ``(N, 1, H, W)`` float32 in electrons, `H` and `W`
        even, and gives probabilities of the same shape.

    Raises
    ------
    ValueError
        Where there are no such weights.
    OSError
        Where their file is missing or damaged.

    Notes
    -----
    Two resolutions. With :math:`D` a pair of 3×3 convolutions, each followed by batch normalisation
    and a rectifier,

    .. math::
        a = D_1(x), \quad b = D_2(\mathrm{maxpool}(a)), \quad
        p = \sigma\bigl(w \cdot D_3([a, \mathrm{upsample}(b)])\bigr).

    A pixel's probability depends on the pixels at most 10 away.

    References
    ----------
    .. [1] Zhang, K. and Bloom, J. S. (2020). deepCR: Cosmic Ray Rejection with Deep Learning.
       *The Astrophysical Journal* 889:24. doi:10.3847/1538-4357/ab3fa6
    """
    import torch

    entry = _catalogue()[check_choice("weights", weights, _catalogue())]
    path = _DATA / entry.file
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: restore it with  git checkout -- {path}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry.sha256:
        raise OSError(f"{path} is damaged: restore it with  git checkout -- {path}")
    stored = torch.load(path, map_location="cpu", weights_only=True)
    network = _unet()
    network.load_state_dict({key.removeprefix("module."): value for key, value in stored.items()})
    return network.eval().requires_grad_(False)


def _unet(width: int = 32) -> nn.Module:
    """Return the untrained network; the names of its parts are those of the stored weights."""
    import torch
    from torch import nn

    def nested(**parts: nn.Module) -> nn.Module:
        module = nn.Module()
        for name, part in parts.items():
            module.add_module(name, part)
        return module

    def pair(channels_in: int, channels_out: int) -> nn.Module:
        layers: list[nn.Module] = []
        for channels in (channels_in, channels_out):
            layers += [
                nn.Conv2d(channels, channels_out, 3, padding=1),
                nn.BatchNorm2d(channels_out),
                nn.ReLU(),
            ]
        return nested(conv=nn.Sequential(*layers))

    class CosmicRayUNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.inc = nested(conv=pair(1, width))
            self.down1 = nested(mpconv=nn.Sequential(nn.MaxPool2d(2), pair(width, 2 * width)))
            self.up8 = nested(
                up=nn.ConvTranspose2d(2 * width, width, 2, stride=2), conv=pair(2 * width, width)
            )
            self.outc = nested(conv=nn.Conv2d(width, 1, 1))

        def forward(self, x):
            fine = self.inc.conv.conv(x)
            pool, coarse = self.down1.mpconv
            lifted = self.up8.up(coarse.conv(pool(fine)))
            joined = self.up8.conv.conv(torch.cat([fine, lifted], dim=1))
            return torch.sigmoid(self.outc.conv(joined))

    return CosmicRayUNet()


def hit_probability(image: np.ndarray, network: nn.Module) -> np.ndarray:
    """Return each pixel's probability of a cosmic-ray hit, according to a network.

    Parameters
    ----------
    image : numpy.ndarray, shape (H, W)
        Electrons, sky included.
    network : torch.nn.Module
        As :func:`cosmic_ray_network` gives it. Used in evaluation mode, on its own device and in
        its own precision, and left as it was.

    Returns
    -------
    numpy.ndarray of float32, shape (H, W)
        In [0, 1].

    Raises
    ------
    TypeError, ValueError
        Where the image is no finite array of numbers with two axes.
    """
    import torch

    image = as_image("image", image)
    odd = [(0, side % 2) for side in image.shape]  # pooling halves the sides
    padded = np.pad(image.astype(np.float32), odd, mode="edge")
    weight = next(network.parameters(), torch.empty(0))
    pixels = torch.from_numpy(padded).to(weight.device, weight.dtype)
    with evaluating(network), torch.inference_mode():
        p = network(pixels[None, None])[0, 0].float().cpu().numpy()
    return p[: image.shape[0], : image.shape[1]]
