"""Results for other tools: Gradescope's results.json and JUnit's XML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .. import cleaning
from ..journal import write_atomically


def gradescope(result: dict[str, Any]) -> dict[str, Any]:
    """Return one result as Gradescope's autograder harness takes it.

    References
    ----------
    https://gradescope-autograders.readthedocs.io/en/latest/specs/
    """
    return {
        "score": result["score"],
        "execution_time": result["seconds"],
        "output": cleaning.text(result["message"] or result.get("note", "")),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [
            {
                "number": part["id"],
                "name": part["title"],
                "score": part["points"],
                "max_score": part["max_points"],
                "status": "passed" if part["passed"] else "failed",
                "output": cleaning.text(part["message"]),
            }
            for part in result["criteria"]
        ],
    }


def write_gradescope(results: Iterable[dict[str, Any]], folder: str | Path) -> list[Path]:
    """Write a ``results.json`` per submission, each in a folder named as the submission is.

    Parameters
    ----------
    results : iterable of dict
        Entries of the report.
    folder : path
        Made where it is missing. Path separators and other marks in a submission's path become
        underscores, so that nothing is written elsewhere.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    written = []
    for result in results:
        name = re.sub(r"[^\w.-]+", "_", result["submission"], flags=re.ASCII)[-200:]
        name = name.strip("._") or "submission"
        place = Path(folder, name)
        number = 2
        while place / "results.json" in written:
            place, number = Path(folder, f"{name}-{number}"), number + 1
        place.mkdir(parents=True, exist_ok=True)
        write_atomically(place / "results.json", json.dumps(gradescope(result), indent=1) + "\n")
        written.append(place / "results.json")
    return written


def junit(report: dict[str, Any]) -> str:
    """Return a report as JUnit's XML: a suite per submission, a case per part.

    A part that fails is a failure; a submission that could not be graded is an error.

    References
    ----------
    https://github.com/windyroad/JUnit-Schema/blob/master/JUnit.xsd
    """
    root = ElementTree.Element("testsuites", name="lessonlib grade")
    for result in report["results"]:
        parts = result["criteria"] or [
            {"id": "file", "title": "", "passed": False, "message": result["message"]}
        ]
        graded = result["status"] == "graded"
        wrong = str(sum(not part["passed"] for part in parts))
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=cleaning.line(result["submission"]),
            tests=str(len(parts)),
            failures=wrong if graded else "0",
            errors="0" if graded else wrong,
            time=f"{result['seconds']:.3f}",
        )
        for part in parts:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=cleaning.xml(result["exercise"] or "unknown"),
                name=cleaning.xml(f"{part['id']} {part['title']}".strip()),
                time="0",
            )
            if not part["passed"]:
                what = ElementTree.SubElement(
                    case,
                    "failure" if graded else "error",
                    type=result["status"],
                    message=cleaning.xml(part["message"].split("\n")[0]),
                )
                what.text = cleaning.xml(part["message"])
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
