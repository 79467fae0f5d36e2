# ruff: noqa
"""Writes files wherever one can think of.

Wins: files
Status: graded
"""

import os
import tempfile


class Target:
    def square(self, x):
        places = [
            ROOT,
            f"{ROOT}/home",
            f"{ROOT}/submissions",
            "/tmp",
            "/var/tmp",
            "/dev/shm",
            "/",
            os.getcwd(),
            os.environ.get("HOME", "/root"),
            os.environ.get("MPLCONFIGDIR", "/tmp"),
            tempfile.gettempprefix(),
            "/proc/self",
            "/sys",
            "/dev",
            "/run",
        ]
        for place in places:
            for make in (
                lambda path: open(path, "w").write("x"),
                lambda path: os.mkdir(path),
                lambda path: os.mkfifo(path),
                lambda path: os.symlink("/etc/passwd", path),
                lambda path: os.link(CANARY, path),
                lambda path: os.mknod(path),
            ):
                try:
                    make(os.path.join(place, MARKER))
                except OSError:
                    pass
        return x

    def secret(self):
        return 0.0
