"""The same numbers in any container give the same answer, and what is none is named."""

import decimal

import numpy as np
import pandas as pd
import pytest
import torch
from astropy.nddata import NDData

from lessonlib import (
    astronomy,
    evaluation,
    faces,
    governance,
    images,
    microscopy,
    profiling,
    satellite,
)
from lessonlib._validation import plain_array
from tests.test_missing import ARGUMENTS, CALLS, run, same

NUMBERS = [a for a in ARGUMENTS if np.asarray(CALLS[a[1]][1][a[2]]).dtype.kind in "biuf"]
#: Where all bands have to come in one library.
TOGETHER = ("scientific.ndvi", "scientific.normalized_difference", "satellite.spectral_index")
NUMBERS = [a for a in NUMBERS if a[1] not in TOGETHER and a[2] != "picture"]
EVERY = pytest.mark.parametrize(("where", "call", "name"), NUMBERS, ids=[a[0] for a in NUMBERS])


def containers(values, name):
    """Yield the same numbers in other memory, other libraries and other types."""
    yield values.tolist()
    yield values.astype(object)
    back = (slice(None, None, -1),) * values.ndim
    yield np.ascontiguousarray(values[back])[back]
    yield np.repeat(values, 2, axis=-1)[..., ::2]
    yield np.asfortranarray(values)
    yield values.astype(values.dtype.newbyteorder(">"))
    locked = values.copy()
    locked.flags.writeable = False
    yield locked
    yield np.ma.array(values, mask=False, hard_mask=True)
    yield NDData(values)
    tensor = torch.from_numpy(values.copy())
    yield tensor
    if values.dtype.kind == "f":
        yield tensor.requires_grad_()
    if values.dtype.kind in "iu":
        for dtype in ("u1", ">i2", "u4", "i8", "u8"):
            if np.array_equal(values.astype(dtype), values):
                yield values.astype(dtype)
    if values.ndim == 1:
        yield pd.Series(values)
        yield pd.Series(values).convert_dtypes()
        # the index of counts is the classes own: backwards it is refused, which is tested elsewhere
        if name != "counts":
            yield pd.Series(values, index=np.arange(len(values))[::-1])


def as_arrays(found):
    if isinstance(found, torch.Tensor):
        return found.detach().numpy()
    if isinstance(found, dict):
        return {key: as_arrays(one) for key, one in found.items()}
    if isinstance(found, list):
        return [as_arrays(one) for one in found]
    return found.item() if isinstance(found, np.generic) else found


@EVERY
def test_the_same_numbers_in_any_container(where, call, name):
    values = np.asarray(CALLS[call][1][name])
    expected = as_arrays(run(call, **{name: values}))
    for held in containers(values, name):
        before = held.detach().clone() if isinstance(held, torch.Tensor) else np.array(held)
        same(as_arrays(run(call, **{name: held})), expected)
        after = held.detach() if isinstance(held, torch.Tensor) else np.array(held)
        assert np.array_equal(before, after)


@EVERY
def test_what_is_no_number_is_named(where, call, name):
    values = np.asarray(CALLS[call][1][name])
    kinds = [
        np.zeros(values.shape, [("a", "f4"), ("b", "i4")]),
        np.ma.zeros(values.shape, [("a", "f4"), ("b", "i4")]),
        np.zeros(values.shape, "M8[s]"),
        values.astype("U"),
        values.astype(complex),
    ]
    named = name in ("groups", "clusters", "reference_groups", "batch_groups", "arrays", "labels")
    for held in kinds if not named else ():
        with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b|bands"):
            run(call, **{name: held})
    for held in (
        torch.zeros(values.shape).to_sparse() if values.ndim else None,
        torch.zeros(values.shape, device="meta"),
    ):
        with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
            run(call, **{name: held})


def test_masked_records_are_named():
    records = np.ma.zeros(4, [("a", "f4"), ("b", "i4")])
    records["b"][2] = np.ma.masked
    with pytest.raises(ValueError, match=r"y_score .*masked.* index 2"):
        plain_array("y_score", records)


@pytest.mark.parametrize("kind", [np.array, list, lambda v: np.array(v, object), pd.Series])
def test_text_kept_as_bytes_is_text(kind):
    """As HDF5 and FITS tables keep it."""
    labels, scores = [0, 1] * 6, np.linspace(0.1, 0.9, 12)
    text = ["a"] * 4 + ["müller"] * 5 + [""] * 3
    found = governance.subgroup_audit(labels, scores, kind([t.encode() for t in text])).subgroups
    assert [(s.name, s.n) for s in found] == [("a", 4), ("müller", 5), ("(not named)", 3)]
    with pytest.raises(ValueError, match=r"groups must name a group.* index 9"):
        evaluation.bootstrap_auc(labels, scores, groups=kind([t.encode() for t in text]))


