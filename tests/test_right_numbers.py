"""Right under abuse: a right number, or an error that names the cause. Ordered by kind of fault."""

import os
import subprocess
import sys
from dataclasses import replace

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import torch
from astropy.nddata import CCDData, NDData
from scipy.optimize import brentq, linear_sum_assignment
from scipy.stats import binom

from lessonlib import (
    astronomy,
    evaluation,
    faces,
    governance,
    images,
    imbalance,
    microscopy,
    satellite,
    scientific,
)
from lessonlib._validation import plain_array, rounded_like, with_nan
from lessonlib.images import Image
from lessonlib.images._cards import card

CARD = card("nuclei")

# --- the process lives ---


@pytest.mark.parametrize("shape", [(1, 1), (2, 50), (3, 50), (50, 3)])
def test_a_picture_too_small_for_the_filters_never_reaches_astroscrappy(shape):
    with pytest.raises(ValueError, match="image must be at least 7 by 7"):
        astronomy.lacosmic(np.ones(shape), read_noise=5)


def test_odd_arrays_kill_nothing():
    """Two dozen functions that end in compiled code, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz_compiled", "7", "12"],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-200:]
    assert done.stdout == ""


# --- thresholds in the scores' own type ---

TENTHS = np.arange(1, 10) / 10
LABELS = np.tile([0, 1], 9)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("threshold", TENTHS)
def test_a_score_that_was_written_as_the_threshold_reaches_it(dtype, threshold):
    scores = np.repeat(TENTHS, 2).astype(dtype)
    expected = int(np.sum(scores >= scores.dtype.type(threshold)))
    assert expected == 2 * (10 - round(10 * threshold))
    at = evaluation.at_threshold(LABELS, scores, float(threshold))
    assert at.threshold == threshold
    report = evaluation.medical_evaluation(LABELS, scores, float(threshold))
    table = imbalance.ImbalanceComparator().evaluate(LABELS, scores, float(threshold))
    assessed = imbalance.assess(LABELS, scores, threshold=float(threshold))
    audit = governance.subgroup_audit(LABELS, scores, ["a"] * 18, float(threshold))["a"]
    for found in (at, report):
        assert found.tp + found.fp == expected
    half = expected / 2 / 9
    assert table["sensitivity"] == pytest.approx(half)
    assert assessed.sensitivity == pytest.approx(half)
    assert audit.sensitivity.value == pytest.approx(half)
    curve = evaluation.net_benefit(LABELS, scores, [float(threshold)])
    odds = threshold / (1 - threshold)
    assert curve.model[0] == pytest.approx(expected / 36 * (1 - odds))
    held = evaluation.StreamingEvaluation().update(LABELS, scores).reliability_curve()
    for bins in (evaluation.reliability_curve(LABELS, scores, strategy="uniform"), held):
        np.testing.assert_array_equal(bins.count, 2)  # 0.3 ends its bin, in every type


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_tensors_are_compared_as_pytorch_does(dtype):
    scores = torch.tensor(np.repeat(TENTHS, 2)).to(dtype).requires_grad_()
    for threshold in TENTHS.tolist():
        at = evaluation.at_threshold(LABELS, scores, threshold)
        assert at.tp + at.fp == int((scores >= threshold).sum())
        exact = torch.tensor(threshold, dtype=torch.float64).to(dtype).item()
        assert float(rounded_like(scores, threshold)) == exact


def test_whole_numbers_keep_a_threshold_between_them():
    assert evaluation.at_threshold([0, 1, 1], np.array([3, 4, 5], np.uint8), 3.5).tp == 2


def test_lists_of_float32_and_tables_of_float32_count_as_float32():
    scores = [np.float32(0.7), np.float32(0.2), np.float32(0.9)]
    for held in (scores, pd.Series(scores), pd.Series(scores, dtype="Float32"), da.asarray(scores)):
        assert evaluation.at_threshold([1, 0, 1], held, 0.7).tp == 2


# --- other wrong numbers ---


@pytest.mark.parametrize("labels", [[1, 0, 0, 0], [0, 1, 1, 1]])
def test_one_case_of_a_class_has_no_interval(labels):
    scores = [0.5, 0.1, 0.6, 0.3]
    stream = evaluation.StreamingEvaluation().update(labels, scores).auc_interval()
    report = evaluation.medical_evaluation(labels, scores).auc
    for found in (evaluation.auc_interval(labels, scores), stream, report):
        assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32, np.uint64, np.int64, np.float16])
def test_counts_in_any_type_have_the_same_precision_and_recall(dtype):
    scale = 17 if np.dtype(dtype).itemsize == 1 else 200
    if np.dtype(dtype) == np.int32:
        scale = 2**28
    cm = np.eye(7, dtype=np.int64) * 6 + 1
    expected = faces.ExpressionAnalyzer().metrics(cm.astype(np.float64))
    found = faces.ExpressionAnalyzer().metrics((cm * scale).astype(dtype))
    assert found["Happy" if "Happy" in found else next(iter(found))]["f1"] == pytest.approx(7 / 13)
    assert found == {k: pytest.approx(v) for k, v in expected.items()}
    stable = faces.rank_stability(cm.astype(np.uint8) * 18, n_resamples=50)
    assert stable.counts.sum() == 42 * 18


def test_density_has_a_floor_of_half_a_step_of_its_own_white():
    for white in (1.0, 255.0, 4095.0):
        dark = microscopy.optical_density(np.array([0.0, white, white / 10]), white=white)
        np.testing.assert_allclose(dark, [np.log10(510), 0, 1], atol=1e-12)
    eight = microscopy.optical_density(np.array([0, 255, 51], np.uint8))
    np.testing.assert_allclose(eight, [np.log10(510), 0, np.log10(5)])
    with pytest.raises(ValueError, match=r"rgb must lie in \[0, 1\].*got 255.0: pass white="):
        microscopy.optical_density(np.array([255.0, 30.0, 40.0]))
    with pytest.raises(ValueError, match="pass white="):
        microscopy.separate_stains(np.array([255.0, 30.0, 40.0]))


def spot(gain=2.0, seed=1):
    y, x = np.mgrid[:400, :400]
    light = 200 + 1000 * np.exp(-((x - 200) ** 2 + (y - 200) ** 2) / 2 / 90**2)
    return microscopy.NoiseModel(gain=gain, offset=100, read_noise=3).expose(light, seed)


@pytest.mark.parametrize("saturation", [2400, 2000, 1500, 1000])
@pytest.mark.parametrize("given", [True, False])
def test_the_gain_is_read_off_what_was_not_cut_off(saturation, given):
    image = np.minimum(np.rint(spot()), saturation).astype(np.uint16)
    fit = microscopy.fit_noise(image, saturation=saturation if given else None)
    assert fit.gain.low < 2 < fit.gain.high
    assert len(fit.mean) < 12
    assert len(microscopy.fit_noise(np.rint(spot())).mean) == 12


def test_the_line_is_numpys_weighted_line():
    fit = microscopy.fit_noise(spot())
    weights = np.sqrt(fit.pixels / 4 / 2) / np.polyval(
        [fit.gain.value, fit.intercept.value], fit.mean
    )
    line = np.polyfit(fit.mean, fit.variance, 1, w=weights)
    np.testing.assert_allclose(line, [fit.gain.value, fit.intercept.value], rtol=1e-3)


y, x = np.mgrid[:64, :64].astype(float)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (x + 2 * y, "image must have noise"),
        (0.1 * x + 0.37 * y, "image must have noise"),
        (1e7 + 1e-3 * x, "image must have noise"),
        (np.full((64, 64), 7.0), "more than one brightness"),
        (np.minimum(x * 100 + np.random.default_rng(0).normal(size=x.shape), 300), "saturated"),
        (spot()[:64, :64] * 1e200, "squares fit"),
    ],
)
def test_what_has_no_measurable_noise_is_named(image, words):
    with pytest.raises(ValueError, match=words):
        microscopy.fit_noise(image)


def test_a_plate_whose_levels_hardly_change_is_fitted():
    rng = np.random.default_rng(0)
    plate = np.where(x < 40, 1000.0, rng.normal(2000, 30, x.shape).round())
    far = 1e6 + rng.normal(0, 1e-2, (400, 400)) + np.arange(400) * 1e-5
    for image in (plate, far):
        fit = microscopy.fit_noise(image)
        assert np.isfinite([*fit.gain, *fit.intercept]).all()


def test_a_frame_without_an_unexposed_strip_is_not_calibrated():
    frame = images.ccd_frame()
    everything = (slice(None), slice(None))
    nowhere = (slice(0, 0), slice(0, 0))
    for overscan in (everything, frame.trim, nowhere):
        with pytest.raises(ValueError, match=r"frame.overscan must be an unexposed strip"):
            astronomy.calibrate(replace(frame, overscan=overscan))
    with pytest.raises(ValueError, match=r"frame\.gain"):
        astronomy.calibrate(replace(frame, gain=0.0))
    masked = np.ma.masked_greater(frame.pixels, 60000)
    masked[0, 0] = np.ma.masked
    with pytest.raises(ValueError, match=r"frame\.pixels"):
        astronomy.calibrate(replace(frame, pixels=masked))


@pytest.mark.parametrize("dtype", [np.uint32, np.int64, np.float64])
def test_a_window_keeps_whole_numbers_that_float32_has_not(dtype):
    dose = np.array([2**24, 2**24 + 1, 2**24 + 2, 2**24 + 3], dtype)
    np.testing.assert_allclose(images.window(dose, 2**24 + 1.5, 3), [0, 1 / 3, 2 / 3, 1])


@pytest.mark.parametrize("dtype", [np.uint32, np.int32, np.int64])
def test_whole_numbers_of_32_bits_are_calibrated_and_averaged_exactly(dtype):
    dose = np.full((2, 2), 2**24 + 1, dtype)
    for held in (dose, da.from_array(dose), torch.from_numpy(dose)):
        assert np.all(np.asarray(satellite.calibrate(held, 1, 0)) == 2**24 + 1)
    assert satellite.coarsen(dose, 2).item() == 2**24 + 1


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.int32, np.int64])
def test_whole_numbers_beside_a_masked_one_keep_their_last_digit(dtype):
    top = 2**24 + 1 if np.dtype(dtype).itemsize > 2 else 2**16 - 1
    masked = np.ma.array(np.array([[top, 5], [top, top]], dtype), mask=[[0, 1], [0, 0]])
    expected = [[top, np.nan], [top, top]]
    for held in (masked, da.from_array(masked), list(masked)):
        np.testing.assert_array_equal(with_nan("image", held), expected)
    np.testing.assert_array_equal(satellite.calibrate(masked, 1, 0), expected)


def test_nan_under_a_mask_is_left_out():
    sky = np.random.default_rng(0).normal(100, 5, (64, 64))
    mask = np.zeros((64, 64), bool)
    mask[10:14, 20:24] = True
    holed, bright = sky.copy(), sky.copy()
    holed[mask], bright[mask] = np.nan, 60000
    expected = astronomy.sky_background(sky, 16, mask).level
    for image in (holed, bright):
        np.testing.assert_array_equal(astronomy.sky_background(image, 16, mask).level, expected)
    found = astronomy.find_sources(holed - 100, 5.0, fwhm=3, min_area=5, mask=mask)
    assert not len(found)
    half = mask & (np.arange(64) < 22)
    both = np.ma.array(bright, mask=half)
    np.testing.assert_array_equal(astronomy.sky_background(both, 16, mask & ~half).level, expected)
    own = CCDData(bright, mask=mask, unit="")
    np.testing.assert_array_equal(astronomy.sky_background(own, 16).level, expected)
    with pytest.raises(ValueError, match="image must have pixels that are not masked"):
        astronomy.sky_background(sky, 16, np.ones_like(mask))
    holed[0, 0] = np.nan
    with pytest.raises(ValueError, match="row 0, column 0"):
        astronomy.sky_background(holed, 16, mask)


def test_no_cosine_exceeds_one():
    analyzer = faces.EmbeddingSimilarityAnalyzer(noise_sigma=0.0)
    assert np.abs(analyzer.cosine_matrix()).max() <= 1
    analyzer.embeddings = np.tile(np.random.default_rng(0).normal(size=(10, 512)), (5, 1))
    assert np.abs(analyzer.cosine_matrix()).max() <= 1


# --- valid input, and the right cause ---


@pytest.mark.parametrize("nodata", [np.nan, np.inf, -np.inf, -9999, -9999.5, 2**40, np.float32(7)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_any_number_can_mark_what_was_not_measured(nodata, dtype):
    stored = np.array([1, 2, 7], dtype)
    if dtype in (np.float32, np.float64) or (nodata in (7, -9999) and dtype == np.int16):
        stored[0] = nodata
    expected = [np.nan if v == nodata or v != v else 2 * v + 1 for v in stored.astype(float)]
    kinds = [stored, torch.from_numpy(stored), da.from_array(stored)]
    for held in kinds:
        found = np.asarray(satellite.calibrate(held, 2, 1, nodata=nodata))
        np.testing.assert_array_equal(
            found, np.float32(expected) if dtype != np.float64 else expected
        )


def test_labels_by_name_come_in_any_column():
    data = torch.utils.data.TensorDataset(torch.arange(6))
    with pytest.raises(TypeError, match="labels must be whole numbers or names, got both"):
        imbalance.make_balanced_loader(data, [1, "ill", 1, 1, 1, 1])
    names = ["ill", "well", "well", "ill", "well", "well"]
    expected = [1 / 2, 1 / 4, 1 / 4, 1 / 2, 1 / 4, 1 / 4]
    kinds = (names, pd.Series(names), pd.Categorical(names), np.array(names, object))
    for held in (
        *kinds,
        torch.tensor([1, 0, 0, 1, 0, 0]),
        pd.Series([1, 0, 0, 1, 0, 0], dtype="Int8"),
    ):
        loader = imbalance.make_balanced_loader(data, held, generator=0)
        assert loader.sampler.weights.tolist() == expected
    record = governance.DataRecord.of("test", names)
    assert record.matches(pd.Series(names))


def test_a_constant_picture_is_black():
    for value in (0.0, 7.0, -1000.0):
        for pixels in (np.full((4, 4), value), np.full((4, 4), value, np.int16)):
            assert not Image(pixels, CARD).display().any()


def test_pixels_that_are_missing_stay_missing_on_display():
    pixels = np.array([[1.0, np.nan], [3.0, np.inf]])
    shown = Image(pixels, CARD).display()
    np.testing.assert_array_equal(shown, [[0, np.nan], [1, 1]])


@pytest.mark.parametrize(
    "ends",
    [(1.0, 1 + 2**-52), (-1.7e308, 1.7e308), (0, 5e-324), (-(2.0**63), 2.0**63), (0, 1e-300)],
)
def test_the_darkest_pixel_is_black_and_the_brightest_white(ends):
    np.testing.assert_array_equal(Image(np.array([ends]), CARD).display(), [[0, 1]])


def test_pixels_that_are_masked_or_no_numbers_on_display():
    pixels = np.array([[0.0, 5.0, 10.0, 1e9]])
    mask = pixels > 100
    for held in (np.ma.array(pixels, mask=mask), NDData(pixels, mask=mask)):
        np.testing.assert_array_equal(Image(held, CARD).display(), [[0, 0.5, 1, np.nan]])
    with pytest.raises(TypeError, match=r"pixels .* unit adu"):
        Image(CCDData(pixels, unit="adu"), CARD).display()
    for wrong in (pixels * 1j, np.array([["a", "b"]])):
        with pytest.raises(TypeError, match="pixels must hold numbers"):
            Image(wrong, CARD).display()


def test_a_number_just_outside_is_shown_as_it_is():
    for scores in (np.float32([1.0000001, 0.2]), np.array([1 + 1e-12, 0.2])):
        for refused in (
            lambda s=scores: evaluation.reliability_curve([1, 0], s),
            lambda s=scores: evaluation.net_benefit([1, 0], s, [0.5]),
            lambda s=scores: evaluation.adjust_prevalence(s, 0.5, 0.1),
            lambda s=scores: imbalance.focal_curve(s),
        ):
            with pytest.raises(ValueError, match=r"got 1\.0000"):
                refused()


def test_embeddings_that_are_not_numbers_are_named():
    analyzer = faces.EmbeddingSimilarityAnalyzer()
    analyzer.embeddings[3, 5] = np.nan
    for call in (analyzer.verification, lambda: analyzer.evaluate_thresholds([0.5])):
        with pytest.raises(ValueError, match="embeddings must be finite"):
            call()


# --- names ---


def test_cases_without_a_subgroup_are_one_of_their_own():
    labels, scores = [1, 0] * 6, np.linspace(0.1, 0.9, 12)
    for nobody in (None, np.nan, pd.NA, ""):
        for kind in (list, pd.Series, lambda v: np.array(v, dtype=object)):
            held = kind(["b"] * 4 + [nobody] * 3 + ["a"] * 5)
            audit = governance.subgroup_audit(labels, scores, held)
            assert [(s.name, s.n) for s in audit.subgroups] == [
                ("a", 5),
                ("b", 4),
                ("(not named)", 3),
            ]
    years = pd.Series([1.0, np.nan] * 6)
    audit = governance.subgroup_audit(labels, scores, years)
    assert [(s.name, s.n) for s in audit.subgroups] == [("1.0", 6), ("(not named)", 6)]
    mixed = governance.subgroup_audit(labels, scores, [3, "a", 10] * 4)
    assert [s.name for s in mixed.subgroups] == ["3", "10", "a"]
    with pytest.raises(ValueError, match="two that read"):
        governance.subgroup_audit(labels, scores, [1, "1"] * 6)
    with pytest.raises(ValueError, match="two that read"):
        governance.subgroup_audit(labels, scores, {1: [True] * 12, "1": [False] * 12})


@pytest.mark.parametrize(
    "nobody", [np.array([1.0, np.nan] * 6), np.array(["2020-01-01", "NaT"] * 6, "M8[D]")]
)
def test_numbers_and_days_that_are_missing_are_no_patient(nobody):
    labels, scores = [1, 0] * 6, np.linspace(0.1, 0.9, 12)
    with pytest.raises(ValueError, match=r"groups must name a group.* index 1\b"):
        evaluation.bootstrap_auc(labels, scores, groups=nobody)


def test_none_as_a_word_is_a_subgroup_and_no_patient():
    """No illness, no treatment; but who wrote None for a patient's name had none."""
    labels, scores, words = [1, 0] * 6, np.linspace(0.1, 0.9, 12), ["None", "statin", "None"] * 4
    audit = governance.subgroup_audit(labels, scores, words)
    assert [(s.name, s.n) for s in audit.subgroups] == [("None", 8), ("statin", 4)]
    with pytest.raises(ValueError, match=r"groups must name a group.* index 0\b"):
        evaluation.bootstrap_auc(labels, scores, groups=words)


