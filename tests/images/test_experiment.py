"""The one data set: nothing leaks, the truth is exact, the hospitals differ as they say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessonlib.images import experiment, regions
from lessonlib.images.acquisition import Acquisition
from lessonlib.images.experiment import patches, views
from lessonlib.images.phantoms import lung_mask

SPLITS = tuple(regions.ZONES)


@pytest.fixture
def numbered(monkeypatch):
    """A film on which every pixel has its own value, and machines that change nothing."""
    count = regions.FILM_HEIGHT * regions.FILM_WIDTH
    ids = (np.arange(count) / 2**22).astype(np.float32)
    assert len(np.unique(ids)) == count
    assert ids.max() < 1
    whole = ids.reshape(regions.FILM_HEIGHT, regions.FILM_WIDTH)
    for module in (patches, views):
        monkeypatch.setattr(module, "film", lambda _: whole)
    for name, hospital in experiment.HOSPITALS.items():
        plain = replace(hospital, acquisition=Acquisition())
        monkeypatch.setitem(experiment.HOSPITALS, name, plain)
    return whole


def pixels(split):
    """Every film pixel that occurs in 3,000 patches or in the views of a split."""
    plain = {"contrast": (0, 0), "seed": 5}
    patches = experiment.nodule_set(split, 3000, marker=(0, 0), **plain).images.ravel()
    views = [v.image.ravel() for v in experiment.zone_views(split, marker=False, **plain)]
    return set(np.unique(np.concatenate([patches, *views])).tolist())


def test_no_pixel_is_in_two_splits(numbered):
    """By brute force, over every pixel of thousands of patches and of all views."""
    found = {split: pixels(split) for split in SPLITS}
    for first in SPLITS:
        assert len(found[first]) > 90_000
        for second in SPLITS:
            if first != second:
                assert not found[first] & found[second]


def test_patches_of_other_regions_share_no_pixel(numbered):
    patches = experiment.nodule_set("train", 2000, contrast=(0, 0), seed=1)
    owner = {}
    for image, region in zip(patches.images, patches.regions, strict=True):
        for pixel in image.ravel()[::7].tolist():
            assert owner.setdefault(pixel, region) == region


def test_corners_say_where_a_patch_was_cut(numbered):
    cut = experiment.nodule_set("internal", 20, contrast=(0, 0), seed=2)
    for image, (row, column) in zip(cut.images, cut.corners, strict=True):
        np.testing.assert_array_equal(image[0], numbered[row : row + 64, column : column + 64])


def test_the_labels_tell_what_was_drawn(numbered):
    """With and without contrast the same seed gives the same scenes: they differ in the masks."""
    drawn = experiment.nodule_set("train", 300, contrast=(0.05, 0.1), prevalence=0.5, seed=3)
    empty = experiment.nodule_set("train", 300, contrast=(0, 0), prevalence=0.5, seed=3)
    changed = drawn.images[:, 0] != empty.images[:, 0]
    assert not changed[~drawn.masks].any()
    positive = drawn.labels == 1
    assert not drawn.masks[~positive].any()
    assert (changed & drawn.masks).sum() > 0.97 * drawn.masks.sum()  # some clip at 1
    # area and place of the mask agree with radius and centre
    area = drawn.masks[positive].sum(axis=(1, 2))
    np.testing.assert_allclose(area, np.pi * drawn.radii[positive] ** 2, rtol=0.08)
    for mask, center in zip(drawn.masks[positive], drawn.centers[positive], strict=True):
        np.testing.assert_allclose(np.argwhere(mask).mean(axis=0), center, atol=0.3)
    assert np.isnan(drawn.centers[~positive]).all()
    assert np.isnan(drawn.radii[~positive]).all()


def test_the_middle_gains_the_contrast(numbered):
    drawn = experiment.nodule_set("train", 200, contrast=(0.05, 0.05), prevalence=1, seed=4)
    empty = experiment.nodule_set("train", 200, contrast=(0, 0), prevalence=1, seed=4)
    gain = (drawn.images - empty.images)[:, 0].max(axis=(1, 2))
    room = empty.images[:, 0].max(axis=(1, 2)) < 0.9
    assert room.sum() > 50
    np.testing.assert_allclose(gain[room], 0.05, atol=0.001)


def test_classes_differ_in_nothing_but_the_nodule():
    """Of thousands of patches without contrast, no statistic tells the classes apart."""
    patches = experiment.nodule_set("train", 5000, contrast=(0, 0), prevalence=0.5, seed=6)
    means = patches.images.mean(axis=(1, 2, 3))
    positive = patches.labels == 1
    gap = means[positive].mean() - means[~positive].mean()
    assert abs(gap) < 4 * means.std() * np.sqrt(4 / 5000)
    counts = [np.bincount(patches.regions[p], minlength=500) for p in (positive, ~positive)]
    assert abs(counts[0] - counts[1]).max() < 5 * np.sqrt(5000 / 53)


def test_regions_lie_in_the_lungs_and_apart():
    mask = lung_mask(regions.FILM_HEIGHT, avoid_opacities=True)
    claimed = np.zeros_like(mask, dtype=int)
    for split in SPLITS:
        for _, row, column in regions.split_regions(split):
            square = np.s_[row : row + regions.REGION, column : column + regions.REGION]
            assert mask[square].mean() >= 0.7
            claimed[square] += 1
    assert claimed.max() == 1
    assert len(np.concatenate([regions.split_regions(s) for s in SPLITS])) == 116


def test_every_band_is_in_training_and_nowhere_twice():
    zones = [zone for zones in regions.ZONES.values() for zone in zones]
    assert sorted(zones) == sorted(band + side for band in "abcdef" for side in "LR")
    assert {zone[0] for zone in regions.ZONES["train"]} == set("abcdef")


def test_a_film_finds_its_side():
    """Zones named R lie on the left of the picture: the patient's right."""
    for zone, table in regions.region_table().items():
        middle = table[:, 2].mean() + regions.REGION / 2
        assert (middle < regions.FILM_WIDTH / 2) == (zone[1] == "R")


