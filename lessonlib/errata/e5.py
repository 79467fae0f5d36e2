"""Section E5, transfer learning: what was frozen, what was counted, what one channel does."""

from __future__ import annotations

import math
from functools import lru_cache

from lessonlib.errata.row import Row

#: Classifiers of torchvision whose parameter names are searched for "fc".
NETWORKS = (
    "resnet50", "resnext50_32x4d", "wide_resnet50_2", "shufflenet_v2_x1_0", "regnet_x_400mf",
    "googlenet", "inception_v3", "regnet_y_400mf", "efficientnet_b0", "efficientnet_v2_s",
    "mobilenet_v3_small", "mobilenet_v3_large", "maxvit_t", "densenet121", "vgg16", "alexnet",
    "squeezenet1_1", "mobilenet_v2", "convnext_tiny", "vit_b_16", "swin_t", "mnasnet1_0",
)  # fmt: skip


def episode_network():
    """Build the episode's network: torchvision's ResNet-50, random, with a 3-class head."""
    import torch
    from torch import nn
    from torchvision.models import resnet50

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = resnet50(weights=None)
        network.fc = nn.Sequential(nn.Dropout(0.5), nn.Linear(2048, 3))
    return network


def two_groups(network):
    """The episode's optimiser: one learning rate where the name contains "fc", one elsewhere."""
    import torch

    named = list(network.named_parameters())
    return torch.optim.Adam(
        [
            {"params": [p for name, p in named if "fc" not in name], "lr": 1e-5},
            {"params": [p for name, p in named if "fc" in name], "lr": 1e-3},
        ]
    )


def _step(network, optimizer, channels: int) -> None:
    import torch

    generator = torch.Generator().manual_seed(1)
    images = torch.rand(4, channels, 64, 64, generator=generator)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        network.train()
        loss = torch.nn.functional.cross_entropy(network(images), torch.tensor([0, 1, 2, 0]))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@lru_cache(maxsize=1)
def freezing(seeds: int) -> dict:
    """E5.1: what trains and what moves after the episode's set-up, and after ours."""
    from lessonlib.transfer import MedicalClassifier, setup_gradual_unfreezing

    network = episode_network()
    optimizer = two_groups(network)
    trains = sum(p.requires_grad for p in network.parameters())
    first = network.conv1.weight.detach().clone()
    head = network.fc[1].weight.detach().clone()
    _step(network, optimizer, channels=3)
    moved = float((network.conv1.weight.detach() - first).abs().mean())
    head_moved = float((network.fc[1].weight.detach() - head).abs().mean())

    ours = MedicalClassifier(num_classes=3, in_channels=1, seed=0)
    optimizer = setup_gradual_unfreezing(ours)
    before = [p.detach().clone() for p in ours.backbone.parameters()]
    _step(ours, optimizer, channels=1)
    pairs = zip(ours.backbone.parameters(), before, strict=True)
    return {
        "tensors": sum(1 for _ in network.parameters()),
        "trains": trains,
        "moved": moved,
        "head_moved": head_moved,
        "ours_trains": sum(p.requires_grad for p in ours.backbone.parameters()),
        "ours_moved": sum(int((p != b).sum()) for p, b in pairs),
    }


def rates(seeds: int) -> dict:
    """E5.2: the ratio of the two learning rates."""
    from torch import nn

    network = nn.ModuleDict({"fc": nn.Linear(2, 2), "conv": nn.Linear(2, 2)})
    backbone, head = (group["lr"] for group in two_groups(network).param_groups)
    return {"head": head, "backbone": backbone, "ratio": head / backbone}


def counts(seeds: int) -> dict:
    """E5.3: parameters of the whole network, of its backbone and of its head."""
    import torch

    with torch.device("meta"):
        network = episode_network()
    whole = sum(p.numel() for p in network.parameters())
    head = sum(p.numel() for p in network.fc.parameters())
    return {"whole": whole, "head": head, "backbone": whole - head}


@lru_cache(maxsize=1)
def by_name(seeds: int) -> dict:
    """E5.4: what a search for "fc" finds in other classifiers of torchvision."""
    import torch
    from torchvision.models import get_model

    found: dict[str, list[str]] = {"head only": [], "head and more": [], "wrong": [], "none": []}
    for name in NETWORKS:
        options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        # RegNet computes its widths with tensors, so it cannot be built without memory
        with torch.device("cpu" if name.startswith("regnet") else "meta"):
            network = get_model(name, weights=None, **options)
        named = list(network.named_parameters())
        last = {named[-1][0], named[-2][0]}
        hits = {parameter for parameter, _ in named if "fc" in parameter}
        if not hits:
            found["none"].append(name)
        elif not hits & last:
            found["wrong"].append(name)
        elif hits == last:
            found["head only"].append(name)
        else:
            found["head and more"].append(name)
    return {
        "n": len(NETWORKS),
        "clean": len(found["head only"]),
        "more": len(found["head and more"]),
        "wrong": len(found["wrong"]),
        "none": len(found["none"]),
        "found": found,
    }


