"""Masks, units and missing names: one rule for every public function that takes an array."""

import dataclasses
import importlib
import inspect
import re

import astropy.units as u
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import torch
from astropy.nddata import CCDData, NDData
from astropy.utils.masked import Masked

from lessonlib import (
    astronomy,
    evaluation,
    faces,
    governance,
    images,
    imbalance,
    microscopy,
    profiling,
    satellite,
    scientific,
    volumes,
)

TOPICS = (
    "astronomy",
    "evaluation",
    "faces",
    "governance",
    "images",
    "imbalance",
    "microscopy",
    "profiling",
    "satellite",
    "scientific",
    "volumes",
)

RNG = np.random.default_rng(0)
LABELS = np.tile([0, 1, 0, 1, 1], 8)
SCORES = np.clip(0.3 * LABELS + RNG.uniform(0.01, 0.6, 40), 0.02, 0.98)
NAMES = np.repeat(np.array(list("abcdefgh")), 5)
SKY = RNG.normal(100, 5, (64, 64))
SKY[30:33, 30:33] += 500
BANDS = RNG.integers(1, 900, (3, 2, 12, 12)).astype(np.uint16)
BAND = RNG.integers(1, 900, (6, 6)).astype(np.uint16)
OBJECTS = np.zeros((12, 12), dtype=int)
OBJECTS[1:4, 1:4], OBJECTS[6:9, 6:9] = 1, 2
COUNTS = np.array([[[3, 1, 1], [2, 1, 2]]])
ROWS = RNG.normal(size=(20, 3))
POINTS = RNG.uniform(0, 100, (5, 2))
CONFUSION = RNG.integers(1, 30, (7, 7))
PHOTONS = RNG.poisson(50, (4, 4)).astype(float)
NOISE = RNG.normal(size=(64, 64)) + np.linspace(100, 300, 64)
NUCLEI = OBJECTS * 50.0 + RNG.uniform(0, 1, (12, 12))
LESION = NUCLEI[None] > 30
AFFINE = np.diag([0.5, 0.5, 3.0, 1.0])
FITTED = scientific.MultiChannelNormalizer().fit(BANDS)


def fluxes(**given):
    options = {"fluxes": [500.0, 900.0], "fwhm": 3.0, "threshold": 100.0} | given
    return astronomy.recover_stars(options.pop("image"), options.pop("fluxes"), **options)


def audit(**given):
    given = {"y_true": LABELS, "y_score": SCORES, "subgroups": NAMES} | given
    return governance.subgroup_audit(**given, n_resamples=50)


def trained(labels):
    data = torch.utils.data.TensorDataset(torch.arange(len(LABELS)))
    return imbalance.make_balanced_loader(data, labels, generator=0).sampler.weights.tolist()


def trials(**given):
    options = {"deviation": 5.0} | given
    return astronomy.hit_trials(
        lambda g: g.normal(0, 5, (32, 32)), lambda x: {"all": x > 50}, seeds=2, **options
    )


class Half(torch.nn.Module):
    def forward(self, x):
        return x / 1000


def planted():
    return astronomy.plant_hits(SKY, 5)


def record(**given):
    arrays = given.get("arrays", SCORES)
    clusters = given.get("clusters", NAMES)
    return governance.DataRecord.of("test", arrays, clusters=clusters).n_clusters


def matching(**given):
    arrays = given.get("arrays", SCORES)
    clusters = given.get("clusters", NAMES)
    held = governance.DataRecord.of("test", SCORES, clusters=NAMES)
    return held.matches(arrays, clusters=clusters)


