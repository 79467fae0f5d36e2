"""Resampling and reorienting, against nibabel, SimpleITK and the millimetres themselves."""

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given
from hypothesis import strategies as st

from lessonlib.volumes import Volume, plain, read_nifti, reorient, resample


def affine_of(seed):
    """A rotation, unequal steps, a shift."""
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = rotation * rng.uniform(0.5, 4, 3)
    affine[:3, 3] = rng.uniform(-90, 90, 3)
    return affine


@given(st.integers(0, 10_000), st.sampled_from(["RAS", "LPS", "PIR", "SAL", "ASR"]))
def test_no_value_changes_its_millimetre(seed, word):
    rng = np.random.default_rng(seed)
    volume = Volume(rng.permutation(60).reshape(3, 4, 5), affine_of(seed))
    turned = reorient(volume, word)
    assert turned.orientation == word

    def where(each):
        index = np.argwhere(each.voxels >= 0)
        return dict(zip(each.voxels.ravel().tolist(), each.to_mm(index[:, ::-1]), strict=True))

    before, after = where(volume), where(turned)
    assert before.keys() == after.keys()
    for value, place in before.items():
        np.testing.assert_allclose(after[value], place, atol=1e-9)


def test_reorienting_is_nibabels():
    voxels, affine = np.random.default_rng(1).normal(size=(4, 5, 6)), affine_of(8)
    theirs = nibabel.as_closest_canonical(nibabel.Nifti1Image(voxels.T, affine))
    ours = reorient(Volume(voxels, affine))
    np.testing.assert_allclose(ours.voxels.T, theirs.get_fdata())
    np.testing.assert_allclose(ours.affine, theirs.affine)


@given(
    st.integers(0, 10_000),
    st.tuples(*[st.floats(0.4, 5)] * 3),
    st.booleans(),
)
def test_spacing_is_exactly_as_asked_and_the_field_of_view_stays(seed, spacing, nearest):
    rng = np.random.default_rng(seed)
    volume = Volume(rng.integers(0, 5, (6, 7, 5)).astype(np.int16), affine_of(seed))
    out = resample(volume, spacing, nearest)
    assert out.spacing == pytest.approx(spacing)
    middle = (np.array(volume.shape[::-1]) - 1) / 2, (np.array(out.shape[::-1]) - 1) / 2
    np.testing.assert_allclose(volume.to_mm(middle[:1]), out.to_mm(middle[1:]), atol=1e-9)
    for n, s, old_n, old_s in zip(out.shape, spacing, volume.shape, volume.spacing, strict=True):
        assert abs(n * s - old_n * old_s) <= s / 2 + 1e-9 or n == 1
    if nearest:
        assert out.voxels.dtype == np.int16
        assert set(np.unique(out.voxels)) <= set(np.unique(volume.voxels))


@pytest.mark.parametrize("nearest", [False, True])
def test_values_are_simpleitks(nearest):
    rng = np.random.default_rng(5)
    volume = Volume(rng.normal(size=(8, 9, 7)), np.diag([1.0, 1.0, 3.0, 1.0]))
    out = resample(volume, (1.4, 0.8, 1.7), nearest)
    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing((1.0, 1.0, 3.0))
    theirs = sitk.Resample(
        image, out.shape[::-1], sitk.Transform(),
        sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear,
        out.affine[:3, 3].tolist(), out.spacing[::-1], np.eye(3).ravel().tolist(), np.nan,
    )  # fmt: skip
    theirs = sitk.GetArrayFromImage(theirs)
    inside = np.isfinite(theirs)
    assert inside.mean() > 0.4
    np.testing.assert_allclose(out.voxels[inside], theirs[inside], atol=1e-6)


def test_linear_is_exact_on_a_slope():
    z, y, x = np.indices((9, 9, 9), dtype=float)
    volume = Volume(2 * z - y + 3 * x, np.diag([1.5, 1.5, 1.5, 1]))
    out = resample(volume, (1, 0.9, 1.1))
    places = out.to_mm(np.argwhere(np.ones(out.shape))[:, ::-1]) / 1.5
    expected = (places @ [3, -1, 2]).reshape(out.shape)
    inner = (slice(1, -1),) * 3
    np.testing.assert_allclose(out.voxels[inner], expected[inner], atol=1e-9)


@pytest.mark.parametrize("wrong", [(1, 1), (1, 1, 0), (1, -1, 1), 2, (1, 1, np.nan), "abc"])
def test_a_wrong_spacing_is_named(wrong):
    volume = Volume(np.zeros((3, 3, 3)), np.eye(4))
    with pytest.raises((ValueError, TypeError), match="spacing"):
        resample(volume, wrong)


@pytest.mark.parametrize("wrong", ["RAX", "RLS", "RA", "", "RRS"])
def test_a_wrong_orientation_is_named(wrong):
    with pytest.raises(ValueError, match="orientation"):
        reorient(Volume(np.zeros((3, 3, 3)), np.eye(4)), wrong)


# --- NIfTI ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_nifti_is_nibabels(tmp_path, ending):
    voxels, affine = (
        np.random.default_rng(2).normal(size=(5, 4, 3)).astype(np.float32),
        affine_of(3),
    )
    image = nibabel.Nifti1Image(voxels, affine)
    nibabel.save(image, tmp_path / f"head{ending}")
    volume = read_nifti(tmp_path / f"head{ending}")
    np.testing.assert_array_equal(volume.voxels, voxels.T)
    np.testing.assert_allclose(volume.affine, affine, atol=1e-5)
    assert volume.spacing == pytest.approx(image.header.get_zooms()[::-1], abs=1e-5)
    assert volume.orientation == "".join(nibabel.aff2axcodes(image.affine))
    index = np.array([[1, 2, 0], [4, 3, 2]])
    np.testing.assert_allclose(plain.voxel_to_mm(volume.affine, index), volume.to_mm(index))


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("keep", [0.02, 0.5, 0.95])
def test_a_nifti_that_is_cut_short_is_named(tmp_path, ending, keep):
    path = tmp_path / f"cut{ending}"
    voxels = np.random.default_rng(2).integers(0, 9999, (30, 20, 10)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(ValueError, match=f"cut{ending}"):
        read_nifti(path)


def test_four_axes_are_no_volume(tmp_path):
    path = tmp_path / "film.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 3, 3, 5)), np.eye(4)), path)
    with pytest.raises(ValueError, match=r"film\.nii.*\(3, 3, 3, 5\)"):
        read_nifti(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_nifti(tmp_path / "nowhere.nii")
