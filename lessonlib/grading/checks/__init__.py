"""The exercises and how they are judged, one module each."""

from __future__ import annotations

from lessonlib.grading.checks import (
    augmentation_validator,
    embedding_similarity_analyzer,
    expression_analyzer,
    face_aligner,
    imbalance_comparator,
    scientific_image_analyzer,
)
from lessonlib.grading.exercise import Exercise

#: Every exercise by the name of its class, in the order of the course.
EXERCISES: dict[str, Exercise] = {
    module.EXERCISE.name: module.EXERCISE
    for module in (
        augmentation_validator,
        imbalance_comparator,
        scientific_image_analyzer,
        embedding_similarity_analyzer,
        face_aligner,
        expression_analyzer,
    )
}
