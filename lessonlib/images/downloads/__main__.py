"""Fetch sets from the command line: ``python -m lessonlib.images.downloads [NAME ...]``."""

from __future__ import annotations

import argparse
import sys

from lessonlib.images._files import ImageFileError
from lessonlib.images.downloads import data_folder, fetch, sets

#: The cohorts of the medical chapters and the nuclei; the instruments' sets are asked for by name.
COHORTS = ("children-films", "hippocampus", "hannover", "nuclei")


def main(arguments: list[str] | None = None) -> int:
    """Fetch the sets that are named, or the four cohorts."""
    known = "\n".join(
        f"  {each.name:20} {each.megabytes:3} MB  {each.title}; {each.licence}"
        for each in sets().values()
    )
    parser = argparse.ArgumentParser(
        prog="python -m lessonlib.images.downloads",
        description=f"Download data sets of the course to {data_folder()}, checksums checked.",
        epilog=f"sets:\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: {', '.join(COHORTS)}")
    names = parser.parse_args(arguments).names or list(COHORTS)
    if unknown := [name for name in names if name not in sets()]:
        print(f"no set named {', '.join(unknown)}; there are:\n{known}", file=sys.stderr)
        return 2
    failed = 0
    for name in names:
        try:
            print(f"{name}: {fetch(name)}")
        except ImageFileError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
