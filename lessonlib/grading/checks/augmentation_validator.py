"""How `AugmentationValidator` is judged.

Part d and the table of `verify` are judged on values given to their parts, exactly; the outcome of
`verify` on five X-rays of the submission's own.

Part a is judged in `_xray`, on what the submission draws under 16 seeds; part b in `_halves`; part
c in `_augmentations`, with a false-alarm rate below 1e-7. `verify` asks for the majority of 5
seeds, since even a good X-ray can be tipped by a rare deformation: in 0 of 1000 draws for the
solution's layout, in 14 of 1000 for random ones, of which 3 of 5 then fail with 10 x 0.014^3 =
3e-5.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from lessonlib.grading.checks._augmentations import (
    judge_brightness,
    judge_displacement,
    judge_flip,
    judge_noise,
    judge_rotation,
)
from lessonlib.grading.checks._given import (
    answered,
    expect_done,
    expect_passed,
    follows_from,
    part,
)
from lessonlib.grading.checks._halves import check_consistency, inline, same_half
from lessonlib.grading.checks._seeds import draw_seeds
from lessonlib.grading.checks._xray import judge_xrays
from lessonlib.grading.compare import (
    as_array,
    as_bool,
    as_mapping,
    as_number,
    expect_same,
    expect_seeded,
    expect_unchanged,
    same,
    shown,
)
from lessonlib.grading.exercise import Criterion, Exercise, Mistake, Remote, SubmissionError

USED = ("check_anatomical_consistency", "signal_preservation")
NAMES = ("rotation", "horizontal_flip", "elastic", "brightness", "noise")


def check_generate(remote: Remote, rng: np.random.Generator) -> None:
    """Part a: the X-ray has its heart on the left and its nodule on the right."""
    called = "AugmentationValidator().generate()"
    default = as_array(remote.call("generate").value, called, (64, 64))
    given = remote.call("generate", init={"size": 64, "seed": 42}).value
    called = "AugmentationValidator(size=64, seed=42).generate()"
    hint = "The defaults of the constructor are size=64 and seed=42, and the seed decides."
    expect_same(as_array(given, called, (64, 64)), default, called, hint=hint)
    seeds = draw_seeds(rng, 16)
    called = f"AugmentationValidator(seed={seeds[0]}).generate()"
    images = [
        as_array(remote.call("generate", init={"seed": seed}).value, called, (64, 64))
        for seed in seeds
    ]
    again = remote.call("generate", init={"seed": seeds[0]}, fresh=True).value
    again = as_array(again, called, (64, 64))
    judge_xrays(np.array(images), called)
    expect_seeded(images[0], again, images[1], called)


def _smooth_image(rng, shape) -> np.ndarray:
    """Return smooth random blobs in [0.2, 0.8], on which interpolation hardly matters."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape), 4, mode="wrap")
    return 0.2 + 0.6 * (field - field.min()) / np.ptp(field)


def _augmented(remote: Remote, image: np.ndarray, called: str, **options) -> dict:
    reply = remote.call("augment", image, **options)
    expect_unchanged(reply, (image,), called)
    results = as_mapping(reply.value, called, NAMES, ordered=True)
    return {
        name: as_array(
            results[name],
            f'{called}["{name}"]',
            image.shape,
            hint="Every augmented image has the shape of the image that is passed, whatever "
            "self.size is" + ("; rotate with reshape=False." if name == "rotation" else "."),
        )
        for name in NAMES
    }


@np.errstate(all="ignore")
def check_augment(remote: Remote, rng: np.random.Generator) -> None:
    """Part c: the five augmentations."""
    image = _smooth_image(rng, (48, 64))
    called = "augment(image of shape (48, 64))"
    seeds = draw_seeds(rng, 4)
    first = _augmented(remote, image, called, init={"seed": seeds[0]})
    again = _augmented(remote, image, called, init={"seed": seeds[0]}, fresh=True)
    other = _augmented(remote, image, called, init={"seed": seeds[1]})
    for name in ("elastic", "noise"):
        expect_seeded(first[name], again[name], other[name], f'{called}["{name}"]')
    judge_rotation(image, first["rotation"], called)
    judge_flip(image, first["horizontal_flip"], called)
    bright = np.clip(1.6 * image - 0.3, 0, 1)  # reaches 0 and 1
    results = _augmented(remote, bright, called)
    judge_brightness(bright, results["brightness"], called)
    _judge_ramps(remote, seeds)
    noisy = results["noise"]
    if noisy.min() < -1e-9 or noisy.max() > 1 + 1e-9:
        raise Mistake(
            f'{called}["noise"]',
            f"values from {noisy.min():.3f} to {noisy.max():.3f}",
            "values in [0, 1]",
            "The clip is forgotten: noise carries dark and bright pixels out of the range.",
            {"returned": noisy},
        )


