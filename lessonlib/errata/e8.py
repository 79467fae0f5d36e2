"""Section E8, evaluation: a threshold from the wrong end, and numbers without their limits."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, norm

from lessonlib import evaluation as ev
from lessonlib.errata.row import Row

# The scores of the episode's demonstration: 950 healthy and 50 ill people.
HEALTHY, ILL = beta(2, 8), beta(8, 3)
N_HEALTHY, N_ILL = 950, 50
# Its printed counts, at 0.5.
TP, FN, FP, TN = 47, 3, 16, 934


def screening_scores(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw labels and scores as the episode's demonstration does."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], [N_HEALTHY, N_ILL])
    return labels, np.r_[HEALTHY.rvs(N_HEALTHY, rng), ILL.rvs(N_ILL, rng)]


def first_from_below(labels: np.ndarray, scores: np.ndarray, goal: float = 0.95) -> float | None:
    """Walk up 1,000 thresholds from 0 and stop at the first that reaches a sensitivity.

    Returns None where none does.
    """
    ill = scores[labels == 1]
    for threshold in np.arange(1000) / 999:
        if len(ill) and np.mean(ill >= threshold) >= goal:
            return float(threshold)
    return None


@dataclass(frozen=True)
class Binormal:
    """A model whose scores are N(0, 1) in the healthy and N(mean, spread²) in the ill.

    Its ROC curve is known exactly: no sample, no error.
    """

    mean: float
    spread: float

    @classmethod
    def of_auc(cls, auc: float, spread: float) -> Binormal:
        """Return the model with this area: AUC = Φ(mean / √(1 + spread²))."""
        return cls(float(norm.ppf(auc) * np.hypot(1, spread)), spread)

    def sensitivity(self, false_alarms) -> np.ndarray:
        """Return the sensitivity where this share of the healthy is called."""
        return norm.sf(norm.isf(false_alarms), self.mean, self.spread)

    def specificity_at(self, sensitivity: float) -> float:
        """Return the specificity at a sensitivity."""
        return float(norm.cdf(norm.isf(sensitivity, self.mean, self.spread)))


#: Three models of one AUC: the ill score higher, or higher and scattered, or higher and alike.
THREE_MODELS = {
    name: Binormal.of_auc(0.9, spread) for name, spread in (("A", 1.0), ("B", 2.0), ("C", 0.5))
}


def from_below(seeds: int) -> dict:
    """E8.1: the threshold that the scan finds, and the one meant."""
    zero, thresholds, specificities = 0, [], []
    for seed in range(seeds):
        labels, scores = screening_scores(seed)
        zero += first_from_below(labels, scores) == 0
        point = ev.operating_point(labels, scores)
        thresholds.append(point.threshold)
        specificities.append(point.specificity)
    return {
        "zero": ev.binomial_interval(zero, seeds),
        "threshold": ev.percentile_interval(thresholds),
        "specificity": ev.percentile_interval(specificities),
    }


def optimism(seeds: int) -> dict:
    """E8.2: the sensitivity, in everyone, of a threshold chosen on 50 ill people.

    The threshold is the third lowest score of the ill. The share of all ill people above the k-th
    highest of n scores has the distribution Beta(k, n + 1 - k), whatever the scores' own.
    """
    runs = max(seeds, 1000)  # a threshold each; its true sensitivity is a closed form
    chosen = [ev.operating_point(*screening_scores(seed)).threshold for seed in range(runs)]
    true = ILL.sf(chosen)
    return {
        "seen": 48 / 50,
        "interval": ev.binomial_interval(48, 50),
        "true": ev.percentile_interval(true),
        "below": ev.binomial_interval(int(np.sum(true < 0.95)), runs),
        "exact": float(beta.cdf(0.95, 48, 3)),
    }


def _outcome(labels, scores) -> str:
    """Run the metrics as the episode combines them; say what comes out."""
    from sklearn.metrics import confusion_matrix, roc_auc_score

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            called = (scores >= 0.5).astype(int)
            _, _, _, _ = confusion_matrix(labels, called).ravel()
            area = roc_auc_score(labels, scores)
        found = first_from_below(np.asarray(labels), np.asarray(scores))
    except (ValueError, TypeError) as error:
        return type(error).__name__
    text = "AUC nan" if np.isnan(area) else f"AUC {area:.1f}"
    return text + (", no threshold" if found is None else f", threshold {found:.0f}")


def inputs(seeds: int) -> dict:
    """E8.3: what comes out of inputs that are not as hoped for, and what ours says."""
    scores = np.array([0.1, 0.4, 0.7, 0.9])
    labels = np.array([0, 0, 1, 1])
    cases = {
        "healthy": (0 * labels, scores),
        "ill": (labels * 0 + 1, scores),
        "alike": (0 * labels, scores / 10),
        "lists": (labels.tolist(), scores.tolist()),
        "signs": (2 * labels - 1, scores),
        "logits": (labels, np.array([-9.0, -7.0, -5.0, -1.0])),
        "nan": (labels, np.array([0.1, np.nan, 0.7, 0.9])),
    }
    refused = 0
    for name in ("healthy", "ill", "alike", "signs", "nan"):
        try:
            ev.operating_point(*cases[name])
        except ValueError as error:
            refused += str(error).startswith(("y_true", "y_score"))
    worked = [ev.operating_point(*cases[name]).sensitivity for name in ("lists", "logits")]
    return {
        **{name: _outcome(*case) for name, case in cases.items()},
        "refused": refused,
        "worked": sum(s == 1 for s in worked),
    }


def other_prevalence(seeds: int) -> dict:
    """E8.4: the printed PPV at other prevalences."""
    sensitivity, specificity = TP / (TP + FN), TN / (TN + FP)
    ppv = ev.predictive_values(sensitivity, specificity, [0.05, 0.02, 0.01, 0.005, 0.001]).ppv
    return {
        "printed": TP / (TP + FP),
        "ppv": ppv,
        **dict(zip(("at2", "at1", "at05", "at01"), map(float, ppv[1:]), strict=True)),
        # Florence's first round, counted: see the chapter
        "found": 114 / 15_952,
        "all_ill": 154 / 15_952,
    }


def equal_areas(seeds: int) -> dict:
    """E8.5: three models of one AUC at two operating points."""
    return {
        "screening": [model.specificity_at(0.95) for model in THREE_MODELS.values()],
        "confirming": [float(model.sensitivity(0.01)) for model in THREE_MODELS.values()],
    }


def not_probabilities(seeds: int) -> dict:
    """E8.6: share of ill people among those with a score, by Bayes' theorem on the densities."""
    ill = N_ILL / (N_ILL + N_HEALTHY)

    def observed(score):
        here, there = ill * ILL.pdf(score), (1 - ill) * HEALTHY.pdf(score)
        return float(here / (here + there))

    return {"at_half": observed(0.5), "at_seven": observed(0.7)}


