"""Whose submission is whose: the roster, and the one rule that gives a file to a student.

The rule is `Roster.assign`. Whoever reads a report or fills a gradebook asks it, and nothing else
compares a name with a path.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import posixpath
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from . import cleaning

#: Columns that a roster may have; the two first must be there.
COLUMNS = ("file", "id", "name", "email", "login", "canvas_id", "section")
# By these a gradebook looks for a student: none may lead to two.
_NUMBERS = ("id", "canvas_id", "login", "email")


@dataclass(frozen=True)
class Student:
    """A line of the roster; what it does not say is empty.

    Attributes
    ----------
    file : str
        A submission's path or a folder's, a file's name, or a folder's name.
    id : str
        The student's number: Moodle's *ID number*, Canvas's *SIS User ID*.
    name, email, login, canvas_id, section : str
        For the columns of the same name.
    """

    file: str
    id: str
    name: str = ""
    email: str = ""
    login: str = ""
    canvas_id: str = ""
    section: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells one student from another: the first of the numbers that is there."""
        for column in (*_NUMBERS, "name"):
            if value := getattr(self, column):
                return column, value.casefold() if column == "email" else value
        return "id", ""

    @property
    def shown(self) -> str:
        """The student in a line: name and number, as far as they are known."""
        number = self.key[1]
        return f"{self.name} ({number})" if self.name and self.name != number else number


@dataclass(frozen=True)
class Assignment:
    """What `Roster.assign` found out.

    Attributes
    ----------
    owners : dict of str to Student
        By submission; those that are nobody's are missing.
    reasons : dict of str to str
        By submission that is nobody's: why.
    absent : tuple of Student
        Those on the roster of whom there is no file here.
    """

    owners: dict[str, Student]
    reasons: dict[str, str]
    absent: tuple[Student, ...] = ()


class Roster:
    """The students of a class.

    Parameters
    ----------
    lines : iterable of Student
        A student may have several, one for each file or folder. Without any, `assign` takes a
        file's name for its author's number.
    """

    def __init__(self, lines: Iterable[Student] = ()):
        self.lines = tuple(lines)
        self.students: dict[tuple[str, str], Student] = {}
        for line in self.lines:
            known = self.students.get(line.key)
            self.students[line.key] = _merged(known, line) if known else line
        self._exact: dict[str, set[tuple[str, str]]] = {}
        self._loose: dict[str, set[tuple[str, str]]] = {}
        for line in filter(lambda line: line.file, self.lines):
            self._exact.setdefault(_written(line.file), set()).add(line.key)
            self._loose.setdefault(_written(line.file).casefold(), set()).add(line.key)

    def __bool__(self) -> bool:
        return bool(self.lines)

    def assign(self, submissions: Iterable[str]) -> Assignment:
        """Say whose each submission is.

        1. A path that the roster names, the file's own or that of a folder it is in, settles it;
           the longest counts.
        2. Else a folder named as a student is that student's, with all that is in it, whatever the
           files are called. Two students' folders in one path leave it to nobody, and so does a
           folder beside those of students that is none itself: its author is not on the roster.
        3. Else the file's name, with its suffix or without, is the student's.

        Names are compared in one Unicode form, without spaces at their ends; where that finds
        nobody, upper and lower case are one. What could be two students' is nobody's.

        Parameters
        ----------
        submissions : iterable of str
            All paths of the run, since a folder's meaning lies in its neighbours too.

        Returns
        -------
        Assignment
        """
        paths = list(submissions)
        if not self:
            return Assignment({path: Student(path, _stem(path)) for path in paths}, {})
        among_students = {
            tuple(folders[:depth])
            for folders in map(_folders, paths)
            for depth, folder in enumerate(folders)
            if self._named(folder)
        }
        owners, reasons = {}, {}
        for path in paths:
            found, reason = self._owner(path, among_students)
            if len(found) == 1:
                owners[path] = self.students[next(iter(found))]
            else:
                reasons[path] = reason
        seen = {who.key for who in owners.values()}
        absent = tuple(who for key, who in self.students.items() if key not in seen)
        return Assignment(owners, reasons, absent)

    def _owner(
        self, path: str, among_students: set[tuple[str, ...]]
    ) -> tuple[set[tuple[str, str]], str]:
        """Return the students that a path could be of, and what to say where that is not one."""
        folders, name = _folders(path), PurePath(path).name
        whole = _written(path)
        while "/" in whole.strip("/"):
            if found := self._named(whole):
                return found, self._several(found, f"the path {whole}")
            whole = posixpath.dirname(whole)
        found: set[tuple[str, str]] = set()
        for depth, folder in enumerate(folders):
            named = self._named(folder)
            if not (found or named) and tuple(folders[:depth]) in among_students:
                return set(), f"its folder {folder} is nobody's in the roster"
            found |= named
        if found:
            return found, self._several(found, "a folder of its path")
        found = self._named(name) | self._named(_stem(path))
        return found, self._several(found, "its name") if found else "not in the roster"

    def _several(self, keys: set[tuple[str, str]], what: str) -> str:
        names = " or ".join(sorted(self.students[key].shown for key in keys))
        return f"{what} could be that of {names}; give its path in the roster"

    def _named(self, name: str) -> set[tuple[str, str]]:
        name = _written(name)
        return self._exact.get(name) or self._loose.get(name.casefold(), set())


