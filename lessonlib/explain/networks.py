"""A small network for 64-pixel patches: a frozen stem from photographs, and a body that trains."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from lessonlib._validation import check_choice, check_integer, check_labels
from lessonlib._validation.pictures import as_tensor, for_network, unit_pictures
from lessonlib._validation.state import evaluating
from lessonlib.images.regions import PATCH
from lessonlib.transfer import MedicalClassifier

_STEM_BLOCKS = 5  # of EfficientNet-Lite0's 16: they leave 40 channels on an eighth of the grid
_CHANNELS, _GRID, _WIDTH = 40, 8, 64


class ConvBody(nn.Module):
    """Two convolutions, the mean over places, one linear layer.

    Attributes
    ----------
    block : torch.nn.Sequential
        (N, 40, 8, 8) to (N, 64, 8, 8): the last layers that know places.
    fc : torch.nn.Linear
        From the mean over places to the classes.
    """

    def __init__(self):
        super().__init__()
        layers: list[nn.Module] = []
        for width in (_CHANNELS, _WIDTH):
            convolution = nn.Conv2d(width, _WIDTH, 3, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(_WIDTH), nn.ReLU()]
        self.block = nn.Sequential(*layers)
        self.fc = nn.Linear(_WIDTH, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, 2) of stem features (N, 40, 8, 8)."""
        return self.fc(self.block(x).mean(dim=(2, 3)))


def _transformer_body() -> nn.Module:
    """Return a vision transformer whose 64 tokens are the places of the stem's grid."""
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(
        img_size=_GRID, patch_size=1, in_chans=_CHANNELS, num_classes=2,
        embed_dim=_WIDTH, depth=2, num_heads=4,
    )  # fmt: skip


