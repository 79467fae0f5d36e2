import numpy as np
import pydicom
import pytest
import tifffile
from scipy import ndimage

from lessonlib import images


@pytest.mark.parametrize("name", list(images.cards()))
def test_shape_and_dtype_are_those_of_the_card(name):
    image = getattr(images, name)()
    assert f"{image.pixels.shape} {image.pixels.dtype}" == image.card.array
    assert image.card.name == name
    shown = image.display()
    assert shown.dtype == np.float32
    assert 0 <= shown.min() < 0.15
    assert 0.95 < shown.max() <= 1
    assert repr(image) == f"{type(image).__name__}({name}: {image.card.array})"


@pytest.mark.parametrize("name", list(images.cards()))
def test_arrays_are_the_callers_own(name):
    first = getattr(images, name)()
    before = first.pixels.copy()
    first.pixels[...] = 0
    stored = getattr(first, "stored", None)
    if stored is not None:
        assert not np.shares_memory(first.pixels, stored)
    np.testing.assert_array_equal(getattr(images, name)().pixels, before)


@pytest.mark.parametrize(("name", "bits"), [("chest_xray", 15), ("leg_xray", 10)])
def test_films_are_turned_so_that_bone_is_bright(name, bits):
    film = getattr(images, name)()
    dataset = pydicom.dcmread(film.card.paths()[0])
    assert film.header["PhotometricInterpretation"] == "MONOCHROME1"
    np.testing.assert_array_equal(film.stored, dataset.pixel_array)
    np.testing.assert_array_equal(film.pixels.astype(int) + film.stored, 2**bits - 1)
    # the file's window, in stored values, shows the same picture the other way round
    center, width = film.header["WindowCenter"], film.header["WindowWidth"]
    stored = images.window(film.stored, center, width)
    np.testing.assert_allclose(film.display(), 1 - stored, atol=1e-5)


def test_heart_lies_on_the_right_of_the_chest_film():
    """Beside the spine at the heart's height the right of the picture is denser."""
    film = images.chest_xray().display()
    assert film[1250:1400, 1080:1380].mean() > film[1250:1400, 380:600].mean() + 0.1
    # the gas under the left diaphragm, at the right of the picture, is darker than the liver
    assert film[1550:1700, 1150:1500].mean() < film[1550:1700, 250:600].mean()


def test_the_overlay_is_a_drawing_that_rings_one_spot():
    liver = images.liver_mr()
    assert liver.overlay.shape == liver.pixels.shape
    parts, _ = ndimage.label(liver.overlay, np.ones((3, 3)))
    filled = [ndimage.binary_fill_holes(parts == k).sum() for k in range(1, parts.max() + 1)]
    assert max(filled) == 920  # the ring with what is inside it
    assert liver.overlay.sum() == 323


def test_the_segmentation_refers_to_other_images_than_the_liver_mr():
    mr = pydicom.dcmread(images.cards()["liver_mr"].paths()[0], stop_before_pixels=True)
    seg = pydicom.dcmread(images.cards()["liver_segmentation"].paths()[0], stop_before_pixels=True)
    referred = seg.ReferencedSeriesSequence[0]
    assert referred.SeriesInstanceUID != mr.SeriesInstanceUID
    assert seg.PatientID != mr.PatientID
    assert referred.ReferencedInstanceSequence[0].ReferencedSOPClassUID.name == "CT Image Storage"


def test_segmentation_has_the_volume_that_brute_force_counts():
    seg = images.liver_segmentation()
    assert [int(s.sum()) for s in seg.pixels] == [36233, 35645, 35220]
    assert seg.spacing == pytest.approx((1.0, 0.810547, 0.810547))


def test_pictures_are_those_of_scikit_image():
    data = pytest.importorskip("skimage.data")
    for ours, theirs in (
        (images.retina, data.retina),
        (images.immunohistochemistry, data.immunohistochemistry),
        (images.hubble_deep_field, data.hubble_deep_field),
    ):
        # two JPEG decoders may differ by a step
        assert np.abs(ours().pixels.astype(int) - theirs()).max() <= 2


def test_nuclei_labels_number_the_same_objects_without_gaps():
    cells = images.nuclei()
    raw = tifffile.imread(cells.card.paths()[1])
    assert set(np.unique(cells.labels)) == set(range(126))
    pairs = np.unique(np.stack([raw.ravel(), cells.labels.ravel()]), axis=1)
    assert pairs.shape[1] == 126  # a one-to-one renaming
    assert np.array_equal(cells.labels == 0, raw == 0)


def test_brain_maps_are_probabilities_and_the_midline_is_at_zero():
    brain = images.brain_template()
    for tissue in (brain.grey_matter, brain.white_matter):
        assert tissue.dtype == np.float32
        assert tissue.shape == brain.pixels.shape
        assert tissue.min() == 0
        assert tissue.max() <= 1
    assert (brain.grey_matter + brain.white_matter).max() < 1.02  # each rounded to 1/255
    # symmetric template: the brain's centre of mass lies at x = 0 mm
    x = np.argwhere(brain.pixels > 0).mean(axis=0)
    assert abs((brain.affine @ [*x, 1])[0]) < 1


def test_ccd_sections_are_those_of_the_header():
    frame = images.ccd_frame()
    ccdproc = pytest.importorskip("ccdproc")
    from astropy.nddata import CCDData

    reference = CCDData.read(frame.card.paths()[0], unit="adu")
    trimmed = ccdproc.trim_image(reference, fits_section=reference.header["TRIMSEC"])
    np.testing.assert_array_equal(frame.pixels[frame.trim], trimmed.data)
    strip = ccdproc.trim_image(reference, fits_section=reference.header["BIASSEC"])
    np.testing.assert_array_equal(frame.pixels[frame.overscan], strip.data)
    assert (frame.gain, frame.read_noise, frame.exposure) == (1.9, 5.0, 150.04)


def test_the_overscan_shows_the_read_noise_of_the_header():
    frame = images.ccd_frame()
    strip = frame.pixels[frame.overscan].astype(float)
    assert strip.std(ddof=1) * frame.gain == pytest.approx(frame.read_noise, rel=0.3)
