"""What a chapter teaches in a few lines, against the robust version and against other libraries."""

import inspect
import itertools
import pkgutil

import numpy as np
import pytest
import torch
from astropy.stats import sigma_clipped_stats
from hypothesis import given
from hypothesis import strategies as st
from photutils.segmentation import detect_sources
from skimage import data
from sklearn.linear_model import LogisticRegression

import lessonlib
from lessonlib import (
    astronomy,
    augmentation,
    evaluation,
    explain,
    faces,
    governance,
    images,
    imbalance,
    microscopy,
    satellite,
    scientific,
    transfer,
)
from lessonlib.astronomy import plain as plain_astronomy
from lessonlib.augmentation import plain as plain_augmentation
from lessonlib.evaluation import plain as plain_evaluation
from lessonlib.explain import plain as plain_explain
from lessonlib.faces import plain as plain_faces
from lessonlib.governance import plain as plain_governance
from lessonlib.images import plain as plain_images
from lessonlib.imbalance import plain as plain_imbalance
from lessonlib.microscopy import plain as plain_microscopy
from lessonlib.satellite import plain as plain_satellite
from lessonlib.scientific import plain as plain_scientific
from lessonlib.transfer import plain as plain_transfer
from lessonlib.volumes import plain as plain_volumes

SEEDS = st.integers(0, 2**32 - 1)
PLAIN = [
    plain_astronomy, plain_augmentation, plain_evaluation, plain_explain, plain_faces,
    plain_governance, plain_images, plain_imbalance, plain_microscopy, plain_satellite,
    plain_scientific, plain_transfer, plain_volumes,  # of the last, tests/volumes
]  # fmt: skip


# --- all of them ------------------------------------------------------------------------------


def test_every_plain_module_is_held_against_its_robust_one():
    topics = {
        module.name
        for module in pkgutil.iter_modules(lessonlib.__path__)
        if module.ispkg
        for inner in pkgutil.iter_modules([f"{lessonlib.__path__[0]}/{module.name}"])
        if inner.name == "plain"
    }
    assert topics == {module.__name__.split(".")[1] for module in PLAIN}


@pytest.mark.parametrize("module", PLAIN, ids=lambda module: module.__name__.split(".")[1])
def test_plain_code_is_short_and_imports_nothing_of_ours(module):
    source = inspect.getsource(module)
    assert "import lessonlib" not in source
    assert "from lessonlib" not in source
    for name, value in vars(module).items():
        if getattr(value, "__module__", "") == module.__name__:
            lines = inspect.getsource(value).splitlines()
            assert len(lines) <= 30, name
            assert value.__doc__, name


# --- images, faces ----------------------------------------------------------------------------


@given(SEEDS, st.floats(-2000, 2000), st.floats(0.5, 4000))
def test_window(seed, centre, width):
    hounsfield = np.random.default_rng(seed).normal(0, 1000, (7, 5))
    np.testing.assert_allclose(
        plain_images.window(hounsfield, centre, width),
        images.window(hounsfield, centre, width),
        atol=1e-6,
    )


def test_hounsfield():
    ct = images.head_ct()
    header = ct.technical if hasattr(ct, "technical") else {}
    ours = plain_images.to_hounsfield(ct.stored, 1, -1024, padding=ct.stored.min())
    assert np.isnan(ours[ct.stored == ct.stored.min()]).all(), header
    kept = ct.stored != ct.stored.min()
    np.testing.assert_array_equal(ours[kept], ct.pixels[kept])


@given(st.lists(st.floats(-200, 200), min_size=4, max_size=4), st.floats(1, 200))
def test_alignment(eyes, distance):
    left, right = eyes[:2], eyes[2:]
    if np.hypot(*np.subtract(left, right)) < 1e-3:
        return
    matrix, _, _ = faces.FaceAligner(distance, (112, 90)).compute_alignment(left, right)
    np.testing.assert_allclose(
        plain_faces.alignment(left, right, distance, (112, 90)), matrix, rtol=1e-6, atol=1e-6
    )


