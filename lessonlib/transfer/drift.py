"""What a batch normalisation in training mode does to a backbone that is said to be frozen."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from lessonlib._validation import check_integer
from lessonlib._validation.pictures import for_network
from lessonlib.transfer.classifier import MedicalClassifier


@dataclass(frozen=True, eq=False)
class BatchNormDrift:
    """Features before and after training-mode passes in which no weight changed.

    Attributes
    ----------
    passes : numpy.ndarray of int, shape (k,)
        After how many passes, from 0.
    change : numpy.ndarray of float64, shape (k,)
        Root-mean-square change of the features over their root-mean-square before.
    before, after : numpy.ndarray of float32, shape (N, n_features)
        Features of the probe pictures, at the start and at the end.
    weights_changed : int
        Parameters whose value changed: none, or something is wrong.
    """

    passes: np.ndarray
    change: np.ndarray
    before: np.ndarray
    after: np.ndarray
    weights_changed: int


def batchnorm_drift(
    model: MedicalClassifier,
    batches: torch.Tensor,
    probe: torch.Tensor,
    *,
    keep_frozen: bool = False,
) -> BatchNormDrift:
    """Push batches through a frozen backbone and watch the features of other pictures.

    Parameters
    ----------
    model : MedicalClassifier
        Is copied, and not changed.
    batches : array or tensor, shape (k, B, C, H, W)
        In [0, 1] or uint8. One training-mode pass each; no loss, no gradient, no optimiser.
    probe : array or tensor, shape (N, C, H, W)
        Pictures whose features are compared, in evaluation mode.
    keep_frozen : bool, default False
        With True the copy's frozen stages stay in evaluation mode, as
        :meth:`MedicalClassifier.train` arranges; with False every layer is switched to training
        mode, as ``train()`` of an ordinary module does.

    Returns
    -------
    BatchNormDrift

    Raises
    ------
    ValueError
        Where `batches` has another rank.
    """
    from lessonlib.transfer.features import extract_features

    batches, convert = for_network(model, "batches", batches)
    if batches.ndim != 5:
        raise ValueError(f"batches must have shape (k, B, C, H, W), got {tuple(batches.shape)}")
    check_integer("batches", len(batches), minimum=1)
    model = copy.deepcopy(model)
    model.unfreeze(0)
    values = [p.detach().clone() for p in model.parameters()]
    before = now = extract_features(model, probe)
    size = np.sqrt(np.mean(before.astype(np.float64) ** 2))
    change = [0.0]
    # dropout draws anew at every pass, from PyTorch's global generator, which is put back
    with torch.random.fork_rng():
        for batch in batches:
            if keep_frozen:
                model.train()
            else:
                nn.Module.train(model)
            with torch.no_grad():
                model(convert(batch))
            now = extract_features(model.eval(), probe)
            change.append(float(np.sqrt(np.mean((now - before).astype(np.float64) ** 2)) / size))
    changed = sum(int((p != v).sum()) for p, v in zip(model.parameters(), values, strict=True))
    return BatchNormDrift(np.arange(len(change)), np.array(change), before, now, changed)
