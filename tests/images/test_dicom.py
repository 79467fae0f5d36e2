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