@given(SEEDS)
def test_cosines(seed):
    photos = faces.EmbeddingSimilarityAnalyzer(embed_dim=8, seed=seed)
    np.testing.assert_allclose(
        plain_faces.cosines(3 * photos.embeddings), photos.cosine_matrix(), atol=1e-12
    )


# --- transfer ---------------------------------------------------------------------------------


@given(SEEDS)
def test_descent_reaches_scikit_learns_minimum(seed):
    rng = np.random.default_rng(seed)
    features, noise = rng.normal(size=(40, 3)), rng.normal(size=40)
    labels = (features[:, 0] + noise > 0).astype(int)
    if not 0 < labels.sum() < len(labels):
        return
    weights, bias = plain_transfer.train_logistic(features, labels, 0.1, 3000, 0.5)
    model = LogisticRegression(C=1 / (0.1 * 40), tol=1e-10, max_iter=1000).fit(features, labels)
    np.testing.assert_allclose(weights, model.coef_[0], atol=1e-4)
    assert bias == pytest.approx(model.intercept_[0], abs=1e-4)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.integers(1, 5))
def test_best_epoch(losses, patience):
    """By going back from every epoch at which one could have stopped."""
    stops = [
        end for end in range(len(losses)) if end - int(np.argmin(losses[: end + 1])) >= patience
    ]
    end = stops[0] if stops else len(losses) - 1
    assert plain_transfer.best_epoch(losses, patience) == int(np.argmin(losses[: end + 1]))


def test_frozen_stages_do_not_move():
    """The same three things as the robust class: no gradient, no step, no drift."""
    model = transfer.MedicalClassifier(2, weights=None, in_channels=1, seed=1)
    model.train()
    plain_transfer.freeze_below(model.stages, 1)
    before = {name: value.clone() for name, value in model.backbone.state_dict().items()}
    optimizer = plain_transfer.unfreezing_optimizer(model.head, model.backbone, 0.1, 0.1)
    loss = model(torch.rand(4, 1, 64, 64)).square().mean()
    loss.backward()
    optimizer.step()
    moved = {n for n, v in model.backbone.state_dict().items() if not torch.equal(v, before[n])}
    last = {id(p) for module in model.stages[-1] for p in module.parameters()}
    named = {n for n, p in model.backbone.named_parameters() if id(p) in last}
    parameters = {n for n, _ in model.backbone.named_parameters()}
    assert moved & parameters
    assert moved & parameters <= named
    prefixes = {name.rpartition(".")[0] for name in named}
    assert {name.rpartition(".")[0] for name in moved} <= prefixes


def test_the_small_network_halves_three_times():
    net = plain_transfer.SmallNet(width=4, classes=3).eval()
    picture = torch.rand(2, 1, 32, 24)
    assert net.body(picture).shape == (2, 16, 4, 3)
    assert net(picture).shape == (2, 3)
    by_hand = net.body(picture).flatten(2).mean(2) @ net.head.weight.T + net.head.bias
    torch.testing.assert_close(net(picture), by_hand)


# --- augmentation -----------------------------------------------------------------------------


@given(SEEDS, st.floats(1, 5))
def test_warp(seed, sigma):
    rng = np.random.default_rng(seed)
    image = rng.random((24, 31)).astype(np.float32)
    field = plain_augmentation.displacement_field(image.shape, 20, sigma, rng).astype(np.float32)
    np.testing.assert_allclose(
        plain_augmentation.warp(image, field), augmentation.warp(image, field), atol=2e-5
    )
    np.testing.assert_allclose(
        plain_augmentation.jacobian_determinant(field),
        augmentation.jacobian_determinant(field),
        atol=1e-4,
    )


def test_a_mask_moves_by_the_nearest_pixel():
    rng = np.random.default_rng(3)
    mask = rng.integers(0, 4, (30, 30)).astype(np.uint8)
    field = plain_augmentation.displacement_field(mask.shape, 20, 4, rng)
    ours, theirs = (w(mask, field) for w in (plain_augmentation.warp_mask, _robust_mask))
    assert np.mean(ours != theirs) < 0.01  # only where a place lies half way between two pixels


def _robust_mask(mask, field):
    return augmentation.warp(mask, field.astype(np.float32), nearest=True)


