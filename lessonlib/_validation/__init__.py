"""What every topic shares: checks of arguments, and the package's few rules about its inputs."""

from lessonlib._validation.arguments import (
    as_generator,
    check_choice,
    check_integer,
    check_labels,
    check_number,
    check_rank,
    check_scores,
)

__all__ = [
    "as_generator",
    "check_choice",
    "check_integer",
    "check_labels",
    "check_number",
    "check_rank",
    "check_scores",
]
