"""Results as CSV: a plain table, and the two that Moodle's and Canvas's gradebooks import."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from .. import cleaning
from ..roster import COLUMNS as ROSTER
from ..roster import Assignment, Roster, Student
from ..roster import read as read_roster

__all__ = ["ROSTER", "Student", "canvas", "feedback", "left_out", "moodle", "plain", "read_roster"]


def plain(results: Iterable[dict[str, Any]], roster: Roster) -> str:
    """Write a line per submission: what it is, its score, and the points of each part."""
    results = list(results)
    parts = list(dict.fromkeys(part["id"] for result in results for part in result["criteria"]))
    head = ["submission", "student", "exercise", "status", "score", "max_score", "seconds"]
    rows = [[*head, *parts, "message"]]
    owners = _assigned(results, roster).owners
    for result in results:
        points = {part["id"]: part["points"] for part in result["criteria"]}
        who = owners.get(result["submission"])
        rows.append(
            [
                cleaning.line(result["submission"]),
                who.id if who else "",
                result["exercise"] or "",
                *(result[name] for name in head[3:]),
                *(points.get(part, "") for part in parts),
                feedback(result),
            ]
        )
    return _csv(rows)


def moodle(results: Iterable[dict[str, Any]], roster: Roster) -> str:
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


def canvas(results: Iterable[dict[str, Any]], roster: Roster) -> str:
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


def left_out(results: Iterable[dict[str, Any]], roster: Roster) -> list[str]:
    """Say what a gradebook does not show: nobody's files, no exercise's, and who has none.

    Without a roster, say which files have one name, and so could be different students'.
    """
    results = list(results)
    assigned = _assigned(results, roster)
    notes = [f"in no gradebook: {name} ({reason})" for name, reason in assigned.reasons.items()]
    notes += [
        f"in no gradebook: {r['submission']} (no exercise found in it)"
        for r in results
        if r["exercise"] is None and r["submission"] in assigned.owners
    ]
    return notes + [f"in the roster, with no file here: {who.shown}" for who in assigned.absent]


def feedback(result: dict[str, Any]) -> str:
    """Say in one cell what was not right."""
    if result["message"]:
        return f"{result['status']}: {result['message']}"
    wrong = [part for part in result["criteria"] if not part["passed"]]
    return "\n".join(f"{part['id']}: {part['message']}" for part in wrong)


def _assigned(results: list[dict[str, Any]], roster: Roster) -> Assignment:
    """Give each result to its student; without a roster, not where two would get one's row."""
    assigned = roster.assign(result["submission"] for result in results)
    if roster:
        return assigned
    folders: dict[tuple[tuple[str, str], str], set[PurePath]] = {}
    for result in results:
        claim = (assigned.owners[result["submission"]].key, result["exercise"])
        folders.setdefault(claim, set()).add(PurePath(result["submission"]).parent)
    reasons = {}
    for result in results:
        who = assigned.owners[result["submission"]]
        if result["exercise"] and len(folders[who.key, result["exercise"]]) > 1:
            reasons[result["submission"]] = (
                f"{who.id} hands in the same exercise in another folder; a roster tells them apart"
            )
    owners = {name: who for name, who in assigned.owners.items() if name not in reasons}
    return Assignment(owners, reasons)


def _by_student(
    results: Iterable[dict[str, Any]], roster: Roster
) -> tuple[dict[str, float], list[tuple[Student, dict[str, dict]]]]:
    """Return the exercises with their points, and per student the best result of each."""
    results = list(results)
    exercises: dict[str, float] = {}
    students: dict[tuple[str, str], tuple[Student, dict[str, dict]]] = {}
    owners = _assigned(results, roster).owners
    for result in results:
        name, who = result["exercise"], owners.get(result["submission"])
        if who is None or name is None:
            continue
        exercises[name] = result["max_score"]
        best = students.setdefault(who.key, (who, {}))[1]
        if name not in best or result["score"] > best[name]["score"]:
            best[name] = result
    return exercises, list(students.values())


def _csv(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    cells = [[cleaning.cell(value) for value in row] for row in rows]
    csv.writer(text, lineterminator="\r\n").writerows(cells)
    return text.getvalue()
