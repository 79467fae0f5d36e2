"""What a classifier is worth in the clinic: figures with intervals, thresholds with a purpose.

``medical_evaluation`` reports a model at a threshold; ``operating_point`` and
``confirmation_point`` choose thresholds and ``at_threshold`` judges one on other cases.
``auc_interval`` and ``compare_auc`` are DeLong's, ``bootstrap_auc`` also takes cases in groups.
``predictive_values``, ``net_benefit`` and ``adjust_prevalence`` carry a result to another
prevalence; ``calibration`` and ``reliability_curve`` ask whether a score is a probability. The
chapter *Evaluation* teaches all of them. ``mean_interval`` and ``percentile_interval`` say what
repeated runs are worth; ``StreamingEvaluation`` takes cases in pieces, however many there are.

NumPy and two functions of SciPy; neither scikit-learn nor PyTorch is loaded.
"""

from __future__ import annotations

from lessonlib.evaluation.auc import AucInterval, auc_interval
from lessonlib.evaluation.bootstrap import BootstrapAuc, bootstrap_auc
from lessonlib.evaluation.calibration import Calibration, calibration
from lessonlib.evaluation.comparison import AucComparison, compare_auc
from lessonlib.evaluation.decision import (
    DecisionCurve,
    PredictiveValues,
    adjust_prevalence,
    net_benefit,
    predictive_values,
)
from lessonlib.evaluation.intervals import (
    Interval,
    binomial_interval,
    mean_interval,
    percentile_interval,
)
from lessonlib.evaluation.reliability import ReliabilityCurve, reliability_curve
from lessonlib.evaluation.report import EvaluationReport, medical_evaluation
from lessonlib.evaluation.roc import (
    OperatingPoint,
    RocCurve,
    at_threshold,
    confirmation_point,
    operating_point,
    roc_curve,
)
from lessonlib.evaluation.streaming import StreamingEvaluation

__all__ = [
    "AucComparison",
    "AucInterval",
    "BootstrapAuc",
    "Calibration",
    "DecisionCurve",
    "EvaluationReport",
    "Interval",
    "OperatingPoint",
    "PredictiveValues",
    "ReliabilityCurve",
    "RocCurve",
    "StreamingEvaluation",
    "adjust_prevalence",
    "at_threshold",
    "auc_interval",
    "binomial_interval",
    "bootstrap_auc",
    "calibration",
    "compare_auc",
    "confirmation_point",
    "mean_interval",
    "medical_evaluation",
    "net_benefit",
    "operating_point",
    "percentile_interval",
    "predictive_values",
    "reliability_curve",
    "roc_curve",
]
