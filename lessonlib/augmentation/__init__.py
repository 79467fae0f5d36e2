"""Augmentation that respects anatomy: elastic deformation, a pipeline, a validator.

Taught in the chapters *Augmentation* and *Exercise 1: validate your augmentations*.
"""

from lessonlib.augmentation.elastic import ElasticDeformation
from lessonlib.augmentation.field import (
    displacement_sd,
    expected_fold_fraction,
    fold_fraction,
    jacobian_determinant,
)
from lessonlib.augmentation.landmarks import (
    Landmark,
    brighter_half,
    draw_discs,
    find_landmark,
    largest_bright_region,
)
from lessonlib.augmentation.transforms import medical_train_transforms
from lessonlib.augmentation.validator import AugmentationValidator, PositionCheck
from lessonlib.augmentation.warp import warp

__all__ = [
    "AugmentationValidator",
    "ElasticDeformation",
    "Landmark",
    "PositionCheck",
    "brighter_half",
    "displacement_sd",
    "draw_discs",
    "expected_fold_fraction",
    "find_landmark",
    "fold_fraction",
    "jacobian_determinant",
    "largest_bright_region",
    "medical_train_transforms",
    "warp",
]
