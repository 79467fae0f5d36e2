"""How `ScientificImageAnalyzer` is judged.

Nothing here is left to chance: inputs are drawn afresh, but each has one right answer. Images are
small, so that `ddof=1` or a wrong axis shows, and hold channels that are constant at 0.1, at 0 and
at a large value. What counts as 0 of a constant channel is anything below 1e-3: an epsilon in a
denominator is a style, the noise of rounding blown up to +-1 is a mistake.
"""

from __future__ import annotations

import re

import numpy as np

from lessonlib.grading.compare import (
    as_array,
    as_mapping,
    as_number,
    expect_same,
    expect_seeded,
    expect_unchanged,
    mutates,
    same,
    works,
)
from lessonlib.grading.exercise import Criterion, Exercise, Mistake, Remote, SubmissionError

RANGES = ((0, 255),) * 3 + ((500, 3000),) * 2 + ((250, 320),) + ((-25, 5),) * 2
NAMES = ("red", "green", "blue", "near infrared", "near infrared", "thermal", "radar", "radar")
ZERO = 1e-3
NDVI_KEYS = ("mean", "std", "vegetation_fraction")


def _image(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """Return a random image whose channels have different scales and are correlated."""
    shared = rng.normal(size=shape[1:])
    scales = 10.0 ** rng.uniform(-1, 3, shape[0])
    offsets = scales * rng.uniform(-2, 5, shape[0])
    own = rng.normal(size=shape)
    weight = rng.uniform(-0.8, 0.8, shape[0])
    mixed = weight[:, None, None] * shared + own * np.sqrt(1 - weight**2)[:, None, None]
    return offsets[:, None, None] + scales[:, None, None] * mixed


def _with_constants(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    image = _image(rng, shape)
    image[1], image[2], image[4] = 0.1, 0.0, 287.3
    return image


# --- part a -------------------------------------------------------------------------------------


def check_generate(remote: Remote, rng: np.random.Generator) -> None:
    """Part a: eight channels, each within its range."""
    called = "ScientificImageAnalyzer().generate()"
    default = as_array(remote.call("generate").value, called, (8, 128, 128))
    given = remote.call("generate", init={"size": 128, "seed": 42}).value
    called = "ScientificImageAnalyzer(size=128, seed=42).generate()"
    hint = "The defaults of the constructor are size=128 and seed=42, and the seed decides."
    expect_same(as_array(given, called, (8, 128, 128)), default, called, hint=hint)
    size = int(rng.integers(20, 40))
    seeds = [int(seed) for seed in rng.integers(1, 2**31, 2)]
    called = f"ScientificImageAnalyzer(size={size}, seed={seeds[0]}).generate()"
    scenes = [
        as_array(
            remote.call("generate", init={"size": size, "seed": s}).value, called, (8, size, size)
        )
        for s in (seeds[0], seeds[0], seeds[1])
    ]
    for scene in (default, *scenes):
        _judge_ranges(scene, called)
    expect_seeded(*scenes, called)


def _judge_ranges(scene: np.ndarray, called: str) -> None:
    for channel, (low, high) in enumerate(RANGES):
        values = scene[channel]
        where, got = f"{called}[{channel}]", f"{values.min():.4g} to {values.max():.4g}"
        expected = f"{NAMES[channel]} from {low} to {high}"
        slack = 1e-6 * (high - low)
        if values.min() < low - slack or values.max() > high + slack:
            hint = ""
            others = [
                k for k, r in enumerate(RANGES) if r[0] <= values.min() <= values.max() <= r[1]
            ]
            if others:
                hint = f"This is the range of the {NAMES[others[-1]]}: check the channels' order."
            elif channel == 5 and values.max() < 100:
                hint = "These look like degrees Celsius: kelvin is 273.15 more."
            elif values.min() < low and values.max() > high:
                hint = "The values leave the range at both ends: clip them."
            raise Mistake(where, got, expected, hint)
        if np.ptp(values) < 0.01 * (high - low):
            hint = "Let the channel vary over its range."
            if channel < 3 and values.max() <= 1:
                hint = "Colours run from 0 to 255 here, not from 0 to 1."
            raise Mistake(where, got, expected, hint)


# --- parts b, c ---------------------------------------------------------------------------------


def _zscores(image: np.ndarray, ddof: int = 0) -> np.ndarray:
    result = np.zeros(image.shape)
    for channel, values in enumerate(image):
        if np.ptp(values) > 0:
            result[channel] = (values - values.mean()) / values.std(ddof=ddof)
    return result


def _expect_zeros(got: np.ndarray, channels, called: str, why: str) -> None:
    for channel in channels:
        if np.abs(got[channel]).max() > ZERO:
            raise Mistake(
                f"{called}, channel {channel}",
                f"values from {got[channel].min():.4g} to {got[channel].max():.4g}",
                "zeros",
                why,
            )


def check_zscore(remote: Remote, rng: np.random.Generator) -> None:
    """Part b: z-scores per channel, zeros for constant channels."""
    method = "per_channel_normalize"
    public = np.array([[[1.0, 2.0], [3.0, 6.0]], [[10.0, 10.0], [30.0, 30.0]]])
    plain = [public, _image(rng, (3, 5, 7)), _image(rng, (13, 4, 6))]
    for image in plain:
        called = f"{method}(image of shape {image.shape})"
        reply = remote.call(method, image)
        got = as_array(reply.value, called, image.shape)
        expect_unchanged(reply, (image,), called)
        total = (image - image.mean()) / image.std()
        low, high = (f(image, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
        mean, std = (f(image, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
        expect_same(
            got,
            _zscores(image),
            called,
            hint="Each channel: subtract its mean, divide by its standard deviation.",
            mistakes=[
                (_zscores(image, 1), "This is ddof=1; the population's spread has ddof=0."),
                (total, "One mean and spread for all channels; each needs its own, axes 1 and 2."),
                ((image - low) / (high - low), "This scales to [0, 1]; a z-score is asked."),
                (image - mean, "The mean is subtracted; divide by the standard deviation too."),
                ((image - mean) / std**2, "This divides by the variance, not by its root."),
                (_over_channels(image), "Mean and spread over channels (axis 0); take axes 1, 2."),
            ],
        )
    for shape in ((6, 5, 7), (6, 64, 64)):
        image = _with_constants(rng, shape)
        called = f"{method}(image of shape {shape} with constant channels)"
        hint = "A constant channel has no spread to divide by: make it zeros."
        got = as_array(remote.call(method, image).value, called, shape, hint=hint)
        hint += " The standard deviation of many 0.1 is not exactly 0, their range is."
        _expect_zeros(got, (1, 2, 4), called, hint)
        varying = [0, 3, 5]
        expect_same(got[varying], _zscores(image)[varying], called, hint="The others vary.")


def _over_channels(image: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return (image - image.mean(axis=0)) / image.std(axis=0)


def _clipped(image, low_pct, high_pct) -> np.ndarray:
    result = np.zeros(image.shape)
    for channel, values in enumerate(image):
        low, high = np.percentile(values, [low_pct, high_pct])
        if high > low:
            result[channel] = (np.clip(values, low, high) - low) / (high - low)
    return result


def _is_clipped(got: np.ndarray, values: np.ndarray, low_pct: float, high_pct: float) -> bool:
    """Whether a channel was clipped and rescaled by percentiles, however these are defined.

    Definitions differ in where between two neighbours of the sorted pixels a percentile lies. So
    the two bounds are read off the answer's straight middle piece, and must lie among the right
    neighbours.
    """
    ordered, n = np.sort(values.ravel()), values.size
    middle = (got > 1e-4) & (got < 1 - 1e-4)
    if middle.sum() < 5:
        return False
    slope, offset = np.polyfit(values[middle], got[middle], 1)
    if slope <= 0:
        return False
    low, high = -offset / slope, (1 - offset) / slope
    for bound, percentage in ((low, low_pct), (high, high_pct)):
        rank = percentage / 100 * (n - 1)
        below = ordered[max(int(np.floor(rank)) - 1, 0)]
        above = ordered[min(int(np.ceil(rank)) + 1, n - 1)]
        slack = 1e-4 * (high - low)
        if not below - slack <= bound <= above + slack:
            return False
    return same(got, (np.clip(values, low, high) - low) / (high - low), 1e-4, 1e-4)


def check_clip(remote: Remote, rng: np.random.Generator) -> None:
    """Part c: clipped to percentiles and rescaled; zeros where they coincide."""
    method = "percentile_clip"
    image = _image(rng, (4, 21, 23))
    image[0, 0, 0], image[3, 2, 2] = 1e4, -1e4
    for percentiles in ((), (5.0, 90.0), (0.0, 100.0), (25.0, 75.0)):
        called = f"{method}({', '.join(['image of shape (4, 21, 23)', *map(str, percentiles)])})"
        reply = remote.call(method, image, *percentiles)
        got = as_array(reply.value, called, image.shape)
        expect_unchanged(reply, (image,), called)
        low, high = percentiles or (2, 98)
        if all(_is_clipped(g, values, low, high) for g, values in zip(got, image, strict=True)):
            continue
        ends = np.percentile(image, [low, high], axis=(1, 2))[..., None, None]
        both = np.percentile(image, [low, high])
        expect_same(
            got,
            _clipped(image, low, high),
            called,
            hint="Find each channel's own percentiles, clip to them, then map them to 0 and 1.",
            mistakes=[
                (np.clip(image, *ends), "Clipped, but not rescaled to [0, 1]."),
                (
                    (image - ends[0]) / (ends[1] - ends[0]),
                    "Rescaled, but the clip is forgotten: values leave [0, 1].",
                ),
                (
                    (np.clip(image, *both) - both[0]) / (both[1] - both[0]),
                    "One pair of percentiles for all channels; each needs its own.",
                ),
                (_clipped(image, 0, 100), "This stretches minimum to maximum."),
                (_clipped(image, 1, 99), "These are the percentiles 1 and 99."),
                (_clipped(image, 2, 98), "The percentiles 2 and 98 whatever is passed."),
                (
                    _clipped(image, low / 100, high / 100),
                    "Percentiles count to 100, quantiles to 1: numpy.percentile takes 2 and 98.",
                ),
            ],
        )
    for shape in ((6, 5, 7), (6, 64, 64)):
        image = _with_constants(rng, shape)
        image[5] = 5.0  # all but two pixels: no constant, but its percentiles coincide
        if shape[1] == 64:
            image[5, 0, :2] = 9.0, 1.0
        called = f"{method}(image of shape {shape} with constant channels)"
        hint = "Where both percentiles are one value there is nothing to divide by: make it zeros."
        got = as_array(remote.call(method, image).value, called, shape, hint=hint)
        _expect_zeros(got, (1, 2, 4, 5), called, hint)


# --- parts d to g -------------------------------------------------------------------------------


def _ndvi(image: np.ndarray, red: int = 0, nir: int = 3, epsilon: float = 1e-8) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return (image[nir] - image[red]) / (image[nir] + image[red] + epsilon)


def check_ndvi(remote: Remote, rng: np.random.Generator) -> None:
    """Part d: the vegetation index of channels 0 and 3."""
    public = np.array([[[50.0, 0.0]], [[90.0, 10.0]], [[70.0, 20.0]], [[150.0, 0.0]]])
    random = rng.uniform(10, 3000, (8, 6, 9))
    random[0, 0, 0] = random[3, 0, 0] = 0.0
    for image in (public, random):
        called = f"compute_ndvi(image of shape {image.shape})"
        reply = remote.call("compute_ndvi", image)
        hint = "One number for each pixel; image[3], not image[3:4], drops the channels' axis."
        got = as_array(reply.value, called, image.shape[1:], finite=False, hint=hint)
        expect_unchanged(reply, (image,), called)
        by_name = [(-_ndvi(image), "The sign is wrong: NIR minus red.")]
        by_name += [
            (_ndvi(image, red, nir), f"This takes channel {red} for red, {nir} for NIR.")
            for red, nir in ((2, 3), (0, 4), (2, 4), (1, 3), (0, 1))
            if nir < len(image)
        ]
        red, nir = image[0], image[3]
        with np.errstate(invalid="ignore", divide="ignore"):
            by_name += [
                (nir - red, "The difference alone; divide by the sum."),
                (nir - red / (nir + red + 1e-8), "Parentheses around NIR - red are missing."),
                ((nir - red) / nir + red + 1e-8, "Parentheses around the sum are missing."),
            ]
        expect_same(
            got,
            _ndvi(image),
            called,
            hint="(NIR - red) / (NIR + red + 1e-8), red is channel 0, NIR channel 3. Where both "
            "are 0 the 1e-8 keeps the answer at 0.",
            mistakes=by_name,
        )


def _statistics(image: np.ndarray, ddof: int = 0) -> np.ndarray:
    pixels = image.reshape(len(image), -1)
    return np.stack(
        [pixels.mean(1), pixels.std(1, ddof=ddof), pixels.min(1), pixels.max(1)], axis=1
    )


def check_statistics(remote: Remote, rng: np.random.Generator) -> None:
    """Part e: mean, std, min, max of each channel."""
    public = np.array([[[1.0, 2.0], [3.0, 6.0]], [[10.0, 10.0], [30.0, 30.0]]])
    for image in (public, _image(rng, (8, 5, 7)), _with_constants(rng, (6, 4, 3))):
        called = f"channel_statistics(image of shape {image.shape})"
        reply = remote.call("channel_statistics", image)
        got = as_array(reply.value, called, (len(image), 4))
        expect_unchanged(reply, (image,), called)
        right = _statistics(image)
        variance = right.copy()
        variance[:, 1] **= 2
        expect_same(
            got,
            right,
            called,
            atol=1e-6,
            hint="A row for each channel; its columns are mean, std, min, max.",
            mistakes=[
                (_statistics(image, 1), "This is ddof=1; the population's spread has ddof=0."),
                (right[:, [0, 1, 3, 2]], "Maximum and minimum are swapped: mean, std, min, max."),
                (right[:, [2, 3, 0, 1]], "The order is mean, std, min, max."),
                (right[:, [1, 0, 2, 3]], "The order is mean, std, min, max."),
                (variance, "This is the variance; the standard deviation is its root."),
            ],
        )


def _summary(ndvi: np.ndarray, ddof: int = 0) -> np.ndarray:
    return np.array([ndvi.mean(), ndvi.std(ddof=ddof), np.mean(ndvi > 0.3)])


@np.errstate(all="ignore")
def check_ndvi_statistics(remote: Remote, rng: np.random.Generator) -> None:
    """Part f: mean, spread and the fraction above 0.3, of the submission's own NDVI or the true."""
    image = rng.uniform(100, 1000, (8, 6, 9))
    # NDVI exactly 0.3 in a third of the pixels: so large that 1e-8 vanishes.
    image[0, :2], image[3, :2] = 3.5e9, 6.5e9
    half = rng.uniform(100, 1000, (8, 5, 5))
    half[3] *= -0.5
    for picture in (image, half):
        called = f"ndvi_statistics(image of shape {picture.shape})"
        reply = remote.call("ndvi_statistics", picture)
        row = as_mapping(reply.value, called, NDVI_KEYS)
        got = np.array([as_number(row[key], f'{called}["{key}"]') for key in NDVI_KEYS])
        if not mutates(remote, "compute_ndvi", picture):
            expect_unchanged(reply, (picture,), called)
        right = _summary(_ndvi(picture))
        if same(got, right) or same(got, _own_summary(remote, picture, right)):
            continue
        for key, value, expected, wrongs in zip(
            NDVI_KEYS,
            got,
            right,
            (
                (),
                [(_summary(_ndvi(picture), 1)[1], "ddof=1; the population's spread has ddof=0.")],
                [
                    (
                        np.mean(_ndvi(picture) >= 0.3),
                        "This counts >= 0.3: pixels of exactly 0.3 are not above it.",
                    ),
                    (np.sum(_ndvi(picture) > 0.3), "This is a count; divide by all pixels."),
                    (100 * right[2], "This is a percentage; a fraction is asked."),
                    (np.mean(_ndvi(picture) > 0), "This counts NDVI > 0; above 0.3 is asked."),
                    (np.mean(_ndvi(picture) < 0.3), "This is the fraction below 0.3."),
                ],
            ),
            strict=True,
        ):
            expect_same(np.float64(value), expected, f'{called}["{key}"]', mistakes=wrongs)


def _own_summary(remote: Remote, image: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """Return the statistics of the submission's own NDVI: its mistakes are part d's."""
    try:
        own = remote.call("compute_ndvi", image).value
        return _summary(as_array(own, "compute_ndvi(image)"))
    except (Mistake, SubmissionError):
        return otherwise


def _correlations(image: np.ndarray) -> np.ndarray:
    z = _zscores(image).reshape(len(image), -1)
    return z @ z.T / z.shape[1]


def _without_diagonal(matrix: np.ndarray, constant) -> np.ndarray:
    matrix = np.array(matrix)
    for channel in constant:
        matrix[channel, channel] = 0
    return matrix


def check_correlation(remote: Remote, rng: np.random.Generator) -> None:
    """Part g: Pearson correlations between channels."""
    for image in (_image(rng, (4, 5, 7)), _image(rng, (8, 16, 16))):
        called = f"channel_correlation(image of shape {image.shape})"
        reply = remote.call("channel_correlation", image)
        shape = (len(image), len(image))
        hint = "One row and column for each channel: flatten each channel's pixels first."
        got = as_array(reply.value, called, shape, finite=False, hint=hint)
        if not mutates(remote, "per_channel_normalize", image):
            expect_unchanged(reply, (image,), called)
        if _from_own_zscores(remote, image, got):
            continue
        right, n = _correlations(image), image[0].size
        pixels = image.reshape(len(image), -1)
        lengths = np.linalg.norm(pixels, axis=1)
        expect_same(
            got,
            right,
            called,
            atol=1e-5,
            hint="Pearson: covariance over the product of the standard deviations.",
            mistakes=[
                (np.cov(pixels, ddof=0), "This is the covariance: divide by both spreads."),
                (np.cov(pixels), "This is the covariance: divide by both spreads."),
                (np.abs(right), "The sign is lost: channels may correlate negatively."),
                (right**2, "This is the square of the correlation."),
                (right * n / (n - 1), "Sample covariance, population deviations: mixed ddof."),
                (right * (n - 1) / n, "Population covariance, sample deviations: mixed ddof."),
                (
                    pixels @ pixels.T / np.outer(lengths, lengths),
                    "This is the cosine: subtract each channel's mean first.",
                ),
            ],
        )
    for shape in ((6, 5, 7), (6, 64, 64)):
        image = _with_constants(rng, shape)
        called = f"channel_correlation(image of shape {shape} with constant channels)"
        value = as_array(
            remote.call("channel_correlation", image).value, called, (6, 6), finite=False
        )
        if _from_own_zscores(remote, image, value):
            continue
        got, right = (_without_diagonal(m, (1, 2, 4)) for m in (value, _correlations(image)))
        hint = "A constant channel correlates with nothing: 0.0 off the diagonal."
        expect_same(got, right, called, atol=ZERO, hint=hint)


def _from_own_zscores(remote: Remote, image: np.ndarray, got: np.ndarray) -> bool:
    """Whether this is what wrong z-scores of part b lead to, which is part b's mistake."""
    z = _own(remote, "per_channel_normalize", image, _zscores(image))
    if same(z, _zscores(image), atol=ZERO) or z.shape != image.shape:
        return False
    z = z.reshape(len(image), -1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return any(same(got, z @ z.T / n) for n in (z.shape[1], z.shape[1] - 1))


# --- verify -------------------------------------------------------------------------------------


@np.errstate(all="ignore")
def check_run(remote: Remote, rng: np.random.Generator) -> None:
    """Verify: the report agrees with the submission's own parts, or with the truth."""
    called = "ScientificImageAnalyzer(size=24, seed=...).run()"
    # Many scenes: the largest change has either sign, and only a negative one shows a lost abs().
    for seed in rng.integers(1, 2**31, 8):
        _judge_report(remote, {"size": 24, "seed": int(seed)}, called)


def _judge_report(remote: Remote, init: dict, called: str) -> None:
    reply = remote.call("run", init=init)
    report = as_mapping(reply.value, called, ("before", "after", "ndvi", "correlation_change"))
    before = _table(remote, report["before"], f'{called}["before"]')
    after = _table(remote, report["after"], f'{called}["after"]')
    row = as_mapping(report["ndvi"], f'{called}["ndvi"]', NDVI_KEYS)
    ndvi = np.array([as_number(row[key], f'{called}["ndvi"]["{key}"]') for key in NDVI_KEYS])
    change = as_mapping(report["correlation_change"], f"{called}[...]", ("zscore", "clip"))
    changes = {name: as_number(change[name], f'{called}[...]["{name}"]') for name in change}
    _judge_print(reply.stdout, before, after, ndvi, changes, called)
    try:
        scene = as_array(remote.call("generate", init=init).value, "generate()", (8, 24, 24))
    except (Mistake, SubmissionError):
        return  # part a's mistake
    if any(mutates(remote, m, scene) for m in ("per_channel_normalize", "percentile_clip")):
        return  # part b's or c's mistake, after which nothing is as it was
    # What the submission's own parts make of the scene counts as well: their mistakes are theirs.
    zscored = _own(remote, "per_channel_normalize", scene, _zscores(scene))
    clipped = _own(remote, "percentile_clip", scene, _clipped(scene, 2, 98))
    for name, got, image in (("before", before, scene), ("after", after, zscored)):
        right = _statistics(image)
        own = _own(remote, "channel_statistics", image, right)
        if not same(got, right) and not same(got, own):
            hint = 'The statistics of the scene; "after" are those of the z-scored scene.'
            expect_same(got, right, f'{called}["{name}"]', hint=hint)
    right = _summary(_ndvi(scene))
    if not same(ndvi, right) and not same(ndvi, _own_ndvi(remote, scene, right)):
        expect_same(ndvi, right, f'{called}["ndvi"]', hint="NDVI of the scene itself.")
    for name, other in (("zscore", zscored), ("clip", clipped)):
        _judge_change(remote, changes[name], name, scene, other, called)


def _table(remote: Remote, value, called: str) -> np.ndarray:
    """Return statistics as (8, 4); of a transposed part e they come transposed, its mistake."""
    table = as_array(value, called)
    if table.shape == (4, 8) and not works(check_statistics, remote, np.random.default_rng(0)):
        table = table.T
    return as_array(table, called, (8, 4))


def _own(remote: Remote, method: str, image: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """Return what the submission's own part makes of the image, or `otherwise` where it fails."""
    try:
        own = as_array(remote.call(method, image).value, method, finite=False)
    except (Mistake, SubmissionError):
        return otherwise
    # A correlation between pixels is wrong, yet what run() makes of it can be right.
    usable = own.shape == otherwise.shape or (method == "channel_correlation" and own.size)
    return own if usable else otherwise


def _own_ndvi(remote: Remote, scene: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    try:
        row = remote.call("ndvi_statistics", scene).value
        return np.array([float(row[key]) for key in NDVI_KEYS])
    except (SubmissionError, KeyError, TypeError, ValueError):
        return otherwise


def _judge_change(remote, got: float, name: str, scene, other, called: str) -> None:
    called = f'{called}["correlation_change"]["{name}"]'
    right = np.abs(_correlations(other) - _correlations(scene))
    if same(got, right.max(), atol=1e-5):
        return
    after, before = (
        _own(remote, "channel_correlation", x, _correlations(x)) for x in (other, scene)
    )
    if after.shape == before.shape and same(got, np.abs(after - before).max(), atol=1e-5):
        return
    signed = _correlations(other) - _correlations(scene)
    expect_same(
        np.float64(got),
        right.max(),
        called,
        atol=1e-5,
        hint="The largest absolute difference between the correlations of the original and of "
        "the normalised scene.",
        mistakes=[
            (right.mean(), "This is the mean of the differences; the largest is asked."),
            (signed.max(), "The largest difference may be negative: take absolute values first."),
            (-signed.min(), "The largest difference may be positive: take absolute values first."),
            (right.sum(), "This is the sum of the differences; the largest is asked."),
        ],
    )


_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def _judge_print(text: str, before, after, ndvi, changes, called: str) -> None:
    """Look for the numbers themselves, in any layout and rounding."""
    # With and without commas between thousands.
    numbers = _NUMBER.findall(text) + _NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3})", "", text))
    printed = np.array([float(number) for number in numbers[:10_000]] or [np.inf])
    wanted = [("statistics before", number, 0.5) for number in before.ravel()]
    wanted += [("statistics after", number, 0.5) for number in after[:, 2:].ravel()]
    wanted += [("NDVI", ndvi[0], 0.06), ("change of correlation", changes["clip"], 0.06)]
    for what, number, rounding in wanted:
        if np.abs(printed - number).min() > rounding + 0.01 * abs(number):
            hint = "Nothing was printed." if not text.strip() else ""
            expected = "printed: statistics before and after, NDVI, largest change of correlation"
            raise Mistake(called, f"{what}: {number:.4g} is not printed", expected, hint)


EXERCISE = Exercise(
    name="ScientificImageAnalyzer",
    title="Normalise eight channels, and see what is kept and what is lost",
    chapter="exercise-scientific-image-analyzer",
    criteria=(
        Criterion("a", "generate() draws the eight channels", 1.0, check_generate),
        Criterion("b", "per_channel_normalize() makes z-scores", 1.0, check_zscore),
        Criterion("c", "percentile_clip() clips and rescales", 1.0, check_clip),
        Criterion("d", "compute_ndvi() finds vegetation", 1.0, check_ndvi),
        Criterion("e", "channel_statistics() sums up each channel", 1.0, check_statistics),
        Criterion("f", "ndvi_statistics() sums up the index", 1.0, check_ndvi_statistics),
        Criterion("g", "channel_correlation() correlates channels", 1.0, check_correlation),
        Criterion("verify", "run() reports what normalising changed", 1.0, check_run),
    ),
)
