"""Whether what is stored was made by the code as it is: `make release-check`.

A build, and the tests, take what is stored as it is. A release does not: every notebook and every
stored sweep has to come from the code that goes with it. Each that does not is named, with the
command that makes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]
import course_data  # noqa: E402
import stored  # noqa: E402

from lessonlib import sweeps  # noqa: E402
from lessonlib.sweeps import store  # noqa: E402


def notebooks() -> Iterator[str]:
    """Notebooks that are not what their page says, or older than the code they ran."""
    for page, target in stored.chapters():
        found = stored.fault(page, target) or stored.stale(target)
        if not found:
            continue
        course = stored.from_page(page).metadata.get("course", {})
        hint = "make notebooks"
        if course and not course_data.find(course):
            hint += (
                f", where its data are (here {course_data.missing(course)}: see CONTRIBUTING.md)"
            )
        yield f"{stored.relative(target)} {found}: {hint}"


def stored_sweeps() -> Iterator[str]:
    """Sweeps with entries that other code, or other data, has made."""
    for name in store.NAMES:
        if old := len(sweeps.load(name).outdated):
            count = f"{old} entr{'y' if old == 1 else 'ies'}"
            command = f"python -m lessonlib.sweeps {name}"
            yield f"sweep {name}: {count} older than the code or data: {command}"


#: Whatever has to be said of a release: each yields a sentence for each thing that is wrong.
CHECKS = (notebooks, stored_sweeps)


def main() -> int:
    """Print what stands against a release; 1 where something does."""
    against = [sentence for check in CHECKS for sentence in check()]
    print(*against, sep="\n", end="\n" if against else "")
    print(
        f"RELEASE REFUSED: {len(against)} things are stale" if against else "release check: passed"
    )
    return int(bool(against))


if __name__ == "__main__":
    sys.exit(main())
