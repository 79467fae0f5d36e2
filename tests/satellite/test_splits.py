"""Parcels and splits: nothing held out is trained on, and chance is chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier

from lessonlib import images, satellite
from lessonlib.satellite import (
    LabelledPixels,
    compare_splits,
    held_out_predictions,
    landsat_samples,
    parcel_pixels,
    parcels,
)
from lessonlib.satellite.splits import SPLITS


@pytest.fixture(scope="module")
def pixels():
    return parcel_pixels(30, seed=1)


def test_parcels_are_apart_inside_the_scene_and_on_the_coarse_grid():
    covered = np.zeros((600, 600), int)
    for parcel in parcels():
        assert all(n % 6 == 0 for n in parcel[1:])
        covered[parcel.cut] += 1
        assert covered[parcel.cut].size == parcel.rows * parcel.columns
    assert covered.max() == 1
    assert len(parcels()) == 42
    assert {parcel.cover for parcel in parcels()} == {"field", "wood", "marsh", "water", "sand"}


def test_the_labels_agree_with_physics():
    """Water is darkest at 1.6 µm, sand brightest, wood and field are green."""
    scene = images.sentinel2()
    swir, index = (
        scene.band("B11"),
        satellite.spectral_index("NDVI", N=scene.band("B08"), R=scene.band("B04")),
    )
    for parcel in parcels():
        if parcel.cover == "water":
            assert swir[parcel.cut].mean() < 0.03
        elif parcel.cover == "sand":
            assert swir[parcel.cut].mean() > 0.15
        elif parcel.cover == "wood":
            assert index[parcel.cut].mean() > 0.4


def test_drawn_pixels_are_the_scenes(pixels):
    scene = images.sentinel2()
    spectra = {tuple(s) for s in pixels.spectra[:30]}
    cut = scene.pixels[:, *parcels()[0].cut].reshape(13, -1).T.astype(np.float64)
    assert spectra <= {tuple(s) for s in cut}
    assert pixels.bands == scene.bands
    np.testing.assert_array_equal(np.bincount(pixels.parcel), [30] * 42)
    for number, parcel in enumerate(parcels()):
        assert (pixels.cover[pixels.parcel == number] == parcel.cover).all()


def test_a_block_is_one_measurement_of_60_m(pixels):
    coarse = pixels.only("B01", "B09", "B10").spectra
    for block in np.unique(pixels.block):
        assert len(np.unique(coarse[pixels.block == block], axis=0)) == 1
        assert len(np.unique(pixels.parcel[pixels.block == block])) == 1


def test_draws_are_seeded(pixels):
    np.testing.assert_array_equal(parcel_pixels(30, seed=1).spectra, pixels.spectra)
    assert (parcel_pixels(30, seed=2).spectra != pixels.spectra).any()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_dealt_labels_are_the_same_parcels_in_other_places(seed):
    pixels = parcel_pixels(2)
    dealt = pixels.with_shuffled_parcels(seed)
    assert sorted(dealt.cover) == sorted(pixels.cover)
    for number in range(42):
        assert len(set(dealt.cover[dealt.parcel == number])) == 1
    assert dealt.spectra is pixels.spectra


class Spy(ClassifierMixin, BaseEstimator):
    """Remembers, by their first band, what it was trained on; nothing held out may be there."""

    def __init__(self, together=None):
        self.together = together

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        self.seen_ = {self.together[key] for key in x[:, 0]}
        return self

    def predict(self, x):
        assert not self.seen_ & {self.together[key] for key in x[:, 0]}
        return np.full(len(x), self.classes_[0])


@pytest.mark.parametrize("split", SPLITS)
def test_what_is_held_out_was_not_trained_on(pixels, split):
    own = LabelledPixels(
        np.arange(len(pixels.cover), dtype=float)[:, None],  # pixels known by their number
        pixels.cover,
        pixels.parcel,
        pixels.block,
        ("number",),
    )
    groups = own.spectra[:, 0].astype(int) if split == "pixel" else getattr(own, split)
    together = dict(zip(own.spectra[:, 0], groups.tolist(), strict=True))
    held_out_predictions(own, split, model=Spy(together))
    if split != "pixel":
        with pytest.raises(AssertionError):
            held_out_predictions(own, "pixel", model=Spy(together))


def test_nearest_spectrum_is_the_nearest_spectrum(pixels):
    train, test = slice(0, None, 2), slice(1, None, 2)
    model = satellite.nearest_spectrum().fit(pixels.spectra[train], pixels.cover[train])
    mean, sd = pixels.spectra[train].mean(axis=0), pixels.spectra[train].std(axis=0)
    a, b = (pixels.spectra[train] - mean) / sd, (pixels.spectra[test] - mean) / sd
    nearest = np.linalg.norm(b[:, None] - a[None], axis=2).argmin(axis=1)
    np.testing.assert_array_equal(model.predict(pixels.spectra[test]), pixels.cover[train][nearest])


def test_a_random_split_finds_what_is_not_there():
    """Labels dealt to whole parcels: nothing to learn, so parcels held out give chance."""
    dealt = compare_splits(lambda s: parcel_pixels(30, seed=s).with_shuffled_parcels(s), seeds=8)
    shares = np.unique([parcel.cover for parcel in parcels()], return_counts=True)[1] / 42
    chance = (shares**2).sum()
    assert dealt.interval("parcel").low < chance < dealt.interval("parcel").high
    assert dealt.interval("pixel").low > 2.5 * chance
    assert dealt.interval("pixel").low > dealt.interval("block").high
    assert dealt.interval("block").low > dealt.interval("parcel").high


def test_the_true_labels_are_found_and_a_random_split_flatters():
    true = compare_splits(lambda s: parcel_pixels(30, seed=s), seeds=5, splits=("pixel", "parcel"))
    assert true.interval("pixel").low > true.interval("parcel").high > 0.9
    assert str(true).startswith("pixel  0.9")


def test_pixels_that_share_nothing_cannot_leak():
    """Independent noise as spectra: every split gives the same chance."""

    def draw(seed):
        base = parcel_pixels(30, seed=seed)
        noise = np.random.default_rng(seed).normal(size=base.spectra.shape)
        return LabelledPixels(noise, base.cover, base.parcel, base.block, base.bands)

    shares = np.unique([parcel.cover for parcel in parcels()], return_counts=True)[1] / 42
    got = compare_splits(draw, seeds=6, model=KNeighborsClassifier(1))
    for split in SPLITS:
        assert got.interval(split).value == pytest.approx((shares**2).sum(), abs=0.03)


def test_landsat_samples_are_spyndexs():
    import spyndex

    samples, table = landsat_samples(), spyndex.datasets.open("spectral")
    assert samples.spectra.shape == (120, 8)
    for i, band in enumerate(samples.bands):
        np.testing.assert_array_equal(samples.spectra[:, i], table[band])
    assert samples.cover.tolist() == table["class"].tolist()
    assert samples.classes == ("Urban", "Vegetation", "Water")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda p: parcel_pixels(0), ValueError, "per_parcel must be at least 1"),
        (lambda p: parcel_pixels(145), ValueError, "per_parcel must be at most 144"),
        (lambda p: p.only("B42"), ValueError, "bands must be some of B01"),
        (lambda p: p.only(), ValueError, "bands must be some of"),
        (lambda p: held_out_predictions(p, "row"), ValueError, "split must be one of"),
        (
            lambda p: held_out_predictions(p, "parcel", folds=6),
            ValueError,
            "at most 5, the parcels",
        ),
        (lambda p: held_out_predictions(p, "pixel", folds=1), ValueError, "folds must be at least"),
        (lambda p: held_out_predictions(landsat_samples(), "parcel"), ValueError, "parcel is -1"),
        (lambda p: landsat_samples().with_shuffled_parcels(0), ValueError, "parcel must be known"),
        (lambda p: compare_splits(lambda s: p, seeds=1), ValueError, "seeds must be at least 2"),
        (
            lambda p: compare_splits(lambda s: p, seeds=2, splits=("pixel",)).interval("parcel"),
            ValueError,
            "split must be one of 'pixel'",
        ),
    ],
)
def test_refusals(pixels, call, error, words):
    with pytest.raises(error, match=words):
        call(pixels)
