"""A classifier of seven facial expressions, simulated with the rates that it is said to have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessonlib._validation import check_integer, check_number, plain_array


class ExpressionAnalyzer:
    """Simulate and summarise the confusions between seven expressions.

    Parameters
    ----------
    samples_per : int, default 100
        Photos of each expression.
    seed : int, default 42

    Raises
    ------
    TypeError, ValueError
        Where an argument is no integer or out of range.
    """

    EXPRESSIONS = ("angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
    #: Chance of a right answer, in the same order.
    CORRECT_PROBS = (0.65, 0.60, 0.60, 0.80, 0.70, 0.68, 0.72)
    #: What part of a class is taken for which other class.
    CONFUSED_WITH = (
        ("angry", "disgusted", 0.12),
        ("disgusted", "angry", 0.12),
        ("fearful", "surprised", 0.15),
        ("surprised", "fearful", 0.10),
        ("sad", "neutral", 0.08),
        ("neutral", "sad", 0.06),
    )

    def __init__(self, samples_per: int = 100, seed: int = 42):
        self.samples_per = check_integer("samples_per", samples_per, minimum=1)
        self.seed = check_integer("seed", seed, minimum=0)

    @property
    def n(self) -> int:
        """The episode's name of `samples_per`."""
        return self.samples_per

    def probabilities(
        self,
        correct_probs: Mapping[str, float] | None = None,
        boost: Mapping[str, float] | None = None,
    ) -> np.ndarray:
        """Return the chance of each answer to each expression.

        Parameters
        ----------
        correct_probs : mapping of str to float, optional
            Chance of a right answer for every expression; :attr:`CORRECT_PROBS` by default.
        boost : mapping of str to float, optional
            Added to it for some; the sum is capped at 0.95, but a boost never lowers a chance.

        Returns
        -------
        numpy.ndarray of float64, shape (7, 7)
            Rows are true, columns predicted expressions. Every row sums to 1 without having been
            divided by its sum.

        Raises
        ------
        TypeError, ValueError
            Where a name is unknown or missing, or a chance is not in [0, 1].
        """
        names = self.EXPRESSIONS
        correct = dict(zip(names, self.CORRECT_PROBS, strict=True))
        if correct_probs is not None:
            correct = self._named("correct_probs", correct_probs)
            if missing := [name for name in names if name not in correct]:
                raise ValueError(f"correct_probs must name all expressions, lacks {missing}")
        for name, extra in self._named("boost", boost or {}, 1).items():
            correct[name] = max(correct[name], min(correct[name] + extra, 0.95))

        table = np.zeros((7, 7))
        for i, name in enumerate(names):
            table[i, i] = correct[name]
            for true, other, share in self.CONFUSED_WITH:
                if true == name:
                    table[i, names.index(other)] = min(share, 1 - correct[name])
            # Counted once, before they fill: the rest is given out once, and the row sums to 1.
            partners = {other for true, other, _ in self.CONFUSED_WITH if true == name} | {name}
            empty = [j for j, other in enumerate(names) if other not in partners]
            table[i, empty] = max(0.0, 1 - table[i].sum()) / len(empty)
        return table

    def _named(self, argument: str, values: Mapping[str, float], low: float = 0.0) -> dict:
        """Check a mapping of expressions to numbers in [0, 1], or in [-1, 1] for a boost."""
        if not isinstance(values, Mapping):
            raise TypeError(f"{argument} must map names to numbers, got {type(values).__name__}")
        unknown = [name for name in values if name not in self.EXPRESSIONS]
        if unknown:
            raise ValueError(
                f"{argument} must name {', '.join(self.EXPRESSIONS)}, got {unknown[0]!r}"
            )
        return {
            name: check_number(f"{argument}[{name!r}]", value, minimum=-low, maximum=1)
            for name, value in values.items()
        }

    def generate_confusion(
        self,
        correct_probs: Mapping[str, float] | None = None,
        boost: Mapping[str, float] | None = None,
    ) -> np.ndarray:
        """Draw one study.

        Parameters
        ----------
        correct_probs, boost : mapping of str to float, optional
            As in :meth:`probabilities`; neither is changed.

        Returns
        -------
        numpy.ndarray of int64, shape (7, 7)
            Counts; each row sums to `samples_per`.
        """
        rng = np.random.default_rng(self.seed)
        return np.array(
            [
                rng.multinomial(self.samples_per, row)
                for row in self.probabilities(correct_probs, boost)
            ]
        )

    def metrics(self, cm) -> dict[str, dict[str, float]]:
        """Return precision, recall and F1 of each expression.

        Parameters
        ----------
        cm : array_like, shape (7, 7)
            Counts or chances, none negative.

        Returns
        -------
        dict of str to dict
            Keys "precision", "recall", "f1"; an undefined value is 0.0.

        Raises
        ------
        ValueError
            Where the shape is another, or an entry is negative or not finite.
        """
        cm = self._matrix(cm).astype(np.float64)  # sums of counts in uint8 would wrap
        results = {}
        for k, name in enumerate(self.EXPRESSIONS):
            right, true, called = cm[k, k], cm[k].sum(), cm[:, k].sum()
            results[name] = {
                "precision": float(right / called) if called else 0.0,
                "recall": float(right / true) if true else 0.0,
                "f1": float(2 * right / (true + called)) if true + called else 0.0,
            }
        return results

    def most_confused(self, cm, k: int = 4) -> list[tuple[str, str, int]]:
        """Return the largest counts off the diagonal, largest first.

        Parameters
        ----------
        cm : array_like, shape (7, 7)
        k : int, default 4

        Returns
        -------
        list of (true, predicted, count)

        Raises
        ------
        TypeError, ValueError
            Where `k` is no positive integer, or as in :meth:`metrics`.
        """
        cm, k = self._matrix(cm), check_integer("k", k, minimum=1)
        pairs = [
            (true, called, cm[i, j].item())
            for i, true in enumerate(self.EXPRESSIONS)
            for j, called in enumerate(self.EXPRESSIONS)
            if i != j
        ]
        return sorted(pairs, key=lambda pair: pair[2], reverse=True)[:k]

    def run(self, boost: float = 0.05) -> dict[str, Any]:
        """Draw a study, print what it shows, then lift the two worst classes and draw it again.

        Parameters
        ----------
        boost : float, default 0.05
            Added to the chance of a right answer of the two classes with the lowest F1.

        Returns
        -------
        dict
            "confusion" ``(7, 7)``, "metrics" as :meth:`metrics` returns them, "most_confused" as
            :meth:`most_confused` does, "ranking" of the names from the lowest F1 up, and
            "f1_boosted" of the two lifted classes.

        Raises
        ------
        TypeError, ValueError
            Where `boost` is no number from -1 to 1.

        Notes
        -----
        The two studies are two draws, although they start from one seed: from the first lifted
        class on, every count can differ. A small change of F1 is believed only over many seeds.

        Examples
        --------
        >>> study = ExpressionAnalyzer().run()  # doctest: +ELLIPSIS
                    angr  disg  fear  happ  neut   sad  surp
        angry ...
        >>> study["confusion"].sum()
        np.int64(700)
        """
        boost = check_number("boost", boost, minimum=-1, maximum=1)
        cm = self.generate_confusion()
        scores, pairs = self.metrics(cm), self.most_confused(cm)
        ranking = sorted(self.EXPRESSIONS, key=lambda name: scores[name]["f1"])
        lifted = self.metrics(self.generate_confusion(boost=dict.fromkeys(ranking[:2], boost)))
        after = {name: lifted[name]["f1"] for name in ranking[:2]}

        print(" " * 10 + "".join(f"{name[:4]:>6}" for name in self.EXPRESSIONS))
        for name, row in zip(self.EXPRESSIONS, cm, strict=True):
            print(f"{name:10}" + "".join(f"{count:6}" for count in row))
        print("\nexpression  precision  recall    F1")
        for name, of in scores.items():
            print(f"{name:10}  {of['precision']:9.3f}  {of['recall']:6.3f}  {of['f1']:4.3f}")
        print("\nmost often confused (true, taken for, photos)")
        for true, called, count in pairs:
            print(f"{true:10}  {called:10}  {count:4}")
        print("\nlowest F1 first: " + ", ".join(ranking))
        for name, f1 in after.items():
            print(f"{name}, {boost:+.2f}: F1 {scores[name]['f1']:.3f} to {f1:.3f}")
        return {
            "confusion": cm,
            "metrics": scores,
            "most_confused": pairs,
            "ranking": ranking,
            "f1_boosted": after,
        }

    def _matrix(self, cm) -> np.ndarray:
        cm = plain_array("cm", cm)
        if cm.shape != (7, 7) or cm.dtype.kind not in "iuf":
            raise ValueError(f"cm must hold numbers of shape (7, 7), got {cm.dtype} {cm.shape}")
        if not (cm >= 0).all() or not np.isfinite(cm).all():
            raise ValueError("cm must hold finite counts of at least 0")
        return cm
