"""Grad-CAM, against the definition by automatic differentiation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from benchmarks.cases import Agreement, Ask, Case, Contestant, Inputs, Target
from benchmarks.contestants.explain import NETWORKS, network

_PLACE = "benchmarks.contestants.explain"


def pictures(tiny: bool) -> Inputs:
    """Return eight noise pictures of 224², and the number of the network: ResNet-50."""
    count, side = (2, 64) if tiny else (8, 224)
    rng = np.random.default_rng(11)
    images = rng.standard_normal((count, 3, side, side), dtype=np.float32)
    return {"images": images, "which": np.array(0)}


def stretched(maps: np.ndarray) -> np.ndarray:
    """Return maps brought to [0, 1] by their minimum and maximum, which all libraries allow."""
    low = maps.min(axis=(1, 2), keepdims=True)
    reach = maps.max(axis=(1, 2), keepdims=True) - low
    return (maps - low) / np.where(reach > 0, reach, 1)


@lru_cache
def definition(which: int) -> np.ndarray:
    """Return the small pictures' maps by the equation, one by one, in double precision."""
    import torch
    from torch.nn import functional

    model, layer = network(which)
    seen = []
    # a copy goes on, so that nothing that follows overwrites what was kept
    layer.register_forward_hook(lambda m, i, out: (seen.append(out), out.clone())[1])
    maps = []
    for image in torch.from_numpy(pictures(tiny=True)["images"]):
        seen.clear()
        y = model(image[None])[0, 0]
        (dA,) = torch.autograd.grad(y, seen[0])
        alpha = dA.double().mean((2, 3), keepdim=True)
        L = (alpha * seen[0].detach().double()).sum(1, keepdim=True).relu()
        L = functional.interpolate(L, image.shape[1:], mode="bilinear", align_corners=False)
        maps.append(L[0, 0].numpy())
    return np.stack(maps)


def same_maps(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Compare the maps of four kinds of network, after each map's own scaling."""
    off = []
    for which in range(len(NETWORKS)):
        asked = {**pictures(tiny=True), "which": np.array(which)}
        (answer,) = ask(asked)
        expected = stretched(definition(which))
        if np.shape(answer) != expected.shape:
            return Agreement(False, "answers no maps")
        off.append(float(np.abs(stretched(np.asarray(answer, np.float64)) - expected).max()))
    names = ", ".join(name for name, _, _ in NETWORKS)
    return Agreement(max(off) <= 1e-5, f"on {names} right to {max(off):.0e}")


def _contestant(name: str, function: str, group: str = "course", package: str = "", **more):
    packages = (package,) if package else ()
    return Contestant(name, f"{_PLACE}:{function}", group, packages, **more)


CASES = (
    Case(
        name="grad-cam",
        title="Grad-CAM, ResNet-50, 8 images of 224²",
        inputs=pictures,
        ours=_contestant("lessonlib", "ours"),
        peers=(
            _contestant("captum", "captum", package="captum", note="LayerGradCam; leaves maps raw"),
            _contestant(
                "pytorch-grad-cam",
                "pytorch_grad_cam",
                "explain",
                "grad-cam",
                note="min–max of each map",
            ),
            _contestant("two hooks and backward()", "backward", note="a habit, no library"),
            _contestant(
                "torch, the scores alone",
                "forward",
                package="torch",
                note="draws no map: a floor, no peer",
                rival=False,
            ),
        ),
        agreement=same_maps,
        targets=(
            Target(0.33, of="pytorch-grad-cam"),
            Target(1.05, of="captum"),
            Target(0.25, of="captum", quantity="memory"),
        ),
        memory=True,
        rounds=5,
        same="One network, layer and class; maps are compared after each one's own min–max, with "
        "the equation by automatic differentiation, on four architectures.",
    ),
)
