import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lessonlib import images
from lessonlib.images import phantoms
from lessonlib.images.phantoms.land import REGIONS
from lessonlib.images.phantoms.lungs import FILM_HEIGHT, FILM_WIDTH


def chi_square_interval(n, level=0.9999):
    """Where sample variance / variance of n Gaussian values lies with probability `level`."""
    tail = (1 - level) / 2
    return stats.chi2.ppf([tail, 1 - tail], n - 1) / (n - 1)


# --- the chest of two discs ---------------------------------------------------------------------


@given(size=st.integers(16, 200), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_chest_phantom_keeps_its_promises_at_any_size(size, seed):
    p = phantoms.chest_phantom(size, seed)
    assert p.image.shape == p.heart.shape == p.nodule.shape == (size, size)
    assert p.image.dtype == np.float32
    assert 0 <= p.image.min() <= p.image.max() <= 1
    left, right = size // 2, -(-size // 2)
    assert not p.heart[:, left:].any()
    assert not p.nodule[:, :right].any()
    assert p.heart.sum() > p.nodule.sum() > 0
    assert p.image[:, :left].sum() > 1.2 * p.image[:, right:].sum()
    assert p.image[p.heart].mean() > p.image[p.nodule].mean() + 0.1


def test_chest_phantom_truth_is_every_pixel_within_the_radius():
    p = phantoms.chest_phantom(48)
    for mask, center, radius in (
        (p.heart, p.heart_center, p.heart_radius),
        (p.nodule, p.nodule_center, p.nodule_radius),
    ):
        for i in range(48):
            for j in range(48):
                inside = math.dist((i + 0.5, j + 0.5), center) <= radius
                assert mask[i, j] == inside


def test_chest_phantom_is_seeded_and_noise_can_be_left_out():
    np.testing.assert_array_equal(phantoms.chest_phantom().image, phantoms.chest_phantom().image)
    assert not np.array_equal(phantoms.chest_phantom(seed=1).image, phantoms.chest_phantom().image)
    clean = phantoms.chest_phantom(noise=0)
    np.testing.assert_allclose(np.unique(clean.image), [0.2, 0.6, 0.8], rtol=1e-6)
    ground = phantoms.chest_phantom(256, noise=0.02).image[200:, 150:]
    low, high = chi_square_interval(ground.size)
    assert low < ground.var(dtype=float) / 0.02**2 < high


# --- nodules in the real film -------------------------------------------------------------------


def test_lungs_lie_in_the_film_apart_and_on_their_sides():
    right, left = phantoms.lung_mask(500, "right"), phantoms.lung_mask(500, "left")
    both = phantoms.lung_mask(500)
    assert not (right & left).any()
    np.testing.assert_array_equal(right | left, both)
    assert np.nonzero(right)[1].max() < 217 < 256 < np.nonzero(left)[1].min()
    clear = phantoms.lung_mask(500, avoid_opacities=True)
    assert (clear <= both).all()
    # lungs are air: darker than what lies around them
    film = phantoms.nodules_in_xray(0, height=500).image
    assert film[clear].mean() < film[~both].mean() - 0.15
    # and what is left out of them is denser, on either side
    for side in (right, left):
        assert film[side & ~clear].mean() > film[side & clear].mean() + 0.03


def test_lung_mask_is_the_same_shape_at_any_size():
    full = phantoms.lung_mask()
    assert full.shape == images.chest_xray().pixels.shape == (FILM_HEIGHT, FILM_WIDTH)
    for height in (200, 611):
        small = phantoms.lung_mask(height)
        assert small.shape == (height, round(height * FILM_WIDTH / FILM_HEIGHT))
        assert small.mean() == pytest.approx(full.mean(), rel=0.02)
        centre = [np.mean(np.nonzero(m), axis=1) / m.shape for m in (full, small)]
        np.testing.assert_allclose(*centre, atol=0.003)


def test_nodules_are_spheres_added_to_the_film():
    """Against the chord of a sphere, one pixel at a time."""
    p = phantoms.nodules_in_xray(3, height=300, contrast=(0.05, 0.1), seed=5)
    for i in range(0, p.image.shape[0], 3):
        for j in range(0, p.image.shape[1], 3):
            added, label = 0.0, 0
            for k in range(3):
                distance = math.dist((i, j), p.centers[k])
                if distance <= p.radii[k]:
                    chord = 2 * math.sqrt(p.radii[k] ** 2 - distance**2)
                    added += p.contrasts[k] * chord / (2 * p.radii[k])
                    label = k + 1
            assert p.labels[i, j] == label
            assert p.image[i, j] == pytest.approx(min(1, p.clean[i, j] + added), abs=1e-6)


@given(seed=st.integers(0, 10**6), n=st.integers(0, 6))
@settings(deadline=None, max_examples=15)
def test_nodules_lie_in_the_lung_and_apart(seed, n):
    p = phantoms.nodules_in_xray(n, height=300, lung="left", seed=seed)
    assert p.centers.shape == (n, 2)
    assert set(np.unique(p.labels)) == set(range(n + 1))
    assert phantoms.lung_mask(300, "left", avoid_opacities=True)[p.labels > 0].all()
    for a in range(n):
        for b in range(a):
            assert math.dist(p.centers[a], p.centers[b]) > p.radii[a] + p.radii[b]
    assert (p.image[p.labels == 0] == p.clean[p.labels == 0]).all()
    assert ((p.radii >= 0.012 * 300) & (p.radii <= 0.03 * 300)).all()


def test_the_clean_film_is_the_real_one():
    p = phantoms.nodules_in_xray(1)
    np.testing.assert_array_equal(p.clean, images.chest_xray().display())


def test_nodules_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"n_nodules=90.*do not fit"):
        phantoms.nodules_in_xray(90, height=200, radius=(0.06, 0.07))