def test_the_field_has_the_spread_of_the_formula():
    field = plain_augmentation.displacement_field((400, 400), 34, 4, np.random.default_rng(0))
    assert field.std() == pytest.approx(augmentation.displacement_sd(34, 4), rel=0.05)


@given(SEEDS, st.integers(2, 9))
def test_brighter_half(seed, width):
    image = np.random.default_rng(seed).random((4, width))
    assert plain_augmentation.brighter_half(image) == augmentation.brighter_half(image)


# --- imbalance --------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=6))
def test_class_weights(counts):
    np.testing.assert_allclose(
        plain_imbalance.class_weights(counts), imbalance.class_weights(counts), rtol=1e-12
    )


@given(SEEDS, st.floats(0.05, 0.95), st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0]))
def test_focal_loss_and_its_gradient(seed, alpha, gamma):
    """Against the robust loss and PyTorch's own derivative of it."""
    rng = np.random.default_rng(seed)
    logit, label = rng.normal(0, 4, 20), rng.integers(0, 2, 20)
    logits = torch.tensor(np.stack([np.zeros(20), logit], axis=1), requires_grad=True)
    loss = imbalance.FocalLoss(alpha, gamma, reduction="none")(logits, torch.tensor(label))
    loss.sum().backward()
    prob = 1 / (1 + np.exp(-logit))
    np.testing.assert_allclose(
        plain_imbalance.focal_loss(prob, label, alpha, gamma), loss.detach(), rtol=1e-6, atol=1e-12
    )
    np.testing.assert_allclose(
        plain_imbalance.focal_gradient(prob, label, alpha, gamma),
        logits.grad[:, 1],
        rtol=1e-6,
        atol=1e-12,
    )


def test_focal_loss_is_finite_at_the_ends():
    assert np.isfinite(plain_imbalance.focal_loss(np.array([0.0, 1.0]), np.array([1, 0]))).all()


def test_balanced_draws():
    labels = np.array([0] * 90 + [1] * 10)
    drawn = plain_imbalance.balanced_draws(labels, 20_000, np.random.default_rng(2))
    assert labels[drawn].mean() == pytest.approx(0.5, abs=0.02)
    assert (
        np.bincount(drawn[drawn >= 90] - 90).std() < 100
    )  # each rare case alike, 1,000 on average


@given(st.floats(0.001, 0.999), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_restore_prior(prob, trained, true):
    ours = plain_imbalance.restore_prior(np.array([prob]), trained, true)
    np.testing.assert_allclose(ours, evaluation.adjust_prevalence([prob], trained, true), rtol=1e-9)


def test_smote_lies_between_neighbours():
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(12, 2))
    for new in plain_imbalance.smote(rows, 60, rng, neighbours=3):
        on_a_line = []
        for i, j in itertools.permutations(range(12), 2):
            nearer = (((rows - rows[i]) ** 2).sum(1) < ((rows[j] - rows[i]) ** 2).sum()).sum()
            along = rows[j] - rows[i]
            t = (new - rows[i]) @ along / (along @ along)
            apart = np.linalg.norm(new - rows[i] - t * along)
            on_a_line.append(apart < 1e-9 and 0 <= t <= 1 and nearer <= 3)
        assert any(on_a_line)


# --- evaluation -------------------------------------------------------------------------------


def cases(seed, n=60, ties=False):
    rng = np.random.default_rng(seed)
    y = np.r_[0, 1, 0, 1, rng.integers(0, 2, n - 4)]
    score = np.clip(rng.beta(2, 3, n) + 0.2 * y, 0.001, 0.999)
    return y, score.round(1) if ties else score


@given(SEEDS, st.booleans())
def test_auc_and_delong(seed, ties):
    y, score = cases(seed, ties=ties)
    robust = evaluation.auc_interval(y, score)
    assert plain_evaluation.auc(y, score) == pytest.approx(robust.auc)
    assert plain_evaluation.delong_variance(y, score) == pytest.approx(robust.standard_error**2)


def test_auc_of_one_class_is_undefined():
    assert np.isnan(plain_evaluation.auc(np.ones(3), np.arange(3.0)))


