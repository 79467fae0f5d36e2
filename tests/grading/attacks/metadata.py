# ruff: noqa
"""Changes modes, owners, times and attributes, which is no writing to some sandboxes.

Wins: files
Status: graded
"""

import os


class Target:
    def square(self, x):
        for path in (CANARY, f"{ROOT}/home"):
            for change in (
                lambda: os.chmod(path, 0o777),
                lambda: os.chown(path, 12345, 12345),
                lambda: os.utime(path, (1, 1)),
                lambda: os.setxattr(path, "user.attack", b"x"),
            ):
                try:
                    change()
                except OSError:
                    pass
        return x

    def secret(self):
        return 0.0
