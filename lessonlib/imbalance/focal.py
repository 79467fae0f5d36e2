"""The focal loss of Lin et al., with one weight a class and gradients that stay finite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from lessonlib._validation import check_choice, check_number, in_class_order

_HALF = (torch.float16, torch.bfloat16)


class _Focal(torch.autograd.Function):
    """The focal loss of margins, with its gradient in closed form."""

    @staticmethod
    def forward(ctx, margin: torch.Tensor, weight: torch.Tensor | None, gamma: float):
        # With p the probability of the true class, -log p = softplus(-z) and 1 - p = sigmoid(-z):
        # neither cancels. (logsigmoid says the same several times slower; a linear end from 50 on
        # is exact in float64.)
        against = -margin
        nll = nn.functional.softplus(against, threshold=50)
        rest = against.sigmoid_()
        factor = rest**gamma if weight is None else (rest**gamma).mul_(weight)
        if ctx.needs_input_grad[0]:
            # dFL/dz = (1 - p)^gamma [gamma p log p - (1 - p)]: no power below gamma, no 0 / 0
            bracket = (1 - rest).mul_(nll).mul_(gamma).add_(rest)
            ctx.save_for_backward(bracket.mul_(factor).neg_())
        return factor.mul_(nll)  # FL = -alpha_t (1 - p)^gamma log p

    @staticmethod
    @once_differentiable
    def backward(ctx, upstream: torch.Tensor):
        (slope,) = ctx.saved_tensors
        return slope * upstream, None, None


class FocalLoss(nn.Module):
    r"""Cross-entropy in which easy cases count less, with a weight for each class.

    Parameters
    ----------
    alpha : float, sequence of float or None, default 0.25
        Two classes: class 1 weighs `alpha` and class 0 weighs ``1 - alpha``, in [0, 1]. Any number
        of classes: one weight each, for example of :func:`class_weights`. ``None``: no weights.
    gamma : float, default 2.0
        How much easy cases are played down; 0 is the cross-entropy.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean is over cases. It is not divided by their weights, as
        ``torch.nn.CrossEntropyLoss`` does.

    Raises
    ------
    TypeError, ValueError
        Where `alpha`, `gamma` or `reduction` is something else or out of range.

    See Also
    --------
    focal_curve : The same loss as a function of one probability.
    restore_probability : What its outputs mean.

    Notes
    -----
    With :math:`p_t` the probability that the model gives to the true class [1]_,

    .. math:: \mathrm{FL} = -\alpha_t\,(1 - p_t)^\gamma \log p_t.

    For logits :math:`x` and true class :math:`t`, :math:`p_t` is the sigmoid of the margin

    .. math:: z = x_t - \log \sum_{j \ne t} e^{x_j},

    for two classes the difference of the logits. The gradient by the margin,

    .. math:: \frac{\partial\,\mathrm{FL}}{\partial z}
              = \alpha_t\,(1-p_t)^\gamma \bigl[\gamma\,p_t \log p_t - (1-p_t)\bigr],

    is finite for every :math:`\gamma \ge 0`, however sure the model is; second derivatives are not
    offered. Half precision is computed in float32.

    References
    ----------
    .. [1] T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, "Focal loss for dense object
       detection", ICCV 2017. https://arxiv.org/abs/1708.02002

    Examples
    --------
    >>> import torch
    >>> logits = torch.tensor([[2.0, -2.0], [0.5, 0.5], [-1.0, 1.0]])
    >>> [round(v, 4) for v in FocalLoss(reduction="none")(logits, torch.tensor([0, 0, 1])).tolist()]
    [0.0, 0.13, 0.0005]
    """

    def __init__(
        self,
        alpha: float | Sequence[float] | None = 0.25,
        gamma: float = 2.0,
        reduction: str = "mean",
    ):
        super().__init__()
        self.alpha = alpha
        self.gamma = check_number("gamma", gamma, minimum=0)
        self.reduction = check_choice("reduction", reduction, ("mean", "sum", "none"))
        self._weights = _class_weights(alpha)

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the loss.

        Parameters
        ----------
        logits : torch.Tensor, shape (N, K, ...) or (N, ...)
            Scores of `K` classes, or, of the same shape as `targets`, one score a case: the
            log-odds of class 1.
        targets : torch.Tensor, shape (N, ...)
            The true class: whole numbers from 0 to ``K - 1``; 0 and 1, in any type, beside one
            score a case.

        Returns
        -------
        torch.Tensor
            A number; of the shape of `targets` for reduction "none". In the type of `logits`.

        Raises
        ------
        TypeError
            Where an argument is no tensor or of another type.
        ValueError
            Where the shapes do not fit, there is no case, a target is no class, or `alpha` has
            another number of classes.
        """
        classes = _check(logits, targets)
        if self._weights is not None and len(self._weights) != classes:
            raise ValueError(
                f"alpha must hold one weight for each of the {classes} classes of logits, got "
                f"{self.alpha!r}"
            )
        x = logits.float() if logits.dtype in _HALF else logits
        alpha_t = None
        if self._weights is not None:
            weights = torch.tensor(self._weights, dtype=x.dtype, device=x.device)
            alpha_t = weights.take(targets.long())
        loss = _Focal.apply(_margin(x, targets), alpha_t, self.gamma)
        if self.reduction != "none":
            loss = loss.mean() if self.reduction == "mean" else loss.sum()
        return loss.to(logits.dtype)

    def extra_repr(self) -> str:
        """Return the arguments, for printing."""
        return f"alpha={self.alpha}, gamma={self.gamma}, reduction={self.reduction!r}"