ROWS = [
    Row(
        id="E8.1",
        claim="The evaluation prints the threshold for a sensitivity of 95%.",
        verdict="BUG",
        finding="The scan begins at threshold 0, where everyone is called and the sensitivity is "
        "1: it stops there in a share of {zero} of the runs, with specificity 0. The highest "
        "threshold that reaches 95% is {threshold:.2f}, with specificity {specificity:.3f}.",
        lesson="Take the highest threshold that reaches the sensitivity, from the scores.",
        where="sec-threshold",
        measure=from_below,
    ),
    Row(
        id="E8.2",
        claim="The threshold is found on the cases that the figures are reported for.",
        verdict="GAP",
        finding="48 of 50 is {seen:.2f} with an exact interval of {interval.low:.3f} to "
        "{interval.high:.3f}. In everyone the thresholds so chosen have a sensitivity of "
        "{true:.3f} (95% of runs); it is below 0.95 in a share of {below} (in theory, for any "
        "scores, {exact:.3f}).",
        lesson="Choose on validation data, judge on fresh data, report the interval.",
        where="fig-fresh-sensitivity sec-threshold",
        measure=optimism,
    ),
    Row(
        id="E8.3",
        claim="The function takes labels and probabilities; other input is not mentioned.",
        verdict="GAP",
        finding="All healthy: {healthy}. All ill: {ill}. All healthy and nobody called: {alike}. "
        "Lists: {lists}. Labels −1 and 1: {signs}. Logits below 0: {logits}. A NaN: {nan}. Ours "
        "refuses the {refused} of these that leave nothing to choose, by name, and answers the "
        "other {worked}.",
        lesson="Check labels and scores; answer NaN for what is undefined, never a number.",
        where="tests/test_evaluation.py::test_what_cannot_be_is_refused_by_name "
        "tests/test_evaluation.py::test_report_of_one_class_is_nan_where_undefined",
        measure=inputs,
    ),
    Row(
        id="E8.4",
        claim="The PPV is printed for the cases at hand, where 5% are ill.",
        verdict="MISLEADING",
        finding="{printed:.3f} there; the same sensitivity and specificity give {at2:.3f} at 2%, "
        "{at1:.3f} at 1%, {at05:.3f} at 0.5% and {at01:.3f} at 0.1%. In the first round of a "
        "mammography programme {all_ill:.2%} of the women were ill, and in {found:.2%} it was "
        "found.",
        lesson="Report PPV for the prevalence of the place where the test is used.",
        where="fig-ppv sec-ppv",
        measure=other_prevalence,
    ),
    Row(
        id="E8.5",
        claim="AUC is the measure to compare models by, whatever the clinical use.",
        verdict="MISLEADING",
        finding="Three models of AUC 0.900: at sensitivity 95% their specificities are "
        "{screening[0]:.3f}, {screening[1]:.3f} and {screening[2]:.3f}; at specificity 99% their "
        "sensitivities are {confirming[0]:.3f}, {confirming[1]:.3f} and {confirming[2]:.3f}.",
        lesson="Compare models at the operating point of their use.",
        where="fig-equal-auc sec-equal-auc",
        measure=equal_areas,
    ),
    Row(
        id="E8.6",
        claim="The scores are called probabilities.",
        verdict="GAP",
        finding="Of the people with a score of 0.5 a share of {at_half:.3f} is ill, with a score "
        "of 0.7 {at_seven:.3f}.",
        lesson="Call them scores until their calibration has been measured.",
        where="sec-calibration",
        measure=not_probabilities,
    ),
]
