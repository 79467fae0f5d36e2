"""How `FaceAligner` is judged.

Nothing is left to chance: two points fix a similarity, so each input has one right matrix. Points
are passed as tuples, and where a submission cannot use those, as arrays. Angles count modulo 360.
"""

from __future__ import annotations

import math

import numpy as np

from lessonlib.grading.compare import (
    as_array,
    as_number,
    as_sequence,
    expect_same,
    expect_unchanged,
    same,
)
from lessonlib.grading.exercise import Criterion, Exercise, Mistake, Remote, SubmissionError


def _alignment(left, right, distance: float, centre) -> np.ndarray:
    """Return the similarity as one complex factor and shift: z -> a z + b."""
    p, q, c = (complex(*point) for point in (left, right, centre))
    a = distance / (q - p)
    b = c - a * (p + q) / 2
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def _wrong_matrices(left, right, distance: float, centre):
    """Yield what common mistakes make of the eyes, with their names."""
    p, q = complex(*left), complex(*right)
    angle, length = np.angle(q - p), abs(q - p)

    def similarity(turn: float, scale: float, about: complex, onto: complex) -> np.ndarray:
        a = scale * np.exp(1j * turn)
        b = onto - a * about
        return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])

    scale, middle, c = distance / length, (p + q) / 2, complex(*centre)
    right_one = _alignment(left, right, distance, centre)
    yield (
        similarity(angle, scale, middle, c),
        "This turns by +angle; a line that slopes by angle is levelled by -angle.",
    )
    yield (
        similarity(-angle, 1 / scale, middle, c),
        "The scale is upside down: target over distance.",
    )
    yield similarity(-angle, 1.0, middle, c), "The eyes are not scaled to the target distance."
    yield similarity(0, scale, middle, c), "The eyes are not turned."
    yield (
        similarity(-angle + math.pi, scale, middle, c),
        "The left eye lands on the right: the step runs from the left eye to the right one.",
    )
    yield similarity(-angle, scale, p, c), "The left eye is on the target; its midpoint is to be."
    yield (
        similarity(-angle, scale, middle, complex(c.imag, c.real)),
        "The target centre's x and y are swapped.",
    )
    yield (
        np.column_stack([right_one[:, :2], np.array(centre) - [middle.real, middle.imag]]),
        "The shift forgets the rotation and scale: subtract the turned and scaled midpoint.",
    )
    yield (
        np.column_stack([right_one[:, :2], [0.0, 0.0]]),
        "The shift to the target centre is missing.",
    )
    degrees = similarity(-math.degrees(angle), scale, middle, c)
    yield degrees, "Degrees are passed where sin and cos take radians."
    flipped = np.array([[1, 0, 0], [0, -1, 2 * centre[1]]])
    yield (
        np.column_stack([flipped[:, :2] @ right_one[:, :2], flipped @ [*right_one[:, 2], 1]]),
        "This mirrors the face: its determinant is to be positive.",
    )


def _call_alignment(remote: Remote, left, right, init: dict):
    """Call with tuples, or with arrays where a submission asks for those."""
    try:
        return remote.call("compute_alignment", left, right, init=init), (left, right)
    except SubmissionError:
        arrays = np.array(left), np.array(right)
        return remote.call("compute_alignment", *arrays, init=init), arrays


def check_alignment(remote: Remote, rng: np.random.Generator) -> None:
    """Part compute_alignment: the matrix, the angle and the distance of two eyes."""
    cases = [
        ({}, (100.0, 120.0), (140.0, 150.0)),
        ({}, (77.0, 112.0), (147.0, 112.0)),
        ({"target_eye_dist": 50, "target_center": (90, 60)}, (20.0, 90.0), (70.0, 60.0)),
        ({"target_eye_dist": 70, "target_center": (112, 80)}, (150.0, 40.0), (110.0, 45.0)),
        ({}, (30.0, 20.0), (30.0, 95.0)),
    ]
    for turn in rng.uniform(-math.pi, math.pi, 4):
        left = rng.uniform(0, 200, 2)
        right = left + rng.uniform(5, 200) * np.array([math.cos(turn), math.sin(turn)])
        init = {
            "target_eye_dist": float(rng.uniform(30, 120)),
            "target_center": tuple(rng.uniform(50, 200, 2).tolist()),
        }
        cases.append((init, tuple(left.tolist()), tuple(right.tolist())))
    for init, left, right in cases:
        call = ", ".join(f"{name}={_short(value)}" for name, value in init.items())
        called = f"FaceAligner({call}).compute_alignment({_short(left)}, {_short(right)})"
        reply, passed = _call_alignment(remote, left, right, init)
        M, angle, distance = as_sequence(reply.value, called, 3, "(M, angle, distance)")
        M = as_array(M, f"M of {called}", (2, 3))
        expect_unchanged(reply, passed, called)
        target = init.get("target_eye_dist", 70), init.get("target_center", (112, 112))
        expect_same(
            M,
            _alignment(left, right, *target),
            f"M of {called}",
            atol=1e-4,
            hint="Turn by minus the angle, scale by target over distance, then shift the midpoint.",
            mistakes=_wrong_matrices(left, right, *target),
        )
        step = np.subtract(right, left)
        _judge_angle(as_number(angle, f"angle of {called}"), step, f"angle of {called}")
        expect_same(
            np.float64(as_number(distance, f"distance of {called}")),
            np.hypot(*step),
            f"distance of {called}",
            hint="The length of the step from the left eye to the right one, in pixels.",
        )
    _judge_coinciding(remote)


