from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_modality_lut, apply_windowing

from lessonlib import images


def chest_file():
    return images.cards()["chest_xray"].paths()[0]


def test_read_dicom_reads_what_pydicom_reads():
    file = images.read_dicom(chest_file())
    np.testing.assert_array_equal(file.stored, pydicom.dcmread(chest_file()).pixel_array)
    file.stored[0, 0] = 0  # the caller's own
    assert file.technical()["PatientOrientation"] == ("L", "F")


def test_the_technical_header_names_nobody():
    for card in images.cards().values():
        if not card.files[0].path.endswith(".dcm"):
            continue
        file = images.read_dicom(card.paths()[0])
        technical = file.technical()
        for element in file.dataset:
            personal = element.tag.group == 0x0010 or "Date" in element.keyword
            personal |= element.VR == "PN" or "Institution" in element.keyword
            if personal:
                assert element.keyword not in technical
        assert all(isinstance(v, str | int | float | tuple) for v in technical.values())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(images.ImageFileError, match=r"nowhere\.dcm"):
        images.read_dicom(tmp_path / "nowhere.dcm")


def test_a_file_of_another_kind_is_named(tmp_path):
    path = tmp_path / "text.dcm"
    path.write_text("hello " * 100)
    with pytest.raises(images.ImageFileError, match=r"text\.dcm is not a DICOM file"):
        images.read_dicom(path)


@pytest.mark.parametrize("keep", [0.5, 0.999])
def test_a_truncated_file_names_itself_and_its_syntax(tmp_path, keep):
    content = chest_file().read_bytes()
    path = tmp_path / "short.dcm"
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(images.ImageFileError, match=r"short\.dcm.*Explicit VR Little Endian"):
        images.read_dicom(path)


def test_a_file_cut_in_its_header_is_refused(tmp_path):
    path = tmp_path / "stub.dcm"
    path.write_bytes(chest_file().read_bytes()[:700])
    with pytest.raises(images.ImageFileError, match=r"stub\.dcm"):
        images.read_dicom(path)


def test_rows_that_do_not_fit_the_pixels_are_refused(tmp_path):
    dataset = pydicom.dcmread(chest_file())
    dataset.Rows += 7
    dataset.save_as(tmp_path / "rows.dcm")
    with pytest.raises(images.ImageFileError, match=r"rows\.dcm.*is damaged"):
        images.read_dicom(tmp_path / "rows.dcm")


def test_an_unsupported_syntax_is_named_with_a_remedy(monkeypatch):
    # whatever decoders are installed here, act as if none were
    from pydicom.pixels.decoders import JPEGLSLosslessDecoder

    monkeypatch.setattr(JPEGLSLosslessDecoder, "_available", {})
    path = get_testdata_file("emri_small_jpeg_ls_lossless.dcm", download=False)
    with pytest.raises(images.ImageFileError) as caught:
        images.read_dicom(path)
    message = str(caught.value)
    assert "emri_small_jpeg_ls_lossless.dcm" in message
    assert "JPEG-LS Lossless" in message
    assert "1.2.840.10008.1.2.4.80" in message
    assert "pip install" in message


def test_a_syntax_that_pydicom_never_decodes_is_named(tmp_path):
    dataset = pydicom.dcmread(chest_file())
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"  # MPEG2, a film strip
    dataset.PixelData = pydicom.encaps.encapsulate([b"\0" * 8])
    dataset["PixelData"].VR = "OB"
    dataset.save_as(tmp_path / "film.dcm")
    with pytest.raises(images.ImageFileError, match=r"film\.dcm.*MPEG2"):
        images.read_dicom(tmp_path / "film.dcm")


def sample(name):
    """A file that comes with pydicom, nothing downloaded."""
    return get_testdata_file(name, download=False)