def test_the_same_names_make_the_same_groups_in_any_container():
    labels, scores = np.tile([0, 1], 20), np.random.default_rng(0).random(40)
    names = [f"p{k // 2}" for k in range(40)]
    kinds = (names, tuple(names), np.array(names), np.array(names, object), pd.Series(names))
    lows = {evaluation.bootstrap_auc(labels, scores, groups=g, n_resamples=50).low for g in kinds}
    assert len(lows) == 1


# --- remedies ---


def test_the_remedy_in_the_message_works():
    masked = np.ma.array([0.1, 0.9, 0.4], mask=[0, 0, 1])
    held = [masked, pd.Series([0.1, 0.9, None], dtype=object), da.from_array(masked)]
    held.append(CCDData([0.1, 0.9, 7.0], mask=[False, False, True], unit=""))
    for y_score in held:
        with pytest.raises(ValueError, match="pass") as error:
            plain_array("y_score", y_score)
        remedy = str(error.value).rpartition("pass ")[2]
        names = {"y_score": y_score, "value": 0.4, "numpy": np, "dask": __import__("dask")}
        np.testing.assert_allclose(plain_array("y_score", eval(remedy, names)), [0.1, 0.9, 0.4])
    united = CCDData([1.0, 2.0], mask=[True, False], unit="adu")
    with pytest.raises(TypeError, match="unit adu") as error:
        with_nan("image", united)
    remedy = str(error.value).rpartition("pass ")[2]
    np.testing.assert_array_equal(
        with_nan("image", eval(remedy, {"image": united, "numpy": np})), [np.nan, 2]
    )


