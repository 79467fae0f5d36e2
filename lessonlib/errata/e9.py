"""Section E9, explainability: right equation, and what the hooks around it do to a network."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lessonlib.errata.row import Row
from lessonlib.evaluation import binomial_interval, mean_interval

#: At which layers of torchvision's networks a full backward hook is tried.
LAYERS = {
    "resnet18": ("layer4.1", "layer4.1.bn2", "layer4.1.bn1", "layer4.1.relu"),
    "vgg11": ("features.18", "features.19"),
    "densenet121": ("features", "features.norm5", "features.denseblock4"),
}


class HookedGradCAM:
    """Grad-CAM as the episode arranges it: two hooks for good, and a backward pass.

    Written anew; what matters is kept: ``eval()`` without a way back, ``zero_grad`` and
    ``backward`` on the first picture's score, both tensors detached in the hooks, 1e-8 added to
    the maximum.
    """

    def __init__(self, model: Any, layer: Any):
        self.model, self.A, self.dA = model, None, None
        layer.register_forward_hook(lambda m, i, out: setattr(self, "A", out.detach()))
        layer.register_full_backward_hook(lambda m, i, out: setattr(self, "dA", out[0].detach()))

    def __call__(self, images: Any, target_class: int) -> Any:
        """Return a map for the batch, whatever its size."""
        from torch.nn import functional

        score = self.model.eval()(images)[0, target_class]
        self.model.zero_grad()
        score.backward()
        alpha = self.dA.mean(dim=(2, 3), keepdim=True)
        L = functional.relu((alpha * self.A).sum(dim=1, keepdim=True))
        L = functional.interpolate(L, size=images.shape[2:], mode="bilinear")
        return (L / (L.max() + 1e-8)).squeeze()


def _network(name: str, seed: int = 0, **options: Any) -> Any:
    """Build a network of torchvision with random weights, in training mode."""
    import torch
    from torch import nn
    from torchvision.models import get_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if not name.startswith("vgg"):
            return get_model(name, weights=None, **options)
        with torch.device("meta"):  # its 120 million classifier weights do not matter here
            model = get_model(name, weights=None, init_weights=False)
        model.features.to_empty(device="cpu").apply(_draw)
        model.classifier = nn.Sequential(nn.Linear(512 * 49, 8), nn.ReLU(True), nn.Linear(8, 1000))
    return model


def _draw(module: Any) -> None:
    if hasattr(module, "reset_parameters"):
        module.reset_parameters()


def _noise(count: int = 1, side: int = 64, seed: int = 0) -> Any:
    import torch

    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def _failure(call: Any) -> str:
    """Return the name of the error that a call raises, or "no error"."""
    try:
        call()
    except Exception as error:  # which one is the question
        return type(error).__name__
    return "no error"


@lru_cache(maxsize=1)
def equation(seeds: int) -> Mapping[str, Any]:
    """E9.1: the episode's map beside ours, and beside the weights of the linear layer."""
    import torch

    from lessonlib.explain import GradCAM

    gaps, empty = [], 0
    for seed in range(min(seeds, 6)):
        model, x = _network("resnet18", seed).eval(), _noise(seed=seed)
        ours = GradCAM(model, model.layer4[-1]).generate(x, 0)[0]
        theirs = HookedGradCAM(model, model.layer4[-1])(x, 0)
        if ours.any():
            gaps.append(float((ours - theirs).abs().max()))
        else:
            empty += 1
    seen = HookedGradCAM(model, model.layer4[-1])
    seen(x, 5)
    places = seen.dA[0, 0].numel()
    gap = (seen.dA[0].mean((1, 2)) - model.fc.weight[5].detach() / places).abs().max()
    return {"n": len(gaps), "empty": empty, "gap": max(gaps), "cam": float(torch.as_tensor(gap))}