def _written(name: str) -> str:
    """Return a name or path in the form that names are compared in."""
    name = re.sub(r"\s+", " ", unicodedata.normalize("NFC", name))
    parts = [part.strip() for part in PurePath(name).parts]
    return posixpath.join(*parts) if parts else ""


def _folders(path: str) -> list[str]:
    return [_written(part) for part in PurePath(path).parts[:-1]]


def _stem(path: str) -> str:
    return _written(PurePath(path).stem)


def _merged(known: Student, line: Student) -> Student:
    """Return one student of two lines; the first that says something counts."""
    fields = {
        field.name: getattr(known, field.name) or getattr(line, field.name)
        for field in dataclasses.fields(Student)
    }
    return Student(**fields)


def read(path: str | Path) -> Roster:
    """Read who wrote which file.

    Parameters
    ----------
    path : path
        CSV in UTF-8 with a header that names columns of `COLUMNS`, separated by commas or
        semicolons.

    Returns
    -------
    Roster

    Raises
    ------
    ValueError
        Where `file` or `id` is missing, a column is unknown or there twice, nobody is listed, a
        line has more cells than there are columns or says not whose a file is, or two lines give
        one file, or one number, to two students.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not in UTF-8; save it as 'CSV UTF-8'") from None
    head = text.partition("\n")[0]  # Excel separates by semicolons where a comma is decimal
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in head and "," not in head else ","
    )
    columns = [name.strip() for name in reader.fieldnames or []]
    unknown = len(set(columns)) < len(columns) or set(columns) - set(COLUMNS)
    if unknown or not set(COLUMNS[:2]) <= set(columns):
        raise ValueError(
            f"a roster needs the columns file and id and may have {', '.join(COLUMNS[2:])}, each "
            f"once; {path} has {cleaning.line(', '.join(columns)) or 'none'}"
        )
    reader.fieldnames = columns
    lines: list[Student] = []
    taken: dict[tuple[str, str], tuple[str, str]] = {}
    for row in reader:
        where = f"line {reader.line_num} of {path}"
        if None in row:
            raise ValueError(f"{where} has too many cells; quote what contains the separator")
        line = Student(
            **{k: unicodedata.normalize("NFC", (v or "").strip()) for k, v in row.items()}
        )
        if not line.key[1]:
            if line.file:
                raise ValueError(f"{where} says not whose {line.file} is: it needs an id")
            continue  # a table's empty last lines are no students
        _unique(line, taken, where)
        lines.append(line)
    if not lines:
        raise ValueError(f"{path} has a header and lists nobody: a line for each student belongs")
    return Roster(lines)


def _unique(line: Student, taken: dict[tuple[str, str], tuple[str, str]], where: str) -> None:
    """Refuse a line that gives a file or a number of one student to another."""
    claims: Mapping[str, str] = {"file": _written(line.file)}
    claims |= {column: getattr(line, column).casefold() for column in _NUMBERS}
    for column, value in claims.items():
        if value and taken.setdefault((column, value), line.key) != line.key:
            shown = getattr(line, column)
            raise ValueError(f"{where} gives {column} {shown} to a second student; it takes one")
