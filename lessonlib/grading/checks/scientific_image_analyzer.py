"""How `ScientificImageAnalyzer` is judged.

Nothing here is left to chance: inputs are drawn afresh, but each has one right answer. Parts b, c,
e and g, which work on channels of any image, are in `_channels`.
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
    own,
    statistics,
    zscores,
)
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


@np.errstate(all="ignore")
def check_run(remote: Remote, rng: np.random.Generator) -> None:
    """Verify: the report agrees with the submission's own parts, or with the truth."""
    called = "ScientificImageAnalyzer(size=24, seed=...).run()"
    inits = [{"size": 24, "seed": int(seed)} for seed in rng.integers(1, 2**31, 8)]
    for init, scene in _telling(remote, inits):
        _judge_report(remote, init, scene, called)


def _telling(remote: Remote, inits: list[dict]) -> list[tuple[dict, np.ndarray | None]]:
    """Return scenes of which the largest change by clipping is positive and negative, or all.

    Only a negative one shows that the absolute value was forgotten, and only a positive one that
    its sign was turned. Where part a is wrong there are no scenes.
    """
    scenes: list[tuple[dict, np.ndarray | None]] = []
    signs: dict[bool, int] = {}
    for init in inits:
        try:
            scene = as_array(remote.call("generate", init=init).value, "generate()", (8, 24, 24))
        except (Mistake, SubmissionError):
            return [(init, None) for init in inits[:2]]
        scenes.append((init, scene))
        change = correlations(clipped(scene, 2, 98)) - correlations(scene)
        signs.setdefault(bool(change.max() > -change.min()), len(scenes) - 1)
        if len(signs) == 2:
            return [scenes[place] for place in signs.values()]
    return scenes


def _judge_report(remote: Remote, init: dict, scene: np.ndarray | None, called: str) -> None:
    reply = remote.call("run", init=init)
    report = as_mapping(reply.value, called, ("before", "after", "ndvi", "correlation_change"))
    before = _table(remote, report["before"], f'{called}["before"]')
    after = _table(remote, report["after"], f'{called}["after"]')
    row = as_mapping(report["ndvi"], f'{called}["ndvi"]', NDVI_KEYS)
    ndvi = np.array([as_number(row[key], f'{called}["ndvi"]["{key}"]') for key in NDVI_KEYS])
    change = as_mapping(report["correlation_change"], f"{called}[...]", ("zscore", "clip"))
    changes = {name: as_number(change[name], f'{called}[...]["{name}"]') for name in change}
    _judge_print(reply.stdout, before, after, ndvi, changes, called)
    if scene is None or _is_right(before, after, ndvi, changes, scene):
        return
    if any(mutates(remote, m, scene) for m in ("per_channel_normalize", "percentile_clip")):
        return  # part b's or c's mistake, after which nothing is as it was
    # What the submission's own parts make of the scene counts as well: their mistakes are theirs.
    zscored = own(remote, "per_channel_normalize", scene, zscores(scene))
    clip = own(remote, "percentile_clip", scene, clipped(scene, 2, 98))
    for name, got, image in (("before", before, scene), ("after", after, zscored)):
        right = statistics(image)
        theirs = own(remote, "channel_statistics", image, right)
        if not same(got, right) and not same(got, theirs):
            hint = 'The statistics of the scene; "after" are those of the z-scored scene.'
            expect_same(got, right, f'{called}["{name}"]', hint=hint)
    right = _summary(_ndvi(scene))
    if not same(ndvi, right) and not same(ndvi, _own_ndvi(remote, scene, right)):
        expect_same(ndvi, right, f'{called}["ndvi"]', hint="NDVI of the scene itself.")
    for name, other in (("zscore", zscored), ("clip", clip)):
        _judge_change(remote, changes[name], name, scene, other, called)


def _is_right(before, after, ndvi, changes: dict[str, float], scene: np.ndarray) -> bool:
    """Whether a report is the scene's own, so that no part need be asked what it makes of it."""
    zscored, clip = zscores(scene), clipped(scene, 2, 98)
    untouched = correlations(scene)
    return (
        same(before, statistics(scene))
        and same(after, statistics(zscored))
        and same(ndvi, _summary(_ndvi(scene)))
        and all(
            same(changes[name], np.abs(correlations(other) - untouched).max(), atol=1e-5)
            for name, other in (("zscore", zscored), ("clip", clip))
        )
    )


def _table(remote: Remote, value, called: str) -> np.ndarray:
    """Return statistics as (8, 4); of a transposed part e they come transposed, its mistake."""
    table = as_array(value, called)
    if table.shape == (4, 8) and not works(check_statistics, remote, np.random.default_rng(0)):
        table = table.T
    return as_array(table, called, (8, 4))


def _own_ndvi(remote: Remote, scene: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    try:
        row = remote.call("ndvi_statistics", scene).value
        return np.array([float(row[key]) for key in NDVI_KEYS])
    except (SubmissionError, KeyError, TypeError, ValueError):
        return otherwise


def _judge_change(remote, got: float, name: str, scene, other, called: str) -> None:
    called = f'{called}["correlation_change"]["{name}"]'
    right = np.abs(correlations(other) - correlations(scene))
    if same(got, right.max(), atol=1e-5):
        return
    after, before = (own(remote, "channel_correlation", x, correlations(x)) for x in (other, scene))
    if after.shape == before.shape and same(got, np.abs(after - before).max(), atol=1e-5):
        return
    signed = correlations(other) - correlations(scene)
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