def monitor(**given):
    given = {"reference": ROWS, "groups": np.arange(20) // 2} | given
    return governance.DriftMonitor(**given).reference


def checked(**given):
    held = governance.DriftMonitor(ROWS, np.arange(20) // 2)
    given = {"batch": ROWS[:12], "groups": np.arange(12) // 2 + 100} | given
    return held.check(**given).statistic


normalizer = scientific.MultiChannelNormalizer
scored = {"y_true": LABELS, "y_score": SCORES}
probable = {"y_true": LABELS, "y_prob": SCORES}
compared = {"y_true": LABELS, "score_a": SCORES, "score_b": SCORES[::-1].copy()}
pair = {"true": OBJECTS, "found": OBJECTS.T.copy()}
patients = np.arange(20) // 2
aligner = faces.FaceAligner()
MATRIX = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 3.0]])

#: Every public function that takes an array: a call that works, by the name of its arguments.
CALLS = {
    "scientific.MultiChannelNormalizer.fit": (
        lambda images: normalizer().fit(images).mean_,
        {"images": BANDS},
    ),
    "scientific.MultiChannelNormalizer.partial_fit": (
        lambda images: normalizer().partial_fit(images).std_,
        {"images": BANDS},
    ),
    "scientific.MultiChannelNormalizer.transform": (FITTED.transform, {"image": BANDS}),
    "scientific.MultiChannelNormalizer.percentile_clip": (FITTED.percentile_clip, {"image": BANDS}),
    "scientific.channel_percentiles": (
        scientific.channel_percentiles,
        {"images": BANDS, "q": np.array([2.0, 98.0])},
    ),
    "scientific.channel_table": (scientific.channel_table, {"images": BANDS}),
    "scientific.clip_and_rescale": (
        scientific.clip_and_rescale,
        {"images": BANDS, "lower": np.array([1.0, 2.0]), "upper": np.array([800.0, 700.0])},
    ),
    "scientific.ndvi": (scientific.ndvi, {"nir": BAND, "red": BAND.T.copy()}),
    "scientific.normalized_difference": (
        scientific.normalized_difference,
        {"a": BAND, "b": BAND.T.copy()},
    ),
    "satellite.brightness_temperature": (
        lambda radiance: satellite.brightness_temperature(radiance, 774.9, 1321.1),
        {"radiance": BAND / 100},
    ),
    "satellite.calibrate": (lambda stored: satellite.calibrate(stored, 2, 1), {"stored": BAND}),
    "satellite.cloud_mask": (
        lambda qa: satellite.cloud_mask(qa, "pre-collection"),
        {"qa": BAND},
    ),
    "satellite.coarsen": (lambda image: satellite.coarsen(image, 2), {"image": BAND}),
    "satellite.landsat_reflectance": (
        lambda stored: satellite.landsat_reflectance(stored, 2e-5, -0.1),
        {"stored": BAND},
    ),
    "satellite.qa_field": (
        lambda qa: satellite.qa_field(qa, "pre-collection", "cloud"),
        {"qa": BAND},
    ),
    "satellite.sentinel2_reflectance": (
        lambda stored: satellite.sentinel2_reflectance(stored, -1000),
        {"stored": BAND},
    ),
    "satellite.spectral_index": (
        lambda **bands: satellite.spectral_index("NDVI", **bands),
        {"N": BAND, "R": BAND.T.copy()},
    ),
    "satellite.thermal_radiance": (
        lambda kelvin: satellite.thermal_radiance(kelvin, 774.9, 1321.1),
        {"kelvin": BAND},
    ),
    "astronomy.asinh_colour": (
        lambda image: astronomy.asinh_colour(image, 1, 100),
        {"image": RNG.uniform(0, 90, (5, 5, 3))},
    ),
    "astronomy.asinh_stretch": (
        lambda image: astronomy.asinh_stretch(image, 1, 100),
        {"image": SKY},
    ),
    "astronomy.asymmetry": (
        lambda image: astronomy.asymmetry(image, 31, 31, 10.0),
        {"image": SKY},
    ),
    "astronomy.completeness": (
        lambda fluxes: astronomy.completeness(fluxes, 100, 3.0, 10),
        {"fluxes": np.array([50.0, 200.0])},
    ),
    "astronomy.concentration": (
        lambda image: astronomy.concentration(image, 31, 31),
        {"image": SKY},
    ),
    "astronomy.cut_galaxies": (
        lambda picture: astronomy.cut_galaxies(picture),
        {"picture": np.zeros((80, 80, 3), np.uint8)},
    ),
    "astronomy.ellipticity": (
        lambda image: astronomy.ellipticity(image, 31, 31, 10.0),
        {"image": SKY},
    ),
    "astronomy.find_sources": (
        lambda image, noise, mask=None: (
            astronomy.find_sources(image, noise, fwhm=3.0, min_area=5, mask=mask).flux
        ),
        {
            "image": SKY - 100,
            "noise": np.full((64, 64), 5.0),
            "mask": np.zeros((64, 64), bool),
        },
    ),
    "astronomy.hit_probability": (
        lambda image: astronomy.hit_probability(image, Half()),
        {"image": SKY},
    ),
    "astronomy.hit_trials": (
        trials,
        {"deviation": np.full((32, 32), 5.0), "ignore": np.zeros((32, 32), bool)},
    ),
    "astronomy.lacosmic": (
        lambda image: astronomy.lacosmic(image, read_noise=5.0),
        {"image": SKY},
    ),
    "astronomy.laplacian_significance": (
        astronomy.laplacian_significance,
        {"image": SKY, "deviation": np.full((64, 64), 5.0)},
    ),
    "astronomy.matched_filter": (
        lambda image: astronomy.matched_filter(image, 3.0),
        {"image": SKY},
    ),
    "astronomy.measure_shape": (
        lambda image: astronomy.measure_shape(image, 31, 31, 5.0),
        {"image": SKY},
    ),
    "astronomy.petrosian_radius": (
        lambda image: astronomy.petrosian_radius(image, 31, 31),
        {"image": SKY},
    ),
    "astronomy.plant_hits": (lambda image: astronomy.plant_hits(image, 3), {"image": SKY}),
    "astronomy.recover_stars": (
        fluxes,
        {
            "image": SKY - 100,
            "fluxes": np.array([500.0, 900.0]),
            "usable": np.ones((64, 64), bool),
        },
    ),
    "astronomy.retrieval_share": (
        astronomy.retrieval_share,
        {"originals": ROWS, "copies": ROWS + 0.1},
    ),
    "astronomy.score_mask": (
        lambda **given: astronomy.score_mask(
            **({"mask": SKY > 200, "deviation": 5.0, "hits": planted()} | given)
        ),
        {
            "mask": SKY > 200,
            "deviation": np.full((64, 64), 5.0),
            "ignore": np.zeros((64, 64), bool),
        },
    ),
    "astronomy.sky_background": (
        lambda image, mask=None: astronomy.sky_background(image, 16, mask),
        {"image": SKY, "mask": np.zeros((64, 64), bool)},
    ),
    "microscopy.NoiseModel.variance": (microscopy.NoiseModel().variance, {"mean": PHOTONS}),
    "microscopy.NoiseModel.photons": (microscopy.NoiseModel().photons, {"counts": PHOTONS}),
    "microscopy.NoiseModel.expose": (microscopy.NoiseModel().expose, {"photons": PHOTONS}),
    "microscopy.anscombe": (microscopy.anscombe, {"counts": PHOTONS}),
    "microscopy.average_precision": (
        microscopy.average_precision,
        pair | {"thresholds": np.array([0.5, 0.7])},
    ),
    "microscopy.fit_noise": (lambda image: microscopy.fit_noise(image).gain, {"image": NOISE}),
    "microscopy.inverse_anscombe": (microscopy.inverse_anscombe, {"values": PHOTONS}),
    "microscopy.iou_matrix": (microscopy.iou_matrix, pair),
    "microscopy.match_objects": (microscopy.match_objects, pair),
    "microscopy.noise_correlation": (microscopy.noise_correlation, {"image": NOISE}),
    "microscopy.optical_density": (
        microscopy.optical_density,
        {"rgb": RNG.uniform(0.1, 1, (4, 4, 3))},
    ),
    "microscopy.precision_gain": (
        microscopy.precision_gain,
        {"before": COUNTS, "after": COUNTS + 1},
    ),
    "microscopy.segment_nuclei": (
        microscopy.segment_nuclei,
        {"image": NUCLEI, "spacing": np.array([1.0, 1.0])},
    ),
    "microscopy.separate_stains": (
        microscopy.separate_stains,
        {"rgb": RNG.uniform(0.1, 1, (4, 4, 3))},
    ),
    "microscopy.tile_counts": (lambda **given: microscopy.tile_counts(**given, tiles=2), pair),
    "evaluation.StreamingEvaluation.update": (
        lambda **given: evaluation.StreamingEvaluation().update(**given).brier,
        probable,
    ),
    "evaluation.adjust_prevalence": (
        lambda y_prob: evaluation.adjust_prevalence(y_prob, 0.5, 0.1),
        {"y_prob": SCORES},
    ),
    "evaluation.at_threshold": (
        lambda **given: evaluation.at_threshold(**given, threshold=0.5),
        scored,
    ),
    "evaluation.auc_interval": (evaluation.auc_interval, scored),
    "evaluation.bootstrap_auc": (
        lambda **given: evaluation.bootstrap_auc(**given, n_resamples=20).low,
        scored | {"groups": NAMES},
    ),
    "evaluation.calibration": (
        lambda **given: evaluation.calibration(**given, n_simulations=5),
        probable,
    ),
    "evaluation.compare_auc": (evaluation.compare_auc, compared),
    "evaluation.confirmation_point": (evaluation.confirmation_point, scored),
    "evaluation.mean_interval": (evaluation.mean_interval, {"values": SCORES}),
    "evaluation.medical_evaluation": (evaluation.medical_evaluation, probable),
    "evaluation.net_benefit": (
        evaluation.net_benefit,
        probable | {"thresholds": np.array([0.1, 0.5])},
    ),
    "evaluation.operating_point": (evaluation.operating_point, scored),
    "evaluation.percentile_interval": (evaluation.percentile_interval, {"values": SCORES}),
    "evaluation.predictive_values": (
        evaluation.predictive_values,
        {
            "sensitivity": np.array([0.9, 0.8]),
            "specificity": np.array([0.9, 0.7]),
            "prevalence": np.array([0.1, 0.2]),
        },
    ),
    "evaluation.reliability_curve": (evaluation.reliability_curve, probable),
    "evaluation.roc_curve": (evaluation.roc_curve, scored),
    "governance.DataRecord.of": (record, {"arrays": SCORES, "clusters": NAMES}),
    "governance.DataRecord.matches": (matching, {"arrays": SCORES, "clusters": NAMES}),
    "governance.DriftMonitor": (monitor, {"reference": ROWS, "groups": patients}),
    "governance.DriftMonitor.check": (
        checked,
        {"batch": ROWS[:12], "groups": np.arange(12) // 2 + 100},
    ),
    "governance.image_statistics": (
        governance.image_statistics,
        {"images": RNG.uniform(size=(2, 8, 8))},
    ),
    "governance.ks_test": (governance.ks_test, {"reference": ROWS, "batch": ROWS + 1}),
    "governance.mmd_test": (
        lambda **given: governance.mmd_test(**given, n_permutations=19).statistic,
        {
            "reference": ROWS,
            "batch": ROWS + 1,
            "reference_groups": patients,
            "batch_groups": patients + 100,
        },
    ),
    "governance.subgroup_audit": (
        audit,
        scored | {"subgroups": NAMES, "clusters": np.arange(40) // 2},
    ),
    "imbalance.class_weights": (imbalance.class_weights, {"counts": np.array([90, 10])}),
    "imbalance.focal_curve": (imbalance.focal_curve, {"p": SCORES}),
    "imbalance.restore_probability": (
        lambda y_prob: imbalance.restore_probability(y_prob, weights=(1, 2)),
        {"y_prob": SCORES},
    ),
    "imbalance.trained_probability": (
        lambda probability: imbalance.trained_probability(probability, weights=(1, 2)),
        {"probability": SCORES},
    ),
    "imbalance.make_balanced_loader": (trained, {"labels": LABELS}),
    "imbalance.sampler_coverage": (imbalance.sampler_coverage, {"counts": np.array([90, 10])}),
    "imbalance.assess": (imbalance.assess, probable),
    "imbalance.ImbalanceComparator.fit_predict": (
        lambda **given: imbalance.ImbalanceComparator().fit_predict(**given),
        {"X_train": ROWS, "y_train": LABELS[:20], "X_test": ROWS + 0.1},
    ),
    "imbalance.ImbalanceComparator.evaluate": (
        lambda **given: imbalance.ImbalanceComparator().evaluate(**given),
        probable,
    ),
    "imbalance.ImbalanceComparator.operating_point": (
        lambda **given: imbalance.ImbalanceComparator().operating_point(**given),
        probable,
    ),
    "faces.EmbeddingSimilarityAnalyzer.evaluate_thresholds": (
        lambda thresholds: faces.EmbeddingSimilarityAnalyzer().evaluate_thresholds(thresholds),
        {"thresholds": np.array([0.1, 0.2])},
    ),
    "faces.ExpressionAnalyzer.metrics": (
        lambda cm: faces.ExpressionAnalyzer().metrics(cm),
        {"cm": CONFUSION},
    ),
    "faces.ExpressionAnalyzer.most_confused": (
        lambda cm: faces.ExpressionAnalyzer().most_confused(cm),
        {"cm": CONFUSION},
    ),
    "faces.FaceAligner.align_landmarks": (
        lambda landmarks: aligner.align_landmarks(landmarks),
        {"landmarks": POINTS},
    ),
    "faces.FaceAligner.apply_affine": (aligner.apply_affine, {"points": POINTS, "matrix": MATRIX}),
    "faces.FaceAligner.warp": (aligner.warp, {"image": SKY, "matrix": MATRIX}),
    "faces.expected_misplacement": (
        lambda **given: faces.expected_misplacement(**given, noise=1.0),
        {"landmarks": POINTS, "at": POINTS + 1},
    ),
    "faces.fit_similarity": (faces.fit_similarity, {"source": POINTS, "target": POINTS * 2}),
    "faces.rank_stability": (
        lambda cm: faces.rank_stability(cm, n_resamples=20),
        {"cm": CONFUSION},
    ),
    "images.window": (lambda values: images.window(values, 40, 80), {"values": PHOTONS}),
    "profiling.MedicalDatasetProfiler.cost_range": (
        lambda **given: profiling.MedicalDatasetProfiler(100, 10).cost_range(**given),
        {"minutes": np.array([10.0, 20.0]), "readers": np.array([1, 2])},
    ),
    "volumes.Volume": (
        lambda **given: volumes.Volume(**({"voxels": PHOTONS[None], "affine": AFFINE} | given)),
        {"voxels": PHOTONS[None], "affine": AFFINE},
    ),
    "volumes.Volume.to_mm": (
        lambda index: volumes.Volume(LESION, AFFINE).to_mm(index),
        {"index": np.array([[1, 2, 0], [3, 4, 0]])},
    ),
    "volumes.dice": (volumes.dice, {"a": LESION, "b": LESION[:, ::-1].copy()}),
    "volumes.resample": (
        lambda spacing: volumes.resample(volumes.Volume(LESION, AFFINE), spacing),
        {"spacing": np.array([3.0, 1.0, 1.0])},
    ),
    "volumes.surface_distances": (
        lambda **given: volumes.surface_distances(**({"spacing": (3, 1, 1)} | given)),
        {"a": LESION, "b": LESION[:, ::-1].copy(), "spacing": np.array([3.0, 1.0, 1.0])},
    ),
    "volumes.volume_ml": (volumes.volume_ml, {"mask": LESION, "spacing": np.array([3.0, 1, 1])}),
}
#: Taken by PyTorch as tensors, or made into one first: the rules for networks hold there.
OF_NETWORKS = {
    "imbalance.FocalLoss.forward": {"logits", "targets"},
    "imbalance.train_head": {"features", "labels"},
    "imbalance.train_strategy": {"features", "labels"},
}
#: Where a missing value has a meaning: the mask becomes NaN.
HONOURED = {
    "images of scientific.MultiChannelNormalizer.fit",
    "images of scientific.MultiChannelNormalizer.partial_fit",
    "image of scientific.MultiChannelNormalizer.transform",
    "image of scientific.MultiChannelNormalizer.percentile_clip",
    "images of scientific.channel_percentiles",
    "images of scientific.channel_table",
    "images of scientific.clip_and_rescale",
    "nir of scientific.ndvi",
    "red of scientific.ndvi",
    "a of scientific.normalized_difference",
    "b of scientific.normalized_difference",
    "radiance of satellite.brightness_temperature",
    "stored of satellite.calibrate",
    "image of satellite.coarsen",
    "stored of satellite.landsat_reflectance",
    "stored of satellite.sentinel2_reflectance",
    "N of satellite.spectral_index",
    "R of satellite.spectral_index",
    "kelvin of satellite.thermal_radiance",
    "mean of microscopy.NoiseModel.variance",
    "counts of microscopy.NoiseModel.photons",
    "counts of microscopy.anscombe",
    "values of microscopy.inverse_anscombe",
    "values of images.window",
}
#: Where the function has a mask of its own: both count.
JOINED = {"image of astronomy.find_sources", "image of astronomy.sky_background"}
#: Names of groups; a case without one is a group of its own in the second.
NAMED = {"groups", "clusters", "reference_groups", "batch_groups"}
SORTED = {"subgroups of governance.subgroup_audit"}

ARGUMENTS = [(f"{name} of {call}", call, name) for call, (_, a) in CALLS.items() for name in a]
EVERY = pytest.mark.parametrize(("where", "call", "name"), ARGUMENTS, ids=[a[0] for a in ARGUMENTS])


def public_arrays():
    """Yield every array argument that the docstring of a public function names."""
    for topic in TOPICS:
        module = importlib.import_module(f"lessonlib.{topic}")
        for public in module.__all__:
            for name, function in _functions(public, getattr(module, public)):
                for argument, kind in _parameters(function):
                    # attributes of results are arrays, too: nobody is asked for them
                    made = inspect.isclass(function) and "array_like" not in kind
                    if not made and re.search(r"array|Tensor|sequence of (float|int)", kind):
                        yield f"{topic}.{name}", argument


def _functions(name, thing):
    if inspect.isfunction(thing):
        yield name, thing
    elif inspect.isclass(thing):
        yield name, thing
        for key, value in vars(thing).items():
            value = getattr(value, "__func__", value)
            if not key.startswith("_") and inspect.isfunction(value):
                yield f"{name}.{key}", value


def _parameters(function):
    text = inspect.getdoc(function) or ""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-{3,}|\Z)", text, re.S | re.M)
    for line in section[1].splitlines() if section else ():
        if found := re.match(r"(\S.*?) : (.*)", line):
            for argument in found[1].split(", "):
                yield argument.lstrip("*"), found[2]


def test_every_public_function_of_an_array_is_in_the_table():
    known = {(call, name) for call, (_, arguments) in CALLS.items() for name in arguments}
    known |= {(call, name) for call, names in OF_NETWORKS.items() for name in names}
    known |= {("satellite.spectral_index", "bands")}
    missing = set(public_arrays()) - known
    assert not missing, "a new array argument needs a call here, and a rule for what is masked"
    assert set(public_arrays()) >= {k for k in known if k[1] not in ("N", "R")}


def run(call, **changed):
    function, arguments = CALLS[call]
    if call in ("astronomy.sky_background", "astronomy.find_sources") and "mask" not in changed:
        arguments = {k: v for k, v in arguments.items() if k != "mask"}
    return plain(function(**(arguments | changed)))


def plain(value):
    """Return a result as numbers, text and lists that can be compared."""
    if isinstance(value, da.Array):
        value = value.compute()
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def same(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif isinstance(one, np.ndarray | float):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    else:
        assert one == other


def first_masked(values):
    mask = np.zeros(np.shape(values), bool)
    mask.flat[0] = True
    return np.asarray(values), mask


@EVERY
def test_a_mask_is_honoured_or_refused_by_name(where, call, name):
    values, mask = first_masked(CALLS[call][1][name])
    kinds = [np.ma.array(values, mask=mask), list(np.ma.array(values, mask=mask))]
    if values.dtype.kind in "biuf":
        kinds += [
            da.from_array(np.ma.array(values, mask=mask), chunks=-1),
            NDData(values, mask=mask),
            Masked(values, mask=mask),
        ]
        holed = values.astype(object)
        holed.flat[0] = None
        kinds += [holed, holed.tolist()]
    if where in HONOURED:
        kinds.pop(1)  # a list of masked rows is honoured like one of arrays
        with_hole = values.astype(np.float64)
        with_hole.flat[0] = np.nan
        for masked in kinds:
            others = {k: v for k, v in CALLS[call][1].items() if k != name}
            if isinstance(masked, da.Array) and call == "satellite.spectral_index":
                others = {k: da.from_array(v) for k, v in others.items()}
            same(run(call, **others, **{name: masked}), run(call, **{name: with_hole}))
    elif where in JOINED:
        for masked in kinds:
            same(run(call, **{name: masked}), run(call, mask=mask))
    elif where in SORTED:
        for masked in kinds:
            subgroups = run(call, subgroups=masked)["subgroups"]
            assert [s["n"] for s in subgroups if s["name"] == "(not named)"] == [1]
            assert sum(s["n"] for s in subgroups) == len(LABELS)
    else:
        for masked in kinds:
            with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
                run(call, **{name: masked})


@pytest.mark.parametrize(
    ("where", "call", "name"),
    [a for a in ARGUMENTS if a[2] != "picture"],  # a black one, in which there is nothing to find
)
def test_a_mask_that_masks_nothing_changes_nothing(where, call, name):
    values = np.asarray(CALLS[call][1][name])
    same(run(call, **{name: np.ma.array(values)}), run(call))
    if values.ndim == 1:
        same(run(call, **{name: pd.Series(values, index=range(7, 7 + len(values)))}), run(call))


@pytest.mark.parametrize(
    ("where", "call", "name"),
    [a for a in ARGUMENTS if np.asarray(CALLS[a[1]][1][a[2]]).dtype.kind in "iuf"],
)
def test_a_unit_is_refused_by_name(where, call, name):
    values = np.asarray(CALLS[call][1][name])
    kinds = [u.Quantity(values, u.electron), CCDData(values, unit="adu")]
    for united in kinds:
        with pytest.raises(TypeError, match=rf"\b{name}\b.* unit "):
            run(call, **{name: united})


NAMES_OF_CASES = [a for a in ARGUMENTS if a[2] in NAMED]


@pytest.mark.parametrize(
    ("where", "call", "name"), NAMES_OF_CASES, ids=[a[0] for a in NAMES_OF_CASES]
)
@pytest.mark.parametrize("nobody", [None, np.nan, pd.NA, pd.NaT, "", " ", "nan"])
def test_cases_without_a_name_are_no_group(where, call, name, nobody):
    names = [str(value) for value in CALLS[call][1][name]]
    names[3] = nobody
    for held in (names, pd.Series(names, dtype=object), np.array(names, dtype=object)):
        with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
            run(call, **{name: held})
