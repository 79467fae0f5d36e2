"""DICOM series against SimpleITK; what is wrong with one is named by its file or its place."""

import copy
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom.data import get_testdata_file

from lessonlib.volumes import Volume, read_series

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def sample(name):
    return get_testdata_file(name, download=False)


def make_series(folder, n=5, *, step=2.5, tilt=(0, 0, 0), turn=None, names=None, **fields):
    """Write a series: the CT slice that comes with pydicom, shifted and scaled from slice to slice.

    File names and InstanceNumbers are in another order than the slices.
    """
    rng = np.random.default_rng(3)
    folder.mkdir(exist_ok=True)
    template = pydicom.dcmread(sample("CT_small.dcm"))
    directions = np.array(turn if turn is not None else [1, 0, 0, 0, 1, 0], dtype=float)
    normal = np.cross(directions[:3], directions[3:])
    shuffled = rng.permutation(n)
    for i in range(n):
        dataset = copy.deepcopy(template)
        position = np.array([-60.0, -40.0, 30.0]) + i * (step * normal + np.array(tilt))
        dataset.ImagePositionPatient = [f"{value:.6f}" for value in position]
        dataset.ImageOrientationPatient = [f"{value:.9f}" for value in directions]
        dataset.PixelSpacing = [0.7, 0.6]
        dataset.SliceThickness = 9
        dataset.InstanceNumber = int(shuffled[i]) + 1
        dataset.RescaleSlope, dataset.RescaleIntercept = 1 + i, -1000 - i
        pixels = np.roll(template.pixel_array, i, axis=0)
        dataset.PixelData = pixels.tobytes()
        dataset.SOPInstanceUID = f"1.2.3.{i}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        for key, value in fields.items():
            setattr(dataset, key, value)
        name = names[i] if names else f"{shuffled[i]:03}.dcm"
        dataset.save_as(folder / name)
    return folder


