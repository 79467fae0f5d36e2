"""Seven ways to train one linear head on few positives, and the way back from each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_choice, check_integer, check_labels, check_number
from lessonlib.imbalance.heads import LinearHead, Scale, check_features, train_head
from lessonlib.imbalance.prior import restore_probability
from lessonlib.imbalance.weights import class_weights

#: Name of a strategy: weights ("balanced" stands for class weights), gamma, what is done to rows.
STRATEGIES = {
    "plain": (None, 0.0, None),
    "weighted": ("balanced", 0.0, None),
    "focal": (None, 2.0, None),
    "focal, alpha 0.25": ((0.75, 0.25), 2.0, None),
    "focal, class weights": ("balanced", 2.0, None),
    "balanced sampler": (None, 0.0, "sampler"),
    "SMOTE": (None, 0.0, "smote"),
}
_EPOCHS = 20


@dataclass(frozen=True, eq=False)
class TrainedStrategy:
    """A head, and how much its loss or its rows favoured a class.

    Parameters
    ----------
    head : LinearHead
    weights : (float, float)
        How much a case of class 0 and of class 1 counted, by weight or by repetition.
    gamma : float
        Of the focal loss.
    """

    head: LinearHead
    weights: tuple[float, float]
    gamma: float

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Return the probability of class 1 as the model says it, shape (N,)."""
        return self.head.probability(features)

    def restored(self, features: np.ndarray) -> np.ndarray:
        """Return it after :func:`restore_probability`, shape (N,)."""
        said = self.probability(features)
        return restore_probability(said, weights=self.weights, gamma=self.gamma)


def train_strategy(
    name: str, features: np.ndarray, labels: np.ndarray, *, penalty: float = 0.02, seed: int = 0
) -> TrainedStrategy:
    """Train a linear head by one of the strategies.

    Parameters
    ----------
    name : str
        "plain", "weighted", "focal" (gamma 2, no weights), "focal, alpha 0.25", "focal, class
        weights", "balanced sampler" (20 epochs of :func:`make_balanced_loader`, by stochastic
        gradient descent) or "SMOTE".
    features : numpy.ndarray, shape (N, n_features)
        Finite, on a common scale.
    labels : numpy.ndarray, shape (N,)
        0 and 1; at least two of each.
    penalty : float, default 0.02
        As in :func:`train_head`.
    seed : int, default 0
        Of the sampler and of SMOTE.

    Returns
    -------
    TrainedStrategy

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range, or a class has fewer than two cases.
    """
    given, gamma, rows = STRATEGIES[check_choice("name", name, STRATEGIES)]
    features = check_features(features)
    y = check_labels("labels", labels)
    if len(y) != len(features):
        raise ValueError(f"labels must hold one for each of {len(features)} rows, got {len(y)}")
    counts = np.bincount(y, minlength=2)
    if counts.min() < 2:
        raise ValueError(f"labels must hold at least two of each class, got {counts.tolist()}")
    seed = check_integer("seed", seed, minimum=0)
    balanced = tuple(class_weights(counts).tolist())
    if rows == "sampler":
        return TrainedStrategy(_in_batches(features, y, penalty, seed), balanced, gamma)
    if rows == "smote":
        from imblearn.over_sampling import SMOTE

        smote = SMOTE(k_neighbors=min(5, int(counts.min()) - 1), random_state=seed)
        head = train_head(*smote.fit_resample(features, y.astype(np.int64)), penalty=penalty)
        return TrainedStrategy(head, balanced, gamma)
    weights = balanced if given == "balanced" else given or (1.0, 1.0)
    head = train_head(features, y, weights=weights, gamma=gamma, penalty=penalty)
    return TrainedStrategy(head, weights, gamma)


def _in_batches(features: np.ndarray, y: np.ndarray, penalty: float, seed: int) -> LinearHead:
    """Train on balanced batches, with a learning rate that falls to 0."""
    import torch
    from torch.utils.data import TensorDataset

    from lessonlib.imbalance.focal import FocalLoss
    from lessonlib.imbalance.sampling import make_balanced_loader

    penalty = check_number("penalty", penalty, minimum=0)
    scale = Scale.of(features, penalty)
    X = torch.from_numpy(scale.apply(features))
    factors = torch.from_numpy(penalty / 2 / scale.size**2)
    loader = make_balanced_loader(TensorDataset(X, torch.from_numpy(y)), y, generator=seed)
    weight = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight, bias], 0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, _EPOCHS * len(loader))
    cross_entropy = FocalLoss(alpha=None, gamma=0)
    value = torch.tensor(torch.nan)
    with torch.enable_grad():
        for _ in range(_EPOCHS):
            for batch, target in loader:
                value = cross_entropy(batch @ weight + bias, target)
                optimizer.zero_grad()
                (value + (factors * weight.square()).sum()).backward()
                optimizer.step()
                schedule.step()
    found = scale.undo(weight.detach().numpy(), float(bias.detach()))
    return LinearHead(*found, float(value.detach()))
