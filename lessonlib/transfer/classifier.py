"""A pretrained backbone with a new head, which takes medical pictures as they are."""

from __future__ import annotations

import torch
from torch import nn

from lessonlib._validation import check_integer, check_number
from lessonlib._validation.pictures import as_tensor, unit_pictures
from lessonlib.transfer.backbones import build_backbone, stages


class MedicalClassifier(nn.Module):
    r"""A classifier in two parts: `backbone`, picture to features, and `head`, features to classes.

    Parameters
    ----------
    num_classes : int, default 2
    backbone : str, default "efficientnet_lite0"
        Or "resnet50", or any classifier that torchvision or timm lists.
    weights : {"imagenet", None}, default "imagenet"
        Where the backbone starts; `None` is a random start. EfficientNet-Lite0's weights come from
        an installed package, all others are downloaded by their library.
    in_channels : {3, 1}, default 3
        One channel is replicated to three, see the notes.
    dropout : float, default 0.2
        Share of the features that the head drops while it trains.
    seed : int, optional
        Of the random weights: those of the head and, with ``weights=None``, of the backbone.
        PyTorch's own generator otherwise. Its state is left as it was either way.
    pretrained : bool, optional
        The same as `weights`, as torchvision once wrote it: True is "imagenet", False is None.

    Attributes
    ----------
    backbone, head : torch.nn.Module
        (N, 3, H, W) to (N, n_features), and on to (N, num_classes).
    stages : list of list of torch.nn.Module
        The backbone's parts, from the picture to the features.
    trainable_stages : int
        How many of the last stages train; all of them in a new classifier.
    adapt_batchnorm : bool
        Whether batch normalisations in training stages use and follow the batch's statistics; True
        in a new classifier. With False they keep those that came with the weights, and only their
        scale and offset train.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.
    lessonlib.transfer.WeightsUnavailableError
        Where the weights cannot be had.

    Notes
    -----
    It takes pictures in [0, 1] and normalises them itself, as the weights expect: nobody else
    should. Whole numbers of 8 bits are brought to [0, 1]; what is normalised already, or may be
    anything, is refused, see the reference's page on pictures that enter a network.

    A first layer trained on colours wants three channels :math:`x_c`. One channel :math:`x` is
    given to all three. Because convolution is linear,

    .. math:: \sum_c W_c * x_c = \Bigl(\sum_c W_c\Bigr) * x \qquad (x_c = x),

    so this is the same network as one whose first kernels are summed over the colours, provided
    that the three channels are normalised alike, as Lite0's are. Replicating is also right where
    they are not, because the zeros at the border are put around the normalised picture.

    Freezing means three things: no gradient, no step, and no drift. The stages that do not train
    stay in evaluation mode, also after ``model.train()``: a batch normalisation in training mode
    would go on adapting its running statistics to the new pictures, whatever the optimiser does.
    """

    #: It normalises its pictures itself, and takes them in [0, 1].
    normalises = True

    def __init__(
        self,
        num_classes: int = 2,
        backbone: str = "efficientnet_lite0",
        weights: str | None = "imagenet",
        in_channels: int = 3,
        *,
        dropout: float = 0.2,
        seed: int | None = None,
        pretrained: bool | None = None,
    ):
        super().__init__()
        num_classes = check_integer("num_classes", num_classes, minimum=2)
        if not isinstance(backbone, str):
            raise TypeError(
                f"backbone must be a network's name, got {backbone!r}; for pretrained weights or "
                "none write weights='imagenet' or weights=None"
            )
        if pretrained is not None:
            if not isinstance(pretrained, bool):
                raise TypeError(f"pretrained must be True or False, got {pretrained!r}")
            weights = "imagenet" if pretrained else None
        if in_channels not in (1, 3):
            raise ValueError(
                f"in_channels must be 1 or 3, got {in_channels!r}; for other counts choose three "
                "channels, or train a first layer of your own"
            )
        with torch.random.fork_rng(devices=[]):
            if seed is not None:
                torch.manual_seed(check_integer("seed", seed, minimum=0))
            built = build_backbone(backbone, weights)
            self.backbone = built.module
            self.head = nn.Sequential(
                nn.Dropout(check_number("dropout", dropout, minimum=0, maximum=1)),
                nn.Linear(built.n_features, num_classes),
            )
        self.in_channels = int(in_channels)
        self.n_features = built.n_features
        self.register_buffer("mean", torch.tensor(built.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(built.std).view(1, 3, 1, 1), persistent=False)
        self.trainable_stages = len(self.stages)
        self.adapt_batchnorm = True

    @property
    def stages(self) -> list[list[nn.Module]]:
        """The backbone's modules, stage by stage, from the picture to the features."""
        return stages(self.backbone)

    def stage_parameters(self) -> list[list[nn.Parameter]]:
        """Return the parameters of every stage; together they are the backbone's, each once."""
        groups = [[p for m in stage for p in m.parameters()] for stage in self.stages]
        known = {id(p) for group in groups for p in group}
        groups[0] += [p for p in self.backbone.parameters() if id(p) not in known]
        return groups

    def unfreeze(self, n: int) -> None:
        """Let the last `n` stages of the backbone train, and freeze all others.

        Parameters
        ----------
        n : int
            0 freezes the whole backbone; the number of stages lets all of it train.

        Raises
        ------
        TypeError, ValueError
            Where `n` is no integer, or there are not so many stages.
        """
        groups = self.stage_parameters()
        n = check_integer("n", n, minimum=0)
        if n > len(groups):
            raise ValueError(f"n must be at most {len(groups)}, the number of stages, got {n}")
        for i, group in enumerate(groups):
            trains = i >= len(groups) - n
            for parameter in group:
                parameter.requires_grad_(trains)
                if not trains:
                    parameter.grad = None  # or an optimiser would go on using it
        self.trainable_stages = n
        self.train(self.training)

    def train(self, mode: bool = True) -> MedicalClassifier:
        """Switch to training mode, or back; frozen stages stay in evaluation mode.

        Parameters
        ----------
        mode : bool, default True

        Returns
        -------
        MedicalClassifier
            Itself.
        """
        super().train(mode)
        parts = self.stages
        if not self.trainable_stages:
            self.backbone.eval()
        for stage in parts[: len(parts) - self.trainable_stages]:
            for module in stage:
                module.eval()
        if not self.adapt_batchnorm:
            for module in self.backbone.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return what the backbone makes of pictures.

        Parameters
        ----------
        images : torch.Tensor, shape (N, in_channels, H, W)
            Floats in [0, 1], or uint8.

        Returns
        -------
        torch.Tensor, shape (N, n_features)

        Raises
        ------
        TypeError, ValueError
            Where the shape is another, or the values are not certain to be what is expected.
        """
        images = as_tensor("images", images)
        if images.ndim != 4 or images.shape[1] != self.in_channels:
            raise ValueError(
                f"images must have shape (N, {self.in_channels}, H, W), got {tuple(images.shape)}"
                + ("; for one channel build with in_channels=1" if self.in_channels == 3 else "")
            )
        # replicating is a view: (x - mean) / std makes the three channels
        images = unit_pictures("images", images).to(self.mean)
        return self.backbone((images - self.mean) / self.std)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the class scores (logits) of pictures.

        Parameters
        ----------
        images : torch.Tensor, shape (N, in_channels, H, W)
            As for :meth:`features`.

        Returns
        -------
        torch.Tensor, shape (N, num_classes)
        """
        return self.head(self.features(images))