def by_simpleitk(paths):
    """The same by ITK, from files in the order of their places: voxels and affine to RAS."""
    if len(paths) == 1:
        image = sitk.ReadImage(str(paths[0]))
    else:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames([str(path) for path in paths])
        image = reader.Execute()
    lps = np.eye(4)
    lps[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    lps[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image), LPS_TO_RAS @ lps


def in_order(folder, normal=(0, 0, 1)):
    headers = {p: pydicom.dcmread(p, stop_before_pixels=True) for p in folder.iterdir()}
    return sorted(headers, key=lambda p: np.dot(headers[p].ImagePositionPatient, normal))


OBLIQUE = [0.8, 0.6, 0, 0, 0, -1]


@pytest.mark.parametrize("turn", [None, OBLIQUE, [0, 1, 0, 0, 0, -1]])
def test_a_series_is_simpleitks(tmp_path, turn):
    folder = make_series(tmp_path / "series", turn=turn)
    volume = read_series(folder)
    directions = np.array(turn or [1, 0, 0, 0, 1, 0], dtype=float)
    voxels, affine = by_simpleitk(in_order(folder, np.cross(directions[:3], directions[3:])))
    np.testing.assert_allclose(volume.affine, affine, atol=1e-4)
    np.testing.assert_allclose(volume.voxels, voxels, atol=1e-2)
    assert volume.spacing == pytest.approx((2.5, 0.7, 0.6), abs=1e-5)


def test_slices_are_sorted_by_place_and_rescaled_one_by_one(tmp_path):
    folder = make_series(tmp_path / "series", n=4)
    volume = read_series(folder)
    stored = pydicom.dcmread(sample("CT_small.dcm")).pixel_array
    for i in range(4):
        expected = np.roll(stored, i, axis=0) * (1.0 + i) - 1000 - i
        np.testing.assert_array_equal(volume.voxels[i], expected)
    assert volume.orientation == "LPS"
    # ascending, so the head end is last: z grows by the step, not by the thickness of 9 mm
    np.testing.assert_allclose(volume.to_mm([[0, 0, 3]]), [[60, 40, 30 + 3 * 2.5]], atol=1e-5)


def test_several_paths_do_as_well_as_a_folder(tmp_path):
    folder = make_series(tmp_path / "series")
    (folder / "notes.txt").write_text("beside the slices")
    one, other = read_series(folder), read_series(reversed(list(folder.glob("*.dcm"))))
    np.testing.assert_array_equal(one.voxels, other.voxels)
    np.testing.assert_array_equal(one.affine, other.affine)


def test_a_tilted_gantry_is_in_the_affine(tmp_path):
    """As ITK, whose directions have no lean, cannot: by the places in the files."""
    folder = make_series(tmp_path / "series", tilt=(0, 0.8, 0))
    volume = read_series(folder)
    for i, path in enumerate(in_order(folder)):
        place = np.array(pydicom.dcmread(path).ImagePositionPatient, dtype=float)
        np.testing.assert_allclose(volume.to_mm([[0, 0, i]])[0], place * (-1, -1, 1), atol=1e-4)


def test_a_multi_frame_file_is_simpleitks():
    """Its frames come against the normal of row × column, and ITK keeps their order."""
    path = sample("eCT_Supplemental.dcm")
    volume = read_series(path)
    voxels, affine = by_simpleitk([path])
    np.testing.assert_allclose(volume.voxels[::-1], voxels)
    back = np.diag([1.0, 1, -1, 1])
    back[2, 3] = len(voxels) - 1
    np.testing.assert_allclose(volume.affine @ back, affine, atol=1e-4)


def test_frames_without_a_place_are_named():
    assert "emri_small.dcm, frame 1 does not say where it lies" in refused(sample("emri_small.dcm"))


def test_one_slice_alone_takes_its_thickness():
    path = sample("CT_small.dcm")
    header = pydicom.dcmread(path)
    volume = read_series(path)
    assert volume.shape == (1, header.Rows, header.Columns)
    assert volume.spacing[0] == pytest.approx(float(header.SliceThickness))


# --- what is wrong is named -----------------------------------------------------------------------


def refused(folder):
    with pytest.raises(ValueError) as caught:
        read_series(folder)
    return str(caught.value)


def test_missing_slices_are_named_by_their_place(tmp_path):
    folder = make_series(tmp_path / "series", n=7)
    paths = in_order(folder)
    paths[3].unlink()
    assert "1 slice is missing between 35.00 mm" in refused(folder)
    paths[4].unlink()
    said = refused(folder)
    assert "2 slices are missing between 35.00 mm" in said
    assert "and 42.50 mm" in said
    assert paths[2].name in said


def test_doubled_slices_are_named(tmp_path):
    folder = make_series(tmp_path / "series")
    path = in_order(folder)[2]
    (folder / "again.dcm").write_bytes(path.read_bytes())
    said = refused(folder)
    assert "again.dcm" in said
    assert path.name in said
    assert "35.00 mm" in said


def test_uneven_slices_are_named_by_their_place(tmp_path):
    folder = make_series(tmp_path / "series", n=6)
    path = in_order(folder)[-1]
    dataset = pydicom.dcmread(path)
    dataset.ImagePositionPatient[2] = float(dataset.ImagePositionPatient[2]) + 1
    dataset.save_as(path)
    assert "not evenly spaced between 40.00 mm" in refused(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SeriesInstanceUID", "1.2.3.99"),
        ("FrameOfReferenceUID", "1.2.3.98"),
        ("ImageOrientationPatient", [0, 1, 0, 1, 0, 0]),
        ("PixelSpacing", [0.7, 0.7]),
        ("ImagePositionPatient", [-20.0, -40.0, 35.0]),
    ],
)
def test_a_slice_of_another_series_is_named(tmp_path, key, value):
    folder = make_series(tmp_path / "series")
    path = in_order(folder)[2]
    dataset = pydicom.dcmread(path)
    setattr(dataset, key, value)
    dataset.save_as(path)
    said = refused(folder)
    # where the first file is the odd one, any other is called the odd one: both are named
    assert path.name in said


def test_a_slice_of_another_size_is_named(tmp_path):
    folder = make_series(tmp_path / "series")
    path = in_order(folder)[2]
    dataset = pydicom.dcmread(path)
    dataset.PixelData = dataset.pixel_array[:64].tobytes()
    dataset.Rows = 64
    dataset.save_as(path)
    assert path.name in refused(folder)


@pytest.mark.parametrize("keep", [0.3, 0.99])
def test_a_slice_that_is_cut_short_is_named(tmp_path, keep):
    folder = make_series(tmp_path / "series")
    path = in_order(folder)[2]
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    assert path.name in refused(folder)


