"""What is no volume, no mask or no millimetre is named; what is one keeps its numbers."""

import struct

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from astropy import units as u

from lessonlib.volumes import (
    Volume,
    dice,
    read_nifti,
    reorient,
    resample,
    surface_distances,
    volume_ml,
)

BOX = np.zeros((6, 6, 6), dtype=bool)
BOX[2:4, 2:5, 1:3] = True


@pytest.mark.parametrize("unit", ["mm", "cm", "m"])
def test_a_spacing_with_a_unit_is_not_taken_for_millimetres(unit):
    for call in (
        lambda s: volume_ml(BOX, s),
        lambda s: surface_distances(BOX, BOX, s),
        lambda s: resample(Volume(BOX, np.eye(4)), s),
    ):
        with pytest.raises(TypeError, match=f"spacing .* unit {unit}"):
            call([1, 2, 3] * u.Unit(unit))
    with pytest.raises(TypeError, match=r"affine .* unit"):
        Volume(BOX, u.Quantity(np.eye(4), unit))


def test_a_mask_in_any_container_is_the_same_mask():
    kinds = (
        BOX.tolist(),
        BOX.astype(object),
        BOX.astype(">i2"),
        torch.from_numpy(BOX[::-1].copy()).flip(0),
        np.ma.array(BOX, mask=False, hard_mask=True),
        np.repeat(BOX, 2, axis=0)[::2],
    )
    for held in kinds:
        assert volume_ml(held, (1, 1, 1)) == 12 / 1000
        assert dice(held, BOX) == 1
        assert surface_distances(held, BOX, (1, 1, 1)).hausdorff == 0
    shares = torch.from_numpy(BOX.astype(np.float32)).requires_grad_()
    with pytest.raises(TypeError, match=r"mask must be a mask of booleans.*float32; write mask"):
        volume_ml(shares, (1, 1, 1))


@pytest.mark.parametrize(
    "voxels",
    [
        np.zeros((2, 2, 2), [("R", "u1"), ("G", "u1"), ("B", "u1")]),
        np.full((2, 2, 2), "a"),
        np.zeros((2, 2, 2), complex),
        np.zeros((2, 2, 2), "M8[s]"),
    ],
)
def test_voxels_that_are_no_numbers_are_named(voxels, tmp_path):
    with pytest.raises(TypeError, match="voxels must hold numbers"):
        Volume(voxels, np.eye(4))
    if voxels.dtype.kind in "Vc":
        kind = voxels.dtype if voxels.dtype.kind == "V" else np.complex64
        nibabel.save(nibabel.Nifti1Image(voxels.astype(kind), np.eye(4)), tmp_path / "odd.nii")
        with pytest.raises(ValueError, match=r"odd\.nii: voxels must hold numbers"):
            read_nifti(tmp_path / "odd.nii")


@pytest.mark.parametrize("nearest", [True, False])
@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u1", ">i2", "i4", "u4", "i8", "u8", "f2", ">f4", "f8", "g"]
)
def test_any_type_of_number_can_be_resampled(dtype, nearest):
    voxels = np.tile([0, 1], 108).reshape(6, 6, 6).astype(dtype)
    out = resample(Volume(voxels, np.eye(4)), (1.5, 2, 1), nearest).voxels
    np.testing.assert_array_equal(out, np.broadcast_to(voxels[0, 0], out.shape))
    if nearest:
        assert out.dtype == voxels.dtype
    else:
        assert out.dtype.kind == "f"


@pytest.mark.parametrize("dtype", [np.uint32, np.int32, np.int64, np.uint64])
def test_whole_numbers_that_float32_has_not_are_resampled(dtype):
    dose = Volume(np.full((3, 3, 3), 2**24 + 1, dtype), np.eye(4))
    assert np.all(resample(dose, (1.5, 1.5, 1.5)).voxels == 2**24 + 1)


def test_labels_that_float64_has_not_stay_what_they_are():
    labels = np.array([2**60 + 1, 2**53 + 1, 2**63 + 3], dtype=np.uint64)
    volume = Volume(np.broadcast_to(labels, (2, 3, 3)), np.eye(4))
    assert set(resample(volume, (1, 0.7, 0.5), nearest=True).voxels.ravel()) == set(labels)


