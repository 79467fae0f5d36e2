"""Exercises that grade themselves: for one learner, for a class, against cheats.

``check`` is for a notebook; the command line (``lessonlib --help``) is for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .learner import Verdict

__all__ = ["check"]


def check(target: Any, seed: int | None = None) -> Verdict:
    """Check an exercise's class, or a file that defines one, and say what is right and what not.

    Parameters
    ----------
    target : type, str or path
        The class, as a notebook defines it, or the path of a ``.py`` or ``.ipynb`` file. Either
        runs in another process, with limits of time and memory, so that an endless loop ends; a
        class runs in this one where the system cannot fork, with a limit of time.
    seed : int, optional
        Repeats an earlier check, which names its seed; by default the inputs are drawn afresh.

    Returns
    -------
    Verdict
        Shows itself as a table with pictures in a notebook and as text elsewhere; `score`,
        `max_score` and `passed` are its numbers.

    Raises
    ------
    ValueError
        Where a class has no exercise's name.
    FileNotFoundError
        Where there is no such file.

    Examples
    --------
    >>> from lessonlib.grading import check
    >>> check(AugmentationValidator)  # doctest: +SKIP
    """
    from .learner import check as checked

    return checked(target, seed)
