"""Section X1, the augmentation exercise: what its check and its score see, and what they don't."""

from __future__ import annotations

import numpy as np

from lessonlib.augmentation import AugmentationValidator, draw_discs, warp
from lessonlib.errata.augmentation import correlation, field_as_published, warp_as_published
from lessonlib.errata.row import Row
from lessonlib.evaluation import binomial_interval, mean_interval

KEEP = ("rotation", "elastic", "brightness", "noise")

#: Pictures that all satisfy the exercise's text: centre, radius, brightness of the discs, in
#: pixels of 64.
SCENES = {
    "typical": {},
    "noisy": {"noise": 0.2},
    "corner": {"heart": (14, 14, 10, 0.8)},
    "dark": {"heart": (35, 18, 12, 0.1)},
    "tie": {"heart": (35, 16, 8, 0.4), "nodule": (22, 46, 6, 0.55), "background": 0.2},
}


def scene(name: str, seed: int) -> np.ndarray:
    """Draw one of the exercise's possible X-rays.

    Parameters
    ----------
    name : str
        One of ``SCENES``.
    seed : int
        Of the noise.

    Returns
    -------
    numpy.ndarray, shape (64, 64)
        In [0, 1].
    """
    options = dict(SCENES[name])
    for disc in {"heart", "nodule"} & options.keys():
        row, column, radius, value = options[disc]
        options[disc] = (row / 64, column / 64, radius / 64, value)
    return draw_discs(64, np.random.default_rng([seed, 5]), **options)


def verify(seeds: int) -> dict:
    """X1.1 and X1.2: how often the flip fails and the other four pass."""
    numbers: dict = {}
    flips = 0
    for name in SCENES:
        good = 0
        for seed in range(seeds):
            judged = AugmentationValidator(seed=seed).validate(scene(name, seed))
            kept = {key: value["consistent"] for key, value in judged.items()}
            flips += kept.pop("horizontal_flip")
            good += all(kept.values())
        numbers[name] = binomial_interval(good, seeds)
    return {**numbers, "flips": flips, "flips_tried": seeds * len(SCENES)}


def halves(seeds: int) -> dict:
    """X1.3: what the comparison of halves passes and fails, beside a search for the heart."""
    numbers: dict = {}
    for seed in range(seeds):
        rng = np.random.default_rng([seed, 6])
        image = scene("typical", seed)
        validator = AugmentationValidator(seed=seed)
        ramp = np.linspace(0.6, 1.4, 64)
        erased = image.copy()
        erased[14:31, 37:55] = 0.3
        cases = {
            "vertical": image[::-1],
            "erased": erased,
            "gain": image[:, ::-1] * np.where(np.arange(64) < 32, 1.3, 1),
            "shuffled": rng.permutation(image.ravel()).reshape(image.shape),
            "inverted": 1 - image,
            "ramp": image * ramp,
        }
        for name, changed in cases.items():
            half = validator.check_anatomical_consistency(image, changed)
            found = validator.check_position(image, changed).consistent
            numbers[name] = numbers.get(name, 0) + half
            numbers[f"{name}_found"] = numbers.get(f"{name}_found", 0) + found
    return {**numbers, "seeds": seeds}


def scores(seeds: int) -> dict:
    """X1.4 to X1.6: the correlation of each augmentation, and what decides it."""
    rows = []
    for seed in range(seeds):
        validator, image = AugmentationValidator(seed=seed), scene("typical", seed)
        judged = {k: v["correlation"] for k, v in validator.validate(image).items()}
        noisy = validator.validate(scene("noisy", seed))
        clean = draw_discs(64, np.random.default_rng(0), noise=0)
        still = validator.validate(clean)
        eight_bit = np.round(image * 255).astype(np.uint8)
        rows.append(
            {
                **judged,
                "unclipped": correlation(image, 1.2 * image),
                "added": correlation(image, np.clip(image + 0.2, 0, 1)),
                "wrap_added": correlation(eight_bit, eight_bit + np.uint8(51)),
                "wrap_times": correlation(eight_bit, (eight_bit * 1.2).astype(np.uint16) % 256),
                "rotation_noisy": noisy["rotation"]["correlation"],
                "elastic_noisy": noisy["elastic"]["correlation"],
                "rotation_clean": still["rotation"]["correlation"],
                "elastic_clean": still["elastic"]["correlation"],
            }
        )
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}

    def below(a: str, b: str):
        return binomial_interval(int(np.count_nonzero(table[a] < table[b])), seeds)

    return {
        **{name: mean_interval(values) for name, values in table.items()},
        "unclipped_least": float(table["unclipped"].min()),
        "elastic_below": below("elastic", "brightness"),
        "elastic_below_added": below("elastic", "added"),
        "elastic_below_wrap": below("elastic", "wrap_added"),
        "rotation_below": below("rotation", "elastic"),
    }


