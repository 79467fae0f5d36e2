"""How `AugmentationValidator` is judged.

Part a is judged in `_xray`, on what the submission draws under 16 seeds; part b in `_halves`; part
c in `_augmentations`, with a false-alarm rate below 1e-8. `verify` asks for the majority of 5
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
from lessonlib.grading.checks._halves import check_consistency, inline, same_half
from lessonlib.grading.checks._xray import judge_xrays
from lessonlib.grading.compare import (
    as_array,
    as_bool,
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
    seeds = [int(seed) for seed in rng.integers(1, 2**31, 16)]
    called = f"AugmentationValidator(seed={seeds[0]}).generate()"
    images = [
        as_array(remote.call("generate", init={"seed": seed}).value, called, (64, 64))
        for seed in (*seeds, seeds[0])
    ]
    again = images.pop()
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
    seeds = [int(seed) for seed in rng.integers(1, 2**31, 4)]
    first = _augmented(remote, image, called, init={"seed": seeds[0]})
    again = _augmented(remote, image, called, init={"seed": seeds[0]})
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


@np.errstate(all="ignore")
def check_validate(remote: Remote, rng: np.random.Generator) -> None:
    """Part d: validate() reports what the submission's own parts say of each augmentation.

    Its verdicts may be those of the submission's own parts b, c and e or the true ones: a mistake
    there is not counted twice.
    """
    image = _smooth_image(rng, (64, 64)) / 2
    image[:, 34:] += 0.3
    called = "validate(image)"
    reply = remote.call("validate", image)
    table = _as_table(reply.value, called)
    parts = ("augment", image), *((name, image, image) for name in USED)
    if not any(mutates(remote, *part) for part in parts):
        expect_unchanged(reply, (image,), called)
    _judge_table(remote, table, image, called, 1e-4)
    table = _as_table(remote.call("validate").value, "validate()")
    try:
        generated = as_array(remote.call("generate").value, "generate()", (64, 64))
    except (Mistake, SubmissionError):
        return  # part a's mistake
    _judge_table(remote, table, generated, "validate()", 0.05)


def _judge_table(remote: Remote, table: dict, image, called: str, tolerance: float) -> None:
    try:
        results = remote.call("augment", image).value
        augmented = {name: as_array(results[name], "", image.shape) for name in NAMES}
    except (Mistake, SubmissionError, LookupError, TypeError):
        return  # part c's mistake
    for name in NAMES:
        row, own = table[name], augmented[name]
        correlations, verdicts = [_pearson(image, own)], [same_half(image, own)]
        for method, answers in zip(USED, (verdicts, correlations), strict=True):
            try:
                answers.append(remote.call(method, image, own).value)
            except SubmissionError:
                continue
        # A new draw deforms otherwise: over 1000 draws by less than these.
        allowed = max(tolerance, {"elastic": 0.25, "noise": 0.05}.get(name, 0.0))
        numbers = [c for c in correlations if isinstance(c, int | float)]
        if not any(same(row["correlation"], number, 0, allowed) for number in numbers):
            raise Mistake(
                f'{called}["{name}"]["correlation"]',
                f"{row['correlation']:.4f}",
                f"{correlations[0]:.4f}, the correlation of the image and its {name}",
                "Correlate the original with the augmented image of this name"
                + ("; None means generate()." if called == "validate()" else "."),
            )
        if row["consistent"] not in verdicts:
            raise Mistake(
                f'{called}["{name}"]["consistent"]',
                str(row["consistent"]),
                str(verdicts[0]),
                "Pass the original and the augmented image of this name to part b.",
            )


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
        (noise, np.full((5, 7), 0.1)),
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
    called = "AugmentationValidator().run()"
    reply = remote.call("run")
    table = _as_table(reply.value, called)
    for name in NAMES:
        if not any(name in line for line in reply.stdout.splitlines()):
            raise Mistake(
                called,
                f"printed lines without the name {name}",
                "a row for each augmentation, with its name",
                "Nothing was printed." if not reply.stdout.strip() else "",
            )
    try:
        own = _as_table(remote.call("validate").value, "validate()")
    except (Mistake, SubmissionError):
        own = table  # part d's mistake
    for name in NAMES:
        close = abs(table[name]["correlation"] - own[name]["correlation"]) < 0.1
        if table[name]["consistent"] != own[name]["consistent"] or not close:
            raise Mistake(
                f'{called}["{name}"]',
                str(table[name]),
                f"what validate() returns: {own[name]}",
                "Call validate() once, print its rows, return it.",
            )
    seeds = [int(seed) for seed in rng.integers(1, 2**31, 4)]
    tables = [_as_table(remote.call("run", init={"seed": s}).value, called) for s in seeds]
    tables.append(table)
    if sum(_as_expected(t) for t in tables) > len(tables) / 2:
        return
    parts = (check_generate, check_consistency, check_augment, check_preservation, check_validate)
    if all(works(part, remote, rng) for part in parts):
        got = ", ".join(
            f"{name} {row['consistent']} {row['correlation']:.2f}" for name, row in table.items()
        )
        raise Mistake(
            called,
            got,
            "only the flip inconsistent, elastic less correlated than brightness",
            "Each part is right by itself, but the X-ray leaves too little margin between its "
            "halves: a larger or brighter heart helps.",
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
