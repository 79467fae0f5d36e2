# ruff: noqa
"""Never comes back from a call.

Wins: stop
Status: timeout
"""


class Target:
    def square(self, x):
        while True:
            pass

    def secret(self):
        return 0.0