def _judge_ramps(remote: Remote, seeds: list[int]) -> None:
    """Read displacements and noise off ramps: there a pixel's value tells where it is from."""
    size, margin, slope = 128, 12, 0.5 / 128
    along = 0.25 + slope * np.arange(size)
    across_rows, across_cols = np.repeat(along[:, None], size, 1), np.repeat(along[None], size, 0)
    inner = (slice(margin, -margin),) * 2
    called = f"augment(ramp of shape ({size}, {size}))"
    displacement, noise = [], []
    for seed in seeds:
        by_row = _augmented(remote, across_rows, called, init={"seed": seed})
        by_col = _augmented(remote, across_cols, called, init={"seed": seed})
        pairs = (by_row, across_rows), (by_col, across_cols)
        displacement.append([((got["elastic"] - ramp) / slope)[inner] for got, ramp in pairs])
        noise.append(by_row["noise"] - across_rows)
    judge_displacement(np.array(displacement), f'{called}["elastic"]')
    judge_noise(np.array(noise), f'{called}["noise"]')


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def _as_table(value, called: str) -> dict:
    table = as_mapping(value, called, NAMES)
    for name in NAMES:
        row = as_mapping(table[name], f'{called}["{name}"]', ("consistent", "correlation"))
        as_bool(row["consistent"], f'{called}["{name}"]["consistent"]')
        as_number(row["correlation"], f'{called}["{name}"]["correlation"]')
    return table


def _random_table(rng: np.random.Generator) -> dict:
    return {
        name: {"consistent": bool(rng.random() < 0.5), "correlation": float(rng.uniform(-1, 1))}
        for name in NAMES
    }


def _given(rng: np.random.Generator, shape: tuple[int, int]) -> dict:
    """Return what the replaced parts answer: pictures, verdicts and correlations by chance."""
    pair = ("original", "augmented")
    verdicts = rng.permutation([True, True, True, False, False, False]).tolist()
    return {
        "generate": part((), rng.uniform(0, 1, shape)),
        "augment": part(("image",), {name: rng.uniform(0, 1, shape) for name in NAMES}),
        "check_anatomical_consistency": part(pair, *verdicts),
        "signal_preservation": part(pair, *rng.uniform(-1, 1, 6).tolist()),
    }


@np.errstate(all="ignore")
def check_validate(remote: Remote, rng: np.random.Generator) -> None:
    """Part d: the verdicts and correlations of its parts, on the picture that was passed.

    The parts are replaced. A part that is not called must be done right by validate() itself; the
    five pictures then come from the submission's own augment(), which has to be right.
    """
    shape = int(rng.integers(5, 9)), int(rng.integers(10, 16))
    image = rng.uniform(0, 1, shape)
    for args, shows in (((image,), "image"), ((), ""), ((image,), "image"), ((None,), "None")):
        given = _given(rng, shape)
        called = f"validate({shows}), its parts replaced"
        reply = remote.call("validate", *args, given=given)
        table = _as_table(reply.value, called)
        expect_unchanged(reply, args, called)
        wanted = image if shows == "image" else given["generate"]["answers"][0]
        _judge_through(remote, rng, table, reply.calls, given, wanted, called)