@pytest.mark.filterwarnings("ignore:The PyTorch API of MaskedTensors:UserWarning")
@pytest.mark.parametrize("dtype", [torch.int16, torch.float32, torch.float64])
def test_masked_tensors_are_honoured_or_refused(dtype):
    """A masked tensor marks what is there."""
    held = torch.masked.masked_tensor(
        torch.tensor([4, 9, 16]).to(dtype), torch.tensor([True, False, True])
    )
    np.testing.assert_array_equal(np.asarray(satellite.calibrate(held, 2, 1)), [9, np.nan, 33])
    np.testing.assert_array_equal(images.window(held, 10, 20), np.float32([0.2, np.nan, 0.8]))
    with pytest.raises(ValueError, match=r"y_score must not hold masked.* index 1\b"):
        evaluation.at_threshold([0, 1, 1], held, 0.5)


def test_half_precision_of_networks_is_read():
    light = torch.tensor([4.0, 100.0, 0.5]).to(torch.bfloat16).requires_grad_()
    expected = 2 * np.sqrt(np.array([4.0, 100.0, 0.5]) + 3 / 8)
    np.testing.assert_allclose(microscopy.anscombe(light), expected)
    np.testing.assert_allclose(images.window(light, 2, 4), [1, 1, 0.125])


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">u2", ">i4"])
def test_a_picture_in_foreign_byte_order_is_warped(dtype):
    picture = np.arange(30.0).reshape(5, 6)
    moved = faces.FaceAligner().warp(picture.astype(dtype), [[1, 0, 1], [0, 1, 0]], (5, 6))
    np.testing.assert_allclose(moved[:, 1:], picture[:, :-1])
    assert moved.dtype == np.dtype(dtype)


def test_scalars_where_a_list_is_asked_for_are_named():
    objects = np.array([[1, 1, 0, 2]])
    with pytest.raises(TypeError, match=r"thresholds must be a list of numbers, got 0\.5"):
        microscopy.average_precision(objects, objects, 0.5)
    with pytest.raises(TypeError, match=r"spacing must be a list of numbers, got 1\.0"):
        microscopy.segment_nuclei(np.ones((4, 4)), spacing=1.0)
    profiler = profiling.MedicalDatasetProfiler(100, 10)
    with pytest.raises(TypeError, match="readers must be a list of numbers, got 2"):
        profiler.cost_range(readers=2)
    with pytest.raises(ValueError, match="minutes must be finite"):
        profiler.cost_range(minutes=[10**400])


@pytest.mark.parametrize(
    "wrong", [np.array([["1", "1", "1"]] * 2), [[1, 1, decimal.Decimal(2)]] * 2]
)
def test_counts_that_are_none_are_named(wrong):
    counts = np.ones((2, 3), int)
    with pytest.raises(TypeError, match="before must hold counts"):
        microscopy.precision_gain(wrong, counts)


def test_numbers_too_large_to_draw_or_square_are_named():
    with pytest.raises(ValueError, match="photons must be finite, not negative and below"):
        microscopy.NoiseModel().expose([1e300])
    sky = np.random.default_rng(0).normal(0, 5, (64, 64))
    with pytest.raises(ValueError, match="fluxes must be at most"):
        astronomy.recover_stars(sky, [1e300], fwhm=3, threshold=50)
    points = np.array([[0, 0], [1e200, 1], [1, 1]])
    for pair, name in (((points, points[:, ::-1]), "source"), ((points / 1e200, points), "target")):
        with pytest.raises(ValueError, match=f"{name} must be within 1e100 of 0"):
            faces.fit_similarity(*pair)
    for matrix in ([[np.nan, 0, 0], [0, 1, 0]], [[1, 0, np.inf], [0, 1, 0]]):
        with pytest.raises(ValueError, match="matrix must be finite"):
            faces.FaceAligner().warp(sky, matrix)


def test_a_picture_without_noise_has_no_threshold():
    for picture in (np.zeros((80, 80, 3), np.uint8), np.full((80, 80, 3), 7.0)):
        with pytest.raises(ValueError, match="picture must have a sky with noise"):
            astronomy.cut_galaxies(picture)


def test_a_noise_below_nothing_finds_no_hits():
    planted = astronomy.plant_hits(np.random.default_rng(0).normal(100, 5, (64, 64)), 5)
    mask = np.zeros((64, 64), bool)
    for deviation in (-1.0, np.nan, np.where(np.eye(64, dtype=bool), np.nan, 5.0)):
        with pytest.raises(ValueError, match="deviation must not be negative or NaN, got"):
            astronomy.score_mask(mask, planted, deviation)
    held = astronomy.score_mask(
        mask, planted, np.where(np.eye(64, dtype=bool), np.nan, 5.0), ignore=np.eye(64, dtype=bool)
    )
    expected = astronomy.score_mask(mask, planted, 5.0, ignore=np.eye(64, dtype=bool))
    assert held == expected


def test_clusters_of_another_length_are_named():
    record = governance.DataRecord.of("test", np.arange(4), clusters=list("aabb"))
    with pytest.raises(ValueError, match=r"arrays and clusters must have one length.*\[3, 4\]"):
        governance.DataRecord.of("test", np.arange(4), clusters=list("aab"))
    with pytest.raises(ValueError, match=r"clusters must have shape \(N,\)"):
        record.matches(np.arange(4), clusters="aabb")
