"""What moves a figure with sliders: its style sheet and its script, one of each a slider.

The book loads them as files of its own; a notebook gets them with the output of the cell, and
loads nothing from anywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.display import HTML

#: Said where no script runs.
WHERE = "where scripts run: in the book, and in a notebook once this cell has run"


def alive(name: str, box: str) -> HTML:
    """Return a slider that moves wherever its cell is run.

    Parameters
    ----------
    name : str
        ``"focal"``, ``"stretch"`` or ``"threshold"``.
    box : str
        The slider's HTML.

    Returns
    -------
    IPython.display.HTML
    """
    from IPython.display import HTML

    style, script = (
        Path(__file__).with_name(f"{name}-slider.{kind}").read_text("utf-8").strip()
        for kind in ("css", "js")
    )
    return HTML(f"{box}\n<style>\n{style}\n</style>\n<script>\n{script}\n</script>")
