"""How `ScientificImageAnalyzer` is judged.

Nothing here is left to chance: inputs are drawn afresh, but each has one right answer. Parts b, c,
e and g, which work on channels of any image, are in `_channels`. Part f and the report of `verify`
get random values from the parts that they call; what they compute by themselves instead must be
the right value. The report of a scene of the submission's own is never excused by a wrong part.
"""

from __future__ import annotations

import re

import numpy as np

from lessonlib.grading.checks._channels import (
    check_clip,
    check_correlation,
    check_statistics,
    check_zscore,
    clipped,
    correlations,
    is_clipped,
    statistics,
    zscores,
)
from lessonlib.grading.checks._given import (
    answered,
    expect_done,
    expect_passed,
    follows_from,
    is_default,
    part,
)
from lessonlib.grading.checks._seeds import draw_seeds
from lessonlib.grading.compare import (
    as_array,
    as_mapping,
    as_number,
    expect_same,
    expect_seeded,
    expect_unchanged,
    same,
    shown,
)
from lessonlib.grading.exercise import Criterion, Exercise, Mistake, Remote, SubmissionError

RANGES = ((0, 255),) * 3 + ((500, 3000),) * 2 + ((250, 320),) + ((-25, 5),) * 2
NAMES = ("red", "green", "blue", "near infrared", "near infrared", "thermal", "radar", "radar")
NDVI_KEYS = ("mean", "std", "vegetation_fraction")


