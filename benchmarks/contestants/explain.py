"""Grad-CAM of pictures ``(N, 3, H, W)``, float32; each answers maps ``(N, H, W)``.

All explain class 0 at the same layer of the same network with the same random weights. Its scores
are multiplied by a million, which changes no map: one library adds 1e-7 to each maximum, which is
not small beside what a random network puts out.
"""

from __future__ import annotations

import numpy as np

#: By number: torchvision's name, the layer, and the last linear layer.
NETWORKS = (
    ("resnet50", "layer4.2", "fc"),
    ("densenet121", "features.denseblock4", "classifier"),
    ("vgg11", "features.17", "classifier.2"),
    ("efficientnet_b0", "features.8", "classifier.1"),
)


def network(which):
    """Build a network and find its layer."""
    import torch
    from torch import nn
    from torchvision.models import get_model

    name, layer, last = NETWORKS[int(which)]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if name.startswith("vgg"):  # with a classifier of ordinary size, which is built in no time
            with torch.device("meta"):
                model = get_model(name, weights=None, init_weights=False)
            for module in model.features.to_empty(device="cpu"):
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight)
                    nn.init.zeros_(module.bias)
            wide = 512 * 7 * 7
            model.classifier = nn.Sequential(
                nn.Linear(wide, 32), nn.ReLU(inplace=True), nn.Linear(32, 1000)
            )
        else:
            model = get_model(name, weights=None)
    model.eval()
    with torch.no_grad():
        model.get_submodule(last).weight.mul_(1e6)
    return model, model.get_submodule(layer)


def ours(images, which):
    import torch

    from lessonlib.explain import GradCAM

    cam, x = GradCAM(*network(which)), torch.from_numpy(images)
    return lambda: cam.generate(x, 0).numpy()


def captum(images, which):
    import torch
    from captum.attr import LayerAttribution, LayerGradCam

    model, layer = network(which)
    method, x = LayerGradCam(model, layer), torch.from_numpy(images)

    def draw():
        coarse = method.attribute(x, 0, relu_attributions=True)
        maps = LayerAttribution.interpolate(coarse, x.shape[2:], "bilinear")[:, 0]
        return maps.detach().numpy()

    return draw


def pytorch_grad_cam(images, which):
    import torch
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    model, layer = network(which)
    cam, x = GradCAM(model, [layer]), torch.from_numpy(images)
    targets = [ClassifierOutputTarget(0)] * len(images)
    return lambda: cam(x, targets)


def backward(images, which):
    """What is found in many notebooks: two hooks, and a backward pass through everything."""
    import torch
    from torch.nn import functional

    model, layer = network(which)
    kept = {}

    def keep(module, inputs, output):
        kept["A"] = output.detach().clone()
        output.register_hook(lambda grad: kept.update(dA=grad))

    layer.register_forward_hook(keep)
    x = torch.from_numpy(images)

    def draw():
        model.zero_grad()
        model(x)[:, 0].sum().backward()
        L = (kept["dA"].mean((2, 3), keepdim=True) * kept["A"]).sum(1, keepdim=True).relu()
        return functional.interpolate(L, x.shape[2:], mode="bilinear")[:, 0].numpy()

    return draw


def forward(images, which):
    """No map at all, only the scores: the floor under every other row."""
    import torch

    model, _ = network(which)
    x = torch.from_numpy(images)

    def score():
        with torch.no_grad():
            return np.asarray(model(x))

    return score
