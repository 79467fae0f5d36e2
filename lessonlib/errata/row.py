"""One line of the errata page: a claim, its verdict and the function that measured it."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lessonlib._validation import check_choice, check_integer

#: What each verdict means, in the order in which the page's reading guide lists them.
VERDICTS = {
    "TRUE": "the measurement agrees",
    "FALSE": "the measurement contradicts it",
    "DEPENDS": "true for some settings and false for others, which the finding names",
    "MISLEADING": "true as worded, yet a reader would conclude something that is not so",
    "CITE": "no source was given; the finding gives one, or says that none was found",
    "BUG": "the code does something else than the text says",
    "GAP": "an input or a case that the code or the text passes over",
}

_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?e[+-]\d+")
_ID = re.compile(r"([EXF])(\d+)(?:\.(\d+))?")


@dataclass(frozen=True)
class Row:
    """A claim of the episode beside what was measured.

    Parameters
    ----------
    id : str
        Section and number: ``"E4.2"``. ``E`` is code and its commentary, ``X`` an exercise, ``F``
        a statement of fact, which has no section: ``"F11"``.
    claim : str
        What the episode says, in the course's own words.
    verdict : str
        One of :data:`VERDICTS`.
    finding : str
        What came out, as a template over the measured numbers: ``"n_eff = {effective:.1f}"``.
    lesson : str
        What to do instead.
    where : str
        The label of the chapter cell or section that shows it (``"fig-effective-samples"``), or
        a test, ``"tests/errata/test_e4.py::test_name"``; several are separated by blanks.
    measure : callable or None
        ``measure(seeds)`` returns the numbers of `finding`, from that many seeds where chance is
        involved. ``None`` where there is nothing to run.

    Raises
    ------
    ValueError
        Where `id` or `verdict` has another form, or `finding` asks for numbers while `measure`
        is ``None``.
    """

    id: str
    claim: str
    verdict: str
    finding: str
    lesson: str
    where: str
    measure: Callable[[int], Mapping[str, Any]] | None = None

    def __post_init__(self):
        if not _ID.fullmatch(self.id):
            raise ValueError(f"id must look like 'E4.2', got {self.id!r}")
        check_choice("verdict", self.verdict, VERDICTS)
        if self.measure is None and self.fields:
            raise ValueError(f"{self.id}: finding names {self.fields}, but measure is None")

    @property
    def fields(self) -> list[str]:
        """Names of the numbers that the finding shows."""
        parts = (name for _, name, _, _ in string.Formatter().parse(self.finding) if name)
        return list(dict.fromkeys(re.split(r"[.\[]", name)[0] for name in parts))

    @property
    def section(self) -> str:
        """Letter and section number, ``"E4"``; ``"F"`` for every statement of fact."""
        return "F" if self.id.startswith("F") else self.id.split(".")[0]

    @property
    def anchor(self) -> str:
        """The row's label on the errata page: ``"errata-e4-2"``."""
        return "errata-" + self.id.lower().replace(".", "-")

    @property
    def order(self) -> tuple[int, int, int]:
        """Sort key: sections E, then X, then F; E4 before E10."""
        letter, section, number = _ID.fullmatch(self.id).groups()
        return "EXF".index(letter), int(section), int(number or 0)

    def measured(self, seeds: int = 100) -> dict[str, Any]:
        """Return the numbers behind the finding.

        Parameters
        ----------
        seeds : int
            How many seeds to run where chance is involved.

        Returns
        -------
        dict
            Empty where nothing is measured.

        Raises
        ------
        KeyError
            Where the finding asks for a number that `measure` does not return.
        """
        check_integer("seeds", seeds, minimum=1)
        numbers = dict(self.measure(seeds)) if self.measure else {}
        missing = [name for name in self.fields if name not in numbers]
        if missing:
            raise KeyError(f"{self.id}: measure returns no {', '.join(missing)}")
        return numbers

    def statement(self, seeds: int = 100) -> str:
        """Return the finding with the numbers of a run over `seeds` seeds in it.

        Parameters
        ----------
        seeds : int
            How many seeds to run where chance is involved.

        Returns
        -------
        str
            Markdown. Numbers in ``e`` notation below 10⁻⁵ are rounding errors and stand as bounds:
            see :func:`bound`.
        """
        text = self.finding.format(**self.measured(seeds))
        return _SCIENTIFIC.sub(lambda found: bound(found.group()), text)


def bound(number: str) -> str:
    """Replace a rounding error by the power of ten above it, 10⁻¹² at least.

    A sum rounds differently on another processor: its error says no more than a magnitude.

    Parameters
    ----------
    number : str
        A number as ``"4e-15"``.

    Returns
    -------
    str
        The number itself where it is 10⁻⁵ or more.

    Examples
    --------
    >>> bound("4e-15"), bound("5.5e-07"), bound("1e-09"), bound("2e+03")
    ('10⁻¹²', '10⁻⁶', '10⁻⁹', '2e+03')
    """
    value = abs(float(number))
    if value >= 1e-5:
        return number
    exponent = max(-12, math.ceil(math.log10(value) - 1e-9)) if value else -12
    return "10⁻" + str(-exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
