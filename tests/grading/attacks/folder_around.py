# ruff: noqa
"""Writes around its folder, moves it away, and looks for what others left in theirs.

Wins: nothing, its own folder exists only in this grader
Status: graded
"""

import os
import tempfile


def fails(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return True
    return False


class Target:
    def square(self, x):
        own = os.getcwd()
        above = os.path.dirname(own)
        tries = [
            fails(lambda: open(f"{above}/{MARKER}", "w")),
            fails(os.mkdir, f"{above}/{MARKER}"),
            fails(os.rename, own, f"{above}/{MARKER}"),
            fails(os.rename, own, "/tmp/" + MARKER),
            fails(os.symlink, "/", f"{above}/{MARKER}"),
            fails(os.rmdir, own),
        ]
        if not all(tries):
            raise ValueError(f"BREACH {tries}")
        for place in (above, tempfile.gettempdir() + "/..", "/tmp", "/var/tmp", "/dev/shm"):
            try:
                found = set(os.listdir(place)) - {os.path.basename(own), os.path.basename(above)}
            except OSError:
                continue
            if any(name.startswith("lessonlib-") for name in found) or place == above and found:
                raise ValueError(f"BREACH {found}")
        return x

    def secret(self):
        return 0.0
