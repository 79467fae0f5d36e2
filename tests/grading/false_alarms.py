"""Grade right answers very often and count the alarms: ``python false_alarms.py [RUNS] [NAME]``.

The checks say how seldom a right answer fails by chance; this measures it, for the solution and
for every right answer in `submissions/`. It takes minutes and is no test.
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import submission_cases as cases

from lessonlib.grading.exercise import LocalRemote, Mistake, SubmissionError

#: The parts in which chance has a say: drawn data, drawn noise, fits to drawn data.
STOCHASTIC = {
    "augmentation_validator": ("a", "c", "verify"),
    "imbalance_comparator": ("a", "b", "d", "verify"),
    "embedding_similarity_analyzer": ("embeddings",),
    "expression_analyzer": ("generate_confusion",),
}


def main(runs: int = 100, wanted: str = "") -> None:
    """Print the number of false alarms of every stochastic part."""
    for stem, parts in STOCHASTIC.items():
        if wanted and wanted not in stem:
            continue
        sources = {"solution": cases.solution(stem)}
        sources |= {path.stem: path.read_text("utf-8") for s, path in cases.correct() if s == stem}
        if stem == "imbalance_comparator":
            for strength in (0.01, 100):
                sources[f"C={strength}"] = sources["solution"].replace(
                    "LogisticRegression(", f"LogisticRegression(C={strength}, max_iter=1000, "
                )
        for name, source in sources.items():
            alarms: Counter = Counter()
            for run in range(runs):
                cls = cases.load(stem, source)
                for criterion in cases.exercise(stem).criteria:
                    if criterion.id not in parts:
                        continue
                    try:
                        criterion.check(LocalRemote(cls), np.random.default_rng([run, 1]))
                    except (Mistake, SubmissionError) as mistake:
                        alarms[criterion.id] += 1
                        print(f"{name}, {criterion.id}, run {run}: {mistake}")
            print(f"{stem}, {name}: {sum(alarms.values())} false alarms in {runs} runs", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, *sys.argv[2:3])