def test_shapes_and_types():
    patches = experiment.nodule_set("external", 30, seed=0)
    assert patches.images.shape == (30, 1, 64, 64)
    assert patches.images.dtype == np.float32
    assert patches.images.min() >= 0
    assert patches.images.max() <= 1
    assert patches.labels.dtype == np.int64
    assert len(patches) == 30
    assert set(patches.hospitals) == {"B"}
    assert patches.n_positive == 3
    assert "3 with a nodule" in str(patches)


def test_seeds():
    first, again = (experiment.nodule_set("train", 50, seed=1) for _ in range(2))
    np.testing.assert_array_equal(first.images, again.images)
    other = experiment.nodule_set("train", 50, seed=2)
    assert not np.array_equal(first.corners, other.corners)
    # one seed, another split: another stream
    validation = experiment.nodule_set("validation", 50, seed=1)
    assert not np.array_equal(first.corners % 80, validation.corners % 80)


def test_hospital_b_is_noisier_and_blurrier():
    """Noise by the difference of neighbouring pixels on a constant scene; blur on an edge."""
    flat = np.full((1, 64, 64), 0.5)
    edge = np.repeat(np.where(np.arange(64) < 32, 0.2, 0.8)[None, None], 64, axis=1)
    noise, slope = {}, {}
    for name, hospital in experiment.HOSPITALS.items():
        noise[name] = hospital.acquisition(flat, 0).std()
        slope[name] = np.diff(hospital.acquisition(edge, 0).mean(axis=1)[0]).max()
    assert noise["B"] > 1.5 * noise["A"]
    assert slope["B"] < 0.7 * slope["A"]
    assert experiment.HOSPITALS["B"].prevalence < experiment.HOSPITALS["A"].prevalence


def test_marker_follows_its_chances_and_hides_no_nodule():
    patches = experiment.nodule_set(
        "train", 4000, prevalence=0.5, marker=(0.9, 0.2), radius=(5, 19), seed=8
    )
    marker = experiment.marker_mask()
    positive = patches.labels == 1
    assert abs(patches.marked[positive].mean() - 0.9) < 0.03
    assert abs(patches.marked[~positive].mean() - 0.2) < 0.04
    bright = (patches.images[:, 0][:, marker] == 1).all(axis=1)
    np.testing.assert_array_equal(bright, patches.marked)
    assert not (patches.masks & marker).any()


def test_fewer_regions():
    few = experiment.nodule_set("train", 500, max_regions=5, seed=0)
    assert few.n_regions == 5
    assert experiment.nodule_set("train", 5000, seed=0).n_regions == 53


def test_subset_and_join():
    a = experiment.nodule_set("train", 20, seed=0)
    b = experiment.nodule_set("train", 10, hospital="B", seed=1)
    both = experiment.join([a, b])
    assert len(both) == 30
    np.testing.assert_array_equal(both.hospitals, ["A"] * 20 + ["B"] * 10)
    np.testing.assert_array_equal(both[20:].images, b.images)
    assert len(both[both.labels == 1]) == both.n_positive
    assert both[3].images.shape == (1, 1, 64, 64)
    with pytest.raises(ValueError, match="sets"):
        experiment.join([])


def test_standard_splits():
    sets = experiment.standard_splits(60, n_validation=30, n_test=40, seed=3, prevalence=0.5)
    assert [len(sets[split]) for split in SPLITS] == [60, 30, 40, 40]
    assert [sets[split].n_positive for split in SPLITS] == [30, 15, 20, 20]
    assert set(sets["external"].hospitals) == {"B"}


@pytest.mark.parametrize("split", SPLITS)
def test_views(split):
    views = experiment.zone_views(split, seed=1)
    assert [v.zone for v in views] == list(regions.ZONES[split])
    for view in views:
        assert view.image.dtype == np.float32
        assert set(np.unique(view.labels)) == {0, 1, 2, 3, 4}
        assert not (view.labels[experiment.marker_mask(view.labels.shape)]).any()
    with pytest.raises(ValueError, match="n_nodules"):
        experiment.zone_views(split, n_nodules=30)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"split": "test"}, "split"),
        ({"n": 0}, "n"),
        ({"hospital": "C"}, "hospital"),
        ({"prevalence": 1.5}, "prevalence"),
        ({"marker": (2, 0)}, "marker"),
        ({"max_regions": 0}, "max_regions"),
        ({"radius": (8, 4)}, "radius"),
        ({"radius": (4, 30)}, "radius"),
        ({"contrast": (0.2, 0.1)}, "contrast"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_arguments_are_named(change, name):
    arguments = {"split": "train", "n": 5} | change
    with pytest.raises((ValueError, TypeError), match=name):
        experiment.nodule_set(**arguments)


@settings(max_examples=15, deadline=None)
@given(
    split=st.sampled_from(SPLITS),
    n=st.integers(1, 40),
    prevalence=st.floats(0, 1),
    hospital=st.sampled_from(["A", "B"]),
    seed=st.integers(0, 10**6),
)
def test_any_request_is_filled(split, n, prevalence, hospital, seed):
    patches = experiment.nodule_set(split, n, prevalence=prevalence, hospital=hospital, seed=seed)
    assert patches.n_positive == round(n * prevalence)
    assert np.isfinite(patches.images).all()
    assert patches.masks.any(axis=(1, 2)).sum() == patches.n_positive
    assert set(patches.regions) <= set(regions.split_regions(split)[:, 0])