@given(SEEDS, st.booleans(), st.floats(0.05, 1))
def test_operating_point(seed, ties, least):
    y, score = cases(seed, ties=ties)
    robust = evaluation.operating_point(y, score, least)
    ours = plain_evaluation.operating_point(y, score, least)
    assert ours == pytest.approx((robust.threshold, robust.sensitivity, robust.specificity))


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0.001, 0.999))
def test_predictive_values(sensitivity, specificity, prevalence):
    robust = evaluation.predictive_values(sensitivity, specificity, prevalence)
    ours = plain_evaluation.predictive_values(sensitivity, specificity, prevalence)
    np.testing.assert_allclose(ours, (robust.ppv, robust.npv))


@given(SEEDS, st.floats(0.01, 0.99))
def test_net_benefit(seed, threshold):
    y, prob = cases(seed)
    robust = evaluation.net_benefit(y, prob, [threshold]).model
    np.testing.assert_allclose(plain_evaluation.net_benefit(y, prob, threshold), robust)


@given(SEEDS)
def test_calibration_error(seed):
    y, prob = cases(seed)
    robust = evaluation.calibration(y, prob, n_simulations=1)
    assert plain_evaluation.calibration_error(y, prob) == pytest.approx(robust.error)


def test_patients_are_drawn_whole():
    """As wide as the robust bootstrap; without the patients it would be far narrower."""
    rng = np.random.default_rng(5)
    patient = np.repeat(np.arange(30), 8)
    y = np.repeat(rng.integers(0, 2, 30), 8)
    score = np.repeat(rng.normal(0, 1, 30), 8) + y + rng.normal(0, 0.1, 240)
    ours = plain_evaluation.bootstrap_clusters(plain_evaluation.auc, y, score, patient, 600, rng)
    robust = evaluation.bootstrap_auc(y, score, groups=patient, n_resamples=2000)
    alone = evaluation.bootstrap_auc(y, score, n_resamples=2000)
    assert ours.std() == pytest.approx(robust.samples.std(), rel=0.12)
    assert ours.std() > 1.8 * alone.samples.std()


# --- explainability ---------------------------------------------------------------------------


class TwoLayers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(1, 5, 3, padding=1)
        self.last = torch.nn.Conv2d(5, 6, 3, stride=2, padding=1)
        self.head = torch.nn.Linear(6, 2)

    def forward(self, x):
        features = torch.tanh(self.last(torch.tanh(self.first(x))))
        return self.head(features.mean(dim=(2, 3)))


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("seed", range(5))
def test_grad_cam(seed, target):
    torch.manual_seed(seed)
    model, image = TwoLayers(), torch.rand(1, 1, 16, 20)
    heat = plain_explain.grad_cam(
        *plain_explain.layer_and_gradient(model, model.last, image, target)
    )
    with explain.GradCAM(model, model.last) as robust:
        full = robust.generate(image, target_class=target)[0].numpy()
    # the robust map is brought to the picture's size, then divided by its own maximum
    up = torch.nn.functional.interpolate(
        torch.tensor(heat)[None, None], image.shape[2:], mode="bilinear", align_corners=False
    )[0, 0].numpy()
    np.testing.assert_allclose(up / up.max() if up.max() else up, full, atol=1e-5)


def test_pointing():
    rng = np.random.default_rng(6)
    maps, masks = rng.random((40, 9, 9)).round(1), rng.random((40, 9, 9)) < 0.3
    maps[:5] = 0
    robust = explain.pointing_score(maps, masks)
    ours = [plain_explain.pointing_hit(one, mask) for one, mask in zip(maps, masks, strict=True)]
    unique = np.array([(one == one.max()).sum() == 1 for one in maps])
    np.testing.assert_array_equal(np.array(ours)[unique], robust.hits[unique].astype(bool))
    assert not any(ours[:5])


# --- channels, satellite ----------------------------------------------------------------------


@given(SEEDS)
def test_moments_and_scores(seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 5, (3, 6, 7)).astype(float)
    image[0, 0, :3] = np.nan
    robust = scientific.MultiChannelNormalizer(nodata=4).fit(image[None])
    ours = plain_scientific.channel_moments(image, 4)
    np.testing.assert_allclose(ours[:, 0], robust.means)
    spread = ours[:, 1] > 0
    np.testing.assert_allclose(ours[spread, 1], robust.stds[spread])
    kept = ~(np.isnan(image) | (image == 4))
    z = plain_scientific.zscore(image, ours)
    np.testing.assert_allclose(z[kept], robust.transform(image)[kept], atol=1e-12)