def hooks(seeds: int) -> Mapping[str, Any]:
    """E9.2: hooks that stay when the object is gone."""
    from lessonlib.explain import GradCAM

    model = _network("resnet18")
    layer = model.layer4[-1]
    for _ in range(6):
        HookedGradCAM(model, layer)
    gc.collect()
    forward, backward = len(layer._forward_hooks), len(layer._backward_hooks)
    other = _network("resnet18")
    for _ in range(6):
        GradCAM(other, other.layer4[-1]).generate(_noise(), 0)
    left = len(other.layer4[-1]._forward_hooks) + len(other.layer4[-1]._backward_hooks)
    return {"forward": forward, "backward": backward, "ours": left}


def side_effects(seeds: int) -> Mapping[str, Any]:
    """E9.3: mode and gradients after a map."""
    import torch

    from lessonlib.explain import GradCAM

    found = {}
    for name, kind in (("episode", HookedGradCAM), ("ours", None)):
        model = _network("resnet18").train()
        for p in model.parameters():
            p.grad = torch.ones_like(p)
        if kind is None:
            GradCAM(model, model.layer4[-1]).generate(_noise(), 0)
        else:
            kind(model, model.layer4[-1])(_noise(), 0)
        found[f"{name}_training"] = model.training
        found[f"{name}_lost"] = sum(
            p.grad is None or not bool((p.grad == 1).all()) for p in model.parameters()
        )
    return found | {"tensors": sum(1 for _ in model.parameters())}


@lru_cache(maxsize=1)
def layers(seeds: int) -> Mapping[str, Any]:
    """E9.4: layers whose output the network changes in place."""
    from lessonlib.explain import GradCAM

    fails, works, n = [], 0, 0
    for name, paths in LAYERS.items():
        for path in paths:
            model, x = _network(name).eval(), _noise(2)
            n += 1
            ours = GradCAM(model, model.get_submodule(path))
            works += _failure(lambda ours=ours, x=x: ours.generate(x, 0)) == "no error"
            theirs = HookedGradCAM(model, model.get_submodule(path))
            if _failure(lambda theirs=theirs, x=x: theirs(x[:1], 0)) == "RuntimeError":
                fails.append(f"{name} {path}")
    return {"n": n, "fails": len(fails), "works": works, "which": fails}


def callers(seeds: int) -> Mapping[str, Any]:
    """E9.5: under ``no_grad``, on a frozen backbone, and on one frozen after a first map."""
    import torch

    from lessonlib.explain import GradCAM

    found: dict[str, Any] = {}
    for name, mode in (("no_grad", torch.no_grad), ("inference", torch.inference_mode)):
        model, x = _network("resnet18"), _noise()
        with mode():
            theirs = HookedGradCAM(model, model.layer4[-1])
            found[name] = _failure(lambda theirs=theirs, x=x: theirs(x, 0))
    model, x = _network("resnet18"), _noise(2)
    theirs = HookedGradCAM(model, model.layer4[-1])
    theirs(x[:1], 3)
    old = theirs.dA.clone()
    for p in model.parameters():
        p.requires_grad_(False)
    model.fc.requires_grad_(True)
    theirs(x[1:], 7)
    fresh = HookedGradCAM(model, model.layer4[-1])
    found["frozen"] = _failure(lambda: fresh(x[:1], 0))
    found["stale"] = "the old ones" if bool((theirs.dA == old).all()) else "new ones"
    model = _network("resnet18").requires_grad_(False)
    with torch.inference_mode():
        ours = GradCAM(model, model.layer4[-1])
        found["ours"] = _failure(lambda: ours.generate(x, 0))
    return found


