"""Frozen features: the backbone runs once, and heads are trained on what it gave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from lessonlib._validation import check_integer
from lessonlib.transfer.classifier import MedicalClassifier

#: Strengths of the penalty that are tried: scikit-learn's C, small is strong.
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)


def extract_features(
    model: MedicalClassifier,
    images: np.ndarray | torch.Tensor,
    *,
    batch_size: int = 250,
    device: str | torch.device = "cpu",
) -> np.ndarray:
    """Run the backbone once over pictures.

    Parameters
    ----------
    model : MedicalClassifier
        Used in evaluation mode and left in the mode it was in.
    images : array or tensor, shape (N, C, H, W)
        In [0, 1].
    batch_size : int, default 250
    device : str or torch.device, default "cpu"

    Returns
    -------
    numpy.ndarray of float32, shape (N, n_features)
    """
    was_training = model.training
    model.to(device, memory_format=torch.channels_last).eval()
    images = torch.as_tensor(images)
    with torch.inference_mode():
        parts = [
            model.features(batch.to(device).contiguous(memory_format=torch.channels_last)).cpu()
            for batch in images.split(check_integer("batch_size", batch_size, minimum=1))
        ]
    model.train(was_training)
    return torch.cat(parts).numpy()


@dataclass(frozen=True, eq=False)
class HeadFit:
    """A linear head on given features.

    Attributes
    ----------
    weight : numpy.ndarray of float64, shape (n_features,)
    bias : float
        The score of a picture is ``features @ weight + bias``: the log-odds of class 1.
    strength : float
        The penalty that did best on validation data, as scikit-learn's C.
    validation_auc : dict of float to float
        For each strength tried.
    """

    weight: np.ndarray
    bias: float
    strength: float
    validation_auc: dict[float, float]

    def score(self, features: np.ndarray) -> np.ndarray:
        """Return the log-odds of class 1.

        Parameters
        ----------
        features : numpy.ndarray, shape (N, n_features)

        Returns
        -------
        numpy.ndarray of float64, shape (N,)
        """
        return features @ self.weight + self.bias

    def load_into(self, model: MedicalClassifier) -> None:
        """Make this the head of a classifier with two classes.

        Parameters
        ----------
        model : MedicalClassifier
            Its head's last layer is overwritten: class 0 scores 0, class 1 the log-odds.

        Raises
        ------
        ValueError
            Where the head has another shape.
        """
        layer = [m for m in model.head.modules() if isinstance(m, nn.Linear)][-1]
        if layer.weight.shape != (2, len(self.weight)):
            raise ValueError(
                f"model must have a head of shape (2, {len(self.weight)}), "
                f"got {tuple(layer.weight.shape)}"
            )
        with torch.no_grad():
            layer.weight.zero_()
            layer.bias.zero_()
            layer.weight[1] = torch.as_tensor(self.weight)
            layer.bias[1] = self.bias


def fit_head(
    features: np.ndarray,
    labels: np.ndarray,
    validation_features: np.ndarray,
    validation_labels: np.ndarray,
    *,
    strengths: tuple[float, ...] = STRENGTHS,
) -> HeadFit:
    """Train a linear head on frozen features: logistic regression, its penalty by validation AUC.

    Parameters
    ----------
    features, validation_features : numpy.ndarray, shape (N, n_features)
    labels, validation_labels : numpy.ndarray, shape (N,)
        0 or 1, both present.
    strengths : tuple of float
        Penalties to try, as scikit-learn's C.

    Returns
    -------
    HeadFit

    Raises
    ------
    ValueError
        Where a class is missing.

    Notes
    -----
    The problem is convex: no learning rate, no seed, the same answer on every processor up to
    rounding. Features are standardised first, and the scale is folded into the weights.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    for name, values in {"labels": labels, "validation_labels": validation_labels}.items():
        if set(np.unique(values)) != {0, 1}:
            raise ValueError(f"{name} must hold 0 and 1, both, got {np.unique(values)}")
    centre = features.mean(axis=0, dtype=np.float64)
    spread = features.std(axis=0, dtype=np.float64)
    spread[spread < 1e-6 * max(spread.max(), 1e-30)] = 1.0
    X, V = (features - centre) / spread, (validation_features - centre) / spread
    tried = {}
    for strength in strengths:
        fitted = LogisticRegression(C=strength, max_iter=1000).fit(X, labels)
        tried[strength] = (
            fitted,
            float(roc_auc_score(validation_labels, fitted.decision_function(V))),
        )
    strength = max(tried, key=lambda s: tried[s][1])
    weight = tried[strength][0].coef_[0] / spread
    bias = float(tried[strength][0].intercept_[0] - centre @ weight)
    return HeadFit(weight, bias, strength, {s: auc for s, (_, auc) in tried.items()})
