"""How long a fresh interpreter takes to import a package: the seconds it counts itself."""

from __future__ import annotations

import subprocess
import sys

_CODE = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def _import(name):
    def run():
        command = [sys.executable, "-c", _CODE.format(name)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return (float(done.stdout.split()[-1]),)

    return run


def lessonlib():
    return _import("lessonlib")


def augmentation():
    return _import("lessonlib.augmentation")


def scientific():
    return _import("lessonlib.scientific")


def sklearn():
    return _import("sklearn")


def torch():
    return _import("torch")


def torchvision():
    return _import("torchvision")


def torchmetrics():
    return _import("torchmetrics")


def grad_cam():
    return _import("pytorch_grad_cam")


def monai():
    return _import("monai")
