"""Elastic deformation at equal displacement."""

from __future__ import annotations

import numpy as np

from benchmarks.cases import Agreement, Ask, Case, Contestant, Inputs, Target
from benchmarks.contestants.elastic import SD, SIGMA

_MARGIN = 24  # displacements near the frame read beyond it, where everyone does something else
_FIELDS = 32


def pictures(count: int):
    """Return a maker of `count` smooth pictures of 512² pixels, float32 in [0, 1]."""

    def inputs(tiny: bool) -> Inputs:
        rng = np.random.default_rng(7)
        side = 64 if tiny else 512
        coarse = rng.random((2 if tiny else count, side // 8, side // 8), dtype=np.float32)
        return {"images": coarse.repeat(8, axis=1).repeat(8, axis=2)}

    return inputs


def ramps(side: int) -> Inputs:
    """Return pictures of the pixels' own coordinates, x and y in turn, scaled to [0, 1].

    A deformed picture of coordinates shows where each pixel was read: bilinear interpolation is
    exact on a ramp. So the displacement of any library can be measured from outside.
    """
    x = np.tile(np.linspace(0, 1, side, dtype=np.float32), (side, 1))
    return {"images": np.stack([x, x.T] * (_FIELDS // 2))}


def correlation_length(fields: np.ndarray) -> float:
    """Return the lag in pixels at which the correlation of fields ``(N, H, W)`` is 1/e."""
    power = np.mean(fields**2)
    before = 1.0
    for lag in range(1, fields.shape[-1] // 2):
        along_x = np.mean(fields[:, :, lag:] * fields[:, :, :-lag])
        along_y = np.mean(fields[:, lag:] * fields[:, :-lag])
        now = (along_x + along_y) / 2 / power
        if now < 1 / np.e:
            return lag - (1 / np.e - now) / (before - now)
        before = now
    return float("inf")


def displacement(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Measure what a contestant does to ramps, against alpha = 50 and sigma = 5.

    Gaussian noise smoothed by a Gaussian has the correlation exp(-d²/4σ²): 1/e at 2σ.
    """
    side = inputs["images"].shape[-1]
    asked = ramps(side)["images"]
    (answer,) = ask({"images": asked})
    inner = (slice(None), slice(_MARGIN, -_MARGIN), slice(_MARGIN, -_MARGIN))
    fields = ((np.asarray(answer, np.float64) - asked) * (side - 1))[inner]
    sd, length = float(np.sqrt(np.mean(fields**2))), correlation_length(fields)
    # Libraries with control points have another correlation than a Gaussian's: 10 % for them.
    near = abs(sd / SD - 1) <= (0.02 if ours else 0.1)
    near &= abs(length / (2 * SIGMA) - 1) <= (0.02 if ours else 0.1)
    return Agreement(bool(near), f"moves {sd:.2f} px, correlated over {length:.1f} px")


def _ways(*names: str) -> tuple[Contestant, ...]:
    return tuple(_PEERS[name] for name in names)


def _peer(name: str, function: str, group: str, package: str, note: str = "", rival: bool = True):
    return Contestant(
        name, f"benchmarks.contestants.elastic:{function}", group, (package,), note, rival
    )


_PEERS = {
    "scipy": _peer("SciPy, the definition", "scipy", "course", "scipy"),
    "albumentations": _peer(
        "albumentations",
        "albumentations",
        "augmentation",
        "albumentations",
        "noise divided by its largest value",
    ),
    "uniform": _peer(
        "albumentations, uniform noise",
        "albumentations_uniform",
        "augmentation",
        "albumentations",
    ),
    "monai": _peer("MONAI", "monai", "augmentation", "monai", "control points 13 px apart"),
    "nnunet": _peer(
        "nnU-Net (batchgeneratorsv2)",
        "nnunet",
        "augmentation",
        "batchgeneratorsv2",
        "every field scaled to one largest displacement",
    ),
    "kornia": _peer("kornia", "kornia", "augmentation", "kornia", "uniform noise"),
    "elasticdeform": _peer(
        "elasticdeform",
        "elasticdeform",
        "elasticdeform",
        "elasticdeform",
        "control points 12 px apart",
    ),
    "torchio": _peer(
        "TorchIO", "torchio", "augmentation", "torchio", "uniform control points 8 px apart"
    ),
    "torchvision": _peer(
        "torchvision", "torchvision", "course", "torchvision", "uniform noise, twice the alpha"
    ),
    "shared": _peer(
        "torchvision, one field for all 32", "torchvision", "course", "torchvision", "one field"
    ),
    "albumentations as typed": _peer(
        "albumentations, alpha=50 as typed",
        "albumentations_as_typed",
        "augmentation",
        "albumentations",
        "the same words, another strength",
        rival=False,
    ),
    "torchvision as typed": _peer(
        "torchvision, alpha=50 as typed",
        "torchvision_as_typed",
        "course",
        "torchvision",
        "the same words, another strength",
        rival=False,
    ),
    "remap": _peer(
        "OpenCV, look-up alone",
        "remap",
        "course",
        "opencv-python-headless",
        "draws no field: a floor, no peer",
        rival=False,
    ),
}
_OURS = Contestant("lessonlib", "benchmarks.contestants.elastic:ours")
_SAME = (
    "Parameters were chosen so that every library moves pixels by 2.82 px (one standard "
    "deviation per axis) with a correlation that falls to 1/e at 10 px, measured on pictures of "
    "coordinates; the course's own within 2 %, the others within 10 %."
)

CASES = (
    Case(
        name="elastic-one",
        title="Elastic deformation, one image of 512², float32",
        inputs=pictures(1),
        ours=_OURS,
        peers=_ways(
            "scipy",
            "albumentations",
            "uniform",
            "monai",
            "nnunet",
            "kornia",
            "elasticdeform",
            "torchio",
            "torchvision",
            "albumentations as typed",
            "torchvision as typed",
            "remap",
        ),
        agreement=displacement,
        targets=(Target(0.2),),
        same=_SAME,
    ),
    Case(
        name="elastic-batch",
        title="Elastic deformation, 32 images of 512², a field for each",
        inputs=pictures(32),
        ours=_OURS,
        peers=_ways("scipy", "uniform", "monai", "nnunet", "kornia", "shared", "remap"),
        agreement=displacement,
        targets=(Target(0.25),),
        same=_SAME,
    ),
)
