"""Frozen features: the backbone runs once, and heads are trained on what it gave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from lessonlib._validation import check_integer, check_labels, check_rank
from lessonlib._validation.missing import plain_array
from lessonlib._validation.pictures import for_network
from lessonlib._validation.state import evaluating
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
        Used in evaluation mode; its state is left as it was, device included.
    images : array or tensor, shape (N, C, H, W)
        Floats in [0, 1], or uint8.
    batch_size : int, default 250
    device : str or torch.device, default "cpu"

    Returns
    -------
    numpy.ndarray of float32, shape (N, n_features)

    Raises
    ------
    TypeError, ValueError
        Where the pictures have another shape, or their range is not certain.
    """
    batch_size = check_integer("batch_size", batch_size, minimum=1)
    pictures, convert = for_network(model, "images", images)
    with evaluating(model), torch.inference_mode():
        model.to(device, memory_format=torch.channels_last)
        parts = [
            model.features(on_device(convert(batch), device)).cpu()
            for batch in pictures.split(batch_size)
        ]
    return torch.cat(parts).float().numpy()


def on_device(batch: torch.Tensor, device: str | torch.device) -> torch.Tensor:
    """Return a batch on a device, in the order that convolutions are fastest with."""
    batch = batch.to(device)
    return batch.contiguous(memory_format=torch.channels_last) if batch.ndim == 4 else batch


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
        return plain_array("features", features) @ self.weight + self.bias

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

    features, labels = _rows("", features, labels)
    validation_features, validation_labels = _rows(
        "validation_", validation_features, validation_labels
    )
    if features.shape[1] != validation_features.shape[1]:
        raise ValueError(
            f"validation_features must have {features.shape[1]} columns as features have, got "
            f"{validation_features.shape[1]}"
        )
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


def _rows(prefix: str, features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return finite features (N, n_features) and as many labels, 0 and 1, both."""
    name = f"{prefix}features"
    X = plain_array(name, features)
    check_rank(name, X, (2,), "(N, n_features)")
    if X.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, got {X.dtype}")
    if not np.isfinite(X).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    y = check_labels(f"{prefix}labels", plain_array(f"{prefix}labels", labels)).astype(np.int64)
    if len(y) != len(X):
        raise ValueError(f"{prefix}labels must hold one for each of {len(X)} rows, got {len(y)}")
    if y.min() == y.max():
        raise ValueError(f"{prefix}labels must hold 0 and 1, both, got {y[0]} only")
    return X if X.dtype.kind == "f" and X.dtype.itemsize >= 4 else X.astype(np.float64), y