# --- land cover ---------------------------------------------------------------------------------


def test_spectra_are_means_of_the_real_scene():
    scene, real = phantoms.land_cover_scene(32), images.sentinel2()
    assert scene.bands == real.bands
    assert scene.names == tuple(REGIONS)
    for spectrum, (top, bottom, left, right) in zip(scene.spectra, REGIONS.values(), strict=True):
        for band, value in zip(scene.bands, spectrum, strict=True):
            rectangle = real.band(band)[top:bottom, left:right].astype(float)
            assert value == pytest.approx(rectangle.sum() / rectangle.size, rel=1e-6)


def test_without_variation_every_pixel_is_its_class():
    scene = phantoms.land_cover_scene((40, 60), variability=0, noise=0, seed=1)
    assert scene.pixels.shape == (13, 40, 60)
    assert scene.pixels.dtype == np.float32
    for k, spectrum in enumerate(scene.spectra):
        np.testing.assert_allclose(
            scene.pixels[:, scene.classes == k],
            np.broadcast_to(spectrum[:, None], (13, (scene.classes == k).sum())),
            rtol=1e-6,
        )


def test_noise_and_variability_are_what_was_asked_for():
    noisy = phantoms.land_cover_scene(128, variability=0, noise=0.01, seed=2)
    residual = noisy.pixels - np.moveaxis(noisy.spectra[noisy.classes], -1, 0)
    low, high = chi_square_interval(residual.size)
    assert low < residual.var(dtype=float) / 0.01**2 < high
    varied = phantoms.land_cover_scene(128, variability=0.1, noise=0, seed=2)
    logs = np.log(varied.pixels / np.moveaxis(varied.spectra[varied.classes], -1, 0))
    assert logs[0].std() == pytest.approx(0.1, rel=1e-4)
    np.testing.assert_allclose(logs, np.broadcast_to(logs[0], logs.shape), atol=1e-6)


