"""What is written down, audited and watched once a model is to be used on patients.

``IntendedUse``, ``DataRecord`` and ``ModelCard`` say what a model is for, what it was made from and
what it was measured to do; ``subgroup_audit`` asks for whom it works, with intervals that count
patients; ``DriftMonitor`` and its tests ask whether today's pictures are still those of yesterday,
at a false-alarm rate that is kept. The chapter *Regulation and life after deployment* teaches all
of them.

NumPy and a few functions of SciPy; neither scikit-learn nor PyTorch is loaded.
"""

from __future__ import annotations

from lessonlib.governance.audit import Subgroup, SubgroupAudit, subgroup_audit
from lessonlib.governance.card import DataRecord, IntendedUse, ModelCard
from lessonlib.governance.drift import DriftTest, ks_test, mmd_test
from lessonlib.governance.gaps import difference_interval
from lessonlib.governance.monitor import (
    DriftMonitor,
    chance_of_false_alarm,
    image_statistics,
    level_per_check,
)

__all__ = [
    "DataRecord",
    "DriftMonitor",
    "DriftTest",
    "IntendedUse",
    "ModelCard",
    "Subgroup",
    "SubgroupAudit",
    "chance_of_false_alarm",
    "difference_interval",
    "image_statistics",
    "ks_test",
    "level_per_check",
    "mmd_test",
    "subgroup_audit",
]
