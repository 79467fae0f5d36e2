"""Do two samples come from one distribution? Kernel and Kolmogorov–Smirnov two-sample tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import (
    as_generator,
    check_integer,
    check_number,
    check_numbers,
    check_rank,
    members,
)


@dataclass(frozen=True, eq=False)
class DriftTest:
    """What a two-sample test found.

    Attributes
    ----------
    statistic : float
        Squared maximum mean discrepancy, or the largest Kolmogorov–Smirnov distance of a feature.
    p_value : float
        Chance of a statistic at least as large where nothing has changed.
    null : numpy.ndarray of float64, shape (B,)
        The statistic of each relabelling; empty where none was drawn.
    distances : numpy.ndarray of float64, shape (D,)
        Kolmogorov–Smirnov distance of each feature, in [0, 1]; empty for the kernel test.
    n_reference, n_batch : int
        What was exchanged: groups where groups were given, else rows.
    """

    statistic: float
    p_value: float
    null: np.ndarray
    distances: np.ndarray
    n_reference: int
    n_batch: int

    def __str__(self) -> str:
        return (
            f"statistic {self.statistic:.3g}, p = {self.p_value:.3f} "
            f"({self.n_batch} against {self.n_reference})"
        )


def rows(name: str, values) -> np.ndarray:
    """Return finite float64 rows, shape (N, D), of at least two; a vector counts as one feature."""
    array = check_numbers(name, values)
    check_rank(name, array, (1, 2), "(N,) or (N, D)")
    array = array.astype(np.float64, copy=False).reshape(len(array), -1)
    if len(array) < 2:
        raise ValueError(f"{name} must have at least two rows, got {len(array)}")
    if not np.isfinite(array).all():
        where = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        raise ValueError(f"{name} must be finite, got {array[where]} in row {where[0]}")
    return array


def both(reference, batch) -> tuple[np.ndarray, np.ndarray]:
    """Return two checked samples with the same features."""
    x, y = rows("reference", reference), rows("batch", batch)
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"batch must have the {x.shape[1]} features of reference, got {y.shape[1]}"
        )
    return x, y


def exchangeable(n_x: int, n_y: int, reference_groups, batch_groups) -> tuple[np.ndarray, int, int]:
    """Return the unit that each row belongs to, and how many units each side has.

    Units are numbered from 0, those of the reference first.
    """
    if (reference_groups is None) != (batch_groups is None):
        raise ValueError(
            "reference_groups and batch_groups must be given both or neither, got one of them"
        )
    if reference_groups is None:
        return np.arange(n_x + n_y), n_x, n_y
    ux, ix = members("reference_groups", reference_groups, n_x, "rows")
    uy, iy = members("batch_groups", batch_groups, n_y, "rows")
    shared = sorted({str(g) for g in ux.tolist()} & {str(g) for g in uy.tolist()})
    if shared:
        raise ValueError(
            f"batch_groups must not name a group of reference_groups, got {shared[0]} in both; "
            "take the rows of that patient out of the reference"
        )
    return np.r_[ix, iy + len(ux)], len(ux), len(uy)


def _kernel(z: np.ndarray, bandwidth: float | None) -> np.ndarray:
    """Gaussian kernel of all pairs of rows, with zeros on the diagonal."""
    squared = (z**2).sum(axis=1)
    distance = np.maximum(squared[:, None] + squared - 2 * z @ z.T, 0)
    if bandwidth is None:  # the median heuristic, over both samples: blind to who is who
        pairs = distance[np.triu_indices(len(z), 1)]
        median = float(np.median(pairs))
        bandwidth = np.sqrt(median if median > 0 else max(float(pairs.mean()), 1.0))
    kernel = np.exp(-distance / (2 * bandwidth**2))
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _discrepancies(kernel: np.ndarray, in_batch: np.ndarray) -> np.ndarray:
    """Unbiased squared MMD for each column of a 0/1 matrix (N, B) that says who is in the batch."""
    size = len(kernel)
    n = in_batch.sum(axis=0)
    m = size - n
    products = kernel @ in_batch
    yy = (products * in_batch).sum(axis=0)
    xy = products.sum(axis=0) - yy
    xx = kernel.sum() - yy - 2 * xy
    with np.errstate(divide="ignore", invalid="ignore"):
        return xx / (m * (m - 1)) + yy / (n * (n - 1)) - 2 * xy / (m * n)


def mmd_test(
    reference,
    batch,
    *,
    reference_groups=None,
    batch_groups=None,
    bandwidth: float | None = None,
    n_permutations: int = 199,
    seed: int | np.random.Generator = 0,
) -> DriftTest:
    r"""Compare two samples by their maximum mean discrepancy, with a permutation p-value.

    Parameters
    ----------
    reference, batch : array_like, shape (N, D) or (N,)
        Rows of features; a vector is one feature.
    reference_groups, batch_groups : array_like, shape (N,), optional
        The patient (or region, or film) of each row. Whole groups are relabelled then, because
        rows of one patient are not independent.
    bandwidth : float, optional
        :math:`h` below, in standard deviations; by default the median distance of all pairs.
    n_permutations : int, default 199
        Relabellings; the p-value is at least ``1 / (n_permutations + 1)``.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    DriftTest

    Raises
    ------
    TypeError
        Where an argument holds no numbers.
    ValueError
        Where a sample has fewer than two rows, a value is not finite, the features differ in
        number, groups are given for one sample only or a group is in both.

    Notes
    -----
    With the kernel :math:`k(a, b) = \exp(-\lVert a - b \rVert^2 / 2h^2)` of standardised features,
    :math:`m` rows :math:`x` and :math:`n` rows :math:`y`, the unbiased estimate [1]_ is

    .. math:: \frac{\sum_{i \ne j} k(x_i, x_j)}{m(m-1)} + \frac{\sum_{i \ne j} k(y_i, y_j)}{n(n-1)}
              - \frac{2 \sum_{ij} k(x_i, y_j)}{mn}.

    Standardisation and bandwidth come from both samples together. So, where the units that are
    relabelled are exchangeable, the observed labelling is one of equally likely ones, and
    :math:`p = (1 + \#\{b : s_b \ge s\}) / (B + 1)` is below :math:`\alpha` in at most a share
    :math:`\alpha` of cases, for any number of rows [2]_.

    References
    ----------
    .. [1] A. Gretton, K. M. Borgwardt, M. J. Rasch, B. Schölkopf, A. Smola, "A kernel two-sample
       test", Journal of Machine Learning Research 13, 2012, 723-773.
       https://jmlr.org/papers/v13/gretton12a.html
    .. [2] B. Phipson, G. K. Smyth, "Permutation p-values should never be zero", Statistical
       Applications in Genetics and Molecular Biology 9(1), 2010, article 39.
       https://doi.org/10.2202/1544-6115.1585
    """
    x, y = both(reference, batch)
    n_permutations = check_integer("n_permutations", n_permutations, minimum=1)
    if bandwidth is not None:
        bandwidth = check_number("bandwidth", bandwidth, above=0)
    generator = as_generator(seed)
    unit, n_x, n_y = exchangeable(len(x), len(y), reference_groups, batch_groups)

    z = np.vstack([x, y])
    spread = z.std(axis=0)
    scale = np.abs(z).max(axis=0)
    z = (z - z.mean(axis=0)) / np.where(spread > 1e-12 * scale, spread, np.inf)

    chosen = np.zeros((n_x + n_y, n_permutations + 1))
    chosen[n_x:, 0] = 1  # the labelling as it was observed
    for b in range(1, n_permutations + 1):
        chosen[generator.permutation(n_x + n_y)[:n_y], b] = 1
    found = _discrepancies(_kernel(z, bandwidth), chosen[unit])
    statistic, null = float(found[0]), found[1:]
    # a relabelling without a statistic (one row on a side) counts against the alarm
    extreme = ~(null < statistic - 1e-12)
    return DriftTest(
        statistic, float((1 + extreme.sum()) / (n_permutations + 1)), null, np.empty(0), n_x, n_y
    )


def ks_test(reference, batch) -> DriftTest:
    r"""Compare two samples feature by feature by Kolmogorov–Smirnov, corrected by Bonferroni.

    Parameters
    ----------
    reference, batch : array_like, shape (N, D) or (N,)
        Rows of features, independent of each other: one row a patient. For several rows of one
        patient see :func:`mmd_test`.

    Returns
    -------
    DriftTest
        The distances say which feature moved most.

    Raises
    ------
    TypeError
        Where an argument holds no numbers.
    ValueError
        Where a sample has fewer than two rows, a value is not finite or the features differ in
        number.

    Notes
    -----
    The distance of a feature is :math:`\sup_t |F(t) - G(t)|` of the two empirical distribution
    functions. The p-value is :math:`\min(1, D \min_d p_d)`: at most a share :math:`\alpha` of false
    alarms whatever the dependence of the :math:`D` features, fewer where they move together. Per
    feature on the output of the model, the test did well among many that were compared in [1]_.

    References
    ----------
    .. [1] S. Rabanser, S. Günnemann, Z. C. Lipton, "Failing loudly: an empirical study of methods
       for detecting dataset shift", NeurIPS 2019. https://arxiv.org/abs/1810.11953
    """
    from scipy.stats import ks_2samp

    x, y = both(reference, batch)
    found = [ks_2samp(a, b) for a, b in zip(x.T, y.T, strict=True)]
    distances = np.array([one.statistic for one in found], dtype=np.float64)
    p_value = min(1.0, len(found) * min(float(one.pvalue) for one in found))
    return DriftTest(float(distances.max()), p_value, np.empty(0), distances, len(x), len(y))