def reason(path):
    with pytest.raises(images.ImageFileError) as caught:
        images.read_dicom(path)
    assert Path(path).name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "keep"),
    [("SC_rgb_jpeg_dcmtk.dcm", 0.4), ("MR_small_jp2klossless.dcm", 0.5), ("MR_small_RLE.dcm", 0.6)],
)
def test_a_compressed_file_that_is_cut_is_not_blamed_on_a_missing_decoder(tmp_path, name, keep):
    """JPEG, JPEG 2000 and RLE: a decoder is there, and it is the data that fail."""
    path = tmp_path / name
    dataset = pydicom.dcmread(sample(name))
    frame = next(iter(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1)))
    dataset.PixelData = pydicom.encaps.encapsulate([frame[: int(len(frame) * keep) // 2 * 2]])
    dataset.save_as(path)
    said = reason(path)
    assert "damaged" in said
    assert "pip install" not in said
    assert "no installed decoder" not in said


def test_a_jpeg_of_noise_is_called_damaged(tmp_path):
    dataset = pydicom.dcmread(sample("SC_rgb_jpeg_dcmtk.dcm"))
    dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8" + bytes(range(200)) * 3])
    dataset.save_as(tmp_path / "noise.dcm")
    assert "damaged" in reason(tmp_path / "noise.dcm")
    assert "pip install" not in reason(tmp_path / "noise.dcm")


def test_what_a_decoder_says_is_passed_on():
    """Pillow reads no JPEG of 12 bits, and says so."""
    assert "12-bit" in reason(sample("JPGExtended.dcm"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("reportsi.dcm", "Basic Text SR Storage"),
        ("test-SR.dcm", "Comprehensive SR Storage"),
        ("rtplan.dcm", "RT Plan Storage"),
        ("waveform_ecg.dcm", "12-lead ECG Waveform Storage"),
        ("DICOMDIR", "Media Storage Directory Storage"),
    ],
)
def test_what_is_no_picture_is_called_by_its_kind(tmp_path, name, kind):
    path = sample(name)
    if path is None:  # pydicom finds no directory file by this name: make one
        path = tmp_path / name
        dataset = pydicom.dcmread(sample("reportsi.dcm"))
        uid = pydicom.uid.MediaStorageDirectoryStorage
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = uid
        dataset.save_as(path, enforce_file_format=True)
    assert f"holds no picture: its kind is '{kind}'" in reason(path)
    assert "cut short" not in reason(path)


def test_an_image_without_its_pixels_is_damaged(tmp_path):
    dataset = pydicom.dcmread(chest_file())
    rows, columns = dataset.Rows, dataset.Columns
    del dataset.PixelData
    dataset.save_as(tmp_path / "empty.dcm")
    assert f"announces {rows} rows of {columns} pixels" in reason(tmp_path / "empty.dcm")
    del dataset.Rows
    dataset.save_as(tmp_path / "empty.dcm")
    assert "the pixels are not there" in reason(tmp_path / "empty.dcm")


@pytest.mark.parametrize(("keyword", "kind"), [("Float", np.float32), ("DoubleFloat", np.float64)])
def test_pixels_stored_as_floats_are_read(tmp_path, keyword, kind):
    values = np.random.default_rng(1).normal(size=(7, 5)).astype(kind)
    dataset = pydicom.dcmread(sample("CT_small.dcm"))
    del dataset.PixelData
    for gone in ("PixelRepresentation", "BitsStored", "HighBit"):
        delattr(dataset, gone)
    dataset.Rows, dataset.Columns = values.shape
    dataset.BitsAllocated = values.itemsize * 8
    setattr(dataset, f"{keyword}PixelData", values.tobytes())
    dataset.save_as(tmp_path / "floats.dcm")
    np.testing.assert_array_equal(images.read_dicom(tmp_path / "floats.dcm").stored, values)


def test_the_header_says_what_the_pixels_are_after_decoding():
    """A file in luminance and chrominance comes as red, green and blue, and is called so."""
    name = sample("SC_ybr_full_uncompressed.dcm") or sample("SC_ybr_full_422_uncompressed.dcm")
    file = images.read_dicom(name)
    assert file.dataset.PhotometricInterpretation.startswith("YBR")
    assert file.photometric == file.technical()["PhotometricInterpretation"] == "RGB"
    raw = pydicom.pixels.pixel_array(name, raw=True).astype(float)
    # ITU-R BT.601, as DICOM PS3.3 C.7.6.3.1.2 has it
    blue, red = raw[..., 1] - 128, raw[..., 2] - 128
    expected = np.stack(
        [raw[..., 0] + 1.402 * red, raw[..., 0] - 0.344136 * blue - 0.714136 * red,
         raw[..., 0] + 1.772 * blue], axis=-1,
    )  # fmt: skip
    assert np.abs(file.stored - np.clip(expected, 0, 255)).max() <= 1


def test_a_header_without_a_transfer_syntax_is_damaged():
    assert "names no transfer syntax" in reason(sample("meta_missing_tsyntax.dcm"))


def test_hounsfield_units_are_those_of_pydicom():
    dataset = pydicom.dcmread(images.cards()["head_ct"].paths()[0])
    reference = apply_modality_lut(dataset.pixel_array, dataset)
    ct = images.head_ct()
    assert ct.pixels.dtype == np.float32
    np.testing.assert_array_equal(ct.pixels, reference)
    assert ct.pixels[0, 0] == -3024  # padding, as the card says


def test_window_is_the_standard_one_but_for_half_a_unit():
    """pydicom's LINEAR with centre c + 0.5 and width w + 1 is LINEAR_EXACT."""
    ct = images.head_ct()
    dataset = pydicom.Dataset()
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsStored, dataset.PixelRepresentation = 16, 1
    dataset.WindowCenter, dataset.WindowWidth = 40.5, 81
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    reference = apply_windowing(ct.pixels.astype(np.float64), dataset)
    reference = (reference - reference.min()) / (reference.max() - reference.min())
    np.testing.assert_allclose(images.window(ct.pixels, 40, 80), reference, atol=1e-6)


def test_window_clips_and_keeps_order():
    values = np.array([-1e9, 0.0, 20.0, 40.0, 80.0, np.inf])
    np.testing.assert_allclose(images.window(values, 40, 80), [0, 0, 0.25, 0.5, 1, 1])
    assert images.window(values, 40, 80).dtype == np.float32


@pytest.mark.parametrize(
    ("center", "width", "named"), [(0, 0, "width"), (0, -1, "width"), (np.nan, 1, "center")]
)
def test_window_refuses_by_name(center, width, named):
    with pytest.raises(ValueError, match=named):
        images.window(np.zeros(2), center, width)
