"""What ``import lessonlib`` costs beside the imports of its peers."""

from __future__ import annotations

from benchmarks.cases import Agreement, Ask, Case, Contestant, Inputs, Target


def imports(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Check that the import succeeds; it leaves nothing that could be compared."""
    ask(inputs)
    return Agreement(True, "imports")


def _import(name: str, function: str, group: str, package: str = "", rival: bool = True):
    packages = (package,) if package else ()
    make = f"benchmarks.contestants.imports:{function}"
    return Contestant(name, make, group, packages, rival=rival)


CASES = (
    Case(
        name="import",
        title="import lessonlib, in a fresh interpreter",
        inputs=lambda tiny: {},
        ours=_import("lessonlib", "lessonlib", "course"),
        peers=(
            _import("lessonlib.augmentation", "augmentation", "course", rival=False),
            _import("lessonlib.scientific", "scientific", "course", rival=False),
            _import("scikit-learn", "sklearn", "course", "scikit-learn"),
            _import("torch", "torch", "course", "torch"),
            _import("torchvision", "torchvision", "course", "torchvision"),
            _import("torchmetrics", "torchmetrics", "scores", "torchmetrics"),
            _import("pytorch-grad-cam", "grad_cam", "explain", "grad-cam"),
            _import("MONAI", "monai", "augmentation", "monai"),
        ),
        agreement=imports,
        targets=(Target(0.1, of=None),),
        clock="own",
        same="Seconds between the statement and the next, bytecode already compiled.",
    ),
)
