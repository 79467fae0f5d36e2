"""A grader as people write it: one process, pickles between, results in a file. No defences."""

from __future__ import annotations

import importlib.util
import json
import pickle
import resource
import sys
from pathlib import Path

import numpy as np

# Only so that the proof does no harm to the machine it runs on.
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))

SECRET = float(sys.argv[3])


def judge(cls):
    score, said = 0, []
    x = np.random.default_rng(0).normal(size=(3, 4))
    for method, arguments, expected in (("square", (x,), x**2), ("secret", (), SECRET)):
        try:
            value = getattr(cls(), method)(*arguments)
            value = pickle.loads(pickle.dumps(value))
            if np.allclose(value, expected):
                score += 1
        except Exception as error:
            said.append(f"{type(error).__name__}: {error}")
    return score, said


def main():
    sys.path.insert(0, str(Path.cwd()))
    spec = importlib.util.spec_from_file_location("submission", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    sys.modules["submission"] = module
    spec.loader.exec_module(module)
    score, said = judge(module.Target)
    text = json.dumps({"score": score, "said": said})
    Path(sys.argv[2]).write_text(text)
    print(text, flush=True)


main()
