"""Grad-CAM: a layer's channels, weighted by what each is worth to a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from lessonlib._validation import check_choice, check_integer
from lessonlib._validation.missing import plain_array
from lessonlib._validation.pictures import for_network
from lessonlib._validation.state import evaluating
from lessonlib.explain.layout import LAYOUTS, channels_first, find_layout


class GradCAM:
    r"""Draw which places of a picture speak for a class, at one layer of a network.

    Parameters
    ----------
    model : torch.nn.Module
        Gives one score a class, (N, K): logits, not probabilities.
    target_layer : torch.nn.Module
        One of its layers, the last that still knows places by habit. Where the network calls it
        more than once, the last call counts.
    layout : {"NCHW", "NHWC", "NTC"}, optional
        What the axes of its output are; found out by default. "NTC" is a transformer's tokens.
    prefix_tokens : int, optional
        Tokens that stand for no place and come first (class token, registers); found out by
        default.
    average : bool, default True
        Give a channel one weight, the mean of its gradient over the places: Grad-CAM. With False
        each place keeps its own gradient: HiResCAM.

    Attributes
    ----------
    all_negative : numpy.ndarray of bool, shape (N,)
        Of the last pictures: where no place speaks for the class, so that the map is zero. False
        where the network gave NaN: the map is NaN then.
    raw : numpy.ndarray, shape (N, h, w)
        Their maps as they come from the layer: signed, neither cut at 0 nor scaled nor enlarged.
    target_class : numpy.ndarray of int64, shape (N,)
        The class that each was drawn for.
    scores : numpy.ndarray, shape (N, K)
        What the network gave them.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type, or the layer is none of the model's.

    Notes
    -----
    With the layer's output :math:`A \in \mathbb{R}^{C \times h \times w}` and the score
    :math:`y` of the class [1]_,

    .. math::

        \alpha_c = \frac{1}{hw} \sum_{i,j} \frac{\partial y}{\partial A_{cij}},
        \qquad
        L = \operatorname{ReLU}\Bigl(\sum_c \alpha_c A_c\Bigr),

    enlarged to the picture by bilinear interpolation and divided by its maximum. The division
    hides how large the evidence was: a network of random weights gives a map from 0 to 1 too.
    `raw` keeps the scale.

    The mean over places is also what a channel is worth where it is *not* wanted: a place can light
    up although the network does not use it. HiResCAM [2]_ leaves the mean out,
    :math:`L_{ij} = \operatorname{ReLU}(\sum_c \partial y / \partial A_{cij} \, A_{cij})`. Where
    only a mean over places and a linear layer follow, the two are the same map.

    The graph begins at the layer, so that frozen weights, ``no_grad`` around the call and
    ``inference_mode`` do not matter, and little memory is needed. It does not matter either where
    the model's ``forward`` runs the layer's part under ``no_grad``, as long as that block goes on
    to the layer's last use. Mode, weights and their gradients are left as they were, and no hook
    outlives the ``with`` block.

    References
    ----------
    .. [1] R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
       Gradient-based Localization", ICCV 2017, doi:10.1109/ICCV.2017.74.
    .. [2] R. L. Draelos, L. Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of
       convolutional neural networks", 2020, arXiv:2011.08891.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(
    ...     torch.nn.Conv2d(1, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
    ...     torch.nn.Linear(4, 2))
    >>> with GradCAM(net, net[0]) as cam:
    ...     cam.generate(torch.rand(5, 1, 16, 16), target_class=1).shape
    torch.Size([5, 16, 16])
    """

    all_negative: np.ndarray
    raw: np.ndarray
    target_class: np.ndarray
    scores: np.ndarray

    def __init__(
        self,
        model: nn.Module,
        target_layer: nn.Module,
        *,
        layout: str | None = None,
        prefix_tokens: int | None = None,
        average: bool = True,
    ):
        for name, value in (("model", model), ("target_layer", target_layer)):
            if not isinstance(value, nn.Module):
                raise TypeError(f"{name} must be a torch.nn.Module, got {type(value).__name__}")
        if not any(module is target_layer for module in model.modules()):
            raise ValueError(
                f"target_layer must be a layer of the model, got another {_name(target_layer)}"
            )
        self.model, self.target_layer = model, target_layer
        self.layout = None if layout is None else check_choice("layout", layout, LAYOUTS)
        if prefix_tokens is not None:
            prefix_tokens = check_integer("prefix_tokens", prefix_tokens, minimum=0)
        self.prefix_tokens = prefix_tokens
        self.average = bool(average)
        self._handle: Any = None
        self._listening = False
        self._output: torch.Tensor | None = None

    def __getattr__(self, name: str) -> Any:
        """Say what to call instead of the episode's attributes, which held one picture's."""
        if name in ("activations", "gradients"):
            raise AttributeError(
                f"GradCAM keeps no {name}: generate(images, target_class) returns the maps, and "
                "lessonlib.explain.plain.layer_and_gradient gives both for one picture"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __enter__(self) -> GradCAM:
        if self._handle is not None:
            raise RuntimeError("this GradCAM is in use already: make another for a nested block")
        self._handle = self.target_layer.register_forward_hook(self._cut)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.remove()
        self._handle = None

    def generate(
        self,
        images: np.ndarray | torch.Tensor,
        target_class: int | Sequence[int] | np.ndarray | torch.Tensor | None = None,
        *,
        batch_size: int = 64,
    ) -> np.ndarray | torch.Tensor:
        """Return a map for every picture.

        Parameters
        ----------
        images : array or tensor, shape (N, C, H, W)
            As the model takes them, but for precision and device: those of its weights are used.
            For a MedicalClassifier in [0, 1] or uint8.
        target_class : int, or int of shape (N,), optional
            The class to explain, for all or for each; the one with the highest score by default.
        batch_size : int, default 64
            Pictures at a time.

        Returns
        -------
        array or tensor as `images`, shape (N, H, W)
            In [0, 1], float32 where `images` are whole numbers. Zero everywhere where nothing
            speaks for the class; see `all_negative`.

        Raises
        ------
        TypeError, ValueError
            Where an argument is of another type or shape, the layer or the model puts out
            something else than described, or the score does not depend on the layer.
        """
        if self._handle is None:
            with self:
                return self.generate(images, target_class, batch_size=batch_size)
        pictures, convert = for_network(self.model, "images", images)
        if pictures.ndim != 4 or 0 in pictures.shape:
            raise ValueError(
                f"images must have shape (N, C, H, W), none of them 0, got {tuple(pictures.shape)}"
            )
        size = check_integer("batch_size", batch_size, minimum=1)
        here = pictures.device
        dtype = pictures.dtype if pictures.is_floating_point() else torch.float32
        there = next((p.device for p in self.model.parameters()), here)
        wanted = _classes(target_class, len(pictures))
        batches = zip(pictures.split(size), wanted.split(size), strict=True)
        # Switched off before batches are cut out of inference tensors, which would taint the graph.
        with torch.inference_mode(False), torch.no_grad(), evaluating(self.model, frozen=True):
            parts = [self._batch(convert(batch).to(there), classes) for batch, classes in batches]
        maps, raw, chosen, scores = (torch.cat(part) for part in zip(*parts, strict=True))
        self.raw, self.scores, self.target_class = raw.numpy(), scores.numpy(), chosen.numpy()
        positive = (self.raw > 0).any(axis=(1, 2))
        self.all_negative = ~positive & np.isfinite(self.raw).all(axis=(1, 2))
        maps = maps.to(here, dtype)
        return maps if isinstance(images, torch.Tensor) else maps.numpy()

    def _cut(self, module: nn.Module, inputs: Any, output: Any) -> torch.Tensor | None:
        """Start the graph at the layer's output (a forward hook)."""
        if not self._listening:
            return None
        if not isinstance(output, torch.Tensor):
            raise TypeError(
                f"target_layer must put out a tensor, {_name(module)} put out a "
                f"{type(output).__name__}; take a layer inside or around it"
            )
        if torch.is_inference_mode_enabled():
            raise ValueError(
                f"target_layer ({_name(module)}) runs inside the model's own inference_mode, where "
                "no gradient can be had: put torch.no_grad() in its place in the model's forward"
            )
        torch.set_grad_enabled(True)  # until the model's own no_grad ends, if there is one
        self._output = output.detach().clone().requires_grad_()
        # The clone may be overwritten by what follows, an in-place ReLU say. The leaf may not.
        return self._output.clone()

    def _batch(self, images: torch.Tensor, classes: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if images.is_inference():
            images = images.clone()
        self._listening, self._output = True, None
        try:
            # The weights ask for no gradient: what comes before the layer makes no graph.
            with torch.enable_grad():
                y = self.model(images.detach())
            A = self._output
        finally:
            self._listening, self._output = False, None
        if A is None:
            raise ValueError(f"the model did not call target_layer ({_name(self.target_layer)})")
        if not isinstance(y, torch.Tensor) or y.ndim != 2 or len(y) != len(images):
            found = tuple(y.shape) if isinstance(y, torch.Tensor) else type(y).__name__
            raise ValueError(
                f"model must give scores of shape (N, K), got {found} for N = {len(images)}"
            )
        scores = y.detach()
        chosen = torch.where(classes < 0, scores.argmax(1).cpu(), classes)
        if int(chosen.max()) >= y.shape[1]:
            raise ValueError(
                f"target_class must be below {y.shape[1]}, the number of classes, "
                f"got {int(chosen.max())}"
            )
        # A picture's score depends on its own channels alone: the gradient of the sum has them all.
        with torch.enable_grad():
            total = y[torch.arange(len(y)), chosen.to(y.device)].sum()
        dA = None
        if total.requires_grad:
            (dA,) = torch.autograd.grad(total, A, allow_unused=True)
        if dA is None:
            raise ValueError(self._why_not(images, scores))
        raw = self._weigh(A.detach(), dA, tuple(images.shape[2:]))
        L = functional.relu(raw)[:, None]
        L = functional.interpolate(L, size=images.shape[2:], mode="bilinear", align_corners=False)
        highest = L.amax(dim=(2, 3), keepdim=True)
        maps = (L / torch.where(highest > 0, highest, 1))[:, 0]
        return maps, raw.cpu(), chosen, scores.float().cpu()

    def _why_not(self, images: torch.Tensor, scores: torch.Tensor) -> str:
        """Say why no gradient came back, from whether the scores change with the layer."""

        def change(module: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
            return output + 1 + output.abs()

        handle = self.target_layer.register_forward_hook(change)
        try:
            changed = self.model(images)
        finally:
            handle.remove()
        if torch.equal(changed, scores):
            return f"the scores do not depend on target_layer ({_name(self.target_layer)})"
        return (
            f"the scores depend on target_layer ({_name(self.target_layer)}), but the model lets "
            "no gradient through between the two: look in its forward for detach(), no_grad() or "
            "inference_mode() after the layer, or take a layer behind them"
        )

    def _weigh(self, A: torch.Tensor, dA: torch.Tensor, image: tuple[int, int]) -> torch.Tensor:
        layout = self.layout or find_layout(self.target_layer, tuple(A.shape), image)
        A, dA = (channels_first(part, layout, image, self.prefix_tokens) for part in (A, dA))
        if A.dtype in (torch.float16, torch.bfloat16):
            A, dA = A.float(), dA.float()
        if layout == "NTC" and not dA.any():
            raise ValueError(
                "no gradient reaches the tokens that stand for places: after the last block only "
                "the class token counts; take the last block's first norm, blocks[-1].norm1"
            )
        alpha = dA.mean(dim=(2, 3), keepdim=True) if self.average else dA
        return (alpha * A).sum(dim=1)


def _classes(target_class: Any, n: int) -> torch.Tensor:
    """Return a class for each picture; −1 stands for the one with the highest score."""
    if target_class is None:
        return torch.full((n,), -1)
    array = plain_array("target_class", target_class)
    if array.dtype.kind not in "iu" or array.shape not in ((), (n,)):
        raise ValueError(
            f"target_class must be an integer or {n} of them, one a picture, got {target_class!r}"
        )
    if array.min() < 0:
        raise ValueError(f"target_class must not be negative, got {array.min()}")
    return torch.from_numpy(np.broadcast_to(array, n).astype(np.int64))


def _name(layer: nn.Module) -> str:
    return type(layer).__name__
