"""Simulated embeddings of several photos of several people, compared pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_integer, check_number, check_numbers, members
from lessonlib.faces.cosines import noise_for_cosine


@dataclass(frozen=True)
class Verification:
    """How well a threshold on the cosine tells pairs of one person from pairs of two.

    Parameters
    ----------
    n_same, n_diff : int
        Pairs of one person and of two.
    mean_same, mean_diff : float
        Their mean cosines.
    gap : float
        Smallest cosine of one person minus largest of two: above 0 one threshold is right about all
        pairs.
    auc : float
        Chance that a pair of one person has the larger cosine.
    equal_error_rate, threshold : float
        Where as many pairs of one person are refused as pairs of two pass, and the threshold there.
    """

    n_same: int
    n_diff: int
    mean_same: float
    mean_diff: float
    gap: float
    auc: float
    equal_error_rate: float
    threshold: float

    def __str__(self) -> str:
        return (
            f"{self.n_same:,} pairs of one person, mean cosine {self.mean_same:.3f}; "
            f"{self.n_diff:,} of two, {self.mean_diff:.3f}\n"
            f"gap {self.gap:+.3f}, AUC {self.auc:.3f}, "
            f"equal error rate {self.equal_error_rate:.3f} at {self.threshold:.3f}"
        )


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if (lengths == 0).any():
        where = int(np.flatnonzero(lengths == 0)[0])
        raise ValueError(f"embeddings must have a direction, got length 0 in row {where}")
    return rows / lengths


class EmbeddingSimilarityAnalyzer:
    r"""Photos of several people as unit vectors, and the cosines of all pairs.

    Parameters
    ----------
    num_ids : int, default 5
        People.
    photos_per : int, default 10
        Photos of each.
    embed_dim : int, default 512
        Components.
    noise_sigma : float, default 0.15
        Standard deviation of the noise in every component.
    seed : int, default 42
    target_cosine : float, optional
        State the expected cosine of two photos of one person instead: `noise_sigma` is then
        computed from it, which is the safer way round.

    Attributes
    ----------
    embeddings : numpy.ndarray of float64, shape (N, D)
        Rows of length 1; may be replaced by others before a method is called.
    labels : numpy.ndarray of int, shape (N,)
        The person of each row.
    noise_sigma : float
        The noise that was used.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.

    Notes
    -----
    A person is a random direction :math:`c`, :math:`\lVert c \rVert = 1`. A photo is
    :math:`(c + \sigma z)/\lVert c + \sigma z \rVert` with :math:`z` standard normal. The noise has
    length :math:`\sigma\sqrt{D}`: small in every component is not small. See
    :func:`expected_cosine`.
    """

    def __init__(
        self,
        num_ids: int = 5,
        photos_per: int = 10,
        embed_dim: int = 512,
        noise_sigma: float = 0.15,
        seed: int = 42,
        *,
        target_cosine: float | None = None,
    ):
        self.num_ids = check_integer("num_ids", num_ids, minimum=1)
        self.photos_per = check_integer("photos_per", photos_per, minimum=1)
        embed_dim = check_integer("embed_dim", embed_dim, minimum=2)
        self.noise_sigma = check_number("noise_sigma", noise_sigma, minimum=0)
        if target_cosine is not None:
            self.noise_sigma = noise_for_cosine(target_cosine, embed_dim)
        rng = np.random.default_rng(check_integer("seed", seed, minimum=0))
        centroids = _unit(rng.standard_normal((num_ids, embed_dim)))
        self.labels = np.repeat(np.arange(num_ids), photos_per)
        noise = rng.normal(0, self.noise_sigma, (num_ids * photos_per, embed_dim))
        self.embeddings = _unit(centroids[self.labels] + noise)

    def cosine_matrix(self) -> np.ndarray:
        """Return the cosine of every pair of rows of `embeddings`.

        Returns
        -------
        numpy.ndarray of float64, shape (N, N)

        Raises
        ------
        ValueError
            Where a row has length 0.
        """
        rows = check_numbers("embeddings", self.embeddings).astype(np.float64)
        if not np.isfinite(rows).all():
            raise ValueError("embeddings must be finite, got NaN or infinity")
        rows = _unit(rows)
        return (rows @ rows.T).clip(-1, 1)  # rounding puts some beyond 1

    def analyze(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the cosines of pairs of one person and of two, each unordered pair once.

        Returns
        -------
        same, diff : numpy.ndarray of float64, one axis

        Raises
        ------
        ValueError
            Where there is not one label for each embedding.
        """
        _, labels = members("labels", self.labels, len(self.embeddings), "embeddings")
        first, second = np.triu_indices(len(labels), k=1)
        cosines = self.cosine_matrix()[first, second]
        same = labels[first] == labels[second]
        return cosines[same], cosines[~same]

    def evaluate_thresholds(self, thresholds) -> np.ndarray:
        """Return true-positive rate, false-positive rate and accuracy at each threshold.

        Parameters
        ----------
        thresholds : array_like, shape (T,)
            A pair matches where its cosine is at least the threshold.

        Returns
        -------
        numpy.ndarray of float64, shape (T, 3)
            NaN where there is no pair to take a rate of.

        Raises
        ------
        ValueError
            Where the thresholds are no vector or one is NaN.
        """
        thresholds = check_numbers("thresholds", thresholds).astype(np.float64)
        if thresholds.ndim != 1 or np.isnan(thresholds).any():
            raise ValueError(
                f"thresholds must be a vector of numbers, got shape {thresholds.shape}"
                + (" with NaN" if np.isnan(thresholds).any() else "")
            )
        same, diff = (np.sort(part) for part in self.analyze())
        hits = len(same) - np.searchsorted(same, thresholds, "left")
        alarms = len(diff) - np.searchsorted(diff, thresholds, "left")
        right = hits + len(diff) - alarms
        with np.errstate(invalid="ignore"):
            rates = [
                np.divide(count, total)
                for count, total in (
                    (hits, len(same)),
                    (alarms, len(diff)),
                    (right, len(same) + len(diff)),
                )
            ]
        return np.stack(rates, axis=1)

    def verification(self) -> Verification:
        """Return gap, AUC and equal error rate, with thresholds taken from the cosines themselves.

        Returns
        -------
        Verification

        Raises
        ------
        ValueError
            Where there are no pairs of one person or none of two.
        """
        same, diff = self.analyze()
        if not len(same) or not len(diff):
            raise ValueError(
                f"labels must give pairs of one person and of two, got {len(same)} and {len(diff)}"
            )
        ordered = np.sort(diff)
        wins = np.searchsorted(ordered, same, "left") + np.searchsorted(ordered, same, "right")
        thresholds = np.unique(np.r_[same, diff])
        tpr, fpr, _ = self.evaluate_thresholds(thresholds).T
        at = int(np.argmin(np.abs((1 - tpr) - fpr)))
        return Verification(
            n_same=len(same),
            n_diff=len(diff),
            mean_same=float(same.mean()),
            mean_diff=float(diff.mean()),
            gap=float(same.min() - diff.max()),
            auc=float(wins.sum() / (2 * len(same) * len(diff))),
            equal_error_rate=float(((1 - tpr[at]) + fpr[at]) / 2),
            threshold=float(thresholds[at]),
        )
