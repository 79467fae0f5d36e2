"""Run a check and say how long it took: ``timed.py LABEL -- COMMAND ...``.

`make test KEEP=1`, on a quiet machine, also writes the times into the table of CONTRIBUTING.md.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

CONTRIBUTING = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"


def short(seconds: float) -> str:
    """A time as the table puts it."""
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


def keep(label: str, seconds: float, path: Path = CONTRIBUTING) -> None:
    """Put a time into the last cell of the check's row.

    Raises
    ------
    ValueError
        Where no row, or more than one, begins with the label.
    """
    text = path.read_text("utf-8")
    row = rf"^(\| {re.escape(label)} \|.*\| )[^|]*( \|)$"
    new, count = re.subn(row, lambda m: m[1] + short(seconds) + m[2], text, flags=re.M)
    if count != 1:
        raise ValueError(f"{path.name} should have one row {label!r}, and has {count}")
    path.write_text(new, encoding="utf-8", newline="\n")


def main() -> int:
    """Run what follows the label; return its status."""
    label, _, *command = sys.argv[1:]
    print(f"── {label} ──", flush=True)
    start = time.perf_counter()
    code = subprocess.run(command, check=False).returncode
    seconds = time.perf_counter() - start
    said = "passed" if code == 0 else "FAILED"
    print(f"── {label}: {said} in {seconds:.0f} s ──\n", flush=True)
    if code == 0 and os.environ.get("KEEP"):
        keep(label, seconds)
    return code


if __name__ == "__main__":
    sys.exit(main())
