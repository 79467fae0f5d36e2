"""Planted hits, L.A.Cosmic's first step, and the score, by brute force and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_dilation

from lessonlib.astronomy import (
    HitScore,
    PlantedHits,
    hit_trials,
    lacosmic,
    laplacian_significance,
    plant_hits,
    score_mask,
)
from lessonlib.evaluation import binomial_interval
from lessonlib.images.phantoms import star_field


@settings(max_examples=25, deadline=None)
@given(
    shape=st.tuples(st.integers(5, 40), st.integers(5, 40)),
    n=st.integers(0, 12),
    seed=st.integers(0, 999),
    length=st.floats(0.1, 20),
)
def test_planting_adds_what_it_says(shape, n, seed, length):
    image = np.random.default_rng(seed).normal(100, 10, shape)
    before = image.copy()
    hits = plant_hits(image, n, length=length, seed=seed)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_allclose(hits.image - hits.charge, image, atol=1e-9)
    assert (hits.charge >= 0).all()
    np.testing.assert_array_equal(hits.owner > 0, hits.charge > 0)
    assert hits.owner.max(initial=0) <= n == hits.n_hits
    again = plant_hits(image, n, length=length, seed=np.random.default_rng(seed))
    np.testing.assert_array_equal(hits.charge, again.charge)


def test_charge_and_length_have_the_moments_promised():
    hits = plant_hits(np.zeros((3000, 60)), 800, charge=300, spread=0.5, length=4, seed=1)
    # total charge = charge * exp(spread^2/2) * (0.5 + length) for each hit, few lost at the edge
    expected = 300 * np.exp(0.125) * 4.5
    assert hits.charge.sum() / 800 == pytest.approx(expected, rel=0.08)


def test_a_track_is_a_straight_connected_line():
    hits = plant_hits(np.zeros((200, 200)), 1, length=60, spread=0, charge=100, seed=9)
    y, x = np.nonzero(hits.charge)
    assert len(y) > 10
    residual = np.linalg.svd(np.c_[y - y.mean(), x - x.mean()], compute_uv=False)[1] / len(y) ** 0.5
    assert residual < 0.5  # within a pixel of a line
    assert binary_dilation(hits.charge > 0, np.ones((3, 3)))[y, x].all()


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"n_hits": -1}, ValueError, "n_hits"),
        ({"n_hits": 1.5}, TypeError, "n_hits"),
        ({"charge": 0}, ValueError, "charge"),
        ({"spread": -1}, ValueError, "spread"),
        ({"length": 0}, ValueError, "length"),
        ({"seed": "x"}, TypeError, "seed"),
    ],
)
def test_bad_arguments_of_planting_are_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        plant_hits(np.zeros((9, 9)), **({"n_hits": 1} | arguments))


@settings(max_examples=25, deadline=None)
@given(height=st.floats(1, 1e4), level=st.floats(-1e3, 1e4), noise=st.floats(0.5, 50))
def test_a_lone_pixel_has_the_significance_of_its_height(height, level, noise):
    image = np.full((9, 11), level)
    image[4, 5] += height
    got = laplacian_significance(image, np.full(image.shape, noise))
    assert got[4, 5] == pytest.approx(height / noise, rel=1e-6)
    got[4, 5] = 0
    assert np.abs(got).max() <= 1e-9 * (abs(level) + height) / noise


def test_the_laplacian_by_loops():
    image = np.random.default_rng(2).normal(100, 20, (6, 7))
    split = np.kron(image, np.ones((2, 2)))
    padded = np.pad(split, 1, mode="edge")
    expected = np.zeros(image.shape)
    for y in range(12):
        for x in range(14):
            middle = padded[y + 1, x + 1]
            around = (
                padded[y, x + 1] + padded[y + 2, x + 1] + padded[y + 1, x] + padded[y + 1, x + 2]
            )
            expected[y // 2, x // 2] += max(0.0, 4 * middle - around) / 4
    got = laplacian_significance(image, np.full(image.shape, 3.0))
    np.testing.assert_allclose(got, expected / 6)


def test_a_hit_is_sharper_than_a_star_of_the_same_peak():
    y, x = np.indices((41, 41))
    image = 1000 * np.exp(-((y - 12.0) ** 2 + (x - 12) ** 2) / 32)  # a star of 9 pixels' width
    image[30, 30] += 1000
    got = laplacian_significance(image, np.full(image.shape, 10.0))
    assert got[30, 30] > 8 * got[8:17, 8:17].max()


def test_a_noise_of_nothing_is_refused():
    with pytest.raises(ValueError, match="deviation must be positive"):
        laplacian_significance(np.ones((3, 3)), np.zeros((3, 3)))
    with pytest.raises(ValueError, match="deviation must be positive"):
        laplacian_significance(np.ones((3, 3)), np.ones((3, 4)))


def test_lacosmic_is_astroscrappys():
    from astroscrappy import detect_cosmics

    hits = plant_hits(star_field(96, 5, fwhm=6, background=160, seed=0).image, 15, seed=0)
    expected, _ = detect_cosmics(hits.image.astype(np.float32), gain=1.0, readnoise=5.0)
    np.testing.assert_array_equal(lacosmic(hits.image, read_noise=5.0), expected)
    bright = hits.charge > 300
    assert (lacosmic(hits.image, read_noise=5.0) & bright).sum() > 0.9 * bright.sum()
    # a stricter threshold flags no more
    strict = lacosmic(hits.image, read_noise=5.0, significance=20.0)
    assert strict.sum() < expected.sum()
    with pytest.raises(ValueError, match="significance"):
        lacosmic(hits.image, read_noise=5.0, significance=0)


def tiny():
    """Two hits: three pixels, of which one is faint, and one pixel."""
    charge, owner = np.zeros((8, 8)), np.zeros((8, 8), int)
    charge[1, 1:4] = [100, 50, 5]
    owner[1, 1:4] = 1
    charge[6, 6], owner[6, 6] = 80, 2
    return PlantedHits(charge + 10, charge, owner, 2)


def test_the_score_counted_by_hand():
    hits, mask = tiny(), np.zeros((8, 8), bool)
    mask[1, 1] = mask[1, 3] = True  # one that counts, one too faint to count
    mask[2, 2] = True  # a neighbour: neither way
    mask[4, 1] = True  # false
    score = score_mask(mask, hits, deviation=10.0)
    near = 15 + 9
    assert score == HitScore(found=1, hits=2, covered=1, pixels=3, false=1, clean=64 - near)
    assert score.hit_share == 0.5
    assert score.pixel_share == pytest.approx(1 / 3)
    assert score.false_per_million == pytest.approx(1e6 / 40)
    ignore = np.zeros((8, 8), bool)
    ignore[4, 1] = ignore[6, 6] = True
    assert score_mask(mask, hits, 10.0, ignore=ignore) == HitScore(1, 1, 1, 2, 0, 39)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99))
def test_the_truth_as_a_mask_is_perfect_and_nothing_finds_nothing(seed):
    hits = plant_hits(np.zeros((40, 40)), 6, seed=seed)
    all_of_it = score_mask(hits.charge > 0, hits, 1.0)
    assert all_of_it.found == all_of_it.hits > 0
    assert all_of_it.covered == all_of_it.pixels
    assert all_of_it.false == 0
    nothing = score_mask(np.zeros((40, 40), bool), hits, 1.0)
    assert (nothing.found, nothing.covered, nothing.false) == (0, 0, 0)
    everything = score_mask(np.ones((40, 40), bool), hits, 1.0)
    assert everything.false == everything.clean


def test_scores_refuse_other_masks():
    with pytest.raises(ValueError, match="mask must have the image's shape"):
        score_mask(np.zeros((8, 9), bool), tiny(), 1.0)
    with pytest.raises(TypeError, match="boolean"):
        score_mask(np.zeros((8, 8)), tiny(), 1.0)
    empty = HitScore(0, 0, 0, 0, 0, 0)
    assert np.isnan([empty.hit_share, empty.pixel_share, empty.false_per_million]).all()


def test_trials_score_every_method_on_the_same_frames():
    frames = []

    def find(image):
        frames.append(image)
        return {"threshold": image > 60.0, "nothing": np.zeros(image.shape, bool)}

    def scene(generator):
        return generator.normal(0, 1, (48, 48))

    got = hit_trials(scene, find, deviation=1.0, n_hits=9, seeds=4)
    assert len(frames) == 4
    assert not np.array_equal(frames[0], frames[1])
    expected = []
    for seed in range(4):
        generator = np.random.default_rng(seed)
        hits = plant_hits(scene(generator), 9, seed=generator)
        np.testing.assert_array_equal(hits.image, frames[seed])
        expected.append(score_mask(hits.image > 60.0, hits, 1.0))
    assert got["threshold"].scores == tuple(expected)
    found, all_hits = (sum(getattr(s, k) for s in expected) for k in ("found", "hits"))
    assert got["threshold"].hit_share == binomial_interval(found, all_hits)
    share = got["threshold"].pixel_share
    assert share.value == sum(s.covered for s in expected) / sum(s.pixels for s in expected)
    assert share.low <= share.value <= share.high
    assert float(got["nothing"].false_per_million) == 0
    assert "nothing: hits 0.00" in str(got["nothing"])
    with pytest.raises(ValueError, match="seeds"):
        hit_trials(scene, find, deviation=1.0, seeds=1)
