"""Results as plain text."""

from __future__ import annotations

import textwrap
from typing import Any


def summary(result: dict[str, Any]) -> str:
    """Write one result as lines: the score, then each part and what is wrong with it.

    Parameters
    ----------
    result : dict
        An entry of the report.

    Returns
    -------
    str
    """
    name = result["exercise"] or result["submission"]
    lines = [f"{name}: {result['score']:g} of {result['max_score']:g} points"]
    if result["message"]:
        return "\n".join([*lines, textwrap.indent(result["message"], "  ")])
    lines += [f"  {line}" for line in result.get("note", "").splitlines()]
    for part in result["criteria"]:
        lines.append(f"{'ok  ' if part['passed'] else 'not '} {part['id']}: {part['title']}")
        if part["message"]:
            lines.append(textwrap.indent(part["message"], "       "))
    return "\n".join(lines)
