"""Environments for the peers: one under ``.bench/<group>/`` for each ``peers/<group>.txt``.

A group is one of two kinds, named by the first line of its file:

``# environment: shared``
    sees the course's own packages after its own, so that NumPy and PyTorch, the same versions of
    them, are installed once. Its peers are installed under the course's constraints, and an
    environment that holds a second copy of anything shared is thrown away and made whole.
``# environment: whole``
    shares nothing: for peers that need other versions, or that grade in a process of their own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_tools"))  # the scripts there are no package

import made_files  # noqa: E402

PEERS = ROOT / "benchmarks" / "peers"
HOME = ROOT / ".bench"
COURSE = "course"

_VENV = ("-m", "venv")
_OWN_COPIES = {"pip", "setuptools"}  # every environment has its own; nothing imports them


@dataclass(frozen=True)
class Environment:
    """A Python interpreter and the requirements that it could not have.

    Parameters
    ----------
    group : str
        ``"course"`` or the stem of a file in ``peers/``.
    python : pathlib.Path
        The interpreter.
    missing : dict
        Requirement without its version, in lower case: why it could not be installed.
    """

    group: str
    python: Path
    missing: dict[str, str] = field(default_factory=dict)


def groups() -> list[str]:
    """Return the names of all groups that have a file in ``peers/``."""
    return sorted(path.stem for path in PEERS.glob("*.txt"))


def requirements(group: str) -> list[str]:
    """Return the pinned requirements of a group."""
    lines = [line.split("#")[0].strip() for line in _text(group).splitlines()]
    return [line for line in lines if line]


def is_shared(group: str) -> bool:
    """Tell whether a group sees the course's own packages."""
    kind = re.match(r"# environment: (shared|whole)\b", _text(group))
    if kind is None:
        raise ValueError(
            f"peers/{group}.txt must begin with '# environment: shared' or '# environment: whole'"
        )
    return kind[1] == "shared"


def environment(group: str, say=lambda text: None) -> Environment:
    """Return the environment of a group, made first where it is missing or out of date.

    Parameters
    ----------
    group : str
        ``"course"``, the environment that runs this, or a file's stem in ``peers/``.
    say : callable
        Is told in a sentence what takes long.
    """
    if group == COURSE:
        return Environment(group, Path(sys.executable))
    folder, fingerprint = HOME / group, _fingerprint(group)
    stamp = folder / "ready.json"
    if stamp.is_file():
        ready = json.loads(stamp.read_text("utf-8"))
        if ready["fingerprint"] == fingerprint and _python(folder).exists():
            return Environment(group, _python(folder), ready["missing"])
    say(f"making .bench/{group}: {', '.join(requirements(group))} (once, a few minutes)")
    missing, passing = _make(folder, group, shared=is_shared(group))
    if second := _copies(folder) if is_shared(group) else set():
        say(f".bench/{group} holds its own {', '.join(sorted(second))}: making it whole")
        missing, passing = _make(folder, group, shared=False)
    if not passing:  # a network that failed may be back next time
        text = json.dumps({"fingerprint": fingerprint, "missing": missing}, indent=1)
        stamp.write_text(text, "utf-8")
    return Environment(group, _python(folder), missing)


def _text(group: str) -> str:
    return (PEERS / f"{group}.txt").read_text("utf-8")


def _fingerprint(group: str) -> str:
    parts = [_text(group), sys.version, sys.prefix]
    parts += [(ROOT / "constraints.txt").read_text("utf-8")] if is_shared(group) else []
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _site(folder: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([_python(folder), "-c", code], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def _make(folder: Path, group: str, *, shared: bool) -> tuple[dict[str, str], bool]:
    """Make an environment; return what is missing and whether a later try may find it."""
    made_files.remove_environment(folder)  # and not what somebody else has put there
    subprocess.run([sys.executable, *_VENV, folder], check=True)
    constraint: list[str] = []
    if shared:
        # Lines of a .pth file are appended to sys.path: the group's own packages come first.
        (_site(folder) / "course.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
        constraint = ["-c", str(ROOT / "constraints.txt")]
    wanted = requirements(group)
    if _install(folder, [*wanted, *constraint]) is None:
        return {}, False
    errors = {item: _install(folder, [item, *constraint]) for item in wanted}
    missing = {re.split(r"[=<>\[ ]", k)[0].lower(): v for k, v in errors.items() if v}
    return missing, any(
        "connection" in v.lower() or "network" in v.lower() for v in missing.values()
    )


def _install(folder: Path, arguments: list[str]) -> str | None:
    """Install into an environment; return pip's own word where it fails."""
    command = [_python(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
    return (errors or done.stderr.splitlines() or ["pip failed"])[0].removeprefix("ERROR: ")


def _copies(folder: Path) -> set[str]:
    """Return the distributions that a shared environment holds beside the course's own."""
    own, course = (_distributions(path) for path in (_site(folder), sysconfig.get_path("purelib")))
    return (own & course) - _OWN_COPIES


def _distributions(folder: str | Path) -> set[str]:
    from importlib.metadata import distributions

    return {d.metadata["Name"].lower().replace("_", "-") for d in distributions(path=[str(folder)])}