def check_generate(remote: Remote, rng: np.random.Generator) -> None:
    """Part a: eight channels, each within its range."""
    called = "ScientificImageAnalyzer().generate()"
    default = as_array(remote.call("generate").value, called, (8, 128, 128))
    given = remote.call("generate", init={"size": 128, "seed": 42}).value
    called = "ScientificImageAnalyzer(size=128, seed=42).generate()"
    hint = "The defaults of the constructor are size=128 and seed=42, and the seed decides."
    expect_same(as_array(given, called, (8, 128, 128)), default, called, hint=hint)
    size = int(rng.integers(20, 40))
    seeds = draw_seeds(rng, 2)
    called = f"ScientificImageAnalyzer(size={size}, seed={seeds[0]}).generate()"
    scenes = [
        as_array(
            remote.call("generate", init={"size": size, "seed": s}, fresh=fresh).value,
            called,
            (8, size, size),
        )
        for s, fresh in ((seeds[0], False), (seeds[0], True), (seeds[1], False))
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


def _ndvi(image: np.ndarray, red: int = 0, nir: int = 3, epsilon: float = 1e-8) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return (image[nir] - image[red]) / (image[nir] + image[red] + epsilon)


def check_ndvi(remote: Remote, rng: np.random.Generator) -> None:
    """Part d: the vegetation index of channels 0 and 3."""
    public = np.array([[[50.0, 0.0]], [[90.0, 10.0]], [[70.0, 20.0]], [[150.0, 0.0]]])
    random = rng.uniform(10, 3000, (8, 6, 9))
    random[0, 0, 0] = random[3, 0, 0] = 0.0
    random[0, 0, 1], random[3, 0, 1] = 1e-8, 3e-8  # here the 1e-8 of the denominator tells
    for image in (public, random):
        called = f"compute_ndvi(image of shape {image.shape})"
        reply = remote.call("compute_ndvi", image)
        hint = "One number for each pixel; image[3], not image[3:4], drops the channels' axis."
        got = as_array(reply.value, called, image.shape[1:], finite=False, hint=hint)
        expect_unchanged(reply, (image,), called)
        if same(got, _ndvi(image)):
            continue
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


def _summary(ndvi: np.ndarray, ddof: int = 0) -> np.ndarray:
    return np.array([ndvi.mean(), ndvi.std(ddof=ddof), np.mean(ndvi > 0.3)])


def _about_three_tenths(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Return an index of which many values lie at 0.3, just above it and just below it."""
    ndvi = rng.uniform(-0.9, 0.9, shape)
    ndvi[0], ndvi[1], ndvi[2] = 0.3, 0.3 + 1e-4, 0.3 - 1e-4
    return ndvi


@np.errstate(all="ignore")
def check_ndvi_statistics(remote: Remote, rng: np.random.Generator) -> None:
    """Part f: mean, spread and the fraction above 0.3 of what compute_ndvi() returns.

    compute_ndvi() is replaced. An answer that computes the right index by itself is right too.
    """
    for shape in ((6, 9), (5, 5)):
        ndvi = _about_three_tenths(rng, shape)
        picture = rng.uniform(100, 1000, (8, *shape))
        # Another index, in numbers so large that the 1e-8 vanishes.
        own_index = rng.permutation(_about_three_tenths(rng, shape))
        picture[0], picture[3] = 5e9 * (1 - own_index), 5e9 * (1 + own_index)
        called = "ndvi_statistics(image), with another NDVI given to it"
        given = {"compute_ndvi": part(("image",), ndvi)}
        reply = remote.call("ndvi_statistics", picture, given=given)
        row = as_mapping(reply.value, called, NDVI_KEYS)
        got = np.array([as_number(row[key], f'{called}["{key}"]') for key in NDVI_KEYS])
        expect_unchanged(reply, (picture,), called)
        if not reply.calls["compute_ndvi"]:
            called, ndvi = "ndvi_statistics(image)", _ndvi(picture)
        expect_passed(reply.calls["compute_ndvi"], picture, called, "compute_ndvi()")
        # Exactly 0.3 is not to be had by division: a pixel's rounding may fall on either side.
        if not reply.calls["compute_ndvi"] and same(got, _summary(np.round(ndvi, 7))):
            continue
        _judge_summary(got, ndvi, called)


def _judge_summary(got: np.ndarray, ndvi: np.ndarray, called: str) -> None:
    right = _summary(ndvi)
    wrong = {
        "std": [(_summary(ndvi, 1)[1], "ddof=1; the population's spread has ddof=0.")],
        "vegetation_fraction": [
            (
                np.mean(ndvi >= 0.3),
                "This counts >= 0.3: pixels of exactly 0.3 are not above it.",
            ),
            (np.sum(ndvi > 0.3), "This is a count; divide by all pixels."),
            (100 * right[2], "This is a percentage; a fraction is asked."),
            (np.mean(ndvi > 0), "This counts NDVI > 0; above 0.3 is asked."),
            (np.mean(ndvi < 0.3), "This is the fraction below 0.3."),
        ],
    }
    for key, value, expected in zip(NDVI_KEYS, got, right, strict=True):
        where = f'{called}["{key}"]'
        expect_same(np.float64(value), expected, where, mistakes=wrong.get(key, ()))


def _given(rng: np.random.Generator, shape: tuple[int, ...], sign: int) -> dict:
    """Return what the parts of run() answer: pictures, tables and correlations by chance."""

    def correlation() -> np.ndarray:
        matrix = rng.uniform(-1, 1, (8, 8))
        return sign * np.triu(matrix, 1) + sign * np.triu(matrix, 1).T + np.eye(8)

    one = ("image",)
    tables = [rng.uniform(-40, 900, (8, 4)) for _ in range(3)]
    return {
        "generate": part((), rng.uniform(1, 100, shape)),
        "per_channel_normalize": part(one, rng.normal(0, 1, shape)),
        "percentile_clip": part(("image", "low_pct", "high_pct"), rng.uniform(0, 1, shape)),
        "channel_statistics": part(one, *tables),
        "ndvi_statistics": part(one, dict(zip(NDVI_KEYS, rng.uniform(0, 1, 3), strict=True))),
        "channel_correlation": part(one, *(correlation() for _ in range(3))),
    }


@np.errstate(all="ignore")
def check_run(remote: Remote, rng: np.random.Generator) -> None:
    """Verify: the report is put together from its parts, and is right for the scene drawn."""
    state = int(rng.integers(2**31))
    for sign in (1, -1):  # the largest change of a correlation is negative in one of them
        given = _given(np.random.default_rng(state), (8, 12, 12), sign)
        called = "run(), its parts replaced"
        reply = remote.call("run", init={"size": 12}, given=given)
        report = _as_report(reply.value, called)
        if not reply.calls["generate"]:
            expect_done(remote, rng, {"generate": check_generate}, called)
            continue
        _judge_report(report, _through(reply.calls, given, called), called)
        _judge_print(reply.stdout, *report, called)
    for seed in draw_seeds(rng, 2):
        _judge_outcome(remote, rng, {"size": 24, "seed": seed})


Report = tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, float]]


def _as_report(value, called: str) -> Report:
    report = as_mapping(value, called, ("before", "after", "ndvi", "correlation_change"))
    before = as_array(report["before"], f'{called}["before"]', (8, 4))
    after = as_array(report["after"], f'{called}["after"]', (8, 4))
    row = as_mapping(report["ndvi"], f'{called}["ndvi"]', NDVI_KEYS)
    ndvi = np.array([as_number(row[key], f'{called}["ndvi"]["{key}"]') for key in NDVI_KEYS])
    change = as_mapping(report["correlation_change"], f"{called}[...]", ("zscore", "clip"))
    changes = {name: as_number(change[name], f'{called}[...]["{name}"]') for name in change}
    return before, after, ndvi, changes


def _through(calls: dict, given: dict, called: str) -> Report:
    """Return the report that follows from what the parts answered.

    What run() does by itself instead of calling the part is what the part would do, rightly done.
    """
    answers = {name: each["answers"] for name, each in given.items()}
    scene = answers["generate"][0]
    for name in ("per_channel_normalize", "percentile_clip", "ndvi_statistics"):
        expect_passed(calls[name], scene, called, f"{name}()")
    for _, low, high in calls["percentile_clip"]:
        if not is_default(low, 2) or not is_default(high, 98):
            raise Mistake(
                called, f"percentiles {shown(low)} and {shown(high)}", "the default ones, 2 and 98"
            )
    z, clip = zscores(scene), clipped(scene, 2, 98)
    if calls["per_channel_normalize"]:
        z = answers["per_channel_normalize"][0]
    if calls["percentile_clip"]:
        clip = answers["percentile_clip"][0]
    ndvi = _summary(_ndvi(scene))
    if calls["ndvi_statistics"]:
        ndvi = np.array(list(answers["ndvi_statistics"][0].values()))

    def of(name: str, otherwise, image: np.ndarray) -> np.ndarray:
        found = answered(calls[name], answers[name], image)
        return otherwise(image) if found is None else found

    untouched = of("channel_correlation", correlations, scene)
    return (
        of("channel_statistics", statistics, scene),
        of("channel_statistics", statistics, z),
        ndvi,
        {
            "zscore": np.abs(of("channel_correlation", correlations, z) - untouched).max(),
            "clip": np.abs(of("channel_correlation", correlations, clip) - untouched).max(),
        },
    )


def _judge_report(report: Report, right: Report, called: str) -> None:
    hint = 'The statistics of the scene; "after" are those of the z-scored scene.'
    expect_same(report[0], right[0], f'{called}["before"]', hint=hint)
    expect_same(report[1], right[1], f'{called}["after"]', hint=hint)
    expect_same(report[2], right[2], f'{called}["ndvi"]', hint="NDVI statistics of the scene.")
    hint = (
        "The largest absolute difference between the correlations of the original and of the "
        "normalised scene: the largest difference may be negative, take absolute values first."
    )
    for name, change in report[3].items():
        where = f'{called}["correlation_change"]["{name}"]'
        expect_same(np.float64(change), right[3][name], where, atol=1e-5, hint=hint)


def _judge_outcome(remote: Remote, rng: np.random.Generator, init: dict) -> None:
    """Judge the report of a scene that the submission drew; a wrong part is named, not excused."""
    called = f"ScientificImageAnalyzer(size=24, seed={init['seed']}).run()"
    try:
        reply = remote.call("run", init=init)
        report = _as_report(reply.value, called)
        _judge_print(reply.stdout, *report, called)
        scene = as_array(remote.call("generate", init=init).value, "generate()", (8, 24, 24))
        if not np.ptp(scene, axis=(1, 2)).all():  # nothing changes where nothing varies
            raise Mistake(
                called, "a report of a scene with constant channels", "eight channels that vary"
            )
        _judge_report(report, _right_report(remote, scene), called)
    except (Mistake, SubmissionError) as error:
        parts = {
            "a": check_generate,
            "b": check_zscore,
            "c": check_clip,
            "d": check_ndvi,
            "e": check_statistics,
            "f": check_ndvi_statistics,
            "g": check_correlation,
        }
        said = follows_from(remote, rng, parts)
        if not said or isinstance(error, SubmissionError):
            raise
        raise Mistake(error.called, error.got, error.expected, said) from None


def _right_report(remote: Remote, scene: np.ndarray) -> Report:
    """Return the report of a scene; percentiles between two pixels are defined in several ways."""
    clip = clipped(scene, 2, 98)
    own = as_array(remote.call("percentile_clip", scene).value, "percentile_clip", scene.shape)
    if all(is_clipped(a, b, 2, 98) for a, b in zip(own, scene, strict=True)):
        clip = own
    z, untouched = zscores(scene), correlations(scene)
    changes = {
        name: np.abs(correlations(other) - untouched).max()
        for name, other in (("zscore", z), ("clip", clip))
    }
    return statistics(scene), statistics(z), _summary(_ndvi(scene)), changes


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
