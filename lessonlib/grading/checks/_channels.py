"""Z-scores, percentiles, statistics and correlations of channels, and how a submission does them.

Images are small, so that `ddof=1` or a wrong axis shows, and hold channels that are constant at
0.1, at 0 and at a large value. What counts as 0 of a constant channel is anything below `ZERO`: an
epsilon in a denominator is a style, the noise of rounding blown up to +-1 is a mistake.
"""

from __future__ import annotations

import numpy as np

from lessonlib.grading.checks._given import expect_passed, part
from lessonlib.grading.compare import (
    as_array,
    changes,
    expect_same,
    expect_unchanged,
    mutates,
    same,
)
from lessonlib.grading.exercise import Mistake, Remote, Reply

ZERO = 1e-3


def random_image(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """Return a random image whose channels have different scales and are correlated."""
    shared = rng.normal(size=shape[1:])
    scales = 10.0 ** rng.uniform(-1, 3, shape[0])
    offsets = scales * rng.uniform(-2, 5, shape[0])
    noise = rng.normal(size=shape)
    weight = rng.uniform(-0.8, 0.8, shape[0])
    mixed = weight[:, None, None] * shared + noise * np.sqrt(1 - weight**2)[:, None, None]
    return offsets[:, None, None] + scales[:, None, None] * mixed


def with_constants(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    image = random_image(rng, shape)
    image[1], image[2], image[4] = 0.1, 0.0, 287.3
    return image


def zscores(image: np.ndarray, ddof: int = 0) -> np.ndarray:
    """Return each channel minus its mean over its spread, zeros where it is constant."""
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
    plain = [public, random_image(rng, (3, 5, 7)), random_image(rng, (13, 4, 6))]
    for image in plain:
        called = f"{method}(image of shape {image.shape})"
        reply = remote.call(method, image)
        got = as_array(reply.value, called, image.shape)
        expect_unchanged(reply, (image,), called)
        if same(got, zscores(image)):
            continue
        total = (image - image.mean()) / image.std()
        low, high = (f(image, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
        mean, std = (f(image, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
        expect_same(
            got,
            zscores(image),
            called,
            hint="Each channel: subtract its mean, divide by its standard deviation.",
            mistakes=[
                (zscores(image, 1), "This is ddof=1; the population's spread has ddof=0."),
                (total, "One mean and spread for all channels; each needs its own, axes 1 and 2."),
                ((image - low) / (high - low), "This scales to [0, 1]; a z-score is asked."),
                (image - mean, "The mean is subtracted; divide by the standard deviation too."),
                ((image - mean) / std**2, "This divides by the variance, not by its root."),
                (_over_channels(image), "Mean and spread over channels (axis 0); take axes 1, 2."),
            ],
        )
    for shape in ((6, 5, 7), (6, 64, 64)):
        image = with_constants(rng, shape)
        called = f"{method}(image of shape {shape} with constant channels)"
        hint = "A constant channel has no spread to divide by: make it zeros."
        got = as_array(remote.call(method, image).value, called, shape, hint=hint)
        hint += " The standard deviation of many 0.1 is not exactly 0, their range is."
        _expect_zeros(got, (1, 2, 4), called, hint)
        varying = [0, 3, 5]
        expect_same(got[varying], zscores(image)[varying], called, hint="The others vary.")


def _over_channels(image: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return (image - image.mean(axis=0)) / image.std(axis=0)


def clipped(image, low_pct, high_pct) -> np.ndarray:
    """Return each channel clipped to its percentiles and rescaled, zeros where these coincide."""
    result = np.zeros(image.shape)
    for channel, values in enumerate(image):
        low, high = np.percentile(values, [low_pct, high_pct])
        if high > low:
            result[channel] = (np.clip(values, low, high) - low) / (high - low)
    return result


def is_clipped(got: np.ndarray, values: np.ndarray, low_pct: float, high_pct: float) -> bool:
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
    image = random_image(rng, (4, 21, 23))
    image[0, 0, 0], image[3, 2, 2] = 1e4, -1e4
    for percentiles in ((), (5.0, 90.0), (0.0, 100.0), (25.0, 75.0)):
        called = f"{method}({', '.join(['image of shape (4, 21, 23)', *map(str, percentiles)])})"
        reply = remote.call(method, image, *percentiles)
        got = as_array(reply.value, called, image.shape)
        expect_unchanged(reply, (image,), called)
        low, high = percentiles or (2, 98)
        if same(got, clipped(image, low, high)) or all(
            is_clipped(g, values, low, high) for g, values in zip(got, image, strict=True)
        ):
            continue
        ends = np.percentile(image, [low, high], axis=(1, 2))[..., None, None]
        both = np.percentile(image, [low, high])
        expect_same(
            got,
            clipped(image, low, high),
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
                (clipped(image, 0, 100), "This stretches minimum to maximum."),
                (clipped(image, 1, 99), "These are the percentiles 1 and 99."),
                (clipped(image, 2, 98), "The percentiles 2 and 98 whatever is passed."),
                (
                    clipped(image, low / 100, high / 100),
                    "Percentiles count to 100, quantiles to 1: numpy.percentile takes 2 and 98.",
                ),
            ],
        )
    for shape in ((6, 5, 7), (6, 64, 64)):
        image = with_constants(rng, shape)
        image[5] = 5.0  # all but two pixels: no constant, but its percentiles coincide
        if shape[1] == 64:
            image[5, 0, :2] = 9.0, 1.0
        called = f"{method}(image of shape {shape} with constant channels)"
        hint = "Where both percentiles are one value there is nothing to divide by: make it zeros."
        got = as_array(remote.call(method, image).value, called, shape, hint=hint)
        _expect_zeros(got, (1, 2, 4, 5), called, hint)


def statistics(image: np.ndarray, ddof: int = 0) -> np.ndarray:
    """Return mean, standard deviation, minimum and maximum of each channel, shape (C, 4)."""
    pixels = image.reshape(len(image), -1)
    return np.stack(
        [pixels.mean(1), pixels.std(1, ddof=ddof), pixels.min(1), pixels.max(1)], axis=1
    )


def check_statistics(remote: Remote, rng: np.random.Generator) -> None:
    """Part e: mean, std, min, max of each channel."""
    public = np.array([[[1.0, 2.0], [3.0, 6.0]], [[10.0, 10.0], [30.0, 30.0]]])
    for image in (public, random_image(rng, (8, 5, 7)), with_constants(rng, (6, 4, 3))):
        called = f"channel_statistics(image of shape {image.shape})"
        reply = remote.call("channel_statistics", image)
        got = as_array(reply.value, called, (len(image), 4))
        expect_unchanged(reply, (image,), called)
        right = statistics(image)
        variance = right.copy()
        variance[:, 1] **= 2
        expect_same(
            got,
            right,
            called,
            atol=1e-6,
            hint="A row for each channel; its columns are mean, std, min, max.",
            mistakes=[
                (statistics(image, 1), "This is ddof=1; the population's spread has ddof=0."),
                (right[:, [0, 1, 3, 2]], "Maximum and minimum are swapped: mean, std, min, max."),
                (right[:, [2, 3, 0, 1]], "The order is mean, std, min, max."),
                (right[:, [1, 0, 2, 3]], "The order is mean, std, min, max."),
                (variance, "This is the variance; the standard deviation is its root."),
            ],
        )


def correlations(image: np.ndarray) -> np.ndarray:
    """Return Pearson's correlations of the channels, shape (C, C), 0 for constant ones."""
    z = zscores(image).reshape(len(image), -1)
    return z @ z.T / z.shape[1]


def _without_diagonal(matrix: np.ndarray, constant) -> np.ndarray:
    matrix = np.array(matrix)
    for channel in constant:
        matrix[channel, channel] = 0
    return matrix


def _one_constant(rng: np.random.Generator, value: float) -> tuple[np.ndarray, tuple[int, ...]]:
    image = random_image(rng, (5, 8, 9))
    place = int(rng.integers(5))
    image[place] = value
    return image, (place,)


def _several_constants(rng: np.random.Generator) -> tuple[np.ndarray, tuple[int, ...]]:
    """Constants of few binary digits, whose mean is exact however it is summed."""
    image = random_image(rng, (6, 8, 16))
    image[1], image[2], image[4] = 0.25, 0.0, 288.0
    return image, (1, 2, 4)


@np.errstate(all="ignore")
def check_correlation(remote: Remote, rng: np.random.Generator) -> None:
    """Part g: Pearson correlations between channels.

    Where they are wrong and part b was called for them, part b returns the z-scores of another
    picture, whose correlations must then come through: a mistake of part b is not counted twice.
    """
    cases = [(random_image(rng, (4, 5, 7)), ()), (random_image(rng, (8, 16, 16)), ())]
    cases += [_one_constant(rng, value) for value in (0.1, 287.3, 0.0, float(rng.normal()))]
    cases.append(_several_constants(rng))
    for image, constant in cases:
        called = f"channel_correlation(image of shape {image.shape}"
        called += ", with constant channels)" if constant else ")"
        atol = ZERO if constant else 1e-5
        right = correlations(image)
        reply = remote.call("channel_correlation", image)
        got = _matrix(reply, called, len(image))
        if _equal_off(got, right, constant, atol):
            if changes(reply, (image,)) and not mutates(remote, "per_channel_normalize", image):
                expect_unchanged(reply, (image,), called)
            continue
        other = random_image(rng, image.shape)
        other[list(constant)] = 0
        given = {"per_channel_normalize": part(("image",), zscores(other))}
        reply = remote.call("channel_correlation", image, given=given)
        asked = reply.calls["per_channel_normalize"]
        expect_passed(asked, image, called, "per_channel_normalize()")
        expect_unchanged(reply, (image,), called)
        if asked:
            called += ", with other z-scores given to it"
            image, right = other, correlations(other)
        got = _matrix(reply, called, len(image))
        if not _equal_off(got, right, constant, atol):
            got, right = (_without_diagonal(matrix, constant) for matrix in (got, right))
            _judge_correlation(got, right, image, constant, called, atol)


def _equal_off(got, right, constant, atol: float) -> bool:
    """Whether two matrices agree but for the diagonal of constant channels."""
    got, right = (_without_diagonal(matrix, constant) for matrix in (got, right))
    return same(got, right, atol=atol)


def _matrix(reply: Reply, called: str, size: int) -> np.ndarray:
    hint = "One row and column for each channel: flatten each channel's pixels first."
    return as_array(reply.value, called, (size, size), finite=False, hint=hint)


def _judge_correlation(got, right, image, constant, called: str, atol: float) -> None:
    pixels, n = image.reshape(len(image), -1), image[0].size
    lengths = np.linalg.norm(pixels, axis=1)
    hint = "Pearson: covariance over the product of the standard deviations."
    if constant:
        hint = "A constant channel correlates with nothing: 0.0 off the diagonal."
    expect_same(
        got,
        right,
        called,
        atol=atol,
        hint=hint,
        mistakes=[]
        if constant
        else [
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
