"""Build the book and name the page to open: `make book`; with a name, that page: `make page`.

    python book/_tools/build.py [NAME]

What is stored is built, whatever its age: notebooks that are older than the code they ran, or that
are not what their page says, are named in a line. Only pages that changed are read and written
again. What appears in _build is listed there, so that `make clean` removes that and nothing else.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import made_files
import stored

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build"
# The command line of jupyter-book, without two seconds in which a checker of web addresses that
# nothing here uses compiles its grammar.
_PROGRAM = (
    "import sys; sys.modules['rfc3987_syntax'] = None; "
    "from jupyter_book.cli.main import main; main()"
)


def jupyter_book(*arguments: str) -> list[str]:
    """The command that runs jupyter-book with this Python."""
    return [sys.executable, "-c", _PROGRAM, *arguments]


def complaints(log: str) -> str:
    """The lines of a failed build's output that say why."""
    lines = log.splitlines()
    return "\n".join([n for n in lines if re.search(r"WARNING|ERROR|rror:", n)] or lines[-40:])


def build(root: Path = ROOT) -> str | None:
    """Build the book; return None, or what went wrong."""
    command = jupyter_book(
        "build", str(root), "--builder", "html", "-W", "-n", "--keep-going", "-q"
    )
    with made_files.recording(root / "_build"):
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, cwd=root
        )
    return None if done.returncode == 0 else complaints(done.stdout.decode("utf-8", "replace"))


def ages() -> list[str]:
    """Lines about what is stored: which notebooks are not their page's, and which are stale."""
    other = [page.stem for page, target in stored.chapters() if stored.fault(page, target)]
    old, said = stored.old_names(), []
    if other:
        said.append(f"not what their pages say: {', '.join(other)} (make notebooks mends that)")
    return [*said, stored.age_line(old)] if old else said


def page_of(name: str) -> Path:
    """The built page of a chapter, or of a page that is no notebook."""
    html = BUILD / "html"
    places = [html / folder / f"{name}.html" for folder in ("notebooks", "book", "book/api")]
    return next((path for path in places if path.exists()), html / "index.html")


def main(arguments: list[str]) -> int:
    """Read the command line."""
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if wrong := build():
        print(wrong, file=sys.stderr)
        return 1
    page = page_of(arguments[0]) if arguments else BUILD / "html" / "index.html"
    print(*ages(), f"The book is built. Open this page: {page}", sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
