"""The episode's claims beside what was measured: one module a section, one page made from them.

A module of this package named like a section or a row (``e4``, ``x1``, ``f9``, and ``facts``) holds
a list ``ROWS`` of :class:`Row`; :func:`rows` collects them and :func:`table` runs and renders them.
"""

from __future__ import annotations

import importlib
import pkgutil
import re

from lessonlib.errata.page import ErrataTable, table
from lessonlib.errata.row import VERDICTS, Row

__all__ = ["VERDICTS", "ErrataTable", "Row", "rows", "table"]


def rows() -> list[Row]:
    """Collect the rows of every section, in the order of the page.

    Returns
    -------
    list of Row

    Raises
    ------
    ValueError
        Where two rows have the same id.
    """
    found: list[Row] = []
    for module in pkgutil.iter_modules(__path__):
        if re.fullmatch(r"[efx]\d+|facts", module.name):
            found += importlib.import_module(f"{__name__}.{module.name}").ROWS
    ids = [row.id for row in found]
    double = sorted({i for i in ids if ids.count(i) > 1})
    if double:
        raise ValueError(f"ids must be unique, got twice: {', '.join(double)}")
    return sorted(found, key=lambda row: row.order)
