"""Results as CSV: a plain table, and the two that Moodle's and Canvas's gradebooks import."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Columns that a roster may have; the two first must be there.
ROSTER = ("file", "id", "name", "email", "login", "canvas_id", "section")


@dataclass(frozen=True)
class Student:
    """A line of the roster; what it does not say is empty.

    Attributes
    ----------
    file : str
        A submission's path, its file name, or the name of the folder that it is in.
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
    def key(self) -> str:
        """What tells one student from another: the first of the ids that is there."""
        return self.id or self.canvas_id or self.login or self.email or self.name


def read_roster(path: str | Path) -> list[Student]:
    """Read who wrote which file.

    Parameters
    ----------
    path : path
        CSV with a header that names columns of `ROSTER`.

    Returns
    -------
    list of Student

    Raises
    ------
    ValueError
        Where `file` or `id` is missing, a column is unknown, a line has more cells than there are
        columns or says not whose a file is, or two lines give one file to two students.
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
    unknown = [name for name in columns if name not in ROSTER]
    if unknown or not set(ROSTER[:2]) <= set(columns):
        raise ValueError(
            f"a roster needs the columns file and id and may have {', '.join(ROSTER[2:])}; "
            f"{path} has {', '.join(columns) or 'none'}"
        )
    reader.fieldnames = columns
    lines: list[Student] = []
    owner: dict[str, str] = {}
    for row in reader:
        where = f"line {reader.line_num} of {path}"
        if None in row:
            raise ValueError(f"{where} has too many cells; quote what contains the separator")
        line = Student(**{k: (v or "").strip() for k, v in row.items()})
        if line.file and not line.key:
            raise ValueError(f"{where} says not whose {line.file} is: it needs an id")
        if line.file and owner.setdefault(line.file, line.key) != line.key:
            raise ValueError(f"{where} gives {line.file} to a second student; it takes one")
        if line.key:  # a table's empty last lines are no students
            lines.append(line)
    return lines


def student(submission: str, roster: list[Student]) -> Student | None:
    """Find who wrote a submission: by path, else by file name, else by a folder's name.

    Without a roster the file's name without suffix is taken for the student's number.
    """
    path = Path(submission)
    if not roster:
        return Student(submission, path.stem)
    for names in ((submission, path.as_posix()), (path.name, path.stem), path.parts[-2::-1]):
        for name in names:
            found = [line for line in roster if line.file == name]
            if found:
                return found[0]
    return None


def plain(results: Iterable[dict[str, Any]], roster: list[Student]) -> str:
    """Write a line per submission: what it is, its score, and the points of each part."""
    results = list(results)
    parts = list(dict.fromkeys(part["id"] for result in results for part in result["criteria"]))
    head = ["submission", "student", "exercise", "status", "score", "max_score", "seconds"]
    rows = [[*head, *parts, "message"]]
    for result in results:
        points = {part["id"]: part["points"] for part in result["criteria"]}
        who = student(result["submission"], roster)
        rows.append(
            [
                result["submission"],
                who.id if who else "",
                result["exercise"] or "",
                *(result[name] for name in head[3:]),
                *(points.get(part, "") for part in parts),
                feedback(result),
            ]
        )
    return _csv(rows)


def moodle(results: Iterable[dict[str, Any]], roster: list[Student]) -> str:
    """Write what Moodle's *Grades → Import → CSV file* takes.

    Students are mapped by *ID number* or *Email address*. Each exercise has a column of grades
    and one of feedback, named as Moodle's own export names them; its documentation asks to import
    both, since feedback alone would erase the grades.

    References
    ----------
    https://docs.moodle.org/405/en/Grade_import
    """
    exercises, students = _by_student(results, roster)
    head = ["ID number", "Email address"]
    for name in exercises:
        head += [f"{name} (Real)", f"{name} (Feedback)"]
    rows = [head]
    for who, best in students:
        row = [who.id, who.email]
        for name in exercises:
            result = best.get(name)
            row += [result["score"], feedback(result)] if result else ["", ""]
        rows.append(row)
    return _csv(rows)


def canvas(results: Iterable[dict[str, Any]], roster: list[Student]) -> str:
    """Write what Canvas's *Gradebook → Import* takes.

    The columns are those that its importer recognises by name and order, and its second line
    holds the points possible. A column whose name is no assignment's becomes a new assignment.

    References
    ----------
    https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb
    """
    exercises, students = _by_student(results, roster)
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *exercises]]
    rows.append(["    Points Possible", "", "", "", "", *exercises.values()])
    for who, best in students:
        scores = [best[name]["score"] if name in best else "" for name in exercises]
        rows.append([who.name, who.canvas_id, who.id, who.login, who.section, *scores])
    return _csv(rows)


def unlisted(results: Iterable[dict[str, Any]], roster: list[Student]) -> list[str]:
    """List the submissions that are nobody's in the roster."""
    return [r["submission"] for r in results if student(r["submission"], roster) is None]


def left_out(results: Iterable[dict[str, Any]], roster: list[Student]) -> list[str]:
    """Say what a gradebook does not show: nobody's files, no exercise's, and who has none.

    Without a roster, say which files have one name, and so are taken for one student's.
    """
    results = list(results)
    notes = [
        f"not in the roster, and so in no gradebook: {name}" for name in unlisted(results, roster)
    ]
    notes += [
        f"no exercise found in it, and so in no gradebook: {r['submission']}"
        for r in results
        if r["exercise"] is None and student(r["submission"], roster)
    ]
    if roster:
        seen = {who.key for r in results if (who := student(r["submission"], roster))}
        absent = dict.fromkeys(line.key for line in roster if line.key not in seen)
        return notes + [f"in the roster, with no file here: {key}" for key in absent]
    files: dict[tuple[str, str], list[str]] = {}
    for r in results:
        if r["exercise"] is not None:
            who = Path(r["submission"]).stem
            files.setdefault((who, r["exercise"]), []).append(r["submission"])
    return notes + [
        f"{len(same)} files are taken for one student's, {who}: a roster tells them apart"
        for (who, _), same in files.items()
        if len(same) > 1
    ]


def feedback(result: dict[str, Any]) -> str:
    """Say in one cell what was not right."""
    if result["message"]:
        return f"{result['status']}: {result['message']}"
    wrong = [part for part in result["criteria"] if not part["passed"]]
    return "\n".join(f"{part['id']}: {part['message']}" for part in wrong)


def _by_student(
    results: Iterable[dict[str, Any]], roster: list[Student]
) -> tuple[dict[str, float], list[tuple[Student, dict[str, dict]]]]:
    """Return the exercises with their points, and per student the best result of each."""
    exercises: dict[str, float] = {}
    students: dict[str, tuple[Student, dict[str, dict]]] = {}
    for result in results:
        name, who = result["exercise"], student(result["submission"], roster)
        if who is None or name is None:
            continue
        exercises[name] = result["max_score"]
        best = students.setdefault(who.key, (who, {}))[1]
        if name not in best or result["score"] > best[name]["score"]:
            best[name] = result
    return exercises, list(students.values())


def _csv(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([list(map(_cell, row)) for row in rows])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Keep a spreadsheet from taking a stranger's text for a formula."""
    if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@") and value.strip():
        return f"'{value}"
    return value
