"""How `EmbeddingSimilarityAnalyzer` is judged.

Chance enters in the attributes alone. With 8 identities, 20 photos each and D from 200 to 499, the
cosine of two photos of one identity is 1 / (1 + D sigma^2) = 0.833 on average, where the mean over
all such pairs scatters by at most 0.0015 (400 draws at D = 200); allowed is 0.02, 13 scatters. The
kurtosis of the differences of 80 pairs of photos scatters by sqrt(24 / (80 D)) = 0.039 at most;
allowed is 0.4, 10 scatters. The two means that tell a repeated draw from independent ones lie
further apart still. All other inputs have one right answer. Labels are passed in no order and are
no 0 to n - 1; embeddings are unit rows whose cosines 0, 0.5 and 1 are exact, so that a threshold
can coincide with them.

analyze() gets other cosines from a replaced cosine_matrix(), evaluate_thresholds() other pairs
from a replaced analyze(); where they do the work themselves, it is the embeddings' own that count.
"""

from __future__ import annotations

import math

import numpy as np

from lessonlib.grading.checks._given import part
from lessonlib.grading.checks._seeds import draw_seeds
from lessonlib.grading.compare import (
    as_array,
    as_labels,
    as_sequence,
    expect_same,
    expect_seeded,
    expect_unchanged,
    same,
)
from lessonlib.grading.exercise import Criterion, Exercise, Mistake, Remote


