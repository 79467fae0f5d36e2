"""Transfer learning as short as it can be written: one idea a function, no checks, no options.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np
import torch
from torch import nn


def train_logistic(features, labels, l2, steps, rate):
    """Fit the weights ``(D,)`` and the bias of a head on frozen features ``(N, D)``.

    Full gradient descent from zeros on the mean cross-entropy plus l2/2 ‖w‖².
    """
    weights, bias = np.zeros(features.shape[1]), 0.0
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(features @ weights + bias)))  # p = σ(Xw + b)
        error = (p - labels) / len(labels)  # ∂L/∂z = (p − y) / N
        gradient = features.T @ error + l2 * weights  # ∂L/∂w = Xᵀ ∂L/∂z + λw
        weights, bias = weights - rate * gradient, bias - rate * error.sum()
    return weights, bias


def best_epoch(losses, patience):
    """Return the index of the lowest loss seen before `patience` epochs brought no lower one."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


def freeze_below(stages, n):
    """Let the last `n` of a network's stages train, and hold everything below them still.

    Three things hold a stage: no gradient, no step (an optimiser passes over a parameter whose
    gradient is None), and no drift of the averages in its batch normalisations.
    """
    for i, stage in enumerate(stages):
        trains = i >= len(stages) - n
        for module in stage:
            module.train(trains)
            for parameter in module.parameters():
                parameter.requires_grad = trains
                parameter.grad = None


def unfreezing_optimizer(head, backbone, lr_head=1e-3, lr_backbone=1e-5):
    """Return Adam with two rates: the new head learns fast, what came with the weights slowly."""
    return torch.optim.Adam(
        [
            {"params": head.parameters(), "lr": lr_head},
            {"params": backbone.parameters(), "lr": lr_backbone},
        ]
    )


class SmallNet(nn.Module):
    """Three convolutions, each halving the picture, then the mean of every channel."""

    def __init__(self, width=16, classes=2):
        super().__init__()
        layers, channels = [], 1
        for out in (width, 2 * width, 4 * width):
            layers += [nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
            channels = out
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(channels, classes)

    def forward(self, x):
        """Return the class scores ``(N, classes)`` of pictures ``(N, 1, H, W)``."""
        return self.head(self.body(x).mean(dim=(2, 3)))