@lru_cache(maxsize=1)
def drift(seeds: int) -> dict:
    """E5.5: features before and after 20 training-mode passes in which no weight changes."""
    import torch

    from lessonlib.images.experiment import nodule_set
    from lessonlib.transfer import MedicalClassifier, batchnorm_drift

    model = MedicalClassifier(in_channels=1, seed=0)
    batches = torch.from_numpy(nodule_set("train", 320, seed=0).images).view(20, 16, 1, 64, 64)
    probe = torch.from_numpy(nodule_set("internal", 16, seed=0).images)
    naive = batchnorm_drift(model, batches, probe)
    kept = batchnorm_drift(model, batches[:2], probe, keep_frozen=True)
    return {
        "change": float(naive.change[-1]),
        "weights": naive.weights_changed,
        "kept": float(kept.change.max()),
    }


@lru_cache(maxsize=1)
def grey(seeds: int) -> dict:
    """E5.6: a one-channel film in the episode's network, and in ours."""
    import torch

    from lessonlib.transfer import MedicalClassifier

    image = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    try:
        episode_network().eval()(image)
    except RuntimeError as error:
        refused = type(error).__name__
    else:
        refused = "no error"
    ours = MedicalClassifier(in_channels=1, seed=0).eval()
    colour = MedicalClassifier(in_channels=3, seed=0).eval()
    with torch.no_grad():
        one, three = ours(image), colour(image.expand(-1, 3, -1, -1))
    gap = float((one - three).abs().max())
    # rounding differs from processor to processor: five digits are the same on all
    return {"refused": refused, "gap": gap, "digits": min(5, math.floor(-math.log10(gap + 1e-9)))}


ROWS = [
    Row(
        id="E5.1",
        claim="`setup_gradual_unfreezing` freezes the backbone first and thaws it step by step.",
        verdict="FALSE",
        finding="It freezes nothing: {trains} of {tensors} tensors train afterwards, and one step "
        "moves the first convolution by {moved:.1e} and the head by {head_moved:.1e} on average. "
        "It only sets two learning rates. In ours {ours_trains} backbone tensors train at first, "
        "and {ours_moved} of their values move.",
        lesson="Set `requires_grad`, thaw stage by stage, and count what trains.",
        where="sec-freezing tests/test_transfer.py::test_exactly_the_last_n_stages_move",
        measure=freezing,
    ),
    Row(
        id="E5.2",
        claim="Head and backbone learn at rates a factor of 100 apart.",
        verdict="TRUE",
        finding="{head:g} / {backbone:g} = {ratio:.0f}. That the factor matters is not shown.",
        lesson="Treat the factor as a setting to try, not as a law.",
        where="sec-freezing",
        measure=rates,
    ),
    Row(
        id="E5.3",
        claim="The backbone has 23,514,179 parameters.",
        verdict="FALSE",
        finding="That counts the head too. {whole:,} − {head:,} = {backbone:,}.",
        lesson="Count `model.backbone`, not `model`.",
        where="tests/errata/test_e5.py::test_e5_3_counts",
        measure=counts,
    ),
    Row(
        id="E5.4",
        claim="The head is what has `fc` in its name.",
        verdict="DEPENDS",
        finding="Of {n} torchvision classifiers the search finds just the head in {clean}, the "
        "head and more in {more}, only other layers (squeeze-and-excitation) in {wrong} and "
        "nothing, without an error, in {none}.",
        lesson="Keep the head as a module of its own and take its parameters by identity.",
        where="sec-freezing tests/test_transfer.py::test_groups",
        measure=by_name,
    ),
    Row(
        id="E5.5",
        claim="Frozen means that nothing changes.",
        verdict="GAP",
        finding="Batch normalisation drifts. After 20 training-mode passes over the radiograph, "
        "with {weights} weights changed, EfficientNet-Lite0's features have moved by "
        "{change:.1f} times their size; kept in evaluation mode, by {kept:.0%}.",
        lesson="Keep frozen stages in evaluation mode, also after `model.train()`.",
        where="fig-drift tests/test_transfer.py::test_drift",
        measure=drift,
    ),
    Row(
        id="E5.6",
        claim="The classifier is made for chest X-rays.",
        verdict="GAP",
        finding="A one-channel film gives a {refused}. Ours replicates it to three channels; one "
        "channel and three equal ones score the same to {digits} decimals.",
        lesson="Say how one channel becomes three: replicate it, or sum the first kernels.",
        where="sec-one-channel "
        "tests/test_transfer.py::test_one_channel_is_the_kernel_summed_over_colours",
        measure=grey,
    ),
]
