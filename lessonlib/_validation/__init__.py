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
from lessonlib._validation.missing import (
    UNNAMED,
    is_missing,
    members,
    plain_array,
    subgroups_of,
    with_mask,
    with_nan,
    without_mask,
)

__all__ = [
    "UNNAMED",
    "as_generator",
    "check_choice",
    "check_integer",
    "check_labels",
    "check_number",
    "check_rank",
    "check_scores",
    "is_missing",
    "members",
    "plain_array",
    "subgroups_of",
    "with_mask",
    "with_nan",
    "without_mask",
]