@lru_cache(maxsize=1)
def other_inputs(seeds: int) -> Mapping[str, Any]:
    """E9.6: batches of more than one picture, and transformers."""
    import torch

    from lessonlib.explain import GradCAM

    model, x = _network("resnet18").eval(), _noise(4)
    maps = HookedGradCAM(model, model.layer4[-1])(x, 1)
    model = _network("resnet18").eval()
    cam = GradCAM(model, model.layer4[-1])
    ours = cam.generate(x, 1)
    swin, large = _network("swin_t").eval(), _noise(side=96)
    theirs = HookedGradCAM(swin, swin.features[-1])
    theirs(large, 0)
    vit = _network("vit_b_16", image_size=96).eval()
    torch.nn.init.eye_(vit.heads.head.weight)  # torchvision starts it at zero: no gradient at all
    laid_out = GradCAM(vit, vit.encoder.layers[-1].ln_1)
    laid_out.generate(large, 0)
    tokens = HookedGradCAM(vit, vit.encoder.layers[-1].ln_1)
    found = _failure(lambda: tokens(large, 0))
    return {
        "n": len(maps),
        "explained": sum(bool(m.any()) for m in maps),
        "ours": int((ours.amax((1, 2)) == 1).sum() + cam.all_negative.sum()),
        "swin": tuple(theirs.dA.shape[1:]),
        "vit": found,
        "vit_ours": " by ".join(map(str, laid_out.raw.shape[1:])),
    }


@lru_cache(maxsize=1)
def empty_maps(seeds: int) -> Mapping[str, Any]:
    """E9.7: how often a map is zero everywhere, and how far a small one gets from 1."""
    from lessonlib.explain import GradCAM

    tried = min(seeds, 40)
    zero = 0
    for seed in range(tried):
        model = _network("resnet18", seed).eval()
        cam = GradCAM(model, model.layer4[-1])
        cam.generate(_noise(seed=seed), 0)
        zero += bool(cam.all_negative[0])
    model, x = _network("mobilenet_v3_small").eval(), _noise()
    ours = GradCAM(model, model.features[-1]).generate(x, 0)
    small = HookedGradCAM(model, model.features[-1])(x, 0)
    return {
        "zero": binomial_interval(zero, tried),
        "n": tried,
        "small": float(small.max()),
        "ours": float(ours.max()),
    }


@lru_cache(maxsize=1)
def misleading(seeds: int) -> Mapping[str, Any]:
    """E9.8: from the stored sweep, what maps point at beside what networks used."""
    from lessonlib import sweeps

    sweep = sweeps.load("explain")

    def wrong(kind: str, leader: str) -> Any:
        runs = [
            run.result["verdicts"][f"{kind}, 12 px"][leader]
            for run in sweep.select(body="conv", case="mostly")
        ]
        return mean_interval([run["wrong"] / run["n"] for run in runs])

    def points(case: str, kind: str, what: str) -> Any:
        runs = sweep.select(body="conv", case=case)
        return mean_interval([r.result["pointing"][f"{kind}, 12 px"][what][0] for r in runs])

    return {
        "acquits": wrong("last convolution", "letter"),
        "accuses": wrong("stem", "nodule"),
        "honest": points("coin", "stem", "letter"),
        "untrained": points("untrained", "stem", "letter"),
        "runs": len(sweep.select(body="conv", case="mostly")),
    }


