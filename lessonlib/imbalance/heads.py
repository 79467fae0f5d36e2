"""A linear head trained to the minimum of any of the losses: the loss is all that differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from lessonlib._validation import check_labels, check_number, check_rank


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A linear classifier on given features.

    Parameters
    ----------
    weight : numpy.ndarray of float64, shape (n_features,)
    bias : float
    loss : float
        What was minimised, at the end.
    """

    weight: np.ndarray
    bias: float
    loss: float

    def score(self, features: np.ndarray) -> np.ndarray:
        """Return the log-odds of class 1 as the loss has them, shape (N,)."""
        return _matrix(features) @ self.weight + self.bias

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Return the probability of class 1 as the loss has it, shape (N,)."""
        return expit(self.score(features))


def _matrix(features) -> np.ndarray:
    array = np.asarray(features)
    check_rank("features", array, (2,), "(N, n_features)")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"features must hold numbers, got {array.dtype}")
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        raise ValueError("features must be finite, got NaN or infinity")
    return array


def train_head(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    weights: Sequence[float] | None = None,
    gamma: float = 0.0,
    penalty: float = 0.01,
) -> LinearHead:
    r"""Train a linear head with a weighted focal loss, to the minimum.

    Parameters
    ----------
    features : numpy.ndarray, shape (N, n_features)
        On a common scale: the penalty treats all alike.
    labels : numpy.ndarray, shape (N,)
        0 and 1, both.
    weights : (float, float), optional
        Of class 0 and class 1, for example :func:`class_weights`; only their ratio matters.
    gamma : float, default 0
        Of the focal loss; 0 is the cross-entropy.
    penalty : float, default 0.01
        :math:`\lambda`, at least 0.

    Returns
    -------
    LinearHead

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or shape, or a class is missing.

    Notes
    -----
    Minimised over :math:`w` and :math:`b`, by L-BFGS from 0, in float64, is

    .. math:: \frac{\sum_i w_{y_i}\,\mathrm{FL}_\gamma(x_i^\top w + b,\; y_i)}{\sum_i w_{y_i}}
              + \frac{\lambda}{2} \lVert w \rVert^2 .

    No learning rate, no batches, no seed: two heads differ in nothing but the loss. For
    :math:`\gamma = 0` it is scikit-learn's logistic regression with
    :math:`C = 1/(\lambda N)`.

    Examples
    --------
    >>> import numpy as np
    >>> head = train_head(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1]))
    >>> head.probability(np.array([[1.5]])).round(3).tolist()
    [0.5]
    """
    import torch

    from lessonlib.evaluation._classes import both_classes
    from lessonlib.imbalance.focal import FocalLoss

    X = _matrix(features)
    y = both_classes("labels", check_labels("labels", labels))
    if len(y) != len(X):
        raise ValueError(f"labels must hold one label a row of features ({len(X)}), got {len(y)}")
    penalty = check_number("penalty", penalty, minimum=0)
    loss = FocalLoss(alpha=weights, gamma=gamma, reduction="sum")
    counted = len(y) if weights is None else weights[0] * (~y).sum() + weights[1] * y.sum()
    if weights is not None and not (len(weights) == 2 and min(weights) > 0):
        raise ValueError(f"weights must be two positive numbers, got {weights!r}")

    x, target = torch.from_numpy(np.ascontiguousarray(X)), torch.from_numpy(y)
    parameters = torch.zeros(X.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [parameters], max_iter=1000, tolerance_grad=1e-8, tolerance_change=1e-12,
        line_search_fn="strong_wolfe",
    )  # fmt: skip

    def objective():
        optimizer.zero_grad()
        w, b = parameters[:-1], parameters[-1]
        value = loss(x @ w + b, target) / counted + penalty / 2 * w.square().sum()
        value.backward()
        return value

    with torch.enable_grad():
        optimizer.step(objective)
        value = float(objective().detach())
    found = parameters.detach().numpy()
    return LinearHead(found[:-1].copy(), float(found[-1]), value)
