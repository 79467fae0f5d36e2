"""What every topic shares: checks of arguments, and the package's few rules about its inputs."""

from lessonlib._validation.arguments import (
    as_generator,
    check_choice,
    check_integer,
    check_labels,
    check_number,
    check_numbers,
    check_rank,
    check_scores,
    check_shares,
    each_number,
    rounded_like,
)
from lessonlib._validation.missing import (
    is_missing,
    nan_array,
    plain_array,
    with_mask,
    with_nan,
    without_mask,
)
from lessonlib._validation.names import UNNAMED, in_class_order, members, subgroups_of

__all__ = [
    "UNNAMED",
    "as_generator",
    "check_choice",
    "check_integer",
    "check_labels",
    "check_number",
    "check_numbers",
    "check_rank",
    "check_scores",
    "check_shares",
    "each_number",
    "in_class_order",
    "is_missing",
    "members",
    "nan_array",
    "plain_array",
    "rounded_like",
    "subgroups_of",
    "with_mask",
    "with_nan",
    "without_mask",
]