def _judge_through(remote, rng, table, calls, given, image, called: str) -> None:
    """Compare a table with what the replaced parts answered for this image."""
    if not calls["augment"]:
        expect_done(remote, rng, {"augment": check_augment}, called)
        return _judge_own(remote, rng)
    expect_passed(calls["augment"], image, called, "augment()")
    for name, augmented in given["augment"]["answers"][0].items():
        for key, method, truth, hint in (
            ("correlation", USED[1], _pearson, "Correlate the original with the augmented image"),
            ("consistent", USED[0], same_half, "Pass the original and the augmented image"),
        ):
            expected = truth(image, augmented)
            if calls[method]:
                answers = given[method]["answers"]
                expected = answered(calls[method], answers, image, augmented)
                if expected is None:  # the other way round is the same question
                    expected = answered(calls[method], answers, augmented, image)
            got = table[name][key]
            if expected is None or not same(float(got), float(expected), 1e-5, 1e-6):
                raise Mistake(
                    f'{called}["{name}"]["{key}"]',
                    shown(got),
                    f"what {method}() returns for the image and its {name}"
                    + ("" if expected is None else f": {shown(expected)}"),
                    f"{hint} of this name to {method}(); None means generate().",
                )
    return None


def _judge_own(remote: Remote, rng: np.random.Generator) -> None:
    """Compare validate() with the right verdicts on what the submission's augment() makes."""
    image = _smooth_image(rng, (64, 64)) / 2
    image[:, 34:] += 0.3
    called = "validate(image)"
    table = _as_table(remote.call("validate", image).value, called)
    augmented = _augmented(remote, image, "augment(image)")
    for name in NAMES:
        # A new draw deforms otherwise: over 1000 draws by less than these.
        allowed = {"elastic": 0.25, "noise": 0.05}.get(name, 1e-4)
        expected = _pearson(image, augmented[name]), same_half(image, augmented[name])
        row = table[name]
        if (
            abs(row["correlation"] - expected[0]) > allowed
            or bool(row["consistent"]) != expected[1]
        ):
            raise Mistake(f'{called}["{name}"]', str(row), f"{expected[0]:.4f} and {expected[1]}")


def check_preservation(remote: Remote, rng: np.random.Generator) -> None:
    """Part e: Pearson's correlation, 0.0 for a constant."""
    method = "signal_preservation"
    small = np.array([[0.1, 0.2], [0.4, 0.9]])
    noise = rng.uniform(0, 1, (5, 7))
    cases = [
        (small, small),
        (small, 1 - small),
        (small, 0.5 * small + 0.2),
        (noise, 0.6 * noise + 0.4 * rng.uniform(0, 1, (5, 7))),
        (noise, 0.2 * noise + 0.8 * rng.uniform(0, 1, (5, 7))),
        # The spread of a constant whose mean is exact is 0, that of many 0.1 only nearly.
        *((noise, np.full((5, 7), level)) for level in (0.0, 0.5, 0.1)),
        *((np.full((5, 7), level), noise) for level in (0.0, 0.5)),
        (np.full((5, 7), 0.1), noise),
        (np.full((64, 64), 0.1), rng.uniform(0, 1, (64, 64))),
        (np.full((7, 9), 0.1), np.full((7, 9), 0.7)),
        (np.full((64, 64), 0.1), np.full((64, 64), 0.7)),
    ]
    for original, augmented in cases:
        called = f"{method}({inline(original)}, {inline(augmented)})"
        constant = np.ptp(original) == 0 or np.ptp(augmented) == 0
        if constant:
            called += ", one of them constant"
        reply = remote.call(method, original, augmented)
        hint = "A constant image has no spread to divide by: return 0.0." if constant else ""
        got = as_number(reply.value, called, hint=hint)
        expect_unchanged(reply, (original, augmented), called)
        if constant and abs(got) > ATOL_CONSTANT:
            hint = (
                "A constant correlates with nothing: return 0.0. The standard deviation of many "
                "0.1 is not exactly 0, their range is."
            )
        expected = _pearson(original, augmented)
        a, b = original.ravel(), augmented.ravel()
        n = a.size
        expect_same(
            np.float64(got),
            np.float64(expected),
            called,
            atol=ATOL_CONSTANT if constant else 1e-5,
            hint=hint or "Pearson: the covariance over the product of the standard deviations.",
            mistakes=()
            if constant
            else [
                (abs(expected), "The sign is lost: an inverted image correlates by -1."),
                (expected**2, "This is the square of the correlation."),
                (expected * n / (n - 1), "Sample covariance, population deviations: mixed ddof."),
                (expected * (n - 1) / n, "Population covariance, sample deviations: mixed ddof."),
                (np.mean((a - a.mean()) * (b - b.mean())), "Divide by the standard deviations."),
                (
                    a @ b / np.sqrt((a @ a) * (b @ b)),
                    "This is the cosine: subtract each image's mean first.",
                ),
            ],
        )


