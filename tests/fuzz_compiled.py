"""Throws odd arrays at the functions that hand them to compiled code. Run as a process of its own.

``python -m tests.fuzz_compiled SEED CALLS`` prints every call that ended in neither a result nor a
TypeError or ValueError; a process that dies prints what it was doing last.
"""

import sys
import warnings

import numpy as np

from lessonlib import astronomy, faces, governance, microscopy, satellite, scientific, volumes
from lessonlib.augmentation import ElasticDeformation

SIDES = (0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 33, 400)
DTYPES = ("?", "i1", "u1", "u2", ">u2", "i4", "u8", "i8", "f2", "f4", ">f4", "f8", "g", "c8", "O")


def array(rng: np.random.Generator, axes: int) -> np.ndarray:
    """Return an array of a drawn shape, dtype, layout and content."""
    sides = [int(rng.choice(SIDES)) for _ in range(axes)]
    while np.prod([float(side) for side in sides]) > 2e4:
        sides[int(np.argmax(sides))] = int(rng.choice(SIDES[:9]))
    dtype = np.dtype(str(rng.choice(DTYPES)))
    kind = rng.choice(["noise", "same", "zeros", "extremes", "holes", "subnormal", "steps"])
    values = rng.normal(100, 30, sides)
    if kind == "same":
        values[...] = 7
    elif kind == "zeros":
        values[...] = 0
    elif kind == "subnormal":
        values *= 5e-324
    elif kind == "steps":
        values = rng.integers(0, 4, sides) * 60.0
    elif kind == "extremes" and dtype.kind in "fg":
        values *= float(rng.choice([1e30, 1e300, -1e300]))
    if kind == "holes" and values.size:
        values.flat[rng.integers(values.size)] = rng.choice([np.nan, np.inf, -np.inf])
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = values.astype(dtype)
        if kind == "extremes" and dtype.kind in "iu":
            values[...] = rng.choice([np.iinfo(dtype).min, np.iinfo(dtype).max], sides)
    layout = rng.choice(["plain", "fortran", "reversed", "strided", "read-only", "broadcast"])
    if layout == "fortran":
        values = np.asfortranarray(values)
    elif layout == "reversed":
        values = values[(slice(None, None, -1),) * axes]
    elif layout == "strided":
        values = np.repeat(values, 2, axis=-1)[..., ::2]
    elif layout == "read-only":
        values.flags.writeable = False
    elif layout == "broadcast" and values.size:
        values = np.broadcast_to(values[:1], values.shape)
    return values


def labels(rng):
    drawn = array(rng, int(rng.choice([2, 2, 3])))
    return drawn, np.array(drawn[::-1])


CALLS = {
    "lacosmic": lambda r: astronomy.lacosmic(array(r, 2), read_noise=5.0),
    "sky_background": lambda r: astronomy.sky_background(array(r, 2), 8),
    "find_sources": lambda r: astronomy.find_sources(array(r, 2), 5.0, fwhm=2.0, min_area=2),
    "matched_filter": lambda r: astronomy.matched_filter(array(r, 2), 3.0),
    "laplacian": lambda r: astronomy.laplacian_significance(array(r, 2), array(r, 2)),
    "measure_shape": lambda r: astronomy.measure_shape(array(r, 2), 3, 3, 1.0),
    "asinh_colour": lambda r: astronomy.asinh_colour(array(r, 3), 1, 100),
    "cut_galaxies": lambda r: astronomy.cut_galaxies(array(r, 3)),
    "segment_nuclei": lambda r: microscopy.segment_nuclei(
        array(r, int(r.choice([2, 3]))), smooth=1, local=3, min_size=4, split=0.5
    ),
    "fit_noise": lambda r: microscopy.fit_noise(array(r, 2)),
    "noise_correlation": lambda r: microscopy.noise_correlation(array(r, 2)),
    "match_objects": lambda r: microscopy.match_objects(*labels(r), 0.3),
    "average_precision": lambda r: microscopy.average_precision(*labels(r)),
    "tile_counts": lambda r: microscopy.tile_counts(*labels(r)),
    "separate_stains": lambda r: microscopy.separate_stains(array(r, 3), white=255),
    "anscombe": lambda r: microscopy.inverse_anscombe(microscopy.anscombe(array(r, 2))),
    "coarsen": lambda r: satellite.coarsen(
        array(r, 2), int(r.choice([1, 2, 3])), r.choice(["mean", "nearest", "smoothed"])
    ),
    "percentile_clip": lambda r: scientific.MultiChannelNormalizer().percentile_clip(array(r, 3)),
    "fit": lambda r: scientific.MultiChannelNormalizer().fit(array(r, 4)).mean_,
    "warp": lambda r: faces.FaceAligner().warp(
        array(r, int(r.choice([2, 3]))), [[1, 0.1, 2], [0, 1, 1]], (9, 7)
    ),
    "deform": lambda r: ElasticDeformation(generator=0)(array(r, int(r.choice([2, 3])))),
    "image_statistics": lambda r: governance.image_statistics(array(r, 3)),
    "ks_test": lambda r: governance.ks_test(array(r, 2), array(r, 2)),
    "resample": lambda r: volumes.resample(
        volumes.Volume(array(r, 3), np.diag([1, 0.5, 3, 1])),
        r.choice([0.3, 1, 7], 3),
        bool(r.integers(2)),
    ),
    "surface_distances": lambda r: volumes.surface_distances(
        array(r, int(r.choice([1, 2, 3]))) > 100, array(r, 2) > 100, (3, 0.5)
    ),
    "mmd_test": lambda r: governance.mmd_test(array(r, 2), array(r, 2), n_permutations=3),
}


def main(seed: int, calls: int) -> None:
    warnings.simplefilter("ignore")
    for number in range(calls):
        for name, call in CALLS.items():
            print(f"{name} {seed + number}", file=sys.stderr, flush=True)
            try:
                call(np.random.default_rng([seed + number, len(name)]))
            except (TypeError, ValueError) as error:
                if type(error) not in (TypeError, ValueError):
                    print(f"{name} {seed + number}: {type(error).__name__}: {error}")
            except Exception as error:
                print(f"{name} {seed + number}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