@pytest.mark.parametrize("size", [1e-4, 1e-6, 1.0, 1e3])
def test_voxels_may_be_as_small_as_a_microscope_shows_them(size):
    volume = Volume(BOX, np.diag([size, size, 2 * size, 1]))
    assert volume.spacing == pytest.approx((2 * size, size, size))
    assert volume.orientation == "RAS"
    with pytest.raises(ValueError, match="three directions"):
        Volume(BOX, np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) * size
               + np.diag([0, 0, 0, 1 - size]))  # fmt: skip


def test_one_voxel_and_slices_a_thousand_times_as_thick():
    one = Volume(np.full((1, 1, 1), 7, np.int16), np.eye(4))
    assert resample(one, (3, 0.5, 1)).voxels.tolist() == [[[7.0], [7.0]]]
    assert reorient(one, "LPI").voxels.tolist() == [[[7]]]
    a, b = np.zeros((2, 3, 3, 3), dtype=bool)
    a[0, 0, 0] = b[1, 0, 2] = True
    distance = surface_distances(a, b, (1000, 1, 0.001)).hausdorff
    assert distance == pytest.approx(np.hypot(1000, 0.002), rel=1e-12)


def test_what_asks_for_too_many_voxels_is_named():
    with pytest.raises(ValueError, match="spacing must not ask for more than"):
        resample(Volume(BOX, np.eye(4)), (1e-6, 1e-6, 1e-6))
    with pytest.raises(ValueError, match="spacing must not ask for more than"):
        resample(Volume(BOX, np.eye(4)), (1e-300, 1, 1))


def test_arrays_and_words_are_no_volume_and_no_answer():
    for call in (lambda: resample(BOX, (1, 1, 1)), lambda: reorient(BOX)):
        with pytest.raises(TypeError, match=r"volume must be a Volume.*got ndarray"):
            call()
    with pytest.raises(TypeError, match="nearest must be True or False, got 'linear'"):
        resample(Volume(BOX, np.eye(4)), (1, 1, 1), "linear")


# --- headers --------------------------------------------------------------------------------------


def written(path, **fields):
    """Write a small NIfTI file, then other bytes at places of its header."""
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([0.5, 0.5, 2, 1])), path)
    content = bytearray(path.read_bytes())
    for at, (form, value) in fields.items():
        struct.pack_into(form, content, int(at.lstrip("_")), value)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1000), ("mm", 1), ("micron", 0.001)])
def test_the_unit_of_a_header_is_converted_as_itk_does(tmp_path, unit, factor):
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4), np.int16), np.diag([0.5, 0.25, 2, 1]))
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / "unit.nii")
    volume = read_nifti(tmp_path / "unit.nii")
    assert volume.spacing == pytest.approx((2 * factor, 0.25 * factor, 0.5 * factor))
    theirs = sitk.ReadImage(str(tmp_path / "unit.nii")).GetSpacing()
    assert volume.spacing[::-1] == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize(
    "fields",
    [
        {"_40": ("<h", 9)},  # number of axes
        {"_42": ("<h", -3)},
        {"_42": ("<h", 0)},
        {"_42": ("<h", 32767)},
        {"_70": ("<h", 999)},  # type of the voxels
        {"_70": ("<h", 128)},
        {"_108": ("<f", -5.0)},  # where they begin
        {"_108": ("<f", 1e9)},
        {"_108": ("<f", float("nan"))},
        {"_280": ("<f", float("nan"))},  # affine
        {"_280": ("<f", 0.0)},
        {"_254": ("<h", 0), "_252": ("<h", 1), "_256": ("<f", 5.0)},  # quaternion
        {"_344": ("<4s", b"xxxx")},
    ],
)
def test_a_damaged_header_is_named(tmp_path, fields):
    path = written(tmp_path / "broken.nii", **fields)
    with pytest.raises(ValueError, match=r"broken\.nii"):
        read_nifti(path)


def test_other_formats_and_lone_headers_are_no_nifti(tmp_path):
    nibabel.save(nibabel.MGHImage(np.zeros((2, 2, 2), np.float32), np.eye(4)), tmp_path / "a.mgz")
    with pytest.raises(ValueError, match=r"a\.mgz is no NIfTI file.*MGHImage"):
        read_nifti(tmp_path / "a.mgz")
    nibabel.save(nibabel.Nifti1Pair(np.zeros((2, 2, 2)), np.eye(4)), tmp_path / "p.img")
    assert read_nifti(tmp_path / "p.hdr").shape == (2, 2, 2)
    (tmp_path / "p.img").unlink()
    with pytest.raises(ValueError, match=r"p\.hdr.*p\.img"):
        read_nifti(tmp_path / "p.hdr")