# --- lazy and fast ---


def test_nothing_of_a_dask_array_is_read_before_it_is_asked_for():
    read = []

    def load(block):
        read.append(block.shape)
        return block

    values = np.random.default_rng(0).integers(1, 900, (2, 4, 20, 20)).astype(np.uint16)
    lazy = da.from_array(values, chunks=(1, 2, 10, 10)).map_blocks(
        load, dtype=values.dtype, meta=np.empty((0,) * 4, values.dtype)
    )
    normalizer = scientific.MultiChannelNormalizer().fit(values)
    calls = {
        "transform": normalizer.transform,
        "clip": normalizer.percentile_clip,
        "analyzer": lambda b: scientific.ScientificImageAnalyzer().percentile_clip(b[0]),
        "rescale": lambda b: scientific.clip_and_rescale(b, [1] * 4, [800] * 4),
        "ndvi": lambda b: scientific.ndvi(b[0, 1], b[0, 0]),
        "index": lambda b: satellite.spectral_index("NDVI", N=b[0, 1], R=b[0, 0]),
        "calibrate": lambda b: satellite.calibrate(b, 2, 1, nodata=0),
        "temperature": lambda b: satellite.brightness_temperature(b, 774.9, 1321.1),
        "clouds": lambda b: satellite.cloud_mask(b, "pre-collection"),
    }
    for name, call in calls.items():
        read.clear()
        found = call(lazy)
        assert isinstance(found, da.Array), name
        assert not read, name
        np.testing.assert_allclose(found.compute(), call(values), rtol=1e-6, err_msg=name)


