# ruff: noqa
"""Never comes back from being imported.

Wins: stop
Status: timeout
"""


class Target:
    pass


while True:
    pass
