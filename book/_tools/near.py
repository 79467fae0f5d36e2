"""Run the tests in the neighbourhood of one file of lessonlib: `make near FILE=...`.

    python book/_tools/near.py lessonlib/evaluation/auc.py [options of pytest]
    python book/_tools/near.py --list lessonlib/evaluation/auc.py

`tests/` mirrors `lessonlib`: the tests of lessonlib/TOPIC are tests/TOPIC/ or tests/test_TOPIC*.py.
Of these, a file is run whose name is the module's, or, where there is none, each that mentions
something which the module defines. They stop at the first failure.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def defined(module: Path) -> set[str]:
    """Names of the functions, classes and constants of a module."""
    names = set()
    for node in ast.parse(module.read_text("utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node]
        names |= {getattr(t, "name", None) or getattr(t, "id", None) for t in targets}
    return {name for name in names if name and not name.startswith("__")}


def neighbours(file: Path, root: Path = ROOT) -> list[Path]:
    """The test files of a module, nearest first.

    Raises
    ------
    ValueError
        Where the file is not part of lessonlib, or has no tests in the mirrored place.
    """
    path = (file if file.is_absolute() else root / file).resolve()
    package, tests = root / "lessonlib", root / "tests"
    if not path.is_relative_to(package) or path.suffix != ".py" or not path.is_file():
        raise ValueError(f"FILE must be a Python file of lessonlib, got {str(file)!r}")
    parts = [part.lstrip("_") for part in path.relative_to(package).with_suffix("").parts]
    topic, name = parts[0], parts[-1] if parts[-1] != "init__" else parts[-2]
    found = sorted([*(tests / topic).rglob("test_*.py"), *tests.glob(f"test_{topic}*.py")])
    own = [p for p in found if p.stem in (f"test_{name}", f"test_{topic}_{name}")]
    if len(parts) > 1 and own:
        return own
    words = re.compile("|".join(rf"\b{re.escape(n)}\b" for n in [*defined(path), name]))
    close = [p for p in found if words.search(p.read_text("utf-8"))] or found
    if not close:
        raise ValueError(
            f"no tests of {topic} in {tests.name}/{topic} or {tests.name}/test_{topic}*"
        )
    return close


def main(arguments: list[str]) -> int:
    """Read the command line."""
    only_list = arguments[:1] == ["--list"]
    file, *options = arguments[only_list:] or [""]
    try:
        found = [str(path.relative_to(ROOT)) for path in neighbours(Path(file))]
    except ValueError as error:
        print(f"{error}; for example make near FILE=lessonlib/evaluation/auc.py", file=sys.stderr)
        return 2
    print(*found, sep="\n", flush=True)
    if only_list:
        return 0
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not browser", *found, *options]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
