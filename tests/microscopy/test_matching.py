"""Average precision against brute force, StarDist and hand-made cases."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lessonlib import images
from lessonlib.microscopy import (
    average_precision,
    iou_matrix,
    match_objects,
    precision_gain,
    tile_counts,
)

few = settings(max_examples=60, deadline=None)
small = hnp.arrays(np.int32, (6, 7), elements=st.integers(0, 4))
levels = st.sampled_from([0.1, 0.3, 0.5, 0.6, 0.75, 1.0])


def ids(labels):
    return [i for i in np.unique(labels) if i]


@few
@given(small, small)
def test_overlaps_are_those_of_sets(true, found):
    got = iou_matrix(true, found)
    expected = [
        [np.sum((true == i) & (found == j)) / np.sum((true == i) | (found == j))
         for j in ids(found)] for i in ids(true)]  # fmt: skip
    np.testing.assert_allclose(
        got, np.reshape(expected, got.shape) if got.size else got, rtol=1e-12
    )
    assert got.shape == (len(ids(true)), len(ids(found)))


@few
@given(small, small, levels)
def test_matches_are_the_most_that_any_pairing_gives(true, found, level):
    """Brute force: every way to give each object of the smaller side another partner."""
    overlap = iou_matrix(true, found)
    table = overlap if overlap.shape[0] <= overlap.shape[1] else overlap.T
    rows = np.arange(table.shape[0])
    best = max(
        (
            ((picked := table[rows, list(order)]) >= level).sum()
            + picked[picked >= level].sum() / 100
            for order in permutations(range(table.shape[1]), table.shape[0])
        ),
        default=0,
    )
    got = match_objects(true, found, level)
    summed = overlap[got.pairs[:, 0], got.pairs[:, 1]].sum()
    assert got.tp + summed / 100 == pytest.approx(float(best))
    assert (overlap[got.pairs[:, 0], got.pairs[:, 1]] >= level).all()
    assert got.tp + got.fn == overlap.shape[0]
    assert got.tp + got.fp == overlap.shape[1]
    assert len(set(got.pairs[:, 0])) == len(set(got.pairs[:, 1])) == got.tp
    total = got.tp + got.fp + got.fn
    assert got.average_precision == pytest.approx(got.tp / total, nan_ok=True) if total else True


@few
@given(small, small, levels)
def test_stardist_counts_the_same(true, found, level):
    matching = pytest.importorskip("stardist.matching").matching
    theirs = matching(true, found, thresh=level)
    ours = match_objects(true, found, level)
    # StarDist keeps overlaps in float32, in which 0.6 and 0.3 are no longer what they were
    if not np.isclose(iou_matrix(true, found), level, atol=1e-6).any():
        assert (ours.tp, ours.fp, ours.fn) == (theirs.tp, theirs.fp, theirs.fn)


def test_stardist_agrees_on_the_real_masks():
    matching = pytest.importorskip("stardist.matching").matching
    true = images.nuclei().labels
    rng = np.random.default_rng(0)
    found = np.roll(true, (1, 2), axis=(0, 1)) * (rng.random(126)[true] < 0.9)
    thresholds = [0.5, 0.6, 0.7, 0.8, 0.9]
    theirs = [m.accuracy for m in matching(true, found, thresh=thresholds)]
    np.testing.assert_allclose(average_precision(true, found, thresholds), theirs, rtol=1e-6)
    assert theirs[0] > 0.5 > theirs[-1]


@few
@given(small, small, st.permutations(range(1, 5)))
def test_numbers_of_objects_do_not_matter(true, found, order):
    other = np.array([0, *order])[found] * 1000  # with gaps, and too large for a table
    before, after = match_objects(true, found, 0.4), match_objects(true, other, 0.4)
    assert (before.tp, before.fp, before.fn) == (after.tp, after.fp, after.fn)


@few
@given(small, small)
def test_a_stricter_threshold_never_helps(true, found):
    precision = average_precision(true, found, [0.2, 0.4, 0.6, 0.8])
    assert (np.diff(np.nan_to_num(precision)) <= 0).all()


def test_it_is_one_for_the_truth_and_nan_for_nothing():
    true = images.nuclei().labels
    assert average_precision(true, true).tolist() == [1.0] * 5
    empty = np.zeros((4, 4), int)
    assert np.isnan(match_objects(empty, empty).average_precision)
    assert match_objects(true[:4, :4] * 0, empty + 1).fp == 1
    assert "missed" in str(match_objects(true, true))


def test_an_overlap_of_exactly_the_threshold_counts():
    half = match_objects(np.array([[1, 1, 0]]), np.array([[1, 0, 0]]), 0.5)
    assert (half.tp, half.fp, half.fn) == (1, 0, 0)


# --- by tile ---------------------------------------------------------------------------------


@few
@given(small, small, levels, st.integers(1, 4))
def test_tiles_add_up_and_lie_where_the_centres_are(true, found, level, tiles):
    counts = tile_counts(true, found, level, tiles)
    whole = match_objects(true, found, level)
    assert counts.sum(axis=(0, 1)).tolist() == [whole.tp, whole.fp, whole.fn]
    for row in range(tiles):
        for column in range(tiles):
            there = [
                np.argwhere(true == i).mean(axis=0) for i in ids(true)
            ]  # centres by another way
            inside = sum(
                int((y + 0.5) * tiles / 6) == row and int((x + 0.5) * tiles / 7) == column
                for y, x in there
            )
            assert counts[row, column, 0] + counts[row, column, 2] == inside


def test_the_gain_is_the_difference_and_its_interval_covers():
    """Tiles of known rates, a hundred pictures: the interval holds the truth in most."""
    truth = 0.8 / 1.2 - 0.5 / 1.5  # tp / (tp + fp + fn) with fp = fn-like misses
    covered = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        n = rng.poisson(4, 60)
        hits_before, hits_after = rng.binomial(n, 0.5), rng.binomial(n, 0.8)
        before = np.stack([hits_before, n - hits_before, n - hits_before], axis=1)
        after = np.stack([hits_after, n - hits_after, n - hits_after], axis=1)
        got = precision_gain(before, after, resamples=300, seed=seed)
        b, a = before.sum(axis=0), after.sum(axis=0)
        assert got.value == pytest.approx(a[0] / a.sum() - b[0] / b.sum())
        covered += got.low <= truth <= got.high
    assert 0.88 <= covered / 150 <= 0.99


def test_without_a_before_it_is_the_score_itself():
    after = np.array([[3, 1, 0], [2, 0, 1]])
    got = precision_gain(np.zeros_like(after), after)
    assert got.value == pytest.approx(5 / 7)
    assert precision_gain(after, after).low == precision_gain(after, after).high == 0


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda a: iou_matrix(a * 0.5, a), TypeError, "true"),
        (lambda a: iou_matrix(a, -a), ValueError, "found"),
        (lambda a: iou_matrix(a, a[:2]), ValueError, "found"),
        (lambda a: iou_matrix(a[0], a[0]), ValueError, "true"),
        (lambda a: match_objects(a, a, 0), ValueError, "threshold"),
        (lambda a: average_precision(a, a, [0.5, 1.5]), ValueError, "thresholds"),
        (lambda a: tile_counts(a[None], a[None]), ValueError, "true"),
        (lambda a: tile_counts(a, a, tiles=0), ValueError, "tiles"),
        (lambda a: precision_gain(a, a), ValueError, "before"),
        (lambda a: precision_gain(np.zeros((2, 3), int), np.ones((3, 3), int)), ValueError,
         "after"),
        (lambda a: precision_gain(np.zeros((2, 3), int), np.zeros((2, 3), int)), ValueError,
         "after"),
        (lambda a: precision_gain(np.ones((2, 3), int), np.ones((2, 3), int), resamples=3),
         ValueError, "resamples"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call(np.ones((4, 4), int))