@given(SEEDS, st.integers(1, 20), st.integers(1, 20))
def test_parts_are_merged_exactly(seed, n, m):
    values = np.random.default_rng(seed).normal(5, 3, n + m)
    parts = [(len(p), p.mean(), ((p - p.mean()) ** 2).sum()) for p in (values[:n], values[n:])]
    count, mean, squares = plain_scientific.merge_moments(*parts)
    assert (count, mean) == (n + m, pytest.approx(values.mean()))
    assert squares / count == pytest.approx(values.var())


@given(SEEDS, st.floats(0, 100))
def test_percentile_from_counts(seed, q):
    channel = np.random.default_rng(seed).integers(0, 65536, (9, 11)).astype(np.uint16)
    ours = plain_scientific.percentile_by_histogram(channel, q)
    assert ours == pytest.approx(np.percentile(channel, q))
    assert ours == pytest.approx(scientific.channel_percentiles(channel[None], q)[0])


@given(SEEDS)
def test_clip_to(seed):
    image = np.random.default_rng(seed).normal(0, 9, (3, 5, 5))
    limits = np.percentile(image, (10, 90), axis=(1, 2)).T
    limits[2] = 1.5
    robust = scientific.clip_and_rescale(image, *limits.T)
    np.testing.assert_allclose(plain_scientific.clip_to(image, limits), robust, atol=1e-6)


@given(SEEDS)
def test_ndvi(seed):
    nir, red = np.random.default_rng(seed).integers(0, 3, (2, 4, 4)).astype(np.uint16)
    np.testing.assert_allclose(
        plain_scientific.ndvi(nir, red), scientific.ndvi(nir, red), atol=1e-6
    )


@given(SEEDS, st.sampled_from([0, -1000]))
def test_reflectance(seed, offset):
    stored = np.random.default_rng(seed).integers(0, 3, (4, 4)).astype(np.uint16) * 900
    np.testing.assert_allclose(
        plain_satellite.reflectance(stored, offset),
        satellite.sentinel2_reflectance(stored, offset),
        atol=1e-6,
    )


def test_cloud_bits():
    qa = np.arange(2**16, dtype=np.uint16)
    for layout, fields in satellite.QA_LAYOUTS.items():
        for name, field in fields.items():
            bit, width = (field.bit, field.width) if hasattr(field, "bit") else field
            np.testing.assert_array_equal(
                plain_satellite.qa_field(qa, bit, width), satellite.qa_field(qa, layout, name)
            )


@given(SEEDS, st.integers(1, 4))
def test_coarsen(seed, factor):
    image = np.random.default_rng(seed).random((8 * factor, 6 * factor))
    np.testing.assert_allclose(
        plain_satellite.coarsen(image, factor), satellite.coarsen(image, factor), atol=1e-12
    )


# --- microscopy, astronomy --------------------------------------------------------------------


@given(SEEDS)
def test_photon_gain(seed):
    rng = np.random.default_rng(seed)
    mean = rng.uniform(0, 1000, 12)
    variance = 2.1 * mean + 9 + rng.normal(0, 5, 12)
    slope, intercept = np.polyfit(mean, variance, 1)
    np.testing.assert_allclose(
        plain_microscopy.photon_gain(mean, variance), (slope, intercept), rtol=1e-6, atol=1e-4
    )


@given(SEEDS, st.floats(0, 10))
def test_anscombe(seed, read_noise):
    electrons = np.random.default_rng(seed).poisson(20, 50).astype(float)
    model = microscopy.NoiseModel(read_noise=read_noise)
    np.testing.assert_allclose(
        plain_microscopy.anscombe(electrons, read_noise), microscopy.anscombe(electrons, model)
    )