def test_larger_patches_have_fewer_borders_and_all_classes_occur():
    def borders(scene):
        return (np.diff(scene.classes, axis=1) != 0).mean()

    small = phantoms.land_cover_scene(256, patch=4, seed=0)
    large = phantoms.land_cover_scene(256, patch=16, seed=0)
    assert borders(large) == pytest.approx(borders(small) / 4, rel=0.3)
    assert set(np.unique(small.classes)) == set(range(5))
    assert np.bincount(small.classes.ravel()).min() / small.classes.size > 0.1


# --- stars --------------------------------------------------------------------------------------


def test_star_light_is_the_integral_of_the_gaussian_over_the_pixel():
    """Against numerical integration of the profile on a fine grid."""
    field = phantoms.star_field((9, 11), 1, fwhm=2.5, background=7, seed=3)
    sigma = 2.5 / 2.354820045
    steps = (np.arange(400) + 0.5) / 400 - 0.5
    for i, j in [(4, 5), (0, 0), (8, 10), (3, 7)]:
        y, x = i + steps[:, None] - field.rows[0], j + steps - field.columns[0]
        density = np.exp(-(x**2 + y**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)
        expected = 7 + field.fluxes[0] * density.mean()
        assert field.expected[i, j] == pytest.approx(expected, rel=1e-4)


@given(seed=st.integers(0, 10**6), n=st.integers(0, 50), fwhm=st.floats(0.5, 8))
@settings(deadline=None, max_examples=25)
def test_total_flux_is_the_sum_in_closed_form(seed, n, fwhm):
    field = phantoms.star_field((50, 70), n, fwhm=fwhm, background=3, seed=seed)
    root = math.sqrt(2) * fwhm / (2 * math.sqrt(2 * math.log(2)))
    total = 0.0
    for flux, y, x in zip(field.fluxes, field.rows, field.columns, strict=True):
        share_y = (math.erf((49.5 - y) / root) - math.erf((-0.5 - y) / root)) / 2
        share_x = (math.erf((69.5 - x) / root) - math.erf((-0.5 - x) / root)) / 2
        total += flux * share_y * share_x
    assert (field.expected - 3).sum() == pytest.approx(total, rel=1e-9, abs=1e-6)
    assert (np.diff(field.fluxes) <= 0).all()


def test_star_noise_has_the_variance_of_light_and_reading():
    field = phantoms.star_field(300, 0, background=80, read_noise=4, seed=1)
    low, high = chi_square_interval(field.image.size)
    assert low < field.image.var(dtype=float) / (80 + 16) < high
    assert field.image.mean(dtype=float) == pytest.approx(80, abs=5 * math.sqrt(96) / 300)


def test_fluxes_follow_the_power_law():
    field = phantoms.star_field(16, 5000, faintest=200, slope=1.5, seed=2)
    assert stats.kstest(field.fluxes, stats.pareto(1.5, scale=200).cdf).pvalue > 1e-3
    other = stats.kstest(field.fluxes, stats.pareto(1.7, scale=200).cdf)
    assert other.pvalue < 1e-3  # the test could tell


# --- nuclei -------------------------------------------------------------------------------------


def test_nuclei_labels_are_the_pixels_inside_each_ellipse():
    """Brute force: every pixel against every ellipse."""
    field = phantoms.nuclei_field((90, 110), 12, gap=-6, seed=8)
    for i in range(90):
        for j in range(110):
            label = 0
            for k, ((cy, cx), (a, b), angle) in enumerate(
                zip(field.centers, field.semi_axes, field.angles, strict=True)
            ):
                dy, dx = i - cy, j - cx
                u = dx * math.cos(angle) + dy * math.sin(angle)
                v = dy * math.cos(angle) - dx * math.sin(angle)
                if (u / a) ** 2 + (v / b) ** 2 <= 1:
                    label = k + 1
            assert field.labels[i, j] == label


def test_nuclei_areas_are_those_of_ellipses():
    field = phantoms.nuclei_field(512, 100, seed=1)
    areas = np.bincount(field.labels.ravel())[1:]
    np.testing.assert_allclose(areas, np.pi * field.semi_axes.prod(axis=1), rtol=0.06)


def test_photon_noise_has_its_mean_as_variance():
    """At bright and at dark pixels alike."""
    field = phantoms.nuclei_field(600, 80, seed=3)
    standard = (field.image - field.expected) / np.sqrt(field.expected)
    for part in (field.labels == 0, field.labels > 0):
        values = standard[part]
        # kurtosis 1/mean widens the interval of the variance of a Poisson variable a little
        spread = 5 * math.sqrt((2 + 1 / field.background) / values.size)
        assert values.var() == pytest.approx(1, abs=spread)
        assert values.mean() == pytest.approx(0, abs=5 / math.sqrt(values.size))


def test_blur_spreads_light_and_keeps_its_sum():
    sharp, soft = (phantoms.nuclei_field(128, 8, blur=b, photons=(50, 50), seed=4) for b in (0, 2))
    np.testing.assert_array_equal(sharp.labels, soft.labels)
    assert (sharp.expected[sharp.labels == 0] == 10).all()
    assert soft.expected.max() < sharp.expected.max() <= 60
    # no light leaves this frame but what the blur carries over its edge
    assert (soft.expected - 10).sum() == pytest.approx((sharp.expected - 10).sum(), rel=0.01)


def test_circles_around_nuclei_keep_their_gap_and_stay_inside():
    field = phantoms.nuclei_field((200, 300), 30, gap=3, seed=5)
    long_axis = field.semi_axes[:, 0]
    for a in range(30):
        assert (field.centers[a] >= long_axis[a]).all()
        assert (field.centers[a] <= np.array([199, 299]) - long_axis[a]).all()
        for b in range(a):
            distance = math.dist(field.centers[a], field.centers[b])
            assert distance >= long_axis[a] + long_axis[b] + 3


def test_nuclei_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"n_nuclei=500 nuclei do not fit into 100 × 100"):
        phantoms.nuclei_field(100, 500)