def rotation(seeds: int) -> dict:
    """X1.7: what the defaults of a rotation by 10° do to the picture."""
    from scipy import ndimage

    image = scene("typical", 0)
    grown = ndimage.rotate(image, 10)
    point = np.zeros((65, 65))
    point[32, 60] = 1  # to the right of the centre
    row, _ = ndimage.center_of_mass(ndimage.rotate(point, 10, reshape=False, order=1))
    filled, nearest, overshoot = [], [], []
    for seed in range(seeds):
        image = scene("typical", seed)
        kept = {"reshape": False, "order": 1}
        filled.append(correlation(image, ndimage.rotate(image, 10, **kept)))
        nearest.append(correlation(image, ndimage.rotate(image, 10, mode="nearest", **kept)))
        overshoot.append(ndimage.rotate(image, 10, reshape=False).max())
    ones = ndimage.rotate(np.ones((64, 64)), 10, reshape=False, order=0)
    return {
        "grown": f"{grown.shape[0]} × {grown.shape[1]}",
        "up": float(32 - row),
        "black": float(np.mean(ones == 0)),
        "filled": mean_interval(filled),
        "nearest": mean_interval(nearest),
        "overshoot": float(np.max(overshoot)),
    }


def own_class(seeds: int) -> dict:
    """X1.8: the exercise solved with the episode's own deformation."""
    black = eight_bit = 0
    kept = []
    for seed in range(seeds):
        validator, image = AugmentationValidator(seed=seed), scene("typical", seed)
        u = field_as_published(image.shape, 30, 4, np.random.default_rng(seed))
        moved = warp_as_published(image, u)
        black += moved.max() == 0 and not validator.check_anatomical_consistency(image, moved)
        bytes_in = np.round(image * 255).astype(np.uint8)
        moved = warp_as_published(bytes_in, u)
        eight_bit += validator.check_anatomical_consistency(bytes_in, moved)
        kept.append(correlation(image, warp(image, u)))
    return {"black": black, "eight_bit": eight_bit, "seeds": seeds, "kept": mean_interval(kept)}


def noise(seeds: int) -> dict:
    """X1.9: the same noise on two scales."""
    unit, bytes_scale = [], []
    for seed in range(seeds):
        rng, image = np.random.default_rng([seed, 7]), scene("typical", seed)
        added = rng.normal(0, 0.05, image.shape)
        unit.append(correlation(image, np.clip(image + added, 0, 1)))
        bytes_scale.append(correlation(image * 255, np.clip(image * 255 + added, 0, 255)))
    return {"unit": mean_interval(unit), "bytes": mean_interval(bytes_scale)}


def side(seeds: int) -> dict:
    """X1.10: where the heart lies on the real film."""
    from lessonlib import images

    xray = images.chest_xray()
    film = xray.display()
    height, width = film.shape
    # Through the heart, between the roots of the lungs and the diaphragm.
    profile = film[int(0.64 * height) : int(0.72 * height)].mean(axis=0)
    spine, bright = width // 2, np.nonzero(profile > 0.85)[0]
    right = bright[bright >= spine]
    left = spine - bright[bright < spine][::-1]
    return {
        "rows_to": {"L": "left", "R": "right"}[xray.header["PatientOrientation"][0]],
        # as far as the shadow goes on without a gap
        "left": float(np.argmax(np.diff(left, append=width) > 1) + 1) / width,
        "right": float(np.argmax(np.diff(right, append=2 * width) > 1) + 1) / width,
    }


