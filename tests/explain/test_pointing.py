"""Pointing scores and shares of mass, against loops over pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lessonlib.explain import mass_share, pointing_score

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=7)


@st.composite
def pairs(draw, largest=4):
    """Maps with many ties, and regions, some of them empty."""
    shape = draw(SHAPES)
    maps = draw(hnp.arrays(np.float64, shape, elements=st.integers(0, largest).map(float)))
    return maps, draw(hnp.arrays(bool, shape))


def by_hand(one, region, tolerance):
    if not region.any():
        return np.nan
    if not one.any():
        return 0.0
    inside = np.argwhere(region)
    tied = np.argwhere(one == one.max())
    near = [min(np.hypot(*(inside - place).T)) <= tolerance for place in tied]
    return np.mean(near)


@given(pairs(), st.sampled_from([0, 1, 1.5, 3]))
@settings(deadline=None, max_examples=200)
def test_pointing_by_hand(pair, tolerance):
    maps, regions = pair
    kept = maps.copy(), regions.copy()
    got = pointing_score(maps, regions, tolerance=tolerance)
    wanted = [by_hand(m, r, tolerance) for m, r in zip(maps, regions, strict=True)]
    np.testing.assert_allclose(got.hits, wanted)
    assert got.n == np.isfinite(wanted).sum()
    assert got.empty.tolist() == [not m.any() for m in maps]
    if got.n:
        assert got.score == pytest.approx(np.nanmean(wanted))
    else:
        assert np.isnan(got.score)
        assert np.isnan(got.chance)
    np.testing.assert_array_equal(maps, kept[0])
    np.testing.assert_array_equal(regions, kept[1])


def test_chance_is_what_random_maps_score():
    rng = np.random.default_rng(0)
    regions = np.zeros((4000, 16, 16), dtype=bool)
    regions[:, 3:7, 5:9] = True
    regions[::3] = False
    got = pointing_score(rng.random(regions.shape), regions, tolerance=2)
    assert got.score == pytest.approx(got.chance, abs=0.02)
    assert got.n == (np.arange(4000) % 3 > 0).sum()
    assert "of 2666 maps" in str(got)


@given(pairs(1000), st.sampled_from([1e-300, 1e-20, 1.0, 1e20, 1e305]))
@settings(deadline=None, max_examples=200)
def test_mass_share(pair, scale):
    maps, regions = pair
    got = mass_share(maps, regions)
    for share, m, r in zip(got, maps, regions, strict=True):
        if m.any():
            assert share == pytest.approx(m[r].sum() / m.sum())
        else:
            assert np.isnan(share)
    whole = mass_share(maps, np.ones_like(regions))
    np.testing.assert_allclose(whole[np.isfinite(whole)], 1)
    np.testing.assert_allclose(got + mass_share(maps, ~regions), whole)
    np.testing.assert_allclose(mass_share(maps * scale, regions), got, rtol=1e-6)


@pytest.mark.parametrize("function", [pointing_score, mass_share])
@pytest.mark.parametrize(
    ("maps", "regions", "error", "words"),
    [
        (np.ones((3, 3)), np.ones((3, 3), bool), ValueError, r"maps must have shape \(N, H, W\)"),
        (np.ones((0, 3, 3)), np.ones((0, 3, 3), bool), ValueError, "maps must not be empty"),
        (np.ones((1, 3, 3)), np.ones((1, 3, 4), bool), ValueError, "regions must be bool"),
        (np.ones((1, 3, 3)), np.ones((1, 3, 3)), ValueError, "regions must be bool"),
        (np.full((1, 3, 3), "a"), np.ones((1, 3, 3), bool), TypeError, "maps must hold numbers"),
        (-np.ones((1, 3, 3)), np.ones((1, 3, 3), bool), ValueError, "rectify"),
        (np.full((1, 3, 3), np.nan), np.ones((1, 3, 3), bool), ValueError, "NaN"),
    ],
)
def test_bad_input_is_named(function, maps, regions, error, words):
    with pytest.raises(error, match=words):
        function(maps, regions)


def test_tolerance_is_not_negative():
    with pytest.raises(ValueError, match="tolerance"):
        pointing_score(np.ones((1, 3, 3)), np.ones((1, 3, 3), bool), tolerance=-1)
