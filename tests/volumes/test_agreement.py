"""Overlap and surface distances, against brute force, SimpleITK and the plain version."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from lessonlib import volumes
from lessonlib.volumes import plain

SPACING = (3.0, 1.0, 0.7)


def blobs(seed, rank=3, side=8):
    rng = np.random.default_rng(seed)
    masks = rng.random((2, *(side,) * rank)) < rng.uniform(0.02, 0.6)
    return masks[0], masks[1]


def surface_by_hand(mask):
    padded = np.pad(mask, 1)
    inner = np.ones_like(padded)
    for axis in range(mask.ndim):
        for step in (-1, 1):
            inner &= np.roll(padded, step, axis)
    return mask & ~inner[(slice(1, -1),) * mask.ndim]


def by_hand(a, b, spacing):
    places = [np.argwhere(surface_by_hand(m)) * np.array(spacing) for m in (a, b)]
    apart = cdist(*places)
    return apart.min(axis=1), apart.min(axis=0)


@given(st.integers(0, 10_000), st.sampled_from([1, 2, 3, 4]))
def test_distances_by_brute_force(seed, rank):
    a, b = blobs(seed, rank, side=5 if rank == 4 else 8)
    spacing = (3.0, 1.0, 0.7, 2.0)[:rank]
    found = volumes.surface_distances(a, b, spacing)
    if not (a.any() and b.any()):
        return
    from_a, from_b = by_hand(a, b, spacing)
    both = np.r_[from_a, from_b]
    assert found.hausdorff == pytest.approx(both.max())
    assert found.hausdorff95 == pytest.approx(
        max(np.percentile(from_a, 95), np.percentile(from_b, 95))
    )
    assert found.average == pytest.approx(both.mean())
    for tolerance in (0, 0.7, 1, 3):
        assert found.surface_dice(tolerance) == pytest.approx((both <= tolerance + 1e-12).mean())


@given(st.integers(0, 10_000))
def test_the_plain_version_gives_the_same(seed):
    a, b = blobs(seed)
    np.testing.assert_allclose(plain.dice(a, b), volumes.dice(a, b))
    np.testing.assert_allclose(
        plain.hausdorff95(a, b, SPACING), volumes.surface_distances(a, b, SPACING).hausdorff95
    )


@given(st.integers(0, 10_000))
def test_overlap_is_simpleitks(seed):
    a, b = blobs(seed)
    if not (a.any() and b.any()):
        return
    images = [sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (a, b)]
    measure = sitk.LabelOverlapMeasuresImageFilter()
    measure.Execute(*images)
    assert volumes.dice(a, b) == pytest.approx(measure.GetDiceCoefficient())


def test_the_hausdorff_distance_of_two_boxes_is_known():
    a, b = np.zeros((2, 10, 20, 20), dtype=bool)
    a[3:6, 5:10, 5:10] = True
    b[3:6, 5:10, 8:13] = True
    found = volumes.surface_distances(a, b, SPACING)
    assert found.hausdorff == pytest.approx(3 * 0.7)
    assert volumes.surface_distances(a, a, SPACING).hausdorff == 0
    assert volumes.surface_distances(a, a, SPACING).surface_dice(0) == 1


def test_simpleitk_measures_the_same_maximum():
    """ITK's Hausdorff distance is between all voxels; for separate blobs the surfaces decide it."""
    z, y, x = np.ogrid[:20, :30, :30]
    a = ((z - 6) / 2) ** 2 + (y - 10) ** 2 + (x - 9) ** 2 < 12
    b = ((z - 12) / 2) ** 2 + (y - 20) ** 2 + (x - 18) ** 2 < 16
    images = [sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (a, b)]
    for image in images:
        image.SetSpacing(SPACING[::-1])
    measure = sitk.HausdorffDistanceImageFilter()
    measure.Execute(*images)
    found = volumes.surface_distances(a, b, SPACING)
    assert found.hausdorff == pytest.approx(measure.GetHausdorffDistance(), abs=1e-4)


def test_empty_masks():
    some, none = np.ones((2, 2, 2), dtype=bool), np.zeros((2, 2, 2), dtype=bool)
    for pair in ((some, none), (none, some)):
        found = volumes.surface_distances(*pair, (1, 1, 1))
        assert found.hausdorff == found.hausdorff95 == found.average == np.inf
        assert found.surface_dice(5) == volumes.dice(*pair) == 0
    found = volumes.surface_distances(none, none, (1, 1, 1))
    for value in (found.hausdorff, found.hausdorff95, found.average, found.surface_dice(1)):
        assert np.isnan(value)
    assert np.isnan(volumes.dice(none, none))


def test_millilitres():
    mask = np.zeros((4, 4, 4), dtype=np.uint8)
    mask[:2] = 1
    assert volumes.volume_ml(mask, (5, 0.5, 0.5)) == pytest.approx(32 * 1.25 / 1000)


@pytest.mark.parametrize(
    ("mask", "kind", "words"),
    [
        (np.full((2, 2), 2), TypeError, "label"),
        (np.full((2, 2), -1), TypeError, "label"),
        (np.zeros((2, 2)), TypeError, "float64"),
        (np.ma.masked_array(np.ones((2, 2), bool), np.eye(2)), ValueError, "filled"),
        (np.bool_(True), ValueError, "axis"),
    ],
)
def test_what_is_no_mask_is_named(mask, kind, words):
    for name, pair in (("a", (mask, np.ones((2, 2), bool))), ("b", (np.ones((2, 2), bool), mask))):
        with pytest.raises(kind, match=rf"{name} must.*{words}"):
            volumes.dice(*pair)
        with pytest.raises(kind, match=rf"{name} must"):
            volumes.surface_distances(*pair, (1, 1))


def test_shapes_and_spacing_are_named():
    a = np.ones((2, 3), dtype=bool)
    with pytest.raises(ValueError, match=r"one shape, got \(2, 3\) and \(3, 2\)"):
        volumes.dice(a, a.T)
    with pytest.raises(ValueError, match="spacing must give millimetres for each of 2 axes"):
        volumes.surface_distances(a, a, (1, 1, 1))
    with pytest.raises(ValueError, match="tolerance"):
        volumes.surface_distances(a, a, (1, 1)).surface_dice(-1)