def _pairs(labels: np.ndarray, cosines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split the cosines of all unordered pairs by whether the labels agree."""
    first, second = np.triu_indices(len(labels), 1)
    same_identity = labels[first] == labels[second]
    values = cosines[first, second]
    return values[same_identity], values[~same_identity]


def _attributes(
    remote: Remote, called: str, rows: int, columns: int, init: dict, fresh: bool = False
):
    reply = remote.call("", init=init, read=("embeddings", "labels"), fresh=fresh)
    embeddings = as_array(reply.attributes["embeddings"], f"{called}.embeddings", (rows, columns))
    labels = as_labels(reply.attributes["labels"], f"{called}.labels", rows)
    return embeddings, labels


def check_embeddings(remote: Remote, rng: np.random.Generator) -> None:
    """Attributes: unit rows around a unit centroid for each identity."""
    called = "EmbeddingSimilarityAnalyzer()"
    default, _ = _attributes(remote, called, 50, 512, {})
    explicit = {"num_ids": 5, "photos_per": 10, "embed_dim": 512, "noise_sigma": 0.15, "seed": 42}
    hint = "The defaults are num_ids=5, photos_per=10, embed_dim=512, noise_sigma=0.15, seed=42."
    given, _ = _attributes(remote, called, 50, 512, explicit)
    expect_same(given, default, f"{called}.embeddings", hint=hint)
    dimension = int(rng.integers(200, 500))
    sigma = round(math.sqrt(0.2 / dimension), 4)
    init = {"num_ids": 8, "photos_per": 20, "embed_dim": dimension, "noise_sigma": sigma}
    seeds = draw_seeds(rng, 2)
    call = ", ".join(f"{name}={value}" for name, value in init.items())
    called = f"EmbeddingSimilarityAnalyzer({call})"
    draws = [
        _attributes(remote, called, 160, dimension, {**init, "seed": seed}, fresh)
        for seed, fresh in ((seeds[0], False), (seeds[0], True), (seeds[1], False))
    ]
    embeddings, labels = draws[0]
    counts = np.unique(labels, return_counts=True)[1]
    if len(counts) != 8 or not (counts == 20).all():
        got = f"labels that occur {counts.tolist()[:20]} times"
        raise Mistake(f"{called}.labels", got, "8 labels, each of 20 photos")
    lengths = np.linalg.norm(embeddings, axis=1)
    if np.abs(lengths - 1).max() > 1e-4:
        worst = lengths[np.argmax(np.abs(lengths - 1))]
        hint = "Divide each photo by its length once the noise is added."
        raise Mistake(
            f"{called}.embeddings", f"a row of length {worst:.4f}", "rows of length 1", hint
        )
    _judge_noise(embeddings, labels, sigma, f"{called}.embeddings")
    expect_seeded(*(draw[0] for draw in draws), f"{called}.embeddings")


def _judge_noise(embeddings, labels, sigma: float, called: str) -> None:
    d = embeddings.shape[1]
    pairs = _pairs(labels, embeddings @ embeddings.T)
    mean, others = (values.mean() for values in pairs)
    expected = 1 / (1 + d * sigma**2)
    if others > 0.9 * mean:
        hint = "Each identity has a centroid of its own. Do the labels go with the rows?"
        got = f"a mean cosine of {mean:.3f} within identities and {others:.3f} between them"
        raise Mistake(called, got, "a much larger one within", hint)
    if abs(mean - expected) < 0.02:
        return _judge_normal(embeddings, labels, called)
    hint = "Add N(0, noise_sigma) to every component of a centroid of length 1."
    for cosine, name in (
        (1.0, "All photos of an identity are alike: each photo needs noise of its own."),
        (
            1 / (1 + d * sigma),
            "noise_sigma is taken for the variance: it is the standard deviation.",
        ),
        (1 / (1 + d * sigma**4), "noise_sigma is squared: it is the standard deviation."),
        (
            1 / (1 + sigma**2),
            "The noise is too weak: either the centroid is not brought to length 1 before the "
            "noise is added, or the whole noise vector is scaled to length noise_sigma.",
        ),
        (
            1 / (1 + d * sigma**2 / 3),
            "This is what uniform noise in [-noise_sigma, noise_sigma] gives; normal is asked.",
        ),
    ):
        if abs(mean - cosine) < min(0.02, 0.1 * (1 - cosine) + 1e-6):
            hint = name
            break
    raise Mistake(
        called,
        f"a mean cosine of {mean:.4f} between photos of one identity",
        f"about {expected:.3f} = 1 / (1 + D sigma^2)",
        hint,
    )


def _judge_normal(embeddings, labels, called: str) -> None:
    """Judge the noise by the differences between two photos of one identity."""
    order = np.argsort(labels, kind="stable")
    differences = embeddings[order][::2] - embeddings[order][1::2]
    kurtosis = np.mean(differences**4) / np.mean(differences**2) ** 2
    if abs(kurtosis - 3) > 0.4:
        got = f"differences of kurtosis {kurtosis:.2f} between photos of one identity"
        raise Mistake(called, got, "normal noise, kurtosis 3", "Add N(0, noise_sigma).")


def _photos(rng: np.random.Generator, n: int = 14, d: int = 16):
    """Return unit rows, some with exact cosines, and labels in no order."""
    exact = np.array(
        [[1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5], [0, 1, 0, 0], [0.5, 0.5, -0.5, -0.5], [1, 0, 0, 0]]
    )
    embeddings = rng.normal(size=(n, d)) + 0.8
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    embeddings[:5] = np.pad(exact, ((0, 0), (0, d - 4)))
    labels = rng.permutation(np.array([3, 7, 7, 3, 11, 3, 7, 11, 11, 3, 7, 3, 3, 11]))
    return embeddings, labels


def _assigned(embeddings, labels) -> dict:
    return {"embeddings": embeddings, "labels": labels}


def check_cosine_matrix(remote: Remote, rng: np.random.Generator) -> None:
    """Part cosine_matrix: the cosines of the embeddings as they are when called."""
    called = "cosine_matrix(), with other embeddings assigned"
    for size in (14, 5):
        embeddings, labels = _photos(rng)
        embeddings, labels = embeddings[:size], labels[:size]
        right = embeddings @ embeddings.T
        reply = remote.call("cosine_matrix", assign=_assigned(embeddings, labels))
        hint = "Read self.embeddings when the method is called, not in the constructor."
        got = as_array(reply.value, called, (size, size), hint=hint)
        expect_same(
            got,
            right,
            called,
            atol=1e-5,
            hint=hint,
            mistakes=[
                (1 - right, "This is the cosine distance, 1 minus the cosine."),
                (np.arccos(np.clip(right, -1, 1)), "These are angles; their cosines are asked."),
                (np.abs(right), "The sign is lost: a cosine may be negative."),
                (right - np.eye(size), "The diagonal belongs to it: each photo with itself."),
                (
                    np.linalg.norm(embeddings[:, None] - embeddings[None], axis=2),
                    "These are Euclidean distances.",
                ),
                (np.corrcoef(embeddings), "These are correlations: no mean is to be subtracted."),
            ],
        )


def _given_matrix(rng: np.random.Generator, size: int) -> np.ndarray:
    upper = np.triu(rng.uniform(-1, 1, (size, size)), 1)
    return upper + upper.T + np.eye(size)


def _same_pairs(got, expected) -> bool:
    return all(
        a.shape == b.shape and same(np.sort(a), np.sort(b), 1e-5, 1e-5)
        for a, b in zip(got, expected, strict=True)
    )


def _flat(value, called: str, which: str) -> np.ndarray:
    array = as_array(value, f"{which} of {called}")
    if array.ndim != 1:
        raise Mistake(f"{which} of {called}", f"shape {array.shape}", "one cosine for each pair")
    return array


def check_analyze(remote: Remote, rng: np.random.Generator) -> None:
    """Part analyze: each unordered pair once, split by identity."""
    for size in (14, 9):
        embeddings, labels = (array[:size] for array in _photos(rng))
        called = f"analyze(), with {size} embeddings and their labels assigned"
        matrix = _given_matrix(rng, size)
        given = {"cosine_matrix": part((), matrix)}
        reply = remote.call("analyze", assign=_assigned(embeddings, labels), given=given)
        if reply.calls["cosine_matrix"]:
            called += ", other cosines given to it"
        else:
            matrix = embeddings @ embeddings.T
        answer = as_sequence(reply.value, called, 2, "(same, diff)")
        got = tuple(
            _flat(part, called, name) for part, name in zip(answer, ("same", "diff"), strict=True)
        )
        right = _pairs(labels, matrix)
        if _same_pairs(got, right):
            continue
        sizes, expected = ([len(part) for part in parts] for parts in (got, right))
        hint = "The cosine of each pair i < j, by whether labels[i] == labels[j]."
        if _same_pairs(got[::-1], right):
            hint = "same and diff are swapped."
        elif sizes == [2 * n for n in expected]:
            hint = "Every pair is there twice, as (i, j) and (j, i)."
        elif sizes in (
            [expected[0] + size, expected[1]],
            [2 * expected[0] + size, 2 * expected[1]],
        ):
            hint = "A photo with itself is no pair: start the inner loop at i + 1."
        elif sum(sizes) != sum(expected):
            hint = f"{size} photos make {sum(expected)} unordered pairs. {hint}"
        elif sizes != expected:
            hint = "Read self.labels when the method is called; labels need not come in blocks."
        raise Mistake(
            called,
            f"{sizes[0]} pairs of one identity, mean cosine {_mean(got[0])}; "
            f"{sizes[1]} of two, {_mean(got[1])}",
            f"{expected[0]} pairs, {_mean(right[0])}; {expected[1]}, {_mean(right[1])}",
            hint,
        )


def _mean(values: np.ndarray) -> str:
    return f"{values.mean():.4f}" if values.size else "none"


def _rates(same_identity, diff, thresholds, strict: bool = False) -> np.ndarray:
    rows = []
    for threshold in thresholds:
        hits, alarms = (
            np.sum(part > threshold if strict else part >= threshold)
            for part in (same_identity, diff)
        )
        n, m = len(same_identity), len(diff)
        rows.append([hits / n, alarms / m, (hits + m - alarms) / (n + m)])
    return np.array(rows)


def check_thresholds(remote: Remote, rng: np.random.Generator) -> None:
    """Part evaluate_thresholds: true- and false-positive rate and accuracy, ties matching."""
    for thresholds in (np.array([0.5, 0.0, 0.9, 0.25]), np.sort(rng.uniform(-0.2, 0.9, 6))):
        photos = embeddings, labels = _photos(rng)
        called = f"evaluate_thresholds({np.round(thresholds, 3).tolist()}), with other "
        # Cosines at the thresholds themselves, and another number of pairs than the labels make.
        pairs = tuple(
            rng.permutation(np.concatenate([rng.uniform(-1, 1, size), thresholds[:3]]))
            for size in rng.integers(20, 40, 2)
        )
        matrix = _given_matrix(rng, len(labels))
        matrix[0, 1:5] = matrix[1:5, 0] = thresholds[:4]
        given = {"analyze": part((), pairs), "cosine_matrix": part((), matrix)}
        reply = remote.call(
            "evaluate_thresholds", thresholds, assign=_assigned(*photos), given=given
        )
        called += "pairs given to it" if reply.calls["analyze"] else "embeddings"
        if not reply.calls["analyze"]:
            pairs = _pairs(
                labels, matrix if reply.calls["cosine_matrix"] else embeddings @ embeddings.T
            )
        got = as_array(reply.value, called, (len(thresholds), 3))
        expect_unchanged(reply, (thresholds,), called)
        right = _rates(*pairs, thresholds)
        if same(got, right):
            continue
        tpr, fpr, accuracy = right.T
        expect_same(
            got,
            right,
            called,
            hint="A row for each threshold: TPR over pairs of one identity, FPR over pairs of two.",
            mistakes=[
                (_rates(*pairs, thresholds, strict=True), "`>` for `>=`: equal is a match."),
                (right[:, [1, 0, 2]], "The order is TPR, FPR, accuracy."),
                (right[:, [2, 0, 1]], "The order is TPR, FPR, accuracy."),
                (
                    np.stack([tpr, 1 - fpr, accuracy], 1),
                    "The second column is 1 minus the false-positive rate.",
                ),
                (
                    np.stack([tpr, fpr, (tpr + 1 - fpr) / 2], 1),
                    "This is balanced accuracy; accuracy counts every pair alike.",
                ),
                (1 - right, "A pair matches where its cosine is at least the threshold."),
            ],
        )


EXERCISE = Exercise(
    name="EmbeddingSimilarityAnalyzer",
    title="Find how much noise face embeddings bear",
    chapter="exercise-embedding-similarity-analyzer",
    criteria=(
        Criterion("embeddings", "the constructor draws the photos", 1.0, check_embeddings),
        Criterion("cosine_matrix", "cosine_matrix() compares all pairs", 1.0, check_cosine_matrix),
        Criterion("analyze", "analyze() splits the pairs by identity", 1.0, check_analyze),
        Criterion(
            "evaluate_thresholds", "evaluate_thresholds() counts matches", 1.0, check_thresholds
        ),
    ),
)
