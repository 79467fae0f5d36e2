"""Runs rows and renders them as the table of the errata page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lessonlib.errata.row import VERDICTS, Row


@dataclass(frozen=True)
class ErrataTable:
    """Rows with the numbers of a run in their findings.

    Parameters
    ----------
    rows : tuple of Row
        What was measured.
    findings : tuple of str
        One a row, numbers filled in.
    seeds : int
        Over how many seeds.
    """

    rows: tuple[Row, ...]
    findings: tuple[str, ...]
    seeds: int

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each verdict, those with none left out."""
        count = Counter(row.verdict for row in self.rows)
        return {verdict: count[verdict] for verdict in VERDICTS if count[verdict]}

    @property
    def markdown(self) -> str:
        """A MyST table: an anchor a row, its links resolved by the book's own cross-references."""
        lines = [
            "| Row | The episode says | Verdict | What we measured | Where |",
            "| --- | --- | --- | --- | --- |",
        ]
        for row, finding in zip(self.rows, self.findings, strict=True):
            what = f"{finding} *{row.lesson}*"
            cells = (f"[{row.id}]{{#{row.anchor}}}", row.claim, row.verdict, what, links(row.where))
            lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __str__(self) -> str:
        pairs = zip(self.rows, self.findings, strict=True)
        return "\n".join(f"{r.id:6} {r.verdict:10} {r.claim}\n       {f}" for r, f in pairs)


def links(where: str) -> str:
    """Turn labels into links of the book and leave test paths as code.

    Parameters
    ----------
    where : str
        Labels and test paths, separated by blanks.

    Returns
    -------
    str
        MyST Markdown.
    """
    parts = []
    for item in where.split():
        if item.startswith("tests/"):
            path, _, test = item.partition("::")
            parts.append(f"`{test or path}`")
        else:
            parts.append(f"[shown here](#{item})")
    return ", ".join(parts)


def table(rows: Sequence[Row], seeds: int = 100) -> ErrataTable:
    """Measure every row and put the numbers into its finding.

    Parameters
    ----------
    rows : sequence of Row
        What to run, as :func:`lessonlib.errata.rows` gives them.
    seeds : int
        How many seeds where chance is involved.

    Returns
    -------
    ErrataTable
    """
    return ErrataTable(tuple(rows), tuple(row.statement(seeds) for row in rows), seeds)
