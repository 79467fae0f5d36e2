"""Runs rows and renders them as the tables of the errata page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lessonlib.errata.row import VERDICTS, Row


@dataclass(frozen=True)
class ErrataTable:
    """Rows with the numbers of a run in their findings; a notebook shows it as a table.

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

    def part(self, section: str) -> ErrataTable:
        """Return the rows of one section.

        Parameters
        ----------
        section : str
            ``"E4"``, ``"X1"``, or ``"F"`` for the statements of fact.

        Returns
        -------
        ErrataTable

        Raises
        ------
        ValueError
            Where there is no such row.
        """
        chosen = [
            pair
            for pair in zip(self.rows, self.findings, strict=True)
            if pair[0].section == section
        ]
        if not chosen:
            known = ", ".join(dict.fromkeys(row.section for row in self.rows))
            raise ValueError(f"section must be one of {known}, got {section!r}")
        rows, findings = zip(*chosen, strict=True)
        return replace(self, rows=rows, findings=findings)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each verdict, those with none left out."""
        count = Counter(row.verdict for row in self.rows)
        return {verdict: count[verdict] for verdict in VERDICTS if count[verdict]}

    @property
    def guide(self) -> str:
        """A Markdown table: each verdict, what it means, how many rows have it."""
        lines = ["| Verdict | It means | Rows |", "| --- | --- | ---: |"]
        lines += [f"| {v} | {VERDICTS[v]} | {n} |" for v, n in self.counts.items()]
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        # MyST: an anchor a row, and links that the book resolves and checks as it does its own.
        lines = ["| The episode says | What we measured |", "| --- | --- |"]
        for row, finding in zip(self.rows, self.findings, strict=True):
            claim = f"[**{row.id}**]{{#{row.anchor}}} {row.claim}"
            answer = f"**{row.verdict}.** {finding} *{row.lesson}* See {links(row.where)}."
            cells = (cell.replace("|", "\\|") for cell in (claim, answer))
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)

    def __str__(self) -> str:
        lines = []
        for row, finding in zip(self.rows, self.findings, strict=True):
            lines += [f"{row.id:6}{row.verdict:11}{row.claim}", f"{'':17}{finding}"]
        return "\n".join(lines).replace("\\$", "$")


def links(where: str) -> str:
    """Turn labels into links of the book, and leave the names of tests as code.

    Parameters
    ----------
    where : str
        Labels and tests, separated by blanks.

    Returns
    -------
    str
        MyST Markdown.

    Examples
    --------
    >>> links("fig-effective-samples tests/test_profiling.py")
    '[effective samples](#fig-effective-samples), <code>tests/<wbr>test_<wbr>profiling.py</code>'
    """
    parts = []
    for item in where.split():
        if item.startswith("tests/"):
            # a line may break inside the name, or a narrow page's table juts out
            name = re.sub("(/|::|_)", r"\1<wbr>", item)
            parts.append(f"<code>{name}</code>")
        else:
            words = item.split("-")
            text = " ".join(words[1:] if words[0] in ("fig", "sec", "tab") else words)
            parts.append(f"[{text}](#{item})")
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
