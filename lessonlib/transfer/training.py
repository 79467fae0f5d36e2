"""A training loop with early stopping, and prediction in batches."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from lessonlib._validation import check_integer
from lessonlib.transfer.classifier import MedicalClassifier


@dataclass(frozen=True, eq=False)
class TrainingHistory:
    """What happened in each round of training.

    Attributes
    ----------
    train_loss, validation_loss, validation_auc : numpy.ndarray, shape (rounds,)
        Mean loss of the round's batches as they were met; loss and AUC after the round.
    trainable_stages : numpy.ndarray of int, shape (rounds,)
        Stages of the backbone that trained.
    best_round : int
        The round, from 0, whose weights were kept: the lowest validation loss.
    stopped_early : bool
        Whether patience ended the training.
    """

    train_loss: np.ndarray
    validation_loss: np.ndarray
    validation_auc: np.ndarray
    trainable_stages: np.ndarray
    best_round: int
    stopped_early: bool

    def __str__(self) -> str:
        end = "stopped early" if self.stopped_early else "ran to the end"
        return (
            f"{len(self.train_loss)} rounds, {end}; kept round {self.best_round + 1}, "
            f"validation AUC {self.validation_auc[self.best_round]:.2f}"
        )


def as_arrays(name: str, data: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images and labels of a pair, or of anything with ``.images`` and ``.labels``."""
    if hasattr(data, "images") and hasattr(data, "labels"):
        data = data.images, data.labels
    try:
        images, labels = data
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be (images, labels) or have both, got {type(data).__name__}"
        ) from None
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    if len(images) != len(labels) or not len(labels):
        raise ValueError(
            f"{name} must hold as many labels as images, and some; got {len(images)} images and "
            f"{len(labels)} labels"
        )
    return images, labels.long()


def predict(
    model: nn.Module,
    images: np.ndarray | torch.Tensor,
    *,
    batch_size: int = 250,
    device: str | torch.device = "cpu",
) -> np.ndarray:
    """Return the probability of every class.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits; it is used in evaluation mode and left in the mode it was in.
    images : array or tensor, shape (N, C, H, W)
    batch_size : int, default 250
    device : str or torch.device, default "cpu"

    Returns
    -------
    numpy.ndarray of float32, shape (N, num_classes)
    """
    was_training = model.training
    model.to(device).eval()
    images = torch.as_tensor(images)
    with torch.inference_mode():
        parts = [
            model(batch.to(device).contiguous(memory_format=torch.channels_last)).softmax(1).cpu()
            for batch in images.split(check_integer("batch_size", batch_size, minimum=1))
        ]
    model.train(was_training)
    return torch.cat(parts).numpy()


def fit(
    model: MedicalClassifier,
    train: Any,
    validation: Any,
    *,
    optimizer: torch.optim.Optimizer,
    rounds: int = 10,
    steps: int = 20,
    batch_size: int = 16,
    patience: int = 3,
    schedule: Callable[[int], int] | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: Callable[[int, float], None] | None = None,
) -> TrainingHistory:
    """Train in rounds of equally many steps, and keep the round that did best on validation data.

    Rounds rather than epochs, because an epoch of 50 pictures is three steps and one of 5,000 is
    three hundred, and the question here is what the pictures are worth at equal effort.

    Parameters
    ----------
    model : MedicalClassifier
        Trained in place; it ends with the weights of the best round, in evaluation mode.
    train, validation : (images, labels), or anything with both
        Images (N, C, H, W) in [0, 1] and integer labels (N,).
    optimizer : torch.optim.Optimizer
        For example ``GradualUnfreezing.optimizer``.
    rounds : int, default 10
        At most so many.
    steps, batch_size : int, default 20 and 16
        Steps a round, pictures a step. Every picture is met once before one is met again.
    patience : int, default 3
        Stop after so many rounds without a lower validation loss. A round in which a stage thaws
        starts the count anew.
    schedule : callable, optional
        ``schedule(round)`` gives the number of stages that train; unchanged by default.
    seed : int, default 0
        Of the order of the pictures and of dropout.
    device : str or torch.device, default "cpu"
    progress : callable, optional
        Called as ``progress(round, validation_loss)`` after each round.

    Returns
    -------
    TrainingHistory

    Raises
    ------
    TypeError, ValueError
        Where the data are not pairs of equal length or a number is out of range.
    """
    from sklearn.metrics import roc_auc_score

    images, labels = as_arrays("train", train)
    held_out, truth = as_arrays("validation", validation)
    for name, value in {"rounds": rounds, "steps": steps, "batch_size": batch_size,
                        "patience": patience}.items():  # fmt: skip
        check_integer(name, value, minimum=1)
    model.to(device, memory_format=torch.channels_last)
    loss_function = nn.CrossEntropyLoss()
    log: list[tuple[float, float, float, int]] = []
    best, best_round, waited, stopped = np.inf, 0, 0, False
    kept = copy.deepcopy(model.state_dict())
    binary = len(torch.unique(truth)) == 2

    # Dropout draws from PyTorch's global generator: lend it a seed and put it back afterwards.
    with torch.random.fork_rng():
        torch.manual_seed(check_integer("seed", seed, minimum=0))
        order = torch.empty(0, dtype=torch.long)
        for i in range(rounds):
            before = model.trainable_stages
            if schedule is not None:
                model.unfreeze(schedule(i))
            if model.trainable_stages != before:
                waited = 0
            model.train()
            losses = []
            for _ in range(steps):
                if len(order) < batch_size:
                    order = torch.cat([order, torch.randperm(len(images))])
                pick, order = order[:batch_size], order[batch_size:]
                batch = images[pick].to(device).contiguous(memory_format=torch.channels_last)
                loss = loss_function(model(batch), labels[pick].to(device))
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            probability = predict(model, held_out, device=device)
            chosen = probability[np.arange(len(truth)), truth.numpy()]
            score = float(-np.log(np.clip(chosen, 1e-7, 1)).mean())
            auc = roc_auc_score(truth, probability[:, 1]) if binary else np.nan
            log.append((float(np.mean(losses)), score, float(auc), model.trainable_stages))
            if progress is not None:
                progress(i, score)
            if score < best:
                best, best_round, waited = score, i, 0
                kept = copy.deepcopy(model.state_dict())
            else:
                waited += 1
                if waited >= patience:
                    stopped = True
                    break
    model.load_state_dict(kept)
    model.eval()
    train_loss, validation_loss, validation_auc, trained = np.array(log).T
    return TrainingHistory(
        train_loss, validation_loss, validation_auc, trained.astype(int), best_round, stopped
    )