def dense_match(true, found, threshold):
    overlap = microscopy.iou_matrix(true, found)
    enough = overlap >= threshold
    value = enough * (min(overlap.shape, default=0) + 1 + overlap)
    rows, columns = linear_sum_assignment(value, maximize=True)
    real = enough[rows, columns]
    return int(real.sum()), float(overlap[rows, columns][real].sum())


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.uint8])
def test_sparse_matching_is_the_dense_one(seed, dtype):
    rng = np.random.default_rng(seed)
    shape = (12, 12) if seed % 2 else (4, 6, 6)
    true, found = (rng.integers(0, rng.integers(1, 30), shape).astype(dtype) for _ in range(2))
    if seed % 3 == 0 and dtype == np.uint64:
        true[true > 0] += np.uint64(2**63)
    for threshold in (0.02, 0.1, 0.3, 0.5, 0.9):
        matching = microscopy.match_objects(true, found, threshold)
        overlap = microscopy.iou_matrix(true, found)
        chosen = overlap[matching.pairs[:, 0], matching.pairs[:, 1]]
        assert (chosen >= threshold).all()
        count, total = dense_match(true, found, threshold)
        assert matching.tp == count
        assert chosen.sum() == pytest.approx(total)
        assert np.array_equal(np.flatnonzero(matching.true_found), np.sort(matching.pairs[:, 0]))
        assert np.array_equal(np.flatnonzero(matching.found_true), np.sort(matching.pairs[:, 1]))


