"""Statistics and stretching of many channels, all against the definition in float64."""

from __future__ import annotations

import numpy as np

from benchmarks.cases import Agreement, Ask, Case, Contestant, Inputs, Target
from benchmarks.contestants.channels import PERCENTILES
from benchmarks.environments import COURSE


def scene(tiny: bool) -> Inputs:
    """Return 13 channels of 2048² uint16 with the uneven histogram that reflectances have."""
    rng = np.random.default_rng(13)
    side = 64 if tiny else 2048
    levels = rng.uniform(300, 3000, 13)
    image = np.empty((13, side, side), np.uint16)
    for channel, level in zip(image, levels, strict=True):
        channel[:] = np.minimum(rng.gamma(4, level / 4, channel.shape), 65535)
    return {"image": image}


def percentiles(image: np.ndarray) -> np.ndarray:
    """Return exact percentiles ``(2, C)`` by sorting."""
    ordered = np.sort(image.reshape(len(image), -1), axis=1).astype(np.float64)
    position = (ordered.shape[1] - 1) * np.array(PERCENTILES) / 100
    below = np.floor(position).astype(int)
    lower, upper = ordered[:, below], ordered[:, below + 1]
    return (lower + (upper - lower) * (position - below)).T


def same_moments(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Compare mean and standard deviation with sums of whole numbers, which are exact."""
    pixels = inputs["image"].reshape(len(inputs["image"]), -1).astype(np.int64)
    n, total, squares = pixels.shape[1], pixels.sum(1), (pixels**2).sum(1)
    mean = total / n
    variance = [(n * int(q) - int(t) ** 2) / n**2 for t, q in zip(total, squares, strict=True)]
    expected = np.stack([mean, np.sqrt(variance)])
    worst = float(np.max(np.abs(np.stack(ask(inputs)) / expected - 1)))
    return Agreement(worst <= (1e-14 if ours else 1e-9), f"right to {worst:.0e}")


def same_percentiles(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Compare percentiles with those of the sorted channels, which are exact."""
    (answer,) = ask(inputs)
    worst = float(np.max(np.abs(answer - percentiles(inputs["image"]))))
    return Agreement(worst <= 1e-9, "exact" if worst <= 1e-9 else f"off by up to {worst:.2g}")


def same_pixels(ask: Ask, inputs: Inputs, ours: bool) -> Agreement:
    """Compare stretched pixels with the formula in float64, a channel at a time."""
    (answer,) = ask(inputs)
    image, worst = inputs["image"], 0.0
    for x, y, low, high in zip(image, answer, *percentiles(image), strict=True):
        worst = max(worst, float(np.max(np.abs(np.clip((x - low) / (high - low), 0, 1) - y))))
    return Agreement(
        worst <= 1e-6, f"right to {worst:.0e}" if worst <= 1e-6 else f"off by up to {worst:.2g}"
    )


_PACKAGES = {
    "numpy": "numpy",
    "dask": "dask",
    "sklearn": "scikit-learn",
    "xarray": "xarray",
    "skimage": "scikit-image",
    "opencv": "opencv-python-headless",
}


def _contestant(operation: str, name: str, function: str, *, note: str = "", rival: bool = True):
    packages = (_PACKAGES[function],) if function in _PACKAGES else ()
    group = "channels" if function == "xarray" else COURSE
    make = f"benchmarks.contestants.channels:{operation}_{function}"
    return Contestant(name, make, group, packages, note, rival)


CASES = (
    Case(
        name="moments",
        title="Mean and standard deviation of 13 channels of 2048², uint16",
        inputs=scene,
        ours=_contestant("moments", "lessonlib", "ours"),
        peers=(
            _contestant("moments", "NumPy", "numpy"),
            _contestant("moments", "OpenCV", "opencv", note="meanStdDev"),
            _contestant("moments", "dask", "dask"),
            _contestant("moments", "scikit-learn", "sklearn", note="StandardScaler.partial_fit"),
            _contestant("moments", "xarray", "xarray"),
        ),
        agreement=same_moments,
        targets=(
            Target(0.4, of="NumPy"),
            Target(1.0),
            Target(8 * 2**20, of=None, quantity="memory"),
        ),
        memory=True,
        same="Population statistics; sums of whole numbers give the exact values to compare with.",
    ),
    Case(
        name="percentiles",
        title="2nd and 98th percentile of 13 channels of 2048², uint16",
        inputs=scene,
        ours=_contestant("percentiles", "lessonlib", "ours"),
        peers=(
            _contestant("percentiles", "NumPy", "numpy"),
            _contestant("percentiles", "xarray", "xarray"),
            _contestant("percentiles", "dask", "dask", note="merges its chunks' percentiles"),
        ),
        agreement=same_percentiles,
        targets=(Target(0.2),),
        memory=True,
        same="Linear interpolation between ranks; sorted channels give the exact values.",
    ),
    Case(
        name="stretch",
        title="Clip 13 channels of 2048², uint16, to those percentiles and rescale to [0, 1]",
        inputs=scene,
        ours=_contestant("stretch", "lessonlib", "ours"),
        peers=(
            _contestant(
                "stretch",
                "NumPy",
                "numpy",
                note="percentile, clip and the formula, channel by channel",
            ),
            _contestant("stretch", "scikit-image", "skimage", note="rescale_intensity"),
            _contestant("stretch", "xarray", "xarray"),
            _contestant("stretch", "dask", "dask", note="merges its chunks' percentiles"),
            _contestant(
                "stretch",
                "NumPy, astype alone",
                "floor",
                note="only writes the pixels as float32: a floor, no peer",
                rival=False,
            ),
        ),
        agreement=same_pixels,
        targets=(Target(0.15),),
        memory=True,
        same="Percentiles included. The answer is float32 for everyone.",
    ),
)