ROWS = [
    Row(
        id="X1.1",
        claim="The flip fails the check and the other four augmentations pass it.",
        verdict="DEPENDS",
        measure=verify,
        finding="On the course's picture it holds for {typical:.2f} of the seeds, with noise of "
        "0.2 for {noisy:.2f}, with the heart in a corner for {corner:.2f}. Where the two halves "
        "have almost the same sum it holds for {tie:.2f}; with a heart darker than its "
        "surroundings for {dark:.2f}, but then the brighter half is the other one.",
        lesson="Give the picture's parameters, and keep a margin between the halves.",
        where="tests/errata/test_x1.py::test_x1_1_holds_with_a_margin_and_not_without",
    ),
    Row(
        id="X1.2",
        claim="The horizontal flip fails the check.",
        verdict="TRUE",
        measure=verify,
        finding="It passed {flips} times of {flips_tried}: a mirror swaps the sums of the halves.",
        lesson="Nothing to mend.",
        where="fig-validator",
    ),
    Row(
        id="X1.3",
        claim="The check verifies that the heart is still in its half.",
        verdict="MISLEADING",
        measure=halves,
        finding="It compares two sums. Of {seeds} pictures each it passes {vertical} turned upside "
        "down, {erased} without the nodule, {gain} mirrored under uneven light and {shuffled} with "
        "their pixels shuffled; it fails with the heart in place, passing {inverted} of inverted "
        "contrast and {ramp} under a ramp of light. A search for the heart passes {gain_found} "
        "mirrored, {shuffled_found} shuffled, {inverted_found} inverted, {ramp_found} under the "
        "ramp.",
        lesson="Look for the anatomy: correlate with it, and ask where it was found.",
        where="fig-validator",
    ),
    Row(
        id="X1.4",
        claim="The elastic deformation correlates less with the original than brighter pixels do.",
        verdict="TRUE",
        measure=scores,
        finding="For {elastic_below:.2f} of the seeds: {elastic:.3f} against {brightness:.3f}. But "
        "×1.2 without clipping correlates {unclipped_least:.4f} at least, whatever the picture: "
        "correlation ignores gain and offset.",
        lesson="Say what a score cannot see. This one cannot see brightness at all.",
        where="tests/errata/test_x1.py::test_x1_4_elastic_correlates_less_than_brightness",
    ),
    Row(
        id="X1.5",
        claim="The fourth augmentation is “brightness +20%”.",
        verdict="DEPENDS",
        measure=scores,
        finding="×1.2 and clipped correlates {brightness:.3f}, +0.2 and clipped {added:.3f}. In "
        "eight bits, +51 without clipping wraps around: {wrap_added:.2f}, and the elastic "
        "deformation is below that for {elastic_below_wrap:.2f} of the seeds.",
        lesson="Say factor or offset, on which scale, and that it is clipped.",
        where="tests/errata/test_x1.py::test_x1_5_brightness_is_ambiguous",
    ),
    Row(
        id="X1.6",
        claim="A correlation near 1 means that the content is preserved, near 0 that it is lost.",
        verdict="MISLEADING",
        measure=scores,
        finding="Rotation by 10°, which loses nothing, correlates {rotation:.2f}, the deformation "
        "that folds tissue {elastic:.2f}; rotation is the lower one for {rotation_below:.2f} of "
        "the seeds. With noise of 0.2 in the picture they fall to {rotation_noisy:.2f} and "
        "{elastic_noisy:.2f}, without any they rise to {rotation_clean:.2f} and "
        "{elastic_clean:.2f}.",
        lesson="The score measures registration and noise. Register first, or compare with a "
        "noise-free picture.",
        where="tests/errata/test_x1.py::test_x1_6_correlation_measures_registration_and_noise",
    ),
    Row(
        id="X1.7",
        claim="The first augmentation is “a rotation by 10 degrees”.",
        verdict="GAP",
        measure=rotation,
        finding="SciPy turns counter-clockwise: a point 28 px to the right rises by {up:.1f} px. "
        "By default it returns {grown} pixels, for which no correlation exists, blackens "
        "{black:.1%} of the frame and overshoots to {overshoot:.2f}. The correlation is "
        "{filled:.3f} filled with 0 and {nearest:.3f} with the border repeated.",
        lesson="`reshape=False, order=1, mode='nearest'`.",
        where="tests/errata/test_x1.py::test_x1_7_defaults_of_the_rotation",
    ),
    Row(
        id="X1.8",
        claim="The episode's own deformation serves in the exercise.",
        verdict="BUG",
        measure=own_class,
        finding="On the picture in [0, 1] it returns black and fails the check for {black} of "
        "{seeds} seeds; the same field without the cast correlates {kept:.2f}. On bytes it passes "
        "for {eight_bit}.",
        lesson="Keep the dtype, see E6.1.",
        where="tests/errata/test_x1.py::test_x1_8_the_published_class_returns_black",
    ),
    Row(
        id="X1.9",
        claim="The fifth augmentation is “Gaussian noise, sigma = 0.05”.",
        verdict="DEPENDS",
        measure=noise,
        finding="On a picture in [0, 1] it correlates {unit:.3f} with the original, on 0–255 "
        "{bytes:.5f}: nothing happened.",
        lesson="A noise level belongs to a scale; name both.",
        where="tests/errata/test_x1.py::test_x1_9_noise_needs_a_scale",
    ),
    Row(
        id="X1.10",
        claim="A chest X-ray shows the heart in the left half of the picture.",
        verdict="FALSE",
        measure=side,
        finding="A film hangs as if the patient faced you: along the rows of the real film one "
        "goes to the patient's {rows_to}. From its middle the bright shadow of heart and spine "
        "reaches {right:.0%} of the width to the right, {left:.0%} to the left. A heart on the "
        "left is a mirrored film or a mirrored patient.",
        lesson="Draw it on the right, or say that the picture is stored with the patient's left "
        "at the left.",
        where="fig-mirror",
    ),
]
