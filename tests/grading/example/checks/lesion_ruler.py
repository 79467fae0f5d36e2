"""How `LesionRuler` is judged: random masks and areas, each with one right answer."""

from __future__ import annotations

import math

import numpy as np

from lessonlib.grading.compare import as_number, expect_same, expect_unchanged
from lessonlib.grading.exercise import Criterion, Exercise, Remote


def check_area(remote: Remote, rng: np.random.Generator) -> None:
    """Part area: the pixels that are set, times the area of one."""
    for _ in range(5):
        mask = rng.random(rng.integers(4, 12, 2)) < 0.4
        mask[0, 0], mask[-1, -1] = True, False  # neither empty nor full
        down, across = (round(float(step), 3) for step in rng.uniform([0.3, 1.5], [1.2, 3.0]))
        count = int(mask.sum())
        called = f"area(a mask with {count} pixels set, ({down}, {across}))"
        reply = remote.call("area", mask, (down, across))
        got = np.float64(as_number(reply.value, called))
        expect_unchanged(reply, (mask, (down, across)), called)
        expect_same(
            got,
            count * down * across,
            called,
            hint="How many square millimetres is one pixel, and how many of them are set?",
            mistakes=[
                (count, "This counts pixels. A report is read in millimetres."),
                (count * down**2, "These pixels are not square: the second spacing is not used."),
                (count * across**2, "These pixels are not square: the first spacing is not used."),
                (mask.size * down * across, "This is the area of the whole image."),
                (count * math.hypot(down, across), "A length times a count is no area."),
            ],
        )


def check_diameter(remote: Remote, rng: np.random.Generator) -> None:
    """Part equivalent_diameter: given areas, whoever computed them."""
    for area in [math.pi / 4, 0.0, *rng.uniform(0.5, 900, 4).tolist()]:
        called = f"equivalent_diameter({area:.6g})"
        got = np.float64(as_number(remote.call("equivalent_diameter", area).value, called))
        radius = math.sqrt(area / math.pi)
        expect_same(
            got,
            2 * radius,
            called,
            hint="The area of a disc is pi r^2; its diameter is 2 r.",
            mistakes=[
                (radius, "This is the radius."),
                (math.sqrt(area), "This is the side of a square of that area."),
                (4 * area / math.pi, "The square root is missing."),
                (2 * math.sqrt(area) / math.pi, "Pi belongs under the root."),
            ],
        )


EXERCISE = Exercise(
    name="LesionRuler",
    title="Measure a lesion in millimetres",
    chapter="exercise-lesion-ruler",
    criteria=(
        Criterion("area", "area() knows the pixels' spacing", 1.0, check_area),
        Criterion("equivalent_diameter", "equivalent_diameter() inverts", 1.0, check_diameter),
    ),
)
