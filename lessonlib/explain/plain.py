"""Grad-CAM as short as it can be written: one idea a function, no checks, no options.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np
import torch


def grad_cam(activations, gradients):
    """Return the map ``(h, w)`` of a layer's activations and gradients, both ``(C, h, w)``."""
    weights = gradients.mean(axis=(1, 2))  # w_c: the mean of ∂score/∂A_c
    heat = np.maximum(np.tensordot(weights, activations, 1), 0)  # ReLU(Σ_c w_c A_c)
    return heat / heat.max() if heat.max() > 0 else heat


def layer_and_gradient(model, layer, image, target):
    """Return what a layer gives for one picture ``(1, C, H, W)``, and the score's gradient there.

    Both are ``(C, h, w)``. The layer's output is kept as it passes; everything below it needs no
    gradient.
    """
    kept = []
    hook = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    score = model.eval()(image)[0, target]
    hook.remove()
    (gradient,) = torch.autograd.grad(score, kept[0])
    return kept[0][0].detach().numpy(), gradient[0].numpy()


def pointing_hit(heat_map, mask):
    """Return whether the largest value of a map lies in the mask; an empty map points nowhere."""
    return bool(heat_map.max() > 0 and mask.flat[heat_map.argmax()])