class PatchNet(nn.Module):
    """A classifier of nodule patches that trains in seconds and still knows places.

    Parameters
    ----------
    body : {"conv", "transformer"}, default "conv"
        What trains: two convolutions, or a two-layer vision transformer with a class token. Both
        see the same 8 by 8 grid.
    seed : int, default 0
        Of the body's random weights.

    Attributes
    ----------
    stem : torch.nn.Sequential
        The first five blocks of EfficientNet-Lite0 with ImageNet's weights, frozen.
    body : torch.nn.Module
        From the stem's features to the logits of two classes.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    A whole EfficientNet-Lite0 leaves 2 by 2 places of a patch of 64 pixels: too coarse for any map.
    Its first five blocks leave 8 by 8, cells of 8 pixels, as far as the stride goes; what a place
    sees is wider.
    """

    #: It normalises its pictures itself, and takes them in [0, 1].
    normalises = True

    def __init__(self, body: str = "conv", *, seed: int = 0):
        super().__init__()
        check_choice("body", body, ("conv", "transformer"))
        whole = MedicalClassifier(in_channels=1, seed=0)
        parts = whole.backbone
        self.stem = nn.Sequential(
            parts._conv_stem, parts._bn0, nn.ReLU6(), *parts._blocks[:_STEM_BLOCKS]
        ).requires_grad_(False)
        self.register_buffer("pixel_mean", whole.mean)
        self.register_buffer("pixel_std", whole.std)
        self.register_buffer("mean", torch.zeros(1, _CHANNELS, 1, 1))
        self.register_buffer("std", torch.ones(1, _CHANNELS, 1, 1))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_integer("seed", seed, minimum=0))
            self.body = ConvBody() if body == "conv" else _transformer_body()
        self.train()

    def train(self, mode: bool = True) -> PatchNet:
        """Switch the body to training mode, or back; the stem stays in evaluation mode.

        Parameters
        ----------
        mode : bool, default True

        Returns
        -------
        PatchNet
            Itself.
        """
        super().train(mode)
        self.stem.eval()
        return self

    def features(self, images: np.ndarray, *, batch_size: int = 250) -> torch.Tensor:
        """Run the stem once over pictures.

        Parameters
        ----------
        images : array or tensor, shape (N, 1, 64, 64)
            Floats in [0, 1], or uint8.
        batch_size : int, default 250

        Returns
        -------
        torch.Tensor of float32, shape (N, 40, 8, 8)

        Raises
        ------
        ValueError
            Where the pictures have another shape.
        """
        size = check_integer("batch_size", batch_size, minimum=1)
        pictures, convert = for_network(self, "images", images)
        with evaluating(self), torch.no_grad():
            return torch.cat([self._stem(convert(batch)) for batch in pictures.split(size)])

    def _stem(self, images: torch.Tensor) -> torch.Tensor:
        images = as_tensor("images", images)
        if tuple(images.shape[1:]) != (1, PATCH, PATCH):
            raise ValueError(
                f"images must have shape (N, 1, {PATCH}, {PATCH}), got {tuple(images.shape)}"
            )
        images = unit_pictures("images", images).to(self.pixel_mean)
        x = (images - self.pixel_mean) / self.pixel_std
        return self.stem(x.contiguous(memory_format=torch.channels_last))

    def standardise(self, features: torch.Tensor) -> PatchNet:
        """Take the mean and the standard deviation of each stem channel from these features.

        Parameters
        ----------
        features : torch.Tensor, shape (N, 40, 8, 8)
            Of the training patches.

        Returns
        -------
        PatchNet
            Itself.
        """
        self.mean.copy_(features.mean(dim=(0, 2, 3), keepdim=True))
        std = features.std(dim=(0, 2, 3), keepdim=True)
        self.std.copy_(torch.where(std > 0, std, 1))  # a channel that never varies becomes 0
        return self

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits (N, 2) of stem features (N, 40, 8, 8)."""
        return self.body((features - self.mean) / self.std)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, 2) of pictures (N, 1, 64, 64) in [0, 1]."""
        return self.classify(self._stem(images))

    def margin(self, features: torch.Tensor) -> np.ndarray:
        """Return how far the nodule's logit is above the other's, the log-odds.

        Parameters
        ----------
        features : torch.Tensor, shape (N, 40, 8, 8)
            From :meth:`features`.

        Returns
        -------
        numpy.ndarray of float32, shape (N,)
        """
        with evaluating(self), torch.no_grad():
            logits = torch.cat([self.classify(batch) for batch in features.split(250)])
        return (logits[:, 1] - logits[:, 0]).numpy()


def train_body(
    net: PatchNet,
    features: torch.Tensor,
    labels: np.ndarray,
    *,
    steps: int = 200,
    batch_size: int = 64,
    seed: int = 0,
) -> PatchNet:
    """Train the body on stem features.

    Parameters
    ----------
    net : PatchNet
        Trained in place.
    features : torch.Tensor, shape (N, 40, 8, 8)
        From :meth:`PatchNet.features`.
    labels : numpy.ndarray of int, shape (N,)
        0 or 1.
    steps, batch_size : int, default 200 and 64
    seed : int, default 0
        Of the order of the pictures.

    Returns
    -------
    PatchNet
        `net`, in evaluation mode.

    Raises
    ------
    ValueError
        Where there are not as many labels as features.
    """
    if len(features) != len(labels):
        raise ValueError(f"labels must be as many as features, {len(features)}, got {len(labels)}")
    if not bool(torch.isfinite(features).all()):
        raise ValueError("features must be finite, got NaN or infinity")
    steps = check_integer("steps", steps, minimum=1)
    batch_size = check_integer("batch_size", batch_size, minimum=2)
    truth = torch.from_numpy(check_labels("labels", labels)).long()
    net.standardise(features)
    optimizer = torch.optim.AdamW(net.body.parameters(), lr=1e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    generator = torch.Generator().manual_seed(check_integer("seed", seed, minimum=0))
    net.train()
    for _ in range(steps):
        pick = torch.randint(len(truth), (batch_size,), generator=generator)
        loss = nn.functional.cross_entropy(net.classify(features[pick]), truth[pick])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return net.eval()
