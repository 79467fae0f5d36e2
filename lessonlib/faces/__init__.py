"""The warm-up: face embeddings under noise, faces brought upright, rankings of confusions.

``EmbeddingSimilarityAnalyzer`` with the exact cosine that noise leaves, ``FaceAligner`` by two
points and by five, ``ExpressionAnalyzer`` and how stable its ranking is. All faces are simulated:
vectors, marks and counts. The chapter *Warm-up: faces* teaches them.
"""

from __future__ import annotations

from lessonlib.faces.alignment import FaceAligner, posed_landmarks
from lessonlib.faces.cosines import (
    expected_cosine,
    mean_resultant_length,
    noise_for_cosine,
    stranger_cosine_quantile,
)
from lessonlib.faces.embeddings import EmbeddingSimilarityAnalyzer, Verification
from lessonlib.faces.expressions import ExpressionAnalyzer
from lessonlib.faces.rankings import RankStability, order_probability, rank_stability
from lessonlib.faces.similarity import Similarity, expected_misplacement, fit_similarity

__all__ = [
    "EmbeddingSimilarityAnalyzer",
    "ExpressionAnalyzer",
    "FaceAligner",
    "RankStability",
    "Similarity",
    "Verification",
    "expected_cosine",
    "expected_misplacement",
    "fit_similarity",
    "mean_resultant_length",
    "noise_for_cosine",
    "order_probability",
    "posed_landmarks",
    "rank_stability",
    "stranger_cosine_quantile",
]
