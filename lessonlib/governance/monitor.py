"""A monitor that compares each batch of pictures with a reference, and what it costs in alarms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_integer, check_number, check_numbers, check_rank, members
from lessonlib.governance.drift import DriftTest, both, exchangeable, mmd_test, rows


def _share(name: str, value: float) -> float:
    value = check_number(name, value, above=0)
    if value >= 1:
        raise ValueError(f"{name} must be less than 1, got {value!r}")
    return value


def image_statistics(images) -> np.ndarray:
    r"""Return what a machine leaves on a picture: brightness, contrast and fine-grained noise.

    Parameters
    ----------
    images : array_like, shape (N, H, W) or (N, 1, H, W)
        At least 3 by 3 pixels, of any unit.

    Returns
    -------
    numpy.ndarray of float64, shape (N, 3)
        Mean, standard deviation, and noise: the median of :math:`|4x_{ij} - x_{i-1,j} - x_{i+1,j} -
        x_{i,j-1} - x_{i,j+1}|`, in which whatever varies slowly cancels.

    Raises
    ------
    TypeError
        Where the pictures hold no real numbers.
    ValueError
        Where the shape is another, or a pixel is not finite.

    Examples
    --------
    >>> flat = np.full((1, 8, 8), 0.5)
    >>> image_statistics(flat).tolist()
    [[0.5, 0.0, 0.0]]
    """
    x = check_numbers("images", images)
    check_rank("images", x, (3, 4), "(N, H, W) or (N, 1, H, W)")
    if x.ndim == 4:
        if x.shape[1] != 1:
            raise ValueError(f"images must have one channel, got shape {x.shape}")
        x = x[:, 0]
    if min(x.shape[1:]) < 3:
        raise ValueError(f"images must be at least 3 by 3 pixels, got shape {x.shape}")
    x = x.astype(np.float64)
    if not np.isfinite(x).all():
        raise ValueError("images must be finite, got NaN or infinity")
    middle = x[:, 1:-1, 1:-1]
    around = x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:]
    noise = np.median(np.abs(4 * middle - around), axis=(1, 2))
    return np.stack([x.mean(axis=(1, 2)), x.std(axis=(1, 2)), noise], axis=1)


@dataclass(frozen=True, eq=False)
class DriftMonitor:
    """Compares batches with a reference, at a chosen share of false alarms.

    Parameters
    ----------
    reference : array_like, shape (N, D)
        Features of pictures from the time when the model was tested.
    groups : array_like, shape (N,), optional
        The patient of each row.
    level : float, default 0.05
        Share of checks that may raise an alarm though nothing has changed.
    n_permutations : int, default 199
        Relabellings a check.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range, or `n_permutations` is too small for
        any p-value to reach `level`.

    Notes
    -----
    An alarm says that the pictures differ. It does not say that the model is worse, and silence
    does not say that it is as good as it was. The share is kept on average over references: one
    reference with unusual patients raises more alarms than that for as long as it is used.
    """

    reference: np.ndarray
    groups: np.ndarray | None = None
    level: float = 0.05
    n_permutations: int = 199

    def __post_init__(self):
        features = rows("reference", self.reference)
        object.__setattr__(self, "reference", features)
        if self.groups is not None:
            names, member = members("groups", self.groups, len(features), "rows")
            object.__setattr__(self, "groups", names[member])
        level = _share("level", self.level)
        needed = math.ceil(1 / level - 1e-9) - 1
        check_integer("n_permutations", self.n_permutations, minimum=max(needed, 1))

    def check(self, batch, groups=None, *, seed: int | np.random.Generator = 0) -> DriftTest:
        """Compare a batch with the reference.

        Parameters
        ----------
        batch : array_like, shape (n, D)
            Features of new pictures.
        groups : array_like, shape (n,), optional
            The patient of each, where the reference has groups; none of them in the reference.
        seed : int or numpy.random.Generator, default 0

        Returns
        -------
        DriftTest
            From :func:`mmd_test`; see :meth:`alarm`.

        Raises
        ------
        TypeError, ValueError
            As :func:`mmd_test`; also where there are so few groups that no batch could raise an
            alarm.
        """
        x, y = both(self.reference, batch)
        if groups is not None:
            names, member = members("groups", groups, len(y), "rows")
            groups = names[member]
        _, n_x, n_y = exchangeable(len(x), len(y), self.groups, groups)
        smallest = 1 / math.comb(n_x + n_y, n_y)
        if smallest > self.level:
            raise ValueError(
                f"groups must be more: {n_y} against {n_x} can be labelled in "
                f"{math.comb(n_x + n_y, n_y)} ways, so that no p-value reaches {self.level}"
            )
        return mmd_test(
            x,
            y,
            reference_groups=self.groups,
            batch_groups=groups,
            n_permutations=self.n_permutations,
            seed=seed,
        )

    def alarm(self, test: DriftTest) -> bool:
        """Return whether a check's p-value is at most the level.

        Parameters
        ----------
        test : DriftTest

        Returns
        -------
        bool
        """
        return test.p_value <= self.level


def chance_of_false_alarm(level: float, checks: int) -> float:
    r"""Return the chance of at least one false alarm in a number of independent checks.

    Parameters
    ----------
    level : float
        Share of false alarms of one check, between 0 and 1.
    checks : int
        How many.

    Returns
    -------
    float
        :math:`1 - (1 - \alpha)^k`. Checks against one reference are not independent: the number is
        a guide.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Examples
    --------
    >>> round(chance_of_false_alarm(0.05, 52), 2)
    0.93
    """
    level, checks = _share("level", level), check_integer("checks", checks, minimum=1)
    return -math.expm1(checks * math.log1p(-level))


def level_per_check(chance: float, checks: int) -> float:
    r"""Return the level of one check that keeps the chance of any false alarm in many.

    Parameters
    ----------
    chance : float
        Of at least one false alarm, between 0 and 1.
    checks : int
        How many independent checks.

    Returns
    -------
    float
        :math:`1 - (1 - c)^{1/k}`, the inverse of :func:`chance_of_false_alarm`.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Examples
    --------
    >>> round(level_per_check(0.1, 52), 4)
    0.002
    """
    chance, checks = _share("chance", chance), check_integer("checks", checks, minimum=1)
    return -math.expm1(math.log1p(-chance) / checks)
