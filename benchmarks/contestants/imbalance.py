"""The mean focal loss of logits ``(N, 2)``, float32, and its gradient, as each library does it.

Targets come as whole numbers; whatever else a library wants is made inside its call.
"""

from __future__ import annotations

ALPHA, GAMMA = 0.25, 2.0


def _both(logits, targets, loss_of):
    """Prepare leaf and targets; a call answers the loss and its gradient."""
    import torch

    x = torch.from_numpy(logits).requires_grad_()
    t = torch.from_numpy(targets)

    def step():
        loss = loss_of(x, t)
        (gradient,) = torch.autograd.grad(loss, x)
        return loss.detach().numpy(), gradient.numpy()

    return step


def ours(logits, targets):
    from lessonlib.imbalance import FocalLoss

    return _both(logits, targets, FocalLoss(ALPHA, GAMMA))


def torchvision(logits, targets):
    from torchvision.ops import sigmoid_focal_loss

    def loss(x, t):
        margin = x[:, 1] - x[:, 0]
        return sigmoid_focal_loss(margin, t.to(x.dtype), ALPHA, GAMMA, reduction="mean")

    return _both(logits, targets, loss)


def kornia(logits, targets):
    from kornia.losses import focal_loss

    # Its mean is over cases and classes.
    return _both(logits, targets, lambda x, t: 2 * focal_loss(x, t, ALPHA, GAMMA, reduction="mean"))


def monai(logits, targets):
    from monai.losses import FocalLoss

    focal = FocalLoss(to_onehot_y=True, use_softmax=True, alpha=ALPHA, gamma=GAMMA)
    return _both(logits, targets, lambda x, t: 2 * focal(x, t[:, None]))


def definition(logits, targets):
    """The equation as it is often typed, with log_softmax."""
    import torch

    def loss(x, t):
        log_p = torch.log_softmax(x, 1).gather(1, t[:, None])[:, 0]
        alpha_t = torch.where(t == 1, ALPHA, 1 - ALPHA)
        return (-alpha_t * (1 - log_p.exp()) ** GAMMA * log_p).mean()

    return _both(logits, targets, loss)


def cross_entropy(logits, targets):
    """No focal loss: what it would cost without one."""
    from torch.nn.functional import cross_entropy

    return _both(logits, targets, cross_entropy)