# --- all of them --------------------------------------------------------------------------------

MAKERS = {
    "chest_phantom": lambda seed: phantoms.chest_phantom(32, seed),
    "nodules_in_xray": lambda seed: phantoms.nodules_in_xray(2, height=200, seed=seed),
    "land_cover_scene": lambda seed: phantoms.land_cover_scene(32, seed=seed),
    "star_field": lambda seed: phantoms.star_field(32, 5, seed=seed),
    "nuclei_field": lambda seed: phantoms.nuclei_field(64, 3, seed=seed),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_same_seed_gives_the_same_phantom_and_global_state_is_untouched(make):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = make(7), make(np.random.default_rng(7)), make(8)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    same, differs = [], []
    for name, value in vars(first).items():
        if isinstance(value, np.ndarray):
            same.append(np.array_equal(value, getattr(again, name)))
            differs.append(not np.array_equal(value, getattr(other, name)))
    assert all(same)
    assert any(differs)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: phantoms.chest_phantom(8), "size"),
        (lambda: phantoms.chest_phantom(noise=-1), "noise"),
        (lambda: phantoms.lung_mask(10), "height"),
        (lambda: phantoms.lung_mask(lung="middle"), "lung"),
        (lambda: phantoms.nodules_in_xray(-1), "n_nodules"),
        (lambda: phantoms.nodules_in_xray(radius=(0, 1)), "radius"),
        (lambda: phantoms.land_cover_scene(4), "size"),
        (lambda: phantoms.land_cover_scene(patch=0), "patch"),
        (lambda: phantoms.star_field(fwhm=0), "fwhm"),
        (lambda: phantoms.star_field(slope=-1), "slope"),
        (lambda: phantoms.nuclei_field(elongation=(0.5, 1)), "elongation"),
        (lambda: phantoms.nuclei_field(20), "size"),
    ],
)
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_a_random_state_is_refused():
    with pytest.raises(TypeError, match="seed"):
        phantoms.star_field(seed=np.random.RandomState(0))
