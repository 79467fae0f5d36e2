"""Strangers' text made harmless: one cleaner for each place that text is written to.

A student can name files, folders, classes and exceptions, and prints what it likes; a roster's
names were typed by somebody too. Whatever of that reaches a terminal, a page, a table or XML goes
through one of these functions, and through no other.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Any

#: The most characters of a message, and of what has to fit in a line.
MESSAGE_CAP, LINE_CAP = 4000, 300
_CELL_CAP = 32_000  # Excel keeps 32,767 characters of a cell
REPLACED = "\N{REPLACEMENT CHARACTER}"

# What a terminal or a page might obey, or hide: control characters (escape codes begin with one),
# marks that turn the direction of writing, what takes no room, tags and other unseen selectors,
# halves of a surrogate pair, and what is no character at all. Line ends and tabs are kept here.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# A spreadsheet takes a cell that begins with one of these for a formula, the full-width and small
# forms included, which some fold into the plain ones.
_SIGNS = "=+\\-@\u2212" + "".join(
    chr(code)
    for code in (*range(0x2070, 0x209F), *range(0xFE50, 0xFE70), *range(0xFF00, 0xFF60))
    if unicodedata.normalize("NFKC", chr(code)) in ("=", "+", "-", "\u2212", "@")
)
# ... and one can begin in the middle of ours: where a table of commas is opened as one of
# semicolons or tabs, its quotes do not hold.
_FORMULA = re.compile(f'(^|[;\t\r\n"])([\\s"{REPLACED}]*)(?=[{_SIGNS}])')


def text(value: Any, most: int = MESSAGE_CAP) -> str:
    r"""Return a message of several lines that nothing takes for anything but text.

    Parameters
    ----------
    value : object
        What is to be said.
    most : int
        The most characters that are kept.

    Returns
    -------
    str

    Examples
    --------
    >>> text("two\r\nlines \x1b[31m")
    'two\nlines �[31m'
    """
    said = str(value)[: 2 * most].replace("\r\n", "\n")
    said = _UNSEEN.sub(REPLACED, said)
    return said if len(said) <= most else said[:most] + " …"


def line(value: Any, most: int = LINE_CAP) -> str:
    r"""Return a name or a title: as `text`, in one line, so that it can imitate no other line.

    Examples
    --------
    >>> line("a.py\nb.py: 5 of 5 points")
    'a.py�b.py: 5 of 5 points'
    """
    return re.sub("[\t\n]", REPLACED, text(value, most))


def page(value: Any) -> str:
    """Return a message for HTML, in text and in quoted attributes."""
    return html.escape(text(value))


def page_line(value: Any, most: int = LINE_CAP) -> str:
    """Return a name for HTML, in text and in quoted attributes."""
    return html.escape(line(value, most))


def cell(value: Any) -> Any:
    """Return a table's cell that no spreadsheet takes for a formula; numbers stay numbers.

    An apostrophe goes before every sign that could begin one: at the start, and after whatever
    would start a new cell if the table was opened with another separator.

    Examples
    --------
    >>> cell("=1+1"), cell("x;=1+1"), cell(2.5)
    ("'=1+1", "x;'=1+1", 2.5)
    """
    if not isinstance(value, str):
        return value
    said = _FORMULA.sub(r"\1\2'", text(value, _CELL_CAP))
    return f"'{said}" if said.startswith("\t") else said


def xml(value: Any) -> str:
    """Return a message that XML 1.0 can hold; escaping is left to whatever writes the XML."""
    return text(value)


def unicode(name: str) -> str:
    r"""Return a file's name as text that every reader of JSON takes; no two names become one.

    What is no UTF-8 in a name of POSIX arrives as half of a surrogate pair, and leaves as
    ``\udcff``.
    """
    if name.isascii():
        return name
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
