"""Which half of a picture is the brighter, and how a submission finds out."""

from __future__ import annotations

import numpy as np

from lessonlib.grading.compare import as_bool, expect_unchanged
from lessonlib.grading.exercise import Mistake, Remote


def _left_is_brighter(image: np.ndarray) -> bool:
    half = image.shape[1] // 2
    return bool(image[:, :half].sum() > image[:, -half:].sum())


def same_half(original, augmented) -> bool:
    """Whether the same half of both images is the brighter."""
    return _left_is_brighter(original) == _left_is_brighter(augmented)


def _two_sided(rng, shape, left: bool) -> np.ndarray:
    """Return noise whose column sums clearly favour one side, and its rows the other."""
    height, width = shape
    image = rng.uniform(0.1, 0.3, shape)
    columns = slice(0, width // 2) if left else slice(width - width // 2, width)
    image[: height // 2, columns] += rng.uniform(0.3, 0.6)
    return image


def _misleading(rng, shape, left: bool) -> np.ndarray:
    """Return an image whose outer and inner columns and whose first row favour the other side."""
    height, width = shape
    half = width // 2
    image = rng.uniform(0.3, 0.4, shape)
    bright = image[:, :half] if left else image[:, -half:]
    bright[:, 1:-1] += 0.3
    bright[:, [0, -1]] = bright[0] = 0.1
    image[height - 1] = image[height - 2]
    return image


def _scattered(rng, shape, left: bool) -> np.ndarray:
    """Return an image whose brightest column, far out, lies in the half that is not brighter."""
    image = rng.uniform(0.29, 0.31, shape)
    half = shape[1] // 2
    image[:, 0] += 0.7
    image[:, -half : shape[1] - half + 4] += 0.3
    return image[:, ::-1] if left else image


#: What wrong ways to compare the halves answer for an original and an augmented image.
_WRONG_COMPARISONS = (
    (
        lambda a, b: _left_is_brighter(a.T) == _left_is_brighter(b.T),
        "This compares the upper with the lower half. Are the axes swapped? Halves are left and "
        "right; sum down each column, axis 0, first.",
    ),
    (
        lambda a, b: _with_middle(a, "left") == _with_middle(b, "left"),
        "On an odd width the middle column counts for neither half; here it counts for the left.",
    ),
    (
        lambda a, b: _with_middle(a, "right") == _with_middle(b, "right"),
        "On an odd width the middle column counts for neither half; here it counts for the right.",
    ),
    (
        lambda a, b: _by_maximum(a) == _by_maximum(b),
        "Sum the intensities of each half; its brightest pixel does not decide.",
    ),
    (
        lambda a, b: _left_is_brighter(b),
        "The brighter half of the original need not be the left one: look at both images.",
    ),
    (lambda a, b: _left_is_brighter(a), "The augmented image plays no part in this answer."),
    (
        lambda a, b: _left_is_brighter(a) != _left_is_brighter(b),
        "The answer is the wrong way round: True is for the same half.",
    ),
    (
        lambda a, b: _left_is_brighter(a[:, [0, -1]]) == _left_is_brighter(b[:, [0, -1]]),
        "Single columns, outermost or innermost, do not decide: sum all of each half.",
    ),
    (
        lambda a, b: _left_is_brighter(_innermost(a)) == _left_is_brighter(_innermost(b)),
        "Single columns, outermost or innermost, do not decide: sum all of each half.",
    ),
    (
        lambda a, b: _by_maximum(_columns(a)) == _by_maximum(_columns(b)),
        "Sum all columns of each half; its brightest column does not decide.",
    ),
    (
        lambda a, b: _by_centre(a) == _by_centre(b),
        "The centre of mass weighs the outer columns more; here each column weighs the same.",
    ),
    (lambda a, b: True, "This is True whatever happens, even where the halves switched sides."),
    (lambda a, b: False, "This is False whatever happens."),
)


def _with_middle(image: np.ndarray, side: str) -> bool:
    half, width = image.shape[1] // 2, image.shape[1]
    if side == "left":
        return bool(image[:, : width - half].sum() > image[:, width - half :].sum())
    return bool(image[:, :half].sum() > image[:, half:].sum())


def _by_maximum(image: np.ndarray) -> bool:
    half = image.shape[1] // 2
    return bool(image[:, :half].max() > image[:, -half:].max())


def _innermost(image: np.ndarray) -> np.ndarray:
    half = image.shape[1] // 2
    return image[:, [half - 1, -half]]


def _columns(image: np.ndarray) -> np.ndarray:
    return image.sum(axis=0, keepdims=True)


def _by_centre(image: np.ndarray) -> bool:
    across = np.arange(image.shape[1]) - (image.shape[1] - 1) / 2
    return bool((image * across).sum() < 0)


def check_consistency(remote: Remote, rng: np.random.Generator) -> None:
    """Part b: the brighter half, by column sums."""
    method = "check_anatomical_consistency"
    # Small public examples: the plain cases, the middle column, one bright pixel, rows.
    pairs = [
        ([[0.9, 0.1]], [[0.9, 0.1]]),
        ([[0.9, 0.1]], [[0.1, 0.9]]),
        ([[0.1, 0.9]], [[0.9, 0.1]]),
        ([[0.1, 0.9]], [[0.1, 0.9]]),
        ([[0.5, 0.9, 0.1]], [[0.1, 0.9, 0.5]]),
        ([[0.3, 0.9, 0.4]], [[0.4, 0.9, 0.3]]),
        ([[0.4, 0.9, 0.3]], [[0.6, 0.0, 0.2]]),
        ([[0.3, 0.9, 0.4]], [[0.2, 0.0, 0.6]]),
        ([[0.4, 0.4], [0.4, 0.4], [0.0, 0.7]], [[0.2, 0.9], [0.2, 0.0], [0.9, 0.1]]),
        ([[0.9, 0.8], [0.1, 0.1]], [[0.2, 0.1], [0.9, 0.8]]),
    ]
    pairs = [(np.array(original), np.array(augmented)) for original, augmented in pairs]
    for left, same_side in ((True, True), (True, False), (False, True), (False, False)):
        shape = (int(rng.integers(20, 50)), int(rng.integers(20, 50)))
        original = _two_sided(rng, shape, left)
        augmented = _two_sided(rng, shape, left == same_side)[::-1] * rng.uniform(0.3, 1.5)
        pairs.append((original, augmented))
        pairs.append((_misleading(rng, shape, left), _two_sided(rng, shape, left == same_side)))
        pairs.append((_two_sided(rng, shape, left), _misleading(rng, shape, left == same_side)))
        pairs.append((_two_sided(rng, shape, left), _scattered(rng, shape, left == same_side)))
    answers = []
    for original, augmented in pairs:
        called = f"{method}({inline(original)}, {inline(augmented)})"
        reply = remote.call(method, original, augmented)
        answers.append(as_bool(reply.value, called))
        expect_unchanged(reply, (original, augmented), called)
    right = [same_half(*pair) for pair in pairs]
    if answers == right:
        return
    hint = "Compare the sums of the columns left and right of the middle, in both images."
    for compare, name in _WRONG_COMPARISONS:
        if answers == [compare(*pair) for pair in pairs]:
            hint = name
            break
    first = [answer == truth for answer, truth in zip(answers, right, strict=True)].index(False)
    original, augmented = pairs[first]
    called = f"{method}({inline(original)}, {inline(augmented)})"
    raise Mistake(called, str(answers[first]), str(right[first]), hint)


def inline(image: np.ndarray) -> str:
    """Describe an image in a call: a small one by its pixels."""
    return str(image.tolist()) if image.size <= 9 else f"image of shape {image.shape}"