ROWS = [
    Row(
        id="E9.1",
        claim="The class computes Grad-CAM.",
        verdict="TRUE",
        finding="The equation is right: on {n} random ResNet-18 whose map is not empty it differs "
        "from ours by at most {gap:.0e}. Where a mean over places and a linear layer follow, the "
        "channel weights are that layer's, divided by the number of places (to {cam:.0e}).",
        lesson="Test an implementation against both.",
        where="sec-gradcam tests/explain/test_gradcam.py::test_equals_captum",
        measure=equation,
    ),
    Row(
        id="E9.2",
        claim="Make an object for the model and layer, and draw maps with it.",
        verdict="BUG",
        finding="Its hooks are never taken off: six objects, all gone, leave {forward} forward and "
        "{backward} backward hooks, each of which keeps the latest batch's activations. Ours leave "
        "{ours}.",
        lesson="Use a context manager.",
        where="sec-gradcam-traces tests/explain/test_gradcam.py::test_nothing_is_left_behind",
        measure=hooks,
    ),
    Row(
        id="E9.3",
        claim="Drawing a map is a look at the model.",
        verdict="BUG",
        finding="It changes the model: training mode afterwards: {episode_training}, and the "
        "gradients of {episode_lost} of {tensors} tensors are overwritten. Ours: "
        "{ours_training}, {ours_lost}.",
        lesson="Ask for the one gradient that is wanted, and put the mode back.",
        where="sec-gradcam-traces tests/explain/test_gradcam.py::test_nothing_is_left_behind",
        measure=side_effects,
    ),
    Row(
        id="E9.4",
        claim="The target is the last convolution.",
        verdict="GAP",
        finding="What is taken is a whole block. At {fails} of {n} layers that one might take, "
        "normalisations, convolutions before an in-place ReLU, and the ReLU, its hook raises a "
        "RuntimeError {{cite:p}}`pytorch-61519`. Ours draws a map at {works} of {n}.",
        lesson="Keep a copy of the output: what follows may overwrite it.",
        where="sec-gradcam-traces "
        "tests/explain/test_gradcam.py::test_what_follows_may_overwrite_in_place",
        measure=layers,
    ),
    Row(
        id="E9.5",
        claim="It works on the classifier of the section on transfer learning.",
        verdict="BUG",
        finding="Not once the backbone is frozen: {frozen}. If a map was drawn before freezing, "
        "there is no error and the gradients are {stale}, of another picture and class. Under "
        "`no_grad`: {no_grad}; `inference_mode`: {inference}. Ours, all at once: {ours}.",
        lesson="Start the graph at the layer; nothing before it needs a gradient.",
        where="sec-gradcam-traces "
        "tests/explain/test_gradcam.py::test_grad_modes_and_freezing_change_nothing",
        measure=callers,
    ),
    Row(
        id="E9.6",
        claim="Pass it images and get heat maps, for any vision model.",
        verdict="GAP",
        finding="Of a batch of {n}, {explained} is explained and the others are zero without a "
        "word; ours explains {ours}. On Swin, whose output is {swin}, it averages over the wrong "
        "axes without an error; on ViT it raises {vit}. Ours lays the tokens out, {vit_ours}.",
        lesson="Know the layout of the layer, and sum the scores over the batch.",
        where="sec-transformer "
        "tests/explain/test_gradcam.py::test_a_batch_is_its_pictures_one_by_one",
        measure=other_inputs,
    ),
    Row(
        id="E9.7",
        claim="The map lies in [0, 1].",
        verdict="GAP",
        finding="It may be 0 everywhere, when nothing speaks for the class: in {zero:.2f} of {n} "
        "random ResNet-18 on noise. The 1e-8 that is added to the maximum is not small beside a "
        "small map: with random MobileNet-V3 the highest pixel is {small:.2g}; ours {ours:g}.",
        lesson="Say that a map is empty, divide by its own maximum, keep the raw one.",
        where="sec-gradcam tests/explain/test_gradcam.py::test_scaling_is_relative",
        measure=empty_maps,
    ),
    Row(
        id="E9.8",
        claim="The map highlights the region that drove the decision.",
        verdict="MISLEADING",
        finding="The demonstration explains class 0 of pure noise. On {runs} networks that read a "
        "letter on the film, the last convolution points at the nodule in {acquits:.0%} of the "
        "films where the letter counted for more, an early layer at the letter in {accuses:.0%} "
        "where the nodule did. The early layer also points at the letter in {honest:.0%} of the "
        "maps of networks that do not use it, and in {untrained.value:.0%} of untrained ones.",
        lesson="Measure what was used by taking it away; let a map suggest where.",
        where="fig-verdicts sec-misleads",
        measure=misleading,
    ),
]
