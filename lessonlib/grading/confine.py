"""Commands that confine: what a launcher is wrapped in, and the environment inside.

Two maintained programs do the confining: sandlock (Landlock and seccomp, Linux 6.12 and later) and
bubblewrap (namespaces, older kernels). The launcher inside forks a child for each submission, and
the child shuts itself in further: see `launcher` and `seccomp`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from . import libraries
from .scratch import Scratch

_PATH = "/usr/bin:/bin"

_SANDLOCK = """
import json, sys
policy, command, path = json.loads(sys.argv[1])
sys.path += path
from sandlock import Sandbox
sys.exit(Sandbox(**policy).run_interactive(command))
"""


def environment(scratch: Scratch) -> dict[str, str]:
    """Return the environment of a submission: one thread, no display, hashes that repeat."""
    threads = ("OPENBLAS", "OMP", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
    own = ("HOME", "TMPDIR", "TEMP", "TMP")
    return {
        **{f"{name}_NUM_THREADS": "1" for name in threads},
        "JOBLIB_MULTIPROCESSING": "0",  # n_jobs=2 then means one after the other
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",  # else every thread sets aside 64 MB of the address space
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        **dict.fromkeys(own, scratch.folder),
        "MPLCONFIGDIR": scratch.settings,
        **dict.fromkeys(("USER", "LOGNAME", "USERNAME"), "student"),  # getpass looks there first
    }


def command(
    way: str, program: str, readable: Sequence[str], hidden: Sequence[str], scratch: Scratch
) -> list[str]:
    """Return the command that runs a program of Python inside a sandbox.

    Parameters
    ----------
    way : str
        ``"sandlock"``, ``"bubblewrap"`` or ``"none"``.
    program : str
        Source text.
    readable, hidden : sequence of str
        What may be read, and what of that must not be seen.
    scratch : Scratch
        What may be written to.

    Returns
    -------
    list of str
    """
    inside = [libraries.interpreter(), "-S", "-s", "-P", "-c", program]
    if way == "sandlock":
        policy = {
            "fs_readable": list(readable),
            "fs_denied": list(hidden),
            # Not the folder above: sandlock opens files for a child by the rights given here.
            "fs_writable": [scratch.folder, scratch.settings, os.devnull],
            "max_processes": 3,  # the launcher, a child, and one just ending
            "clean_env": True,
            "env": {**environment(scratch), "PATH": _PATH},
            "no_coredump": True,
        }
        told = json.dumps([policy, inside, libraries.search_path()])
        return [*inside[:-1], _SANDLOCK, told]
    if way == "bubblewrap":
        words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
        words += ["--cap-drop", "ALL", "--clearenv"]
        for path in readable:
            words += ["--dev-bind" if path.startswith("/dev/") else "--ro-bind", path, path]
        for path in hidden:
            cover = ["--tmpfs"] if os.path.isdir(path) else ["--ro-bind", os.devnull]
            words += [*cover, path]
            words += ["--remount-ro", path] if os.path.isdir(path) else []
        words += ["--bind", scratch.top, scratch.top, "--chdir", "/", "--remount-ro", "/"]
        for name, value in {**environment(scratch), "PATH": _PATH}.items():
            words += ["--setenv", name, value]
        return [*words, "--", *inside]
    return inside