def _short(value) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))})"
    return f"{value:.4g}"


def _judge_angle(got: float, step: np.ndarray, called: str) -> None:
    right = math.degrees(math.atan2(step[1], step[0]))

    def is_angle(value: float) -> bool:
        return abs((got - value + 180) % 360 - 180) < 1e-3

    if is_angle(right):
        return
    hint = "atan2(dy, dx) in degrees, y downwards, from the left eye to the right one."
    if same(got, math.radians(right), atol=1e-4):
        hint = "This is in radians; degrees are asked."
    elif is_angle(-right):
        hint = "The sign is wrong: y points downwards, and the angle is not that of the correction."
    elif is_angle(math.degrees(math.atan2(step[0], step[1]))):
        hint = "The arguments are swapped: atan2 takes dy first."
    elif is_angle(right + 180):
        hint = (
            "This is the opposite direction: from the left eye to the right one, "
            "by atan2 rather than atan."
        )
    raise Mistake(called, f"{got:.4f}", f"{right:.4f}", hint)


def _judge_coinciding(remote: Remote) -> None:
    called = "compute_alignment((80, 90), (80, 90))"
    try:
        reply, _ = _call_alignment(remote, (80.0, 90.0), (80.0, 90.0), {})
    except SubmissionError as error:
        if error.type_name in ("ValueError", "LinAlgError"):
            return
        hint = "Look at the distance before you divide by it, and raise the ValueError yourself."
        raise Mistake(called, error.text, "a ValueError", hint) from None
    got = "an answer" if reply.value is not None else "None"
    hint = "Eyes that coincide have no direction: say so with a ValueError."
    raise Mistake(called, got, "a ValueError", hint)


def check_affine(remote: Remote, rng: np.random.Generator) -> None:
    """Part apply_affine: points mapped by a given matrix, whoever computed it."""
    cases = [
        (np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, 10.0], [0.0, 1.0, 20.0]])),
        (np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])),
        (np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[2.0, 0.5, 1.0], [-1.0, 3.0, 4.0]])),
        (rng.uniform(0, 200, (5, 2)), rng.normal(0, 2, (2, 3))),
        (rng.uniform(0, 200, (2, 2)), rng.normal(0, 2, (2, 3))),
    ]
    for points, M in cases:
        called = f"apply_affine({points.round(3).tolist()}, {M.round(3).tolist()})"
        reply = remote.call("apply_affine", points, M)
        got = as_array(reply.value, called, points.shape)
        expect_unchanged(reply, (points, M), called)
        A, b = M[:, :2], M[:, 2]
        expect_same(
            got,
            points @ A.T + b,
            called,
            hint="x' = M00 x + M01 y + M02 and y' = M10 x + M11 y + M12.",
            mistakes=[
                (points @ A + b, "This multiplies by the transposed matrix: points @ M[:, :2].T."),
                (points @ A.T, "The shift, M's last column, is missing."),
                ((points + b) @ A.T, "The shift comes after the multiplication."),
                (points[:, ::-1] @ A.T + b, "x and y are swapped on the way in."),
                ((points @ A.T + b)[:, ::-1], "x and y are swapped on the way out."),
            ],
        )


EXERCISE = Exercise(
    name="FaceAligner",
    title="Bring every face upright, to scale and into place",
    chapter="exercise-face-aligner",
    criteria=(
        Criterion("compute_alignment", "compute_alignment() levels two eyes", 1.0, check_alignment),
        Criterion("apply_affine", "apply_affine() maps points", 1.0, check_affine),
    ),
)
