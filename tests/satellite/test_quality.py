"""Quality bits, bit by bit, as text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessonlib import images
from lessonlib.satellite import QA_LAYOUTS, cloud_mask, qa_field

EVERY = np.arange(1 << 16, dtype=np.uint16)
CHOICES = [(layout, name) for layout, fields in QA_LAYOUTS.items() for name in fields]


@pytest.mark.parametrize(("layout", "name"), CHOICES)
def test_every_number_bit_by_bit(layout, name):
    lowest, width = QA_LAYOUTS[layout][name]
    expected = [int(f"{value:016b}"[16 - lowest - width : 16 - lowest], 2) for value in EVERY]
    result = qa_field(EVERY, layout, name)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("layout", QA_LAYOUTS)
def test_no_two_fields_share_a_bit(layout):
    used = [
        b for lowest, width in QA_LAYOUTS[layout].values() for b in range(lowest, lowest + width)
    ]
    assert len(set(used)) == len(used)
    assert max(used) <= 15


def test_the_oldest_layout_is_that_of_the_scene():
    scene = images.landsat8()
    assert dict(QA_LAYOUTS["pre-collection"]) == scene.qa_bits
    for name in scene.qa_bits:
        np.testing.assert_array_equal(
            qa_field(scene.qa, "pre-collection", name), scene.qa_field(name)
        )


# As the documentation lists them: USGS's page of the pre-collection band with its worked example,
# and the catalogue entries of Collection 1 and 2 in Earth Engine.
DOCUMENTED = {
    "pre-collection": "0 fill; 1 dropped_frame; 2 terrain_occlusion; 4-5 water; 10-11 snow_ice; "
    "12-13 cirrus; 14-15 cloud",
    "collection-1": "0 fill; 1 terrain_occlusion; 2-3 saturation; 4 cloud_flag; 5-6 cloud; "
    "7-8 cloud_shadow; 9-10 snow_ice; 11-12 cirrus",
    "collection-2": "0 fill; 1 dilated_cloud; 2 cirrus_flag; 3 cloud_flag; 4 cloud_shadow_flag; "
    "5 snow_flag; 6 clear_flag; 7 water_flag; 8-9 cloud; 10-11 cloud_shadow; 12-13 snow_ice; "
    "14-15 cirrus",
}


@pytest.mark.parametrize("layout", DOCUMENTED)
def test_layouts_are_the_documented_ones(layout):
    for entry in DOCUMENTED[layout].split("; "):
        bits, name = entry.split()
        for bit in range(int(bits.split("-")[0]), int(bits.split("-")[-1]) + 1):
            alone = {n: int(qa_field([1 << bit], layout, n)[0]) for n in QA_LAYOUTS[layout]}
            assert [n for n, value in alone.items() if value] == [name]
    assert len(QA_LAYOUTS[layout]) == len(DOCUMENTED[layout].split("; "))


def test_the_worked_example_of_the_usgs():
    """Bits 4-5 = 01 not water, 10-11 = 01 no snow, 12-13 = 10 maybe cirrus, 14-15 = 11 cloudy."""
    meaning = {
        "fill": 0,
        "terrain_occlusion": 0,
        "water": 1,
        "snow_ice": 1,
        "cirrus": 2,
        "cloud": 3,
    }
    value = int("1110010000010000", 2)
    assert {n: int(qa_field([value], "pre-collection", n)[0]) for n in meaning} == meaning


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.int64])
def test_every_library_gives_the_same(make, in_kind, dtype):
    values = np.array([[20480, 28672], [36864, 61440]], dtype)
    qa = make(values)
    np.testing.assert_array_equal(
        in_kind(qa_field(qa, "pre-collection", "cloud"), qa), values >> 14
    )
    masked = in_kind(cloud_mask(qa, "pre-collection"), qa)
    assert masked.dtype == bool
    np.testing.assert_array_equal(masked, [[False, True], [True, True]])


def test_a_signed_band_keeps_its_upper_bits(make, in_kind):
    """Some readers hand the band out as int16, in which a cloud is a negative number."""
    qa = make(EVERY.view(np.int16))
    np.testing.assert_array_equal(in_kind(qa_field(qa, "pre-collection", "cloud"), qa), EVERY >> 14)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 65535), st.sampled_from(["maybe", "yes"]), st.sampled_from([*QA_LAYOUTS]))
def test_the_mask_is_any_of_its_fields(value, least, layout):
    limit = {"maybe": 2, "yes": 3}[least]
    fields = ("cloud", "cirrus", "snow_ice")
    expected = any(qa_field([value], layout, name)[0] >= limit for name in fields)
    assert cloud_mask([value], layout, fields, least=least)[0] == expected


def test_maybe_masks_more_than_yes():
    maybe, sure = (cloud_mask(EVERY, "collection-2", least=least) for least in ("maybe", "yes"))
    assert (maybe | sure == maybe).all()
    assert maybe.mean() == 1 - 0.5 * 0.5
    assert sure.mean() == 1 - 0.75 * 0.75


def test_masked_pixels_are_bright_and_cold():
    scene = images.landsat8()
    hidden = cloud_mask(scene.qa, "pre-collection")
    assert scene.band("B2")[hidden].mean() > scene.band("B2")[~hidden].mean()
    assert scene.band("B10")[hidden].mean() < scene.band("B10")[~hidden].mean()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: qa_field([1], "collection-3", "cloud"), ValueError, "layout must be one of"),
        (lambda: qa_field([1], "pre-collection", "cloud_shadow"), ValueError, "name must be one"),
        (lambda: qa_field([1.0], "collection-2", "cloud"), TypeError, "whole numbers"),
        (lambda: cloud_mask([1], "collection-2", "cloud"), TypeError, "got the string 'cloud'"),
        (lambda: cloud_mask([1], "collection-2", ()), ValueError, "at least one"),
        (lambda: cloud_mask([1], "collection-2", ("cloud_flag",)), ValueError, "fields must be"),
        (lambda: cloud_mask([1], "collection-1", ("saturation",)), ValueError, "fields must be"),
        (lambda: cloud_mask([1], "collection-2", least="no"), ValueError, "least must be one of"),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_layouts_cannot_be_changed():
    with pytest.raises(TypeError):
        QA_LAYOUTS["pre-collection"]["cloud"] = (0, 1)