def test_objects_that_compete_for_too_few_partners_stay_alone():
    """One true object overlaps three found, one found overlaps three true: two pairs, not three."""
    true, found = np.array([[1, 2, 3, 1, 1]]), np.array([[1, 1, 1, 2, 3]])
    matching = microscopy.match_objects(true, found, 0.1)
    assert (matching.tp, matching.fn, matching.fp) == (2, 1, 1)
    chosen = microscopy.iou_matrix(true, found)[matching.pairs[:, 0], matching.pairs[:, 1]]
    np.testing.assert_allclose(chosen, [1 / 3, 1 / 3])


def test_pictures_without_ground_on_one_side_keep_all_their_objects():
    full, part = np.array([[1, 1, 2, 2]]), np.array([[0, 1, 1, 1]])
    np.testing.assert_allclose(microscopy.iou_matrix(full, part), [[1 / 4], [2 / 3]])
    np.testing.assert_allclose(microscopy.iou_matrix(part, full), [[1 / 4, 2 / 3]])
    assert microscopy.match_objects(full, part).pairs.tolist() == [[1, 0]]
    assert microscopy.match_objects(part, full).pairs.tolist() == [[0, 1]]


def test_the_calibration_of_many_cases_is_that_of_a_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    p = rng.uniform(0.2, 0.8, 150_000)
    labels = rng.random(len(p)) < np.clip(1.2 * p, 0, 1)
    found = evaluation.calibration(labels, p, n_simulations=50)
    logits = np.log(p / (1 - p))[:, None]
    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logits, labels)
    assert found.slope.value == pytest.approx(fitted.coef_[0, 0], abs=1e-6)
    # mean sizes of the gaps, exactly, bin by bin, were all of a bin's probabilities its mean
    edges = np.percentile(p, np.linspace(0, 100, 11))
    bins = np.searchsorted(edges[1:-1], p)
    exact = 0.0
    for b in range(10):
        own = p[bins == b]
        n, q = len(own), own.mean()
        k = np.arange(n + 1)
        size = np.sum(binom.pmf(k, n, q) * np.abs(k - n * q))
        exact += size * np.sqrt(np.sum(own * (1 - own)) / (n * q * (1 - q)))
    assert found.error_by_chance == pytest.approx(exact / len(p), rel=1e-3)