def _margin(x: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the log-odds of the true class."""
    if x.shape == targets.shape or x.shape[1] == 2:
        logit = x if x.shape == targets.shape else x[:, 1] - x[:, 0]
        return logit * targets.to(x.dtype, copy=True).mul_(2).sub_(1)  # + for class 1, - for 0
    true = targets.long().unsqueeze(1)
    others = x.scatter(1, true, -torch.inf).logsumexp(1)
    return x.gather(1, true).squeeze(1) - others


def _check(logits: Any, targets: Any) -> int:
    """Return the number of classes, or raise."""
    for name, value in {"logits": logits, "targets": targets}.items():
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{name} must be a torch.Tensor, got {type(value).__name__}")
    if not logits.is_floating_point():
        raise TypeError(f"logits must be floating-point, got {logits.dtype}")
    if targets.is_complex():
        raise TypeError(f"targets must be whole numbers, got {targets.dtype}")
    if logits.numel() == 0:
        raise ValueError(f"logits must hold at least one case, got shape {tuple(logits.shape)}")
    classes = 2
    if logits.shape != targets.shape:
        fits = logits.ndim == targets.ndim + 1 and (
            logits.shape[:1] + logits.shape[2:] == targets.shape
        )
        if not fits or logits.shape[1] < 2:
            raise ValueError(
                "logits must have the shape of targets (one score a case) or one more axis, the "
                f"classes, in second place; got {tuple(logits.shape)} for targets "
                f"{tuple(targets.shape)}; squeeze(1) turns (N, 1) into one score a case"
            )
        if targets.is_floating_point():
            raise TypeError(
                f"targets must be whole numbers beside class scores, got {targets.dtype}"
            )
        classes = logits.shape[1]
    whole = not targets.is_floating_point() or bool((targets == targets.round()).all())
    low, high = (targets if targets.is_floating_point() else targets.long()).aminmax()
    if not (whole and low >= 0 and high < classes):  # NaN fails too
        raise ValueError(
            f"targets must be whole numbers from 0 to {classes - 1}, got values from {low.item()} "
            f"to {high.item()}"
        )
    return classes


def _class_weights(alpha: Any) -> tuple[float, ...] | None:
    """Return a weight for each class, class 0 first."""
    if alpha is None:
        return None
    values = in_class_order("alpha", alpha).tolist()  # of a mapping too: itself, which is no number
    if isinstance(values, list):
        if len(values) < 2:
            raise ValueError(f"alpha must hold one weight a class, at least two, got {alpha!r}")
        return tuple(check_number("alpha", value, minimum=0) for value in values)
    positive = check_number("alpha", values, minimum=0, maximum=1)
    return 1 - positive, positive