@pytest.mark.parametrize("key", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_a_slice_that_does_not_say_where_it_lies_is_named(tmp_path, key):
    folder = make_series(tmp_path / "series")
    path = in_order(folder)[2]
    dataset = pydicom.dcmread(path)
    delattr(dataset, key)
    dataset.save_as(path)
    said = refused(folder)
    assert path.name in said
    assert key in said


def test_a_text_called_dcm_is_named(tmp_path):
    folder = make_series(tmp_path / "series")
    (folder / "zz.dcm").write_text("no slice")
    assert "zz.dcm is not a DICOM file" in refused(folder)


def test_an_empty_folder_and_a_missing_one(tmp_path):
    assert "holds no DICOM slices" in refused(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_series(tmp_path / "nowhere")


def test_colours_are_no_volume():
    assert "RGB" in refused(Path(sample("examples_ybr_color.dcm")))


def test_a_volume_refuses_a_flat_matrix():
    with pytest.raises(ValueError, match="three directions"):
        Volume(np.zeros((2, 2, 2)), np.diag([1, 1, 0, 1]))


@pytest.mark.parametrize("degrees", [5, 20, 30])
def test_a_tilted_gantry_warns_that_steps_do_not_make_a_volume(tmp_path, degrees):
    lean = 2.5 * np.tan(np.radians(degrees))
    volume = read_series(make_series(tmp_path / "series", tilt=(0, lean, 0)))
    with pytest.warns(UserWarning, match=rf"lean by {degrees}\.0°.* A voxel has 1\.05 mm³"):
        steps = volume.spacing
    assert np.prod(steps) * np.cos(np.radians(degrees)) == pytest.approx(2.5 * 0.7 * 0.6, rel=1e-4)


def change(folder, edit):
    for path in in_order(folder):
        dataset = pydicom.dcmread(path)
        edit(dataset)
        dataset.save_as(path)
    return folder


@pytest.mark.parametrize("key", ["RescaleSlope", "RescaleIntercept"])
def test_a_slice_without_its_scale_is_named(tmp_path, key):
    folder = change(make_series(tmp_path / "series"), lambda d: setattr(d, key, None))
    assert f".dcm does not say how it is scaled: its {key} is None" in refused(folder)


def test_a_scale_or_a_thickness_of_nothing_is_named(tmp_path):
    flat = change(make_series(tmp_path / "flat"), lambda d: setattr(d, "RescaleSlope", 0))
    assert "RescaleSlope of 0" in refused(flat)
    for thickness in (None, 0, -3):
        folder = make_series(tmp_path / f"alone{thickness}", n=1, SliceThickness=thickness)
        assert "one slice alone, without a SliceThickness" in refused(folder)


def test_a_dose_of_32_bits_keeps_its_last_one(tmp_path):
    def dose(dataset):
        pixels = np.full((dataset.Rows, dataset.Columns), 2**24 + 1, np.uint32)
        dataset.BitsAllocated = dataset.BitsStored = 32
        dataset.HighBit, dataset.PixelRepresentation = 31, 0
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
        dataset.PixelData = pixels.tobytes()
        dataset["PixelData"].VR = "OW"

    assert np.all(read_series(change(make_series(tmp_path / "dose"), dose)).voxels == 2**24 + 1)


def test_a_table_of_values_is_applied(tmp_path):
    """A header may hold a table in place of a slope."""
    folder = make_series(tmp_path / "table")
    stored = read_series(
        change(folder, lambda d: (delattr(d, "RescaleSlope"), delattr(d, "RescaleIntercept")))
    ).voxels

    def table(dataset):
        held = pydicom.Dataset()
        held.add_new("LUTDescriptor", "US", [4096, 0, 16])
        held.add_new("ModalityLUTType", "LO", "US")
        held.add_new("LUTData", "US", list(range(5000, 5000 + 4096))[::-1])
        dataset.ModalityLUTSequence = [held]

    np.testing.assert_array_equal(read_series(change(folder, table)).voxels, 9095 - stored)


def test_a_missing_file_in_a_list_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*lost\.dcm"):
        read_series([tmp_path / "lost.dcm"])
