"""A training loop with early stopping, and prediction in batches."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from lessonlib._validation import check_integer
from lessonlib._validation.missing import plain_array
from lessonlib._validation.pictures import as_tensor, for_network
from lessonlib._validation.state import evaluating
from lessonlib.transfer.classifier import MedicalClassifier
from lessonlib.transfer.features import on_device


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
    images, labels = as_tensor(f"{name} images", images), plain_array(f"{name} labels", labels)
    if images.ndim == 0 or labels.ndim != 1:
        raise ValueError(f"{name} labels must have shape (N,), got {labels.shape}")
    if len(images) != len(labels) or not len(labels):
        raise ValueError(
            f"{name} must hold as many labels as images, and some; got {len(images)} images and "
            f"{len(labels)} labels"
        )
    whole = labels.dtype.kind in "biuf" and bool((np.isfinite(labels) & (labels % 1 == 0)).all())
    if not whole or labels.min() < 0:
        raise ValueError(
            f"{name} labels must be whole numbers from 0, got {labels[:5].tolist()} …; number "
            "your classes"
        )
    return images, torch.from_numpy(labels.astype(np.int64))


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
        Gives logits; it is used in evaluation mode, and its state is left as it was, device
        included.
    images : array or tensor, shape (N, C, H, W)
        For a MedicalClassifier floats in [0, 1], or uint8; for another network floats as it takes
        them.
    batch_size : int, default 250
    device : str or torch.device, default "cpu"

    Returns
    -------
    numpy.ndarray of float32, shape (N, num_classes)

    Raises
    ------
    TypeError, ValueError
        Where the network cannot take the pictures, or their range is not certain.
    """
    batch_size = check_integer("batch_size", batch_size, minimum=1)
    pictures, convert = for_network(model, "images", images)
    with evaluating(model), torch.inference_mode():
        model.to(device)
        parts = [
            _scores(model(on_device(convert(batch), device))).softmax(1).cpu()
            for batch in pictures.split(batch_size)
        ]
    return torch.cat(parts).float().numpy()


def _scores(output: Any) -> torch.Tensor:
    """Return what a network put out, or refuse what a softmax would make nonsense of."""
    if isinstance(output, torch.Tensor) and output.ndim >= 2 and output.shape[1] >= 2:
        return output
    found = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
    raise ValueError(
        f"model must give one score a class, at least two, (N, K), got {found}; where it gives one "
        "score a picture, the log-odds, the probability is its sigmoid"
    )


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
        Trained in place; it ends with the weights of the best round, in evaluation mode. Where
        training fails or is interrupted it is left as it was before, but for its device.
    train, validation : (images, labels), or anything with both
        Images (N, C, H, W), as the model takes them: floats in [0, 1], or uint8. Labels (N,) are
        whole numbers from 0.
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
        Where the data are not pairs of equal length, the range of the pictures is not certain, a
        label is no class of the model, or a number is out of range.
    ArithmeticError
        Where no round had a finite validation loss.
    """
    from sklearn.metrics import roc_auc_score

    images, labels = as_arrays("train", train)
    held_out, truth = as_arrays("validation", validation)
    for name, value in {"rounds": rounds, "steps": steps, "batch_size": batch_size,
                        "patience": patience}.items():  # fmt: skip
        check_integer(name, value, minimum=1)
    seed = check_integer("seed", seed, minimum=0)
    images, convert = for_network(model, "train images", images)
    for_network(model, "validation images", held_out)
    own = {id(p) for p in model.parameters()}
    groups = getattr(optimizer, "param_groups", ())
    if not any(id(p) in own for group in groups for p in group["params"]):
        raise ValueError(
            "optimizer must step the model's parameters, got one that holds none of them "
            f"({type(optimizer).__name__}): build it from this model, not from a copy"
        )
    classes = predict(model, held_out[:1]).shape[1]
    for name, numbers in {"train": labels, "validation": truth}.items():
        if int(numbers.max()) >= classes:
            raise ValueError(
                f"{name} labels must be below {classes}, the number of the model's classes, "
                f"got {int(numbers.max())}"
            )
    loss_function = nn.CrossEntropyLoss()
    log: list[tuple[float, float, float, int]] = []
    best, best_round, waited, stopped = np.inf, 0, 0, False
    binary = classes == 2 and len(torch.unique(truth)) == 2

    # Dropout draws from PyTorch's global generator: lend it a seed and put it back afterwards.
    with _as_before_on_error(model) as start, torch.random.fork_rng(), torch.enable_grad():
        kept = start
        model.to(device, memory_format=torch.channels_last)
        torch.manual_seed(seed)
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
                batch = on_device(convert(images[pick]), device)
                loss = loss_function(model(batch), labels[pick].to(device))
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            probability = predict(model, held_out, device=device)
            chosen = probability[np.arange(len(truth)), truth.numpy()]
            score = float(-np.log(np.clip(chosen, 1e-7, 1)).mean())
            auc = np.nan
            if binary and np.isfinite(score):
                auc = roc_auc_score(truth, probability[:, 1])
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
        if not np.isfinite(best):
            raise ArithmeticError(
                f"the validation loss was {log[0][1]} from the first round on: lower the "
                "optimizer's learning rate"
            )
        model.load_state_dict(kept)
    model.eval()
    train_loss, validation_loss, validation_auc, trained = np.array(log).T
    return TrainingHistory(
        train_loss, validation_loss, validation_auc, trained.astype(int), best_round, stopped
    )


@contextmanager
def _as_before_on_error(model: MedicalClassifier) -> Iterator[dict[str, torch.Tensor]]:
    """Lend a copy of a model's weights, and put all of it back where the block fails."""
    start = copy.deepcopy(model.state_dict())
    modes = [(part, part.training) for part in model.modules()]
    trained = [(p, p.requires_grad) for p in model.parameters()]
    trainable_stages = model.trainable_stages
    try:
        yield start
    except BaseException:
        model.load_state_dict(start)
        for p, trains in trained:
            p.requires_grad_(trains)
        model.trainable_stages = trainable_stages
        for part, mode in modes:
            part.training = mode
        raise
