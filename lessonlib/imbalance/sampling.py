"""The balanced sampler, and what one epoch of it shows."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from lessonlib._validation import check_integer, members
from lessonlib.imbalance.weights import check_counts

if TYPE_CHECKING:
    import torch
    from torch.utils.data import DataLoader, Dataset


def make_balanced_loader(
    dataset: Dataset,
    labels: Any,
    batch_size: int = 32,
    *,
    generator: torch.Generator | int | None = None,
) -> DataLoader:
    """Return a loader whose batches hold the classes in equal shares, on average.

    Parameters
    ----------
    dataset : torch.utils.data.Dataset
        With a length.
    labels : array_like, shape (len(dataset),)
        The class of each item: whole numbers, booleans or names; at least two classes.
    batch_size : int, default 32
    generator : torch.Generator or int, optional
        Source of the draws, or its seed; a fresh one by default. PyTorch's global generator is
        not touched.

    Returns
    -------
    torch.utils.data.DataLoader
        An epoch is ``len(dataset)`` draws with replacement, an item of class `k` with probability
        ``1 / (K n_k)``.

    Raises
    ------
    TypeError
        Where `labels` are no classes (floats, text beside numbers), or `generator` is something
        else.
    ValueError
        Where there is not one label an item, a label is missing, there is one class only, or
        `batch_size` is below 1.

    See Also
    --------
    sampler_coverage : What such an epoch shows and what it does not.

    Examples
    --------
    >>> import torch
    >>> data = torch.utils.data.TensorDataset(torch.arange(1000))
    >>> labels = [1] * 20 + [0] * 980
    >>> (batch,) = next(iter(make_balanced_loader(data, labels, 100, generator=0)))
    >>> bool(35 < (batch < 20).sum() < 65)
    True
    """
    import torch
    from torch.utils.data import DataLoader, WeightedRandomSampler

    batch_size = check_integer("batch_size", batch_size, minimum=1)
    names, member = members("labels", labels, len(dataset), "items")
    wrong = [one for one in names.tolist() if not isinstance(one, int | str)]
    if wrong:
        raise TypeError(f"labels must be whole numbers or names, got {wrong[0]!r}")
    if len({isinstance(one, str) for one in names.tolist()}) > 1:
        raise TypeError(f"labels must be whole numbers or names, got both: {names.tolist()[:5]}")
    counts = np.bincount(member)
    if len(names) < 2:
        raise ValueError(f"labels must hold at least two classes, got {names.tolist()}")
    if generator is None:
        generator = torch.Generator()
        generator.seed()
    elif not isinstance(generator, torch.Generator):
        seed = check_integer("generator", generator, minimum=0)
        generator = torch.Generator().manual_seed(seed)
    chance = torch.from_numpy(1 / counts[member])
    sampler = WeightedRandomSampler(chance, len(member), replacement=True, generator=generator)
    # the loader draws a seed for its workers: from the same generator, not from the global one
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler, generator=generator)


@dataclass(frozen=True, eq=False)
class SamplerCoverage:
    """What an epoch of balanced sampling shows, class by class.

    Parameters
    ----------
    counts : numpy.ndarray of int64, shape (K,)
        Items of each class.
    n_draws : int
        Draws of the epoch.
    times_seen : numpy.ndarray of float64, shape (K,)
        How often an item is drawn, on average.
    never_seen : numpy.ndarray of float64, shape (K,)
        Expected share of the items that are not drawn at all.
    """

    counts: np.ndarray
    n_draws: int
    times_seen: np.ndarray
    never_seen: np.ndarray

    def _rows(self) -> list[tuple[str, str, str, str]]:
        table = zip(self.counts, self.times_seen, self.never_seen, strict=True)
        return [(f"{k}", f"{n:,}", f"{t:.3g}", f"{s:.1%}") for k, (n, t, s) in enumerate(table)]

    def __str__(self) -> str:
        head = f"{'class':>5} {'items':>9} {'times seen':>11} {'never seen':>11}"
        body = [f"{k:>5} {n:>9} {t:>11} {s:>11}" for k, n, t, s in self._rows()]
        return "\n".join([head, *body])

    def _repr_html_(self) -> str:
        head = "".join(
            f'<th scope="col">{name}</th>'
            for name in ("class", "items", "times seen an epoch", "never seen")
        )
        body = "".join(
            f'<tr><th scope="row">{k}</th>'
            + "".join(f"<td>{escape(v)}</td>" for v in rest)
            + "</tr>"
            for k, *rest in self._rows()
        )
        return (
            f"<table><caption>An epoch of {self.n_draws:,} balanced draws</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def sampler_coverage(counts: Any, n_draws: int | None = None) -> SamplerCoverage:
    r"""Return how often a balanced sampler shows an item, and how many it never shows.

    Parameters
    ----------
    counts : array_like of int, shape (K,)
        Items of each class.
    n_draws : int, optional
        Draws of an epoch; as many as there are items by default.

    Returns
    -------
    SamplerCoverage

    Raises
    ------
    TypeError, ValueError
        Where there are fewer than two classes, one is empty, or a number is no whole number.

    Notes
    -----
    One draw takes a given item of class :math:`k` with probability :math:`q_k = 1/(K n_k)`. In
    :math:`m` draws with replacement it is seen :math:`m q_k` times on average, and not at all with
    probability :math:`(1 - q_k)^m`.

    Examples
    --------
    >>> print(sampler_coverage([9800, 200]))
    class     items  times seen  never seen
        0     9,800        0.51       60.0%
        1       200          25        0.0%
    """
    items = check_counts("counts", counts)
    draws = int(items.sum()) if n_draws is None else check_integer("n_draws", n_draws, minimum=1)
    chance = 1 / (len(items) * items)
    return SamplerCoverage(
        counts=items.astype(np.int64),
        n_draws=draws,
        times_seen=draws * chance,
        never_seen=(1 - chance) ** draws,
    )