def test_stains():
    rgb = data.immunohistochemistry()[::16, ::16]
    robust = microscopy.separate_stains(rgb)
    stains = np.array([microscopy.STAINS[name] for name in robust.names])
    np.testing.assert_allclose(
        plain_microscopy.separate_stains(rgb, stains), robust.amounts, atol=1e-12
    )


def test_nuclei_and_their_matching():
    field = images.nuclei()
    pixels = field.pixels[:256, :256].astype(float)
    found = plain_microscopy.segment_nuclei(pixels, 1.5, 0.7)
    robust = microscopy.segment_nuclei(pixels, smooth=1.5, split=0.7)
    np.testing.assert_array_equal(found, robust)
    truth = field.labels[:256, :256]
    for tau in (0.51, 0.75):  # at 0.5 itself the robust version, as stardist, counts a tie
        matching = microscopy.match_objects(truth, found, tau)
        tp, fp, fn = plain_microscopy.match_nuclei(truth, found, tau)
        assert tp == len(matching.pairs) > 0
        assert (fp, fn) == (found.max() - tp, len(np.unique(truth[truth > 0])) - tp)


@given(SEEDS, st.floats(0.001, 0.5))
def test_asinh(seed, softening):
    image = np.random.default_rng(seed).random((5, 5))
    robust = astronomy.asinh_stretch(image, softening, 1.0)
    np.testing.assert_allclose(plain_astronomy.asinh_stretch(image, softening), robust, atol=1e-9)


@given(SEEDS)
def test_sky_is_clipped_as_astropy_does(seed):
    values = np.random.default_rng(seed).normal(10, 2, 400)
    values[:20] += 60
    mean, _, deviation = sigma_clipped_stats(values, sigma=3, maxiters=None)
    np.testing.assert_allclose(plain_astronomy.clipped_sky(values), (mean, deviation))


@given(SEEDS)
def test_detection_is_photutils(seed):
    image = np.random.default_rng(seed).normal(0, 1, (20, 20))
    ours = plain_astronomy.detect(image, 1.0, 0.8, 4)
    theirs = detect_sources(image, 0.8, 4, connectivity=8)
    theirs = np.zeros_like(ours) if theirs is None else theirs.data
    np.testing.assert_array_equal(ours > 0, theirs > 0)
    pairs = set(zip(ours.ravel().tolist(), theirs.ravel().tolist(), strict=True))
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


@given(SEEDS)
def test_laplacian(seed):
    rng = np.random.default_rng(seed)
    image, deviation = rng.normal(10, 3, (9, 8)), rng.uniform(1, 3, (9, 8))
    np.testing.assert_allclose(
        plain_astronomy.laplacian_significance(image, deviation),
        astronomy.laplacian_significance(image, deviation),
        atol=1e-12,
    )


def test_aperture():
    image = np.random.default_rng(7).random((21, 23))
    by_hand = sum(
        image[i, j] - 0.25
        for i in range(21)
        for j in range(23)
        if np.hypot(i - 9.4, j - 12.1) <= 4.5
    )
    assert plain_astronomy.aperture_sum(image, 9.4, 12.1, 4.5, 0.25) == pytest.approx(by_hand)


# --- governance -------------------------------------------------------------------------------


def test_subgroups():
    rng = np.random.default_rng(8)
    y, score, group = rng.integers(0, 2, 90), rng.random(90), rng.choice(["a", "b", "c"], 90)
    robust = governance.subgroup_audit(y, score, group, 0.4)
    ours = plain_governance.subgroup_sensitivity(y, score >= 0.4, group)
    assert ours == {
        part.name: (part.n_positive, pytest.approx(part.sensitivity.value))
        for part in robust.subgroups
    }


def test_permutation_p_by_counting_all_splits():
    rng = np.random.default_rng(9)
    a, b = rng.normal(0, 1, 5), rng.normal(1, 1, 4)
    together, seen = np.r_[a, b], abs(a.mean() - b.mean())
    further = []
    for chosen in itertools.combinations(range(9), 5):
        inside = np.isin(np.arange(9), chosen)
        apart = abs(together[inside].mean() - together[~inside].mean())
        further.append(apart >= seen - 1e-12)
    p = plain_governance.permutation_p(a, b, 4000, rng)
    assert p == pytest.approx(np.mean(further), abs=0.025)
