"""Lay out a learner's own folder, work/, and open it in JupyterLab: `make lab`.

    python book/_tools/lab.py [options of jupyter lab]      such as --no-browser --port 8899
    python book/_tools/lab.py --lay-out-only

In work/ lie the chapters as plain notebooks (`_build/copies`, which `make book` writes), with an
index that opens first, and the exercises as `lessonlib start` writes them. JupyterLab's file
browser and its terminals begin there, and every terminal and kernel finds `lessonlib`.

Whatever a learner has changed stays as it is. What was laid there is remembered by its sha256 in
work/.course.json: a file that is still that one is replaced by a newer version, any other is kept,
and the newer version is laid beside it once, as NAME.new.ipynb.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import build
import made_files
import stored

ROOT = Path(__file__).resolve().parents[2]
COPIES, WORK = ROOT / "_build" / "copies", ROOT / "work"
RECORD = ".course.json"
INDEX = "index.ipynb"
NO_COPIES = (
    "the book's build has written no notebooks to _build/copies, and so there is none to open"
)


def build_is_old(root: Path = ROOT) -> bool:
    """Whether something that the book is made from is younger than its last build."""
    last = root / "_build" / made_files.LIST
    if not last.exists() or not any((root / "_build" / "copies").glob("*.ipynb")):
        return True
    pairs = [path for pair in stored.chapters() for path in pair if path.exists()]
    made_from = [
        *pairs,
        root / "_toc.yml",
        root / "_config.yml",
        *(root / "book").glob("_ext/**/*.py"),
    ]
    return max(path.stat().st_mtime for path in made_from) > last.stat().st_mtime


def opened(content: bytes) -> bytes:
    """A notebook's bytes with what JupyterLab would add on opening it, so that nothing is unsaved.

    That is the kernel's name and language, as they are on this machine.
    """
    from ipykernel.ipkernel import IPythonKernel

    notebook = json.loads(content)
    notebook["metadata"]["kernelspec"] = dict(stored.KERNEL)
    notebook["metadata"]["language_info"] = IPythonKernel.language_info
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    return f"{text}\n".encode()


def offered(copies: Path) -> dict[str, bytes]:
    """What there is to lay out, by name: the chapters' copies, then the exercises' starters.

    Raises
    ------
    FileNotFoundError
        Where the copies have not been made.
    """
    from lessonlib.grading import starters

    found = sorted(copies.glob("*.ipynb"))
    if not found:
        raise FileNotFoundError(NO_COPIES)
    files = {path.name: opened(path.read_bytes()) for path in found}
    with tempfile.TemporaryDirectory() as folder:
        for source in sorted(starters.directory().glob("*.py")):
            if not source.with_suffix(".ipynb").exists():
                continue  # no exercise: those have both
            for as_notebook in (False, True):
                path = starters.start(source.stem, folder, notebook=as_notebook)
                content = path.read_bytes()
                files[path.name] = opened(content) if as_notebook else content
    return files


def sha256(content: bytes) -> str:
    """Checksum of a file's bytes."""
    return hashlib.sha256(content).hexdigest()


