"""Experiments too long for a notebook: run by one command, stored as small result files.

``python -m lessonlib.sweeps transfer`` runs what is missing or older than its code. Each entry
keeps what was asked, what came out, and fingerprints of the code and of the data that made it.
"""

from __future__ import annotations

from lessonlib.sweeps.store import Entry, Sweep, load

__all__ = ["Entry", "Sweep", "load"]
