"""The model randomisation test: a map has to change when what the model learned is destroyed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import rankdata
from torch import nn

from lessonlib._validation import check_integer, check_numbers
from lessonlib._validation.state import kept


@dataclass(frozen=True, eq=False)
class RandomisationTest:
    """How like the trained model's maps the maps of ever more randomised models are.

    Attributes
    ----------
    parts : tuple of str
        In the order in which they were randomised; each stays so while the next are.
    rank_correlation : numpy.ndarray, shape (parts, N)
        Spearman's correlation over the pixels with the trained model's map: 1 is no change. NaN
        where either map is constant.
    constant : numpy.ndarray of float64, shape (parts,)
        Share of the maps that are constant, an empty one say.
    """

    parts: tuple[str, ...]
    rank_correlation: np.ndarray
    constant: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean correlation after each step, over the pictures that have one; (parts,)."""
        valid = np.isfinite(self.rank_correlation)
        total = np.where(valid, self.rank_correlation, 0).sum(axis=1)
        count = valid.sum(axis=1)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def __str__(self) -> str:
        lines = [
            f"{name:20}{value:6.2f}" for name, value in zip(self.parts, self.mean, strict=True)
        ]
        return "\n".join([f"{'randomised down to':20}rank correlation", *lines])


def randomisation_test(
    draw: Callable[[np.ndarray | torch.Tensor], np.ndarray | torch.Tensor],
    images: np.ndarray | torch.Tensor,
    parts: Mapping[str, nn.Module | Sequence[nn.Module]],
    *,
    seed: int = 0,
) -> RandomisationTest:
    """Randomise a model from the top down and compare its maps with those it gave before.

    Parameters
    ----------
    draw : callable
        ``draw(images)`` gives maps (N, H, W), from the model whose parts are given.
    images : array or tensor
        Passed on to `draw`.
    parts : mapping of str to module or modules
        What to randomise, in this order, usually from the head down.
    seed : int, default 0

    Returns
    -------
    RandomisationTest

    Raises
    ------
    TypeError, ValueError
        Where there is no part, one is no module or without parameters, or maps have another shape.

    Notes
    -----
    A map that hardly changes does not show what the model learned, however convincing it looks
    [1]_. Weights are randomised by shuffling the values inside each tensor: what was learned is
    gone, their distribution stays, and it works for every kind of layer. (The paper draws them
    anew.) Buffers, such as batch normalisation's statistics, stay. Afterwards every weight is put
    back, and with it the modes, gradients, hooks and buffers of the parts, whatever happens.

    References
    ----------
    .. [1] J. Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018, arXiv:1810.03292.
    """
    groups = _tensors(parts)
    generator = torch.Generator().manual_seed(check_integer("seed", seed, minimum=0))
    modules = [m for part in parts.values() for m in _modules(part)]
    with kept(*modules):
        return _compare(draw, images, groups, generator)


def _compare(
    draw: Callable, images: object, groups: dict[str, list], generator: torch.Generator
) -> RandomisationTest:
    """Randomise group by group, put the weights back, and compare the maps."""
    before = _ranks(draw(images))
    originals = [(p, p.detach().clone()) for group in groups.values() for p in group]
    rows, constant = [], []
    try:
        for group in groups.values():
            with torch.no_grad():
                for p in group:
                    order = torch.randperm(p.numel(), generator=generator).to(p.device)
                    p.copy_(p.flatten()[order].view_as(p))
            after = _ranks(draw(images))
            if after.shape != before.shape:
                raise ValueError(
                    f"draw must give maps of one shape, got {after.shape} after {before.shape}"
                )
            rows.append(_correlation(before, after))
            constant.append(float((after.std(axis=1) == 0).mean()))
    finally:
        with torch.no_grad():
            for p, value in originals:
                p.copy_(value)
    return RandomisationTest(tuple(groups), np.array(rows), np.array(constant))


def _modules(part: nn.Module | Sequence[nn.Module]) -> list[nn.Module]:
    return [part] if isinstance(part, nn.Module) else list(part)


def _tensors(parts: Mapping) -> dict[str, list[nn.Parameter]]:
    """Return the parameters of each part, each parameter once."""
    if not isinstance(parts, Mapping) or not parts:
        raise TypeError(f"parts must map names to modules, at least one, got {parts!r}")
    seen: set[int] = set()
    groups = {}
    for name, part in parts.items():
        modules = _modules(part)
        if not all(isinstance(m, nn.Module) for m in modules):
            raise TypeError(f"parts[{name!r}] must be a module or modules, got {part!r}")
        found = [p for m in modules for p in m.parameters()]
        if not found:
            raise ValueError(f"parts[{name!r}] has no parameters to randomise")
        groups[name] = [p for p in found if not (id(p) in seen or seen.add(id(p)))]
    return groups


def _ranks(maps: np.ndarray | torch.Tensor) -> np.ndarray:
    """Return the ranks of each map's pixels, centred, one map a row."""
    array = check_numbers("maps of draw", maps)
    if array.ndim != 3 or 0 in array.shape:
        raise ValueError(f"draw must give maps of shape (N, H, W), got {array.shape}")
    ranks = rankdata(array.reshape(len(array), -1), axis=1)
    return ranks - (ranks.shape[1] + 1) / 2


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of each pair of rows; NaN where one is constant."""
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(scale > 0, (a * b).sum(axis=1) / scale, np.nan)