def remembered(work: Path) -> dict[str, list[str]]:
    """By name, the checksums of every version that was laid out; nothing where none is known."""
    try:
        known = json.loads((work / RECORD).read_text("utf-8"))
        return {str(name): [str(each) for each in sums] for name, sums in known.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def lay_out(files: dict[str, bytes], work: Path) -> list[str]:
    """Put files into a folder, none over what somebody has changed; return what to say.

    Parameters
    ----------
    files : dict of str to bytes
        By name.
    work : path
        Made where it is missing.

    Returns
    -------
    list of str
        Sentences, one a line.
    """
    work.mkdir(parents=True, exist_ok=True)
    known, said, new, renewed = remembered(work), [], 0, 0
    for name, content in files.items():
        target, now = work / name, sha256(content)
        sums = known.setdefault(name, [])
        there = sha256(target.read_bytes()) if target.is_file() else None
        if not os.path.lexists(target):
            stored.write_whole(target, content)
            new += 1
        elif there == now:
            pass
        elif there in sums and not target.is_symlink():
            stored.write_whole(target, content)
            renewed += 1
        elif now not in sums:  # a version that was offered before is not offered again
            other = newer(target, known)
            stored.write_whole(other, content)
            known.setdefault(other.name, []).append(now)
            said.append(f"{name} is yours now and stays; the course's new version is {other.name}")
        if now not in sums:
            sums.append(now)
    stored.write_whole(work / RECORD, (json.dumps(known, indent=1) + "\n").encode())
    counts = [f"{new} new" if new else "", f"{renewed} renewed" if renewed else ""]
    shown = ", ".join(filter(None, counts)) or "nothing new"
    return [f"{work.name}/ holds {len(files)} files of the course: {shown}.", *said]


def newer(target: Path, known: dict[str, list[str]]) -> Path:
    """Where a new version goes, beside a file that is the learner's: NAME.new.ipynb.

    An earlier new version there makes room, unless somebody has changed that one, too.
    """
    other = target.with_name(f"{target.stem}.new{target.suffix}")
    free = other.is_file() and not other.is_symlink()
    if free and sha256(other.read_bytes()) in known.get(other.name, []):
        return other
    return stored.beside(target, "new")


def trust(files: dict[str, bytes]) -> None:
    """Sign the course's own notebooks, as saving them would, so that their outputs are shown."""
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for name, content in files.items():
        if name.endswith(".ipynb"):
            notary.sign(nbformat.reads(content.decode(), 4))


def quiet(work: Path) -> None:
    """Have JupyterLab not ask whether it may fetch news: nothing here is fetched unasked."""
    settings = work / ".lab" / "settings" / "overrides.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    chosen = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
    if not settings.exists():  # a learner may have written others
        settings.write_text(json.dumps(chosen, indent=1) + "\n", "utf-8")


def environment() -> dict[str, str]:
    """The environment of JupyterLab, and so of its kernels and terminals: our programs first."""
    programs = str(Path(sys.executable).parent)
    path = os.pathsep.join([programs, os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": path, "VIRTUAL_ENV": sys.prefix}


def options(work: Path) -> list[str]:
    """How JupyterLab is started: in that folder, on the index, asking nobody for news."""
    chosen = {
        "ServerApp.root_dir": str(work),
        "ServerApp.preferred_dir": str(work),
        "LabApp.default_url": f"/lab/tree/{INDEX}",
        # what was open is remembered here, apart from the learner's other work in JupyterLab
        "LabApp.workspaces_dir": str(work / ".lab"),
        "LabApp.app_settings_dir": str(work / ".lab" / "settings"),
        "LabApp.news_url": "None",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        # Jupytext pairs notebooks with texts on saving; a learner's notebook is the one file of it
        "ServerApp.jpserver_extensions": "{'jupyterlab_jupytext': False}",
    }
    if os.name != "nt":
        # JupyterLab's terminal is else a login shell where make has no terminal, and forgets PATH
        shell = os.environ.get("SHELL") or "/bin/sh"
        chosen["ServerApp.terminado_settings"] = f"shell_command={[shell]!r}"
    return [f"--{name}={value}" for name, value in chosen.items()]


def main(arguments: list[str]) -> int:
    """Lay out the folder, say what was done, and open it."""
    if {"-h", "--help"} & set(arguments):
        print(__doc__)
        return 0
    if build_is_old():
        print("The notebooks are made with the book, a minute the first time ...", flush=True)
        if wrong := build.build():
            print(f"{wrong}\nThe book did not build; these are the notebooks of its last build.")
    try:
        files = offered(COPIES)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    print(*lay_out(files, WORK), sep="\n", flush=True)
    trust(files)
    quiet(WORK)
    if arguments == ["--lay-out-only"]:
        return 0
    command = [sys.executable, "-m", "jupyterlab", *options(WORK), *arguments]
    try:
        return subprocess.run(command, cwd=WORK, env=environment(), check=False).returncode
    except KeyboardInterrupt:  # Ctrl-C has told JupyterLab too, which asks
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
