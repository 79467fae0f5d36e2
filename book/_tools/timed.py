"""Run a command and say how long it took: ``timed.py LABEL -- COMMAND ...``."""

from __future__ import annotations

import subprocess
import sys
import time

label, _, *command = sys.argv[1:]
print(f"── {label} ──", flush=True)
start = time.perf_counter()
code = subprocess.run(command, check=False).returncode
seconds = time.perf_counter() - start
print(f"── {label}: {'passed' if code == 0 else 'FAILED'} in {seconds:.0f} s ──\n", flush=True)
sys.exit(code)