def test_chance_in_many_cases_is_the_sum_of_what_is_drawn_and_what_is_known():
    """The lowest tenth has so few positive cases that it is drawn, the rest is normal."""
    rng = np.random.default_rng(1)
    n, rare = 20_000, 1e-4 * (1 + np.linspace(0, 1e-3, 20_000))
    common = rng.uniform(0.2, 0.8, 9 * n)
    p = np.concatenate([rare, common])
    found = evaluation.calibration(rng.random(10 * n) < p, p, n_simulations=400)
    k = np.arange(60)
    few = np.sum(binom.pmf(k, n, rare.mean()) * np.abs(k - rare.sum()))
    tenths = np.sort(common).reshape(9, n)
    many = np.sqrt(2 / np.pi * np.sum(tenths * (1 - tenths), axis=1)).sum()
    assert found.error_by_chance == pytest.approx((few + many) / (10 * n), rel=1e-3)
    assert many / (10 * n) < found.error_by_chance


def test_the_intercept_of_probabilities_far_too_small_is_the_root_of_its_equation():
    """One step of Newton's method from 0 overshoots here by a factor of 10,000."""
    p = np.tile([1e-6, 2e-6], 200)
    labels = np.repeat([0, 1], 200)
    logits = np.log(p / (1 - p))
    root = brentq(lambda a: np.mean(1 / (1 + np.exp(-a - logits))) - 0.5, 0, 40)
    found = evaluation.calibration(labels, p, n_simulations=5).intercept
    assert found.value == pytest.approx(root, rel=1e-9)