#: A constant correlates by 0.0; what rounding leaves below this counts as 0.
ATOL_CONSTANT = 1e-3


def check_run(remote: Remote, rng: np.random.Generator) -> None:
    """Verify: run() prints the rows, returns validate(), and only the flip is inconsistent."""
    called = "run(), its parts replaced"
    for _ in range(2):
        given = _given(rng, (7, 12))
        given["validate"] = part(("image",), _random_table(rng))
        reply = remote.call("run", given=given)
        table = _as_table(reply.value, called)
        _judge_rows(reply.stdout, called)
        if not reply.calls["validate"]:
            image = given["generate"]["answers"][0]
            _judge_through(remote, rng, table, reply.calls, given, image, called)
            continue
        for name, wanted in given["validate"]["answers"][0].items():
            if not all(same(float(table[name][key]), float(wanted[key])) for key in wanted):
                raise Mistake(
                    f'{called}["{name}"]',
                    str(table[name]),
                    f"what validate() returns: {wanted}",
                    "Call validate() once, print its rows, return it.",
                )
    _judge_outcome(remote, rng)


def _judge_rows(text: str, called: str) -> None:
    for name in NAMES:
        rows = [line for line in text.splitlines() if name in line]
        if not any(sum(other in line for other in NAMES) == 1 for line in rows):
            raise Mistake(
                called,
                f"printed no row of its own with the name {name}",
                "a row for each augmentation, with its name",
                "Nothing was printed." if not text.strip() else "",
            )


def _judge_outcome(remote: Remote, rng: np.random.Generator) -> None:
    """Judge what run() says of the submission's own X-rays; a wrong part is named, not excused."""
    called = "AugmentationValidator().run()"
    inits = [{}, *({"seed": seed} for seed in draw_seeds(rng, 4))]
    replies = [remote.call("run", init=init) for init in inits]
    _judge_rows(replies[0].stdout, called)
    tables = [_as_table(reply.value, called) for reply in replies]
    if sum(map(_as_expected, tables)) > len(tables) / 2 and _follows(remote, tables[0]):
        return
    got = ", ".join(
        f"{name} {row['consistent']} {row['correlation']:.2f}" for name, row in tables[0].items()
    )
    parts = {
        "a": check_generate,
        "b": check_consistency,
        "c": check_augment,
        "d": check_validate,
        "e": check_preservation,
    }
    raise Mistake(
        called,
        got,
        "only the flip inconsistent, elastic less correlated than brightness",
        follows_from(remote, rng, parts)
        or "Each part is right by itself, but the X-ray leaves too little margin between its "
        "halves: a larger or brighter heart helps.",
    )


def _follows(remote: Remote, table: dict) -> bool:
    """Whether the verdicts that no chance enters are those of the submission's own pictures."""
    try:
        image = as_array(remote.call("generate").value, "generate()", (64, 64))
        augmented = remote.call("augment", image).value
        pictures = {name: as_array(augmented[name], name) for name in ("rotation", *NAMES[1::2])}
        bright = _pearson(image, pictures["brightness"])
    except (Mistake, SubmissionError, LookupError, TypeError, ValueError):
        return False
    return abs(table["brightness"]["correlation"] - bright) < 0.1 and all(
        table[name]["consistent"] == same_half(image, picture) for name, picture in pictures.items()
    )


def _as_expected(table: dict) -> bool:
    return (
        all(table[name]["consistent"] == (name != "horizontal_flip") for name in NAMES)
        and table["elastic"]["correlation"] < table["brightness"]["correlation"]
    )


EXERCISE = Exercise(
    name="AugmentationValidator",
    title="Find the augmentation that no patient could have caused",
    chapter="exercise-augmentation-validator",
    criteria=(
        Criterion("a", "generate() draws the X-ray", 1.0, check_generate),
        Criterion("b", "check_anatomical_consistency() compares halves", 1.0, check_consistency),
        Criterion("c", "augment() makes the five augmentations", 1.0, check_augment),
        Criterion("d", "validate() judges each of them", 1.0, check_validate),
        Criterion("e", "signal_preservation() correlates the pixels", 1.0, check_preservation),
        Criterion("verify", "run() shows that only the flip is inconsistent", 1.0, check_run),
    ),
)
